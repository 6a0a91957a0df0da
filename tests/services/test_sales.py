from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from core.db import Base
from core.errors import BadInput, NotFound
from core.flow import IllegalMove
from core.work import Work
from models.bookings import ApartmentOwner
from models.events import Event
from models.people import PartyKind
from models.sales import (
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Project,
)
from services import bookings, choices, people, sales
from services.sales import Floors
from tests import make

MAPPERS = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)


def new(work: Work, **given: Any) -> Apartment:
    common = {"name": "A1", "area": Decimal(50), "base_price": Decimal(100), "currency": "KES"}
    return Apartment(**common | given)


@pytest.mark.req("S3.03", "S3.04")
@pytest.mark.parametrize(
    ("kind", "in_project", "status"),
    [
        (ApartmentType.project, True, ApartmentStatus.for_sale),
        (ApartmentType.template, True, ApartmentStatus.template),
        (ApartmentType.template, False, ApartmentStatus.template),
        (ApartmentType.standalone, False, ApartmentStatus.for_sale),
    ],
)
def test_an_apartment_is_part_of_a_project_a_template_or_alone(
    work: Work, kind: ApartmentType, status: ApartmentStatus, *, in_project: bool
) -> None:
    project = make.project(work).id if in_project else None

    row = sales.add_apartment(work, new(work, type=kind, project_id=project))

    assert (row.type, row.status) == (kind, status)


@pytest.mark.req("S3.03", "S3.22")
@pytest.mark.parametrize(("kind", "in_project"), [("project", False), ("standalone", True)])
def test_the_type_fits_the_project_whoever_writes(
    work: Work, kind: str, *, in_project: bool
) -> None:
    project = make.project(work).id if in_project else None
    row = new(work, type=ApartmentType(kind), project_id=project)

    with pytest.raises(IntegrityError, match="type_fits_project"), work.session.begin_nested():
        sales.add_apartment(work, row)


@pytest.mark.req("S3.01", "S3.29")
def test_apartments_come_and_go_and_each_is_told(work: Work) -> None:
    project = sales.add_project(work, Project(name="Acacia Heights", currency="KES"))
    row = sales.add_apartment(work, new(work, project_id=project.id))
    sales.withdraw(work, row.id)
    sales.offer(work, row.id)
    sales.remove_apartment(work, row.id)

    told = work.session.scalars(select(Event.type).order_by(Event.id)).all()
    assert told[:2] == ["project.created", "apartment.created"]
    assert told.count("apartment.status_changed") == 3
    assert work.session.scalar(select(Apartment)) is None


@pytest.mark.req("S3.29")
def test_one_that_somebody_has_taken_is_not_removed(work: Work) -> None:
    project = make.project(work)
    row = make.apartment(work, project, packages=[make.package(work, project)])
    bookings.hold(work, row.id, make.party(work).id)

    with pytest.raises(IllegalMove):
        sales.remove_apartment(work, row.id)


@pytest.mark.req("S3.30", "S3.23", "S3.24")
def test_what_may_be_chosen_is_of_the_own_project(work: Work) -> None:
    project, other = make.project(work), make.project(work)
    row = make.apartment(work, project)
    package = make.package(work, project)
    addon = make.addon(work, make.category(work, project))
    sales.set_packages(work, row.id, [package.id])
    sales.set_addons(work, row.id, [addon.id])

    with pytest.raises(BadInput):
        sales.set_packages(work, row.id, [make.package(work, other).id])
    assert work.session.scalars(select(ApartmentPackage.package_id)).all() == [package.id]
    more = make.package(work, project)
    sales.add_package(work, row.id, more.id)
    assert len(work.session.scalars(select(ApartmentPackage)).all()) == 2
    for each in (package, more):
        sales.remove_package(work, row.id, each.id)
    sales.remove_addon(work, row.id, addon.id)
    sales.add_addon(work, row.id, addon.id)
    sales.set_addons(work, row.id, [])
    assert work.session.scalars(select(ApartmentAddon)).all() == []


@pytest.mark.req("S3.02", "S3.03", "S3.34")
def test_a_standalone_apartment_is_sold_with_packages_of_its_currency(work: Work) -> None:
    fits, strange = make.project(work), make.project(work, currency="USD")
    package, abroad = make.package(work, fits), make.package(work, strange)
    addon = make.addon(work, make.category(work, fits))
    row = sales.add_apartment(
        work, new(work, type=ApartmentType.standalone, project_id=None, currency="KES")
    )
    sales.add_package(work, row.id, package.id)
    sales.add_addon(work, row.id, addon.id)
    with pytest.raises(BadInput):
        sales.add_package(work, row.id, abroad.id)

    booking = bookings.hold(work, row.id, make.party(work).id)
    choices.choose_package(work, booking.id, package.id)
    choices.choose_addons(work, booking.id, {addon.id: 2})
    bookings.confirm(work, booking.id)

    assert booking.total == row.base_price + package.price + 2 * addon.price_per_unit


@pytest.mark.req("S3.02", "S3.35")
def test_floors_are_generated_from_a_template_with_a_price_step(work: Work) -> None:
    project = make.project(work)
    packages = [make.package(work, project) for _ in range(2)]
    template = make.apartment(
        work,
        project,
        name="Template",  # a name that is not made
        type=ApartmentType.template,
        status=ApartmentStatus.template,
        base_price=Decimal("6900000.00"),
        packages=packages,
    )

    made = sales.generate(work, template.id, Floors("A", 1, 12, 10, Decimal("0.75")))

    assert len(made) == 120
    assert (made[0].name, made[-1].name) == ("A0101", "A1210")
    assert made[10].base_price == Decimal("6951750.00")
    offered = select(ApartmentPackage).where(ApartmentPackage.apartment_id == made[-1].id)
    assert len(work.session.scalars(offered).all()) == 2
    with pytest.raises(sales.NotATemplate):
        sales.generate(work, made[0].id, Floors("B", 1, 1, 1))
    with pytest.raises(BadInput) as refused:
        sales.generate(work, template.id, Floors("A", 12, 13, 10))
    assert refused.value.values == {"name": "A1201"}


@pytest.mark.req("S3.12", "S3.25")
def test_a_customer_is_a_person_or_a_company_and_owns_several_apartments(work: Work) -> None:
    firm = people.add(work, "Baobab Holdings", kind=PartyKind.company, email="X@Baobab.example")
    person = make.party(work)
    flats = [make.apartment(work) for _ in range(2)]
    for flat in flats:
        for owner in (firm, person):
            row = ApartmentOwner(apartment_id=flat.id, owner_id=owner.id, share=Decimal(50))
            row.organization_id = work.scope.home()
            work.session.add(row)
    work.session.flush()

    owned = select(ApartmentOwner.apartment_id).where(ApartmentOwner.owner_id == firm.id)
    assert set(work.session.scalars(owned)) == {flat.id for flat in flats}
    assert firm.email == "x@baobab.example"
    more = ApartmentOwner(apartment_id=flats[0].id, owner_id=make.party(work).id, share=Decimal(1))
    more.organization_id = work.scope.home()
    with pytest.raises(IntegrityError, match="more than all"), work.session.begin_nested():
        work.session.add(more)
        work.session.flush()


@pytest.mark.parametrize("email", ["none", "a@b", "a b@c.de", "@x.yz"])
def test_an_address_that_is_none_is_refused(work: Work, email: str) -> None:
    with pytest.raises(BadInput):
        people.add(work, "Somebody", email=email)


@pytest.mark.req("S5.01")
@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda m: m.class_.__name__)
def test_every_table_of_ours_has_a_uuid_that_sorts_by_time(mapper: Any) -> None:
    if not issubclass(mapper.class_, Base):
        return
    (key,) = inspect(mapper.class_).primary_key
    assert key.type.python_type.__name__ == "UUID"
    made = [key.default.arg(None) for _ in range(3)]
    assert made == sorted(made)
    assert made[0].version == 7


def test_an_apartment_of_nobody_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        sales.withdraw(work, make.party(work).id)
