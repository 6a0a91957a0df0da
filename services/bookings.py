"""Bookings: a customer takes an apartment, chooses, confirms, and is approved or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint, refusing, uuid7
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import PaymentMethod
from models.bookings import BOOKING_FLOW, Booking, BookingAddon, BookingStatus, InstalmentPlan
from models.people import Party
from models.sales import (
    APARTMENT_FLOW,
    Addon,
    Apartment,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Package,
    Project,
)
from services import instalments, organizations
from services.events import Fact, emit
from services.sales import ApartmentStatusChanged


class ApartmentTaken(Refused):
    """Somebody else has a hold or a booking of it."""

    code = "apartment_taken"
    says = N_(
        "Somebody was a moment faster: %(apartment)s is being booked right now."
        " Join the waiting list, and you hear first if it becomes free."
    )


class NotOffered(Refused):
    """The apartment cannot be booked as it is."""

    code = "not_offered"
    says = N_("%(apartment)s is not offered for sale now.")


class NoPackages(Refused):
    """There is nothing to choose from yet."""

    code = "no_packages"
    says = N_("%(apartment)s has no packages to choose from yet, so it cannot be booked.")


class HoldOver(Refused):
    """The time to choose has run out."""

    code = "hold_over"
    status = 410
    says = N_("The hold on %(apartment)s has ended. Book it again if it is still free.")


class NotComplete(Refused):
    """Something mandatory is missing."""

    code = "not_complete"
    status = 422
    says = N_("Choose a package first: without one there is no price to confirm.")


class AlreadyBooked(Refused):
    """This customer has it already."""

    code = "already_booked"
    says = N_("There is a booking of %(apartment)s for this customer already. Go on with that one.")


class TooManyUnits(Refused):
    """More of an add-on, or of its category, than an apartment may have."""

    code = "too_many_units"
    status = 422
    says = N_("%(addon)s: that is more than one apartment may have.")


@dataclass(frozen=True)
class BookingCreated(Fact, type="booking.created", table="booking"):
    """A customer took an apartment, or a place on its waiting list (`hold_until` is empty)."""

    booking_id: UUID
    number: str
    customer_id: UUID
    original_id: UUID
    apartment_id: UUID | None
    hold_until: datetime | None


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


@dataclass(frozen=True)
class BookingConfirmed(Fact, type="booking.confirmed", table="booking"):
    """The customer agreed to what was chosen, and was asked for the money."""

    booking_id: UUID
    customer_id: UUID
    number: str
    total: Decimal
    currency: str


@dataclass(frozen=True)
class BookingStatusChanged(Fact, type="booking.status_changed", table="booking"):
    """The booking moved on."""

    booking_id: UUID
    number: str
    old: BookingStatus
    new: BookingStatus


@dataclass(frozen=True)
class BookingApproved(Fact, type="booking.approved", table="booking"):
    """The apartment is this customer's, once it is paid for."""

    booking_id: UUID
    customer_id: UUID
    number: str


def hold(work: Work, apartment_id: UUID, customer_id: UUID) -> Booking:
    """Keep an apartment for a customer while they choose, and clone it for them.

    The hold lasts as long as the project says and then frees itself. Somebody who already waits
    for this apartment gives up their place on the list for it.

    Raises:
        ApartmentTaken: somebody else has it.
        NotOffered, NoPackages: it cannot be booked as it is.
        AlreadyBooked: this customer has a hold or booking of it.

    """
    original = _offered(work, apartment_id)
    customer = found(work, Party, customer_id)
    taken = ApartmentTaken(apartment=original.name)
    mine = _own_claim(work, original, customer_id)
    if mine and (mine.hold_until or mine.status is not BookingStatus.pending):
        raise AlreadyBooked(apartment=original.name)
    if original.status is not ApartmentStatus.for_sale:
        if original.status in (ApartmentStatus.in_progress, ApartmentStatus.booked):
            raise taken
        raise NotOffered(apartment=original.name)
    until = work.now + timedelta(minutes=_hold_minutes(work, original))
    clone = _clone(work, original, customer.id)
    booking = mine or _new(work, original, customer.id)
    booking.apartment_id, booking.hold_until, booking.status_at = clone.id, until, work.now
    with refusing(work.session, "uq_booking_one_per_apartment", taken):
        work.session.add(booking)
        work.session.flush()
    _move_apartment(work, original, "take", customer.id)
    emit(
        work,
        BookingCreated(booking.id, booking.number, customer.id, original.id, clone.id, until),
    )
    return booking


def join_waiting_list(work: Work, apartment_id: UUID, customer_id: UUID) -> Booking:
    """Take a place on the waiting list: a Pending booking without a hold.

    Raises:
        NotOffered: it is not for sale at all, or free, so that it can simply be booked.
        AlreadyBooked: this customer has a claim on it already.

    """
    original = _offered(work, apartment_id)
    if original.status is ApartmentStatus.for_sale:
        raise NotOffered(
            N_("%(apartment)s is free: book it instead of waiting."), apartment=original.name
        )
    customer = found(work, Party, customer_id)
    booking = _new(work, original, customer.id)
    refusal = AlreadyBooked(apartment=original.name)
    with refusing(work.session, "uq_booking_one_place_per_customer", refusal):
        work.session.add(booking)
        work.session.flush()
    emit(
        work,
        BookingCreated(booking.id, booking.number, customer.id, original.id, None, None),
    )
    return booking


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


def confirm(work: Work, booking_id: UUID) -> Booking:
    """Confirm what was chosen: the invoices are issued, and staff take over.

    Raises:
        HoldOver: the time to choose has run out.
        NotComplete: there is no package, or no price.
        IllegalMove: it is confirmed already, or over.

    """
    booking = locked(work, Booking, booking_id)
    if BOOKING_FLOW.allows(booking.status, "confirm"):
        _check_hold(work, booking)
        if booking.package_id is None or booking.total <= 0:
            raise NotComplete(field="package")
    move(work, booking, "confirm")
    booking.confirmed_at, booking.hold_until = work.now, None
    work.session.flush()
    instalments.issue(work, booking)
    emit(
        work,
        BookingConfirmed(
            booking.id, booking.customer_id, booking.number, booking.total, booking.currency
        ),
    )
    return booking


def submit(work: Work, booking_id: UUID) -> Booking:
    """Hand a booking in for review: papers and payment are as they should be."""
    booking = locked(work, Booking, booking_id)
    move(work, booking, "submit")
    return booking


def approve(work: Work, booking_id: UUID) -> Booking:
    """Approve: the apartment is this customer's; at full payment they own it.

    Raises:
        ApartmentTaken: another booking of the apartment is approved already.

    """
    booking = locked(work, Booking, booking_id)
    original = locked(work, Apartment, booking.original_id)
    with refusing(
        work.session, "uq_booking_one_per_apartment", ApartmentTaken(apartment=original.name)
    ):
        move(work, booking, "approve")
        work.session.flush()
    _move_apartment(work, original, "book", booking.customer_id)
    emit(work, BookingApproved(booking.id, booking.customer_id, booking.number))
    return booking


def move(work: Work, booking: Booking, name: str) -> None:
    """Make one move of the flow and tell of it; last-modified is the time of this change."""
    old = booking.status
    BOOKING_FLOW.move(booking, name)
    booking.status_at = work.now
    emit(work, BookingStatusChanged(booking.id, booking.number, old, booking.status))


def _offered(work: Work, apartment_id: UUID) -> Apartment:
    """Lock an original that customers may see."""
    original = locked(work, Apartment, apartment_id)
    if original.source_id or original.type is ApartmentType.template:
        raise NotFound
    if original.project_id and not found(work, Project, original.project_id).published:
        raise NotOffered(apartment=original.name)
    packages = select(ApartmentPackage.id).where(ApartmentPackage.apartment_id == original.id)
    if work.session.scalar(packages.limit(1)) is None:
        raise NoPackages(apartment=original.name)
    return original


def _own_claim(work: Work, original: Apartment, customer_id: UUID) -> Booking | None:
    live = [status for status in BookingStatus if not _is_over(status)]
    query = (
        select(Booking)
        .where(
            Booking.original_id == original.id,
            Booking.customer_id == customer_id,
            Booking.status.in_(live),
        )
        .with_for_update()
    )
    return work.session.scalar(query)


def _is_over(status: BookingStatus) -> bool:
    return not any(BOOKING_FLOW.allows(status, name) for name in BOOKING_FLOW.moves)


def _new(work: Work, original: Apartment, customer_id: UUID) -> Booking:
    return Booking(
        id=uuid7(),
        organization_id=work.scope.home(),
        number=organizations.next_number(work, "booking", "B"),
        customer_id=customer_id,
        original_id=original.id,
        currency=original.currency,
        base_price=original.base_price,
        package_price=Decimal(0),
        addons_price=Decimal(0),
        status=BOOKING_FLOW.start,
        flow_version=BOOKING_FLOW.version,
        status_at=work.now,
        created_at=work.now,
        reason="",
        custom={},
    )


def _clone(work: Work, original: Apartment, customer_id: UUID) -> Apartment:
    """Copy the apartment as this customer configures it. Its status is Booked from the start."""
    same = (
        *("organization_id", "project_id", "type", "name", "block", "floor", "layout", "view"),
        *("area", "description", "currency", "base_price", "custom"),
    )
    clone = Apartment(
        id=uuid7(),
        source_id=original.id,
        status=ApartmentStatus.booked,
        flow_version=APARTMENT_FLOW.version,
        customer_id=customer_id,
        created_at=work.now,
        **{name: getattr(original, name) for name in same},
    )
    work.session.add(clone)
    work.session.flush()
    return clone


def _hold_minutes(work: Work, original: Apartment) -> int:
    if original.project_id is None:
        return int(Project.hold_minutes.default.arg)
    return found(work, Project, original.project_id).hold_minutes


def _move_apartment(work: Work, original: Apartment, name: str, customer_id: UUID) -> None:
    old = original.status
    APARTMENT_FLOW.move(original, name)
    original.customer_id = customer_id
    emit(work, ApartmentStatusChanged(original.id, old, original.status))


def _choosing(work: Work, booking_id: UUID) -> Booking:
    """Lock a booking whose customer is still choosing."""
    booking = locked(work, Booking, booking_id)
    if not BOOKING_FLOW.allows(booking.status, "confirm"):
        raise BadInput(N_("The booking is confirmed; what was chosen stays."), field="status")
    _check_hold(work, booking)
    return booking


def _check_hold(work: Work, booking: Booking) -> None:
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
        if broken in {"booking_addon_max_units", "booking_addon_category_limit"}:
            raise TooManyUnits(addon=addon.name, field="addons") from error
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
