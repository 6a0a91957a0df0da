"""Rows for tests: `make.booking(work)` is a valid booking. A test names only what it is about."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from core.db import Base, uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.bills import Bill
from models.estate import Estate, Unit
from models.leasing import Lease
from models.organizations import CredentialKind, Membership
from models.people import Party
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    Package,
    PackageLevel,
    Project,
)
from services import leasing, organizations, people, sign_in

PASSWORD = "Secret-secret-1"
Row = TypeVar("Row", bound=Base)
_number = count(1)


def organization(session: Session, name: str = "") -> UUID:
    """Found an organization; returns its id."""
    with seeing(session, Scope(actor="test:1")):
        work = Work(session, Actor("test", "1"))
        founded = organizations.found(work, name or f"Org {next(_number)}")
        session.commit()
    return founded


def user(door: Session, name: str = "") -> UUID:
    """Register somebody who can sign in, but belongs nowhere; returns their profile."""
    name = name or f"user{next(_number)}"
    profile = sign_in.register(door, name, name.title(), f"{name}@example.org", PASSWORD)
    door.commit()
    return profile.id


def key(door: Session, profile_id: UUID, home: UUID | None = None) -> str:
    """Open a sign-in; returns its secret."""
    secret = sign_in.open_for(
        door,
        profile_id,
        CredentialKind.browser,
        datetime.now(UTC),  # the database compares with its own clock
        organization_id=home,
        lasts=timedelta(hours=1),
    )
    door.commit()
    return secret


def member(work: Work, profile_id: UUID, *roles: str, party_id: UUID | None = None) -> Membership:
    row = Membership(
        organization_id=work.scope.home(),
        profile_id=profile_id,
        roles=sorted(roles),
        party_id=party_id,
    )
    work.session.add(row)
    work.session.commit()
    return row


def party(work: Work, **given: Any) -> Party:
    return people.add(work, given.pop("name", f"Party {next(_number)}"), **given)


def project(work: Work, **given: Any) -> Project:
    defaults = {"name": f"Project {next(_number)}", "currency": "KES"}
    return _add(work, Project(**defaults | given, organization_id=work.scope.home()))


def level(work: Work, **given: Any) -> PackageLevel:
    defaults = {"name": f"Level {next(_number)}"}
    return _add(work, PackageLevel(**defaults | given, organization_id=work.scope.home()))


def package(work: Work, home: Project, **given: Any) -> Package:
    defaults = {"name": f"Package {next(_number)}", "price": Decimal("1250000.00")}
    if "level_id" not in given:
        given["level_id"] = level(work).id
    return _add(
        work, Package(**defaults | given, project_id=home.id, organization_id=work.scope.home())
    )


def category(work: Work, home: Project, **given: Any) -> AddonCategory:
    defaults = {"name": f"Category {next(_number)}"}
    row = AddonCategory(**defaults | given, project_id=home.id, organization_id=work.scope.home())
    return _add(work, row)


def addon(work: Work, kind: AddonCategory, **given: Any) -> Addon:
    defaults = {
        "name": f"Add-on {next(_number)}",
        "price_per_unit": Decimal("98500.00"),
        "max_units": 3,
    }
    row = Addon(
        **defaults | given,
        project_id=kind.project_id,
        category_id=kind.id,
        organization_id=work.scope.home(),
    )
    return _add(work, row)


def apartment(work: Work, home: Project | None = None, **given: Any) -> Apartment:
    """An apartment for sale; `packages` and `addons` are what may be chosen for it."""
    packages, addons = given.pop("packages", ()), given.pop("addons", ())
    home = home or project(work)
    defaults = {
        "name": f"A{next(_number)}",
        "area": Decimal(78),
        "currency": home.currency,
        "base_price": Decimal("10400000.00"),
        "project_id": home.id,
    }
    row = _add(work, Apartment(**defaults | given, organization_id=work.scope.home()))
    common = {"organization_id": work.scope.home(), "apartment_id": row.id}
    for each in packages:
        work.session.add(ApartmentPackage(id=uuid7(), package_id=each.id, **common))
    for each in addons:
        work.session.add(ApartmentAddon(id=uuid7(), addon_id=each.id, **common))
    work.session.flush()
    return row


def estate(work: Work, **given: Any) -> Estate:
    defaults = {"name": f"Estate {next(_number)}", "currency": "KES"}
    defaults["time_zone"] = "Africa/Nairobi"
    return _add(work, Estate(**defaults | given, organization_id=work.scope.home()))


def unit(work: Work, place: Estate | None = None, **given: Any) -> Unit:
    place = place or estate(work)
    defaults = {"number": f"U{next(_number)}", "area": Decimal(80)}
    home = {"organization_id": work.scope.home(), "estate_id": place.id}
    return _add(work, Unit(**defaults | given, **home))


def lease(work: Work, unit_id: UUID | None = None, **given: Any) -> Lease:
    """A draft of a lease for a year from the first of the month, for 25,000 a month."""
    unit_id = unit_id or unit(work).id
    first = work.now.date().replace(day=1)
    defaults: dict[str, Any] = {"since": first}
    defaults |= {"until": first.replace(year=first.year + 1) - timedelta(days=1)}
    defaults |= {"rent": Decimal(25_000), "deposit": Decimal(50_000)}
    others = given.pop("others", ())
    party_id = given.pop("party_id", None) or party(work).id
    return leasing.draft(
        work, Lease(**defaults | given, unit_id=unit_id, party_id=party_id), others
    )


def bill(work: Work, place: Estate, **given: Any) -> Bill:
    """A bill of 100 for each unit, asked for each month since a day in the past."""
    defaults = {"title": f"Bill {next(_number)}", "amount": Decimal(100)}
    defaults |= {"first_on": date(2026, 1, 31), "automatic": False}
    home = {"organization_id": work.scope.home(), "estate_id": place.id}
    return _add(work, Bill(**defaults | given, **home))


def _add(work: Work, row: Row) -> Row:
    work.session.add(row)
    work.session.flush()
    return row
