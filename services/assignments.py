"""Which member of the sales staff looks after a booking."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from core.errors import BadInput
from core.text import N_
from core.work import Work, locked
from models.bookings import Booking, BookingStatus
from models.organizations import Membership
from services import followers, organizations
from services.events import Fact, emit

OPEN = (BookingStatus.pending, BookingStatus.in_progress, BookingStatus.under_review)
MOST = 500


@dataclass(frozen=True)
class BookingAssigned(Fact, type="booking.assigned", table="booking"):
    """Somebody of the staff looks after the booking from now on."""

    booking_id: UUID
    number: str
    profile_id: UUID


def assign(work: Work, booking_id: UUID) -> Booking:
    """Give a booking that nobody looks after to whose turn it is. Twice changes nothing."""
    booking = locked(work, Booking, booking_id)
    if booking.assigned_to_id is None and booking.status in OPEN:
        _give(work, booking, _next(work, other_than=None))
    return booking


def assign_to(work: Work, booking_id: UUID, profile_id: UUID) -> Booking:
    """Give a booking to somebody.

    Raises:
        BadInput: they are no active member of the staff.

    """
    staff = select(Membership.id).where(
        Membership.profile_id == profile_id, Membership.active, Membership.staff
    )
    if work.session.scalar(staff) is None:
        raise BadInput(N_("Choose an active member of the staff."), field="assigned_to")
    booking = locked(work, Booking, booking_id)
    if booking.assigned_to_id != profile_id:
        _give(work, booking, profile_id)
    return booking


def reassign_stale(work: Work) -> int:
    """Give bookings on which nothing moved for long to somebody else; returns how many.

    How long is the setting `booking.stale_days`, from the last change of status or of hands.
    """
    since = work.now - timedelta(days=organizations.setting(work, "booking.stale_days"))
    stale = (
        select(Booking)
        .where(
            Booking.status.in_(OPEN),
            Booking.apartment_id.is_not(None),
            Booking.status_at < since,
            func.coalesce(Booking.assigned_at, Booking.status_at) < since,
        )
        .order_by(Booking.status_at)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    moved = 0
    for booking in work.session.scalars(stale).all():
        to = _next(work, other_than=booking.assigned_to_id)
        if to is not None:
            _give(work, booking, to)
            moved += 1
    return moved


def _give(work: Work, booking: Booking, profile_id: UUID | None) -> None:
    if profile_id is None:
        return
    booking.assigned_to_id, booking.assigned_at = profile_id, work.now
    work.session.flush()
    followers.follow(work, "booking", booking.id, [profile_id])
    emit(work, BookingAssigned(booking.id, booking.number, profile_id))


def _next(work: Work, other_than: UUID | None) -> UUID | None:
    """Choose who of the sales staff was given a booking longest ago, or never.

    Those who choose at the same time wait for each other, or all would choose the same one.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('assign:' || :home, 0))")
    work.session.execute(lock, {"home": str(work.scope.home())})
    last = (
        select(func.max(Booking.assigned_at))
        .where(
            Booking.organization_id == Membership.organization_id,
            Booking.assigned_to_id == Membership.profile_id,
        )
        .correlate(Membership)
        .scalar_subquery()
    )
    query = (
        select(Membership.profile_id)
        .where(Membership.active, Membership.roles.contains(["Sales"]))
        .order_by(last.asc().nulls_first(), Membership.id)
        .limit(1)
    )
    if other_than is not None:
        query = query.where(Membership.profile_id != other_than)
    return work.session.scalar(query)
