"""The catalogue: projects, apartments, and what may be chosen for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact, is_currency, rounded
from core.text import N_
from core.work import Work, found, locked
from models.sales import (
    APARTMENT_FLOW,
    Addon,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Package,
    Project,
)
from services import organizations, taxes
from services.events import Fact, emit, emit_all

MOST_AT_ONCE = 5_000
"""Apartments that one call of the generator makes at most."""
CHOSEN = N_("A booking has chosen it, so it stays.")


class NotATemplate(Refused):
    """Apartments are generated from a template."""

    code = "not_a_template"
    status = 422
    says = N_("Choose an apartment of type Template to generate from.")


class CloneStays(Refused):
    """The clone of a booking follows its booking."""

    code = "clone_stays"
    says = N_("This is the copy that a booking configures. Change the booking instead.")


@dataclass(frozen=True)
class ProjectCreated(Fact, type="project.created", table="project"):
    """A building site's apartments can be offered."""

    project_id: UUID
    name: str
    currency: str


@dataclass(frozen=True)
class ApartmentCreated(Fact, type="apartment.created", table="apartment"):
    """An apartment was added to the catalogue."""

    apartment_id: UUID
    project_id: UUID | None
    name: str
    base_price: Decimal
    currency: str


@dataclass(frozen=True)
class ApartmentPriceChanged(Fact, type="apartment.price_changed", table="apartment"):
    """The base price is another from now on."""

    apartment_id: UUID
    old: Decimal
    new: Decimal
    currency: str


@dataclass(frozen=True)
class ApartmentStatusChanged(Fact, type="apartment.status_changed", table="apartment"):
    """The apartment is taken, free again, sold, withdrawn or offered."""

    apartment_id: UUID
    old: ApartmentStatus
    new: ApartmentStatus


def add_project(work: Work, project: Project) -> Project:
    """Add a project that a form, a program or an import describes.

    Raises:
        BadInput: as `check_project`.

    """
    check_project(work, project)
    project.organization_id = work.scope.home()
    project.id = project.id or uuid7()
    work.session.add(project)
    work.session.flush()
    emit(work, ProjectCreated(project.id, project.name, project.currency))
    return project


def check_project(work: Work, project: Project) -> None:
    """Guard the form of a project; without a currency it is sold in the organization's.

    Raises:
        BadInput: the currency is none.
        NoRate: the tax that its prices contain has no rate yet.

    """
    taxes.check_in_prices(work, project.tax_id)
    project.currency = project.currency or organizations.home(work).currency
    if not is_currency(project.currency or ""):
        raise BadInput(N_("Write the currency as its code, like KES."), field="currency")


def add_apartment(work: Work, apartment: Apartment) -> Apartment:
    """Add an apartment; one of a project takes the project's currency.

    Raises:
        BadInput: the price has too many decimals, or a standalone one has no currency.

    """
    check_apartment(work, apartment)
    apartment.organization_id = work.scope.home()
    apartment.id = apartment.id or uuid7()
    work.session.add(apartment)
    work.session.flush()
    emit(
        work,
        ApartmentCreated(
            apartment.id,
            apartment.project_id,
            apartment.name,
            apartment.base_price,
            apartment.currency,
        ),
    )
    return apartment


def check_apartment(work: Work, apartment: Apartment) -> None:
    """Guard the form of an apartment.

    Raises:
        BadInput: the price has too many decimals, or a standalone one has no currency.
        CloneStays: it is the clone of a booking.

    """
    if apartment.source_id:
        raise CloneStays
    if apartment.project_id:
        apartment.currency = found(work, Project, apartment.project_id).currency
    if not is_currency(apartment.currency or ""):
        raise BadInput(N_("Write the currency as its code, like KES."), field="currency")
    apartment.base_price = exact(
        apartment.base_price or Decimal(0), apartment.currency, "base_price"
    )
    if apartment.type is ApartmentType.template and apartment.status in (
        ApartmentStatus.for_sale,
        ApartmentStatus.withdrawn,
    ):
        old = apartment.status
        APARTMENT_FLOW.move(apartment, "make_template")
        emit(work, ApartmentStatusChanged(apartment.id, old, apartment.status))


def withdraw(work: Work, apartment_id: UUID) -> Apartment:
    """Stop offering an apartment that nobody has taken."""
    return _move(work, apartment_id, "withdraw")


def offer(work: Work, apartment_id: UUID) -> Apartment:
    """Offer a withdrawn apartment again."""
    return _move(work, apartment_id, "offer")


def remove_apartment(work: Work, apartment_id: UUID) -> None:
    """Take an apartment out of its project's list; one that was ever booked can be withdrawn only.

    Raises:
        IllegalMove: somebody has taken it.
        The database refuses while bookings name it.

    """
    apartment = _original(work, apartment_id)
    if apartment.status not in (ApartmentStatus.withdrawn, ApartmentStatus.template):
        _move(work, apartment_id, "withdraw")
    work.session.flush()
    work.session.delete(apartment)
    work.session.flush()


def set_packages(work: Work, apartment_id: UUID, package_ids: Sequence[UUID]) -> None:
    """Say which packages may be chosen for an apartment.

    Raises:
        BadInput: one is of another project, or one that a booking has chosen is left out.

    """
    apartment = _original(work, apartment_id)
    rows = work.session.scalars(select(Package).where(Package.id.in_(package_ids))).all()
    _same_project(work, apartment, rows, len(set(package_ids)))
    mine = ApartmentPackage.apartment_id == apartment.id
    gone = delete(ApartmentPackage).where(mine, ApartmentPackage.package_id.not_in(package_ids))
    with refusing(work.session, {"fk_booking_package_of_apartment": BadInput(CHOSEN)}):
        work.session.execute(gone)
    for package_id in set(package_ids):
        row = {"id": uuid7(), "apartment_id": apartment.id, "package_id": package_id}
        row["organization_id"] = apartment.organization_id
        work.session.execute(insert(ApartmentPackage).values(row).on_conflict_do_nothing())


def set_addons(work: Work, apartment_id: UUID, addon_ids: Sequence[UUID]) -> None:
    """Say which add-ons may be chosen for an apartment.

    Raises:
        BadInput: one is of another project, or one that a booking has chosen is left out.

    """
    apartment = _original(work, apartment_id)
    rows = work.session.scalars(select(Addon).where(Addon.id.in_(addon_ids))).all()
    _same_project(work, apartment, rows, len(set(addon_ids)))
    mine = ApartmentAddon.apartment_id == apartment.id
    gone = delete(ApartmentAddon).where(mine, ApartmentAddon.addon_id.not_in(addon_ids))
    with refusing(work.session, {"fk_booking_addon_of_apartment": BadInput(CHOSEN)}):
        work.session.execute(gone)
    for addon_id in set(addon_ids):
        row = {"id": uuid7(), "apartment_id": apartment.id, "addon_id": addon_id}
        row["organization_id"] = apartment.organization_id
        work.session.execute(insert(ApartmentAddon).values(row).on_conflict_do_nothing())


def add_package(work: Work, apartment_id: UUID, package_id: UUID) -> None:
    """Offer one package more for an apartment."""
    offered = select(ApartmentPackage.package_id).where(
        ApartmentPackage.apartment_id == apartment_id
    )
    set_packages(work, apartment_id, [*work.session.scalars(offered), package_id])


def remove_package(work: Work, apartment_id: UUID, package_id: UUID) -> None:
    """Offer a package no more for an apartment; one that a booking has chosen stays."""
    offered = select(ApartmentPackage.package_id).where(
        ApartmentPackage.apartment_id == apartment_id
    )
    left = [each for each in work.session.scalars(offered) if each != package_id]
    set_packages(work, apartment_id, left)


def add_addon(work: Work, apartment_id: UUID, addon_id: UUID) -> None:
    """Offer one add-on more for an apartment."""
    offered = select(ApartmentAddon.addon_id).where(ApartmentAddon.apartment_id == apartment_id)
    set_addons(work, apartment_id, [*work.session.scalars(offered), addon_id])


def remove_addon(work: Work, apartment_id: UUID, addon_id: UUID) -> None:
    """Offer an add-on no more for an apartment; one that a booking has chosen stays."""
    offered = select(ApartmentAddon.addon_id).where(ApartmentAddon.apartment_id == apartment_id)
    left = [each for each in work.session.scalars(offered) if each != addon_id]
    set_addons(work, apartment_id, left)


@dataclass(frozen=True, slots=True)
class Floors:
    """What the generator makes: floors `first` to `last`, `per_floor` apartments on each.

    `step_percent` is how much dearer (in percent of the template's price) each floor is than the
    one below. Names are block, floor and number (from `first_number` on, where a
    floor has several layouts): A0703.
    """

    block: str
    first: int
    last: int
    per_floor: int
    step_percent: Decimal = Decimal(0)
    first_number: int = 1


def generate(work: Work, template_id: UUID, floors: Floors) -> list[Apartment]:
    """Make apartments of a project from a template, with its packages and add-ons.

    Raises:
        NotATemplate: the apartment named is none, or belongs to no project.
        BadInput: no floors, more than 5,000 apartments, or a name that the project already has.

    """
    template = found(work, Apartment, template_id)
    if template.type is not ApartmentType.template or template.project_id is None:
        raise NotATemplate
    count = (floors.last - floors.first + 1) * floors.per_floor
    if not 0 < count <= MOST_AT_ONCE or floors.per_floor < 1:
        raise BadInput(N_("Choose 1 to 5,000 apartments."), field="last")
    made = [
        _from_template(work, template, floors, floor, number)
        for floor in range(floors.first, floors.last + 1)
        for number in range(floors.first_number, floors.first_number + floors.per_floor)
    ]
    _check_names_are_free(work, template, made)
    work.session.add_all(made)
    work.session.flush()
    _copy_choices(work, template, made)
    emit_all(
        work,
        [
            ApartmentCreated(each.id, each.project_id, each.name, each.base_price, each.currency)
            for each in made
        ],
    )
    return made


def _check_names_are_free(work: Work, template: Apartment, made: Sequence[Apartment]) -> None:
    mine = Apartment.project_id == template.project_id, Apartment.source_id.is_(None)
    names = Apartment.name.in_([each.name for each in made])
    query = select(Apartment.name).where(*mine, names).order_by(Apartment.name)
    if taken := work.session.scalars(query.limit(1)).first():
        said = N_("The project has an apartment %(name)s already. Choose another block or floors.")
        raise BadInput(said, field="block", name=taken)


def _from_template(
    work: Work, template: Apartment, floors: Floors, floor: int, number: int
) -> Apartment:
    factor = 1 + floors.step_percent / 100 * (floor - floors.first)
    return Apartment(
        id=uuid7(),
        organization_id=template.organization_id,
        project_id=template.project_id,
        type=ApartmentType.project,
        status=APARTMENT_FLOW.start,
        name=f"{floors.block}{floor:02d}{number:02d}",
        block=floors.block,
        floor=floor,
        layout=template.layout,
        view=template.view,
        area=template.area,
        description=template.description,
        currency=template.currency,
        base_price=rounded(template.base_price * factor, template.currency),
        created_at=work.now,
    )


def _copy_choices(work: Work, template: Apartment, made: Sequence[Apartment]) -> None:
    packages = select(ApartmentPackage.package_id).where(
        ApartmentPackage.apartment_id == template.id
    )
    addons = select(ApartmentAddon.addon_id).where(ApartmentAddon.apartment_id == template.id)
    pairs = (
        (ApartmentPackage, "package_id", work.session.scalars(packages).all()),
        (ApartmentAddon, "addon_id", work.session.scalars(addons).all()),
    )
    for kind, column, ids in pairs:
        rows = [
            {
                "id": uuid7(),
                "organization_id": template.organization_id,
                "apartment_id": each.id,
                column: one,
            }
            for each in made
            for one in ids
        ]
        if rows:
            work.session.execute(insert(kind), rows)


def _move(work: Work, apartment_id: UUID, name: str) -> Apartment:
    apartment = _original(work, apartment_id)
    old = apartment.status
    APARTMENT_FLOW.move(apartment, name)
    emit(work, ApartmentStatusChanged(apartment.id, old, apartment.status))
    return apartment


def _original(work: Work, apartment_id: UUID) -> Apartment:
    apartment = locked(work, Apartment, apartment_id)
    if apartment.source_id:
        raise CloneStays
    return apartment


def _same_project(
    work: Work, apartment: Apartment, rows: Sequence[Package | Addon], wanted: int
) -> None:
    """Make sure of where choices come from; a standalone apartment takes those of its currency."""
    homes = {each.project_id for each in rows}
    if apartment.project_id is None:
        fits = select(Project.id).where(
            Project.id.in_(homes), Project.currency == apartment.currency
        )
        strange = homes - set(work.session.scalars(fits))
    else:
        strange = homes - {apartment.project_id}
    if strange or len(rows) != wanted:
        raise BadInput(N_("Choose from what the apartment's own project offers."))
