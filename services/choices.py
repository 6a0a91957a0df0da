"""Choosing: what a customer picks while the apartment is kept for them, at today's prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint, uuid7
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import PaymentMethod
from models.bookings import BOOKING_FLOW, Booking, BookingAddon, InstalmentPlan
from models.sales import Addon, AddonCategory, Apartment, ApartmentPackage, Package
from services import instalments
from services.events import Fact, emit


class HoldOver(Refused):
    """The time to choose has run out."""

    code = "hold_over"
    status = 410
    says = N_("The hold on %(apartment)s has ended. Book it again if it is still free.")


class TooManyUnits(Refused):
    """More of an add-on, or of its category, than an apartment may have."""

    code = "too_many_units"
    status = 422
    says = N_("%(addon)s: an apartment may have at most %(most)s.")


@dataclass(frozen=True)
class PackageAssigned(Fact, type="booking.package_assigned", table="booking"):
    """The customer chose a package."""

    booking_id: UUID
    package_id: UUID
    package_price: Decimal
    total: Decimal
    currency: str


@dataclass(frozen=True)
class AddonsChanged(Fact, type="booking.addons_changed", table="booking"):
    """The customer chose other add-ons; `addon_ids` are those chosen now."""

    booking_id: UUID
    addon_ids: tuple[UUID, ...]
    addons_price: Decimal
    total: Decimal
    currency: str


def choose_package(work: Work, booking_id: UUID, package_id: UUID) -> Booking:
    """Assign a package out of the apartment's own list, at today's price.

    Raises:
        HoldOver: the time to choose has run out.
        NotFound: the apartment does not have it.

    """
    booking = _choosing(work, booking_id)
    offered = (
        select(Package)
        .join(ApartmentPackage, ApartmentPackage.package_id == Package.id)
        .where(Package.id == package_id, ApartmentPackage.apartment_id == booking.original_id)
    )
    package = work.session.scalar(offered)
    if package is None:
        raise NotFound(N_("That package is not offered for this apartment."), field="package")
    booking.package_id, booking.package_price = package.id, package.price
    _recount(work, booking)
    emit(
        work,
        PackageAssigned(booking.id, package.id, package.price, booking.total, booking.currency),
    )
    return booking


def choose_addons(work: Work, booking_id: UUID, units: Mapping[UUID, int]) -> Booking:
    """Choose add-ons and how many units of each, at today's prices; those left out are removed.

    Raises:
        HoldOver: the time to choose has run out.
        NotFound: the apartment does not offer one of them.
        TooManyUnits: more of one, or of its category, than an apartment may have.

    """
    booking = _choosing(work, booking_id)
    wanted = {addon_id: count for addon_id, count in units.items() if count}
    if any(count < 0 for count in wanted.values()):
        raise BadInput(N_("Units are one or more."), field="addons")
    rows = work.session.scalars(select(Addon).where(Addon.id.in_(wanted)))
    addons = {addon.id: addon for addon in rows}
    if set(addons) != set(wanted):
        raise NotFound(N_("That add-on is not offered for this apartment."), field="addons")
    mine = BookingAddon.booking_id == booking.id
    work.session.execute(delete(BookingAddon).where(mine))
    for addon_id, count in wanted.items():
        _install(work, booking, addons[addon_id], count)
    work.session.expire(booking, ["addons_price", "total"])
    _recount(work, booking)
    emit(
        work,
        AddonsChanged(
            booking.id,
            tuple(sorted(wanted)),
            booking.addons_price,
            booking.total,
            booking.currency,
        ),
    )
    return booking


def choose_payment(
    work: Work, booking_id: UUID, method: PaymentMethod, plan_id: UUID | None = None
) -> Booking:
    """Choose how to pay, and by which of the project's plans (none: all at once).

    Raises:
        HoldOver: the time to choose has run out.
        NotFound: the project has no such plan.

    """
    booking = _choosing(work, booking_id)
    if plan_id is not None:
        plan = found(work, InstalmentPlan, plan_id)
        original = found(work, Apartment, booking.original_id)
        if plan.project_id != original.project_id:
            raise NotFound(N_("The project has no such plan."), field="plan")
    booking.payment_method, booking.plan_id = method, plan_id
    _recount(work, booking)
    return booking


def _choosing(work: Work, booking_id: UUID) -> Booking:
    """Lock a booking whose customer is still choosing."""
    booking = locked(work, Booking, booking_id)
    if not BOOKING_FLOW.allows(booking.status, "confirm"):
        raise BadInput(N_("The booking is confirmed; what was chosen stays."), field="status")
    check_hold(work, booking)
    return booking


def check_hold(work: Work, booking: Booking) -> None:
    """Make sure that the customer's time has not run out.

    Raises:
        HoldOver: it has, or there never was a hold.

    """
    if booking.hold_until is None or booking.hold_until <= work.now:
        original = found(work, Apartment, booking.original_id)
        raise HoldOver(apartment=original.name)


def _install(work: Work, booking: Booking, addon: Addon, units: int) -> None:
    row = {
        "id": uuid7(),
        "organization_id": booking.organization_id,
        "booking_id": booking.id,
        "original_id": booking.original_id,
        "addon_id": addon.id,
        "units": units,
        "price_per_unit": addon.price_per_unit,
    }
    try:
        with work.session.begin_nested():
            work.session.execute(insert(BookingAddon).values(row))
    except IntegrityError as error:
        broken = broken_constraint(error)
        if broken == "booking_addon_max_units":
            raise TooManyUnits(addon=addon.name, most=addon.max_units, field="addons") from error
        if broken == "booking_addon_category_limit":
            kind = found(work, AddonCategory, addon.category_id)
            raise TooManyUnits(addon=kind.name, most=kind.max_units, field="addons") from error
        if broken == "fk_booking_addon_of_apartment":
            raise NotFound(
                N_("That add-on is not offered for this apartment."), field="addons"
            ) from error
        raise


def _recount(work: Work, booking: Booking) -> None:
    """Let the database compute the total, and draft the invoices for it anew."""
    work.session.flush()
    work.session.refresh(booking, ["addons_price", "total"])
    instalments.draft(work, booking)
