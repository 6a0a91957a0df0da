"""Bookings: a customer takes an apartment, chooses, confirms, and is approved or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import NotFound, Refused
from core.text import N_
from core.work import Work, found, locked
from models.bookings import BOOKING_FLOW, Booking, BookingStatus
from models.people import Party
from models.sales import (
    APARTMENT_FLOW,
    Apartment,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Project,
)
from services import approvals, choices, instalments, organizations, people
from services.approvals import Subject
from services.events import Fact, emit
from services.sales import ApartmentStatusChanged

APPROVE = "booking.approve"


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


class NotComplete(Refused):
    """Something mandatory is missing."""

    code = "not_complete"
    status = 422
    says = N_("Choose a package first: without one there is no price to confirm.")


class AlreadyBooked(Refused):
    """This customer has it already."""

    code = "already_booked"
    says = N_("There is a booking of %(apartment)s for this customer already. Go on with that one.")


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
        NotActive, Blacklisted: nothing new is begun with this customer.

    """
    original = _offered(work, apartment_id)
    customer = people.active(work, customer_id)
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
    meanwhile = {people.IS_ACTIVE: people.not_active(customer)}
    with refusing(work.session, {"uq_booking_one_per_apartment": taken, **meanwhile}):
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
        NotActive, Blacklisted: nothing new is begun with this customer.

    """
    original = _offered(work, apartment_id)
    if original.status is ApartmentStatus.for_sale:
        raise NotOffered(
            N_("%(apartment)s is free: book it instead of waiting."), apartment=original.name
        )
    customer = people.active(work, customer_id)
    booking = _new(work, original, customer.id)
    refusal = AlreadyBooked(apartment=original.name)
    meanwhile = {people.IS_ACTIVE: people.not_active(customer)}
    with refusing(work.session, {"uq_booking_one_place_per_customer": refusal, **meanwhile}):
        work.session.add(booking)
        work.session.flush()
    emit(
        work,
        BookingCreated(booking.id, booking.number, customer.id, original.id, None, None),
    )
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
        choices.check_hold(work, booking)
        if booking.package_id is None:
            raise NotComplete(field="package")
        if booking.total <= 0:
            raise NotComplete(N_("The total is zero: the seller has to set a price first."))
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
    """Hand a booking in for review: papers and payment are as they should be.

    Those who approve such a booking are asked; where the rules ask nobody, it is approved at once.
    """
    booking, original = locked_with_apartment(work, booking_id)
    move(work, booking, "submit")
    work.session.flush()
    if approvals.ask(work, APPROVE, _to_approve(work, booking, original)) == 0:
        _approved(work, booking, original)
    return booking


def approve(work: Work, booking_id: UUID) -> Booking:
    """Approve: with the last approval that is needed the apartment is this customer's.

    While approvals are missing it stays under review; at full payment the customer owns it.

    Raises:
        As `approvals.give`.
        ApartmentTaken: another booking of the apartment is approved already.
        IllegalMove: it is not under review.

    """
    booking, original = locked_with_apartment(work, booking_id)
    BOOKING_FLOW.check(booking, "approve")
    if approvals.give(work, APPROVE, _to_approve(work, booking, original)) == 0:
        _approved(work, booking, original)
    return booking


def locked_with_apartment(work: Work, booking_id: UUID) -> tuple[Booking, Apartment]:
    """Lock a booking and its original for change, the apartment first as whoever holds one does.

    In one order for all nobody waits for somebody who waits for them.

    Raises:
        NotFound: it does not exist, or not in sight.

    """
    original = locked(work, Apartment, found(work, Booking, booking_id).original_id)
    return locked(work, Booking, booking_id), original


def move(work: Work, booking: Booking, name: str) -> None:
    """Make one move of the flow and tell of it; last-modified is the time of this change.

    Whoever was asked to approve it is asked no longer.
    """
    old = booking.status
    BOOKING_FLOW.move(booking, name)
    booking.status_at = work.now
    if old is BookingStatus.under_review:
        approvals.withdraw(work, APPROVE, booking.id)
    emit(work, BookingStatusChanged(booking.id, booking.number, old, booking.status))


def _to_approve(work: Work, booking: Booking, original: Apartment) -> Subject:
    customer = found(work, Party, booking.customer_id)
    return Subject(
        table="booking",
        id=booking.id,
        name=booking.number,
        about=f"{customer.name} \N{MIDDLE DOT} {original.name}",
        version=booking.flow_version,
        amount=booking.total,
        currency=booking.currency,
    )


def _approved(work: Work, booking: Booking, original: Apartment) -> None:
    taken = ApartmentTaken(apartment=original.name)
    with refusing(work.session, {"uq_booking_one_per_apartment": taken}):
        move(work, booking, "approve")
        work.session.flush()
    _move_apartment(work, original, "book", booking.customer_id)
    emit(work, BookingApproved(booking.id, booking.customer_id, booking.number))


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
        flow_version=1,
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
