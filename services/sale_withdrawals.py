"""Sales taken back: an apartment was sold, and the money that paid for it is not there after all.

A cheque bounces, or a line of the bank was another payment's: the last invoice asks again. What was
sold is booked again then, until it is paid. Where the apartment was handed over its owner stands in
the estate's books, and only people decide about that: they are told, and it waits for them.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from core.errors import Refused
from core.text import N_
from core.work import Work
from models.bookings import ApartmentOwner, Booking
from models.estate import Ownership, Unit
from models.sales import APARTMENT_FLOW, Apartment, ApartmentStatus
from services import bookings, instalments, ledger, people, sale_postings
from services.billing import ReasonNeeded
from services.events import Fact, emit
from services.sales import ApartmentStatusChanged


class StillOwns(Refused):
    """The apartment is a unit of an estate, and its buyer owns a part of it."""

    code = "still_owns"
    says = N_("The buyer owns the unit. End their ownership in the estate first.")


class PaidInFull(Refused):
    """Nothing is missing, or nothing was sold."""

    code = "sale_holds"
    says = N_("The apartment is not sold, or is paid in full: there is nothing to take back.")


@dataclass(frozen=True)
class SaleWithdrawn(Fact, type="booking.sale_withdrawn", table="booking"):
    """The apartment is booked again, and not its buyer's yet: `remaining` is not paid any more."""

    booking_id: UUID
    customer_id: UUID
    number: str
    apartment_id: UUID
    remaining: Decimal
    currency: str
    reason: str


@dataclass(frozen=True)
class SaleTakeBackAsked(Fact, type="booking.sale_take_back_asked", table="booking"):
    """Somebody has decided that what was handed over is not sold; a job takes the sale back."""

    booking_id: UUID
    customer_id: UUID
    reason: str


@dataclass(frozen=True)
class SaleInDoubt(Fact, type="booking.sale_in_doubt", table="booking"):
    """What was handed over is not paid any more; somebody has to decide what follows."""

    booking_id: UUID
    customer_id: UUID
    number: str
    apartment_id: UUID
    remaining: Decimal
    currency: str


def doubt(work: Work, booking_id: UUID) -> Booking | None:
    """Take a sale back whose payment is gone, or have people decide where it was handed over.

    None where the sale holds, or was taken back before.
    """
    booking, original = bookings.locked_with_apartment(work, booking_id)
    remaining = _missing(work, booking, original)
    if not remaining:
        return None
    if _owns_the_unit(work, booking, original):
        emit(
            work,
            SaleInDoubt(
                booking.id,
                booking.customer_id,
                booking.number,
                original.id,
                remaining,
                booking.currency,
            ),
        )
        return booking
    _withdraw(work, booking, original, remaining, "A payment was taken back")
    return booking


def ask_to_take_back(work: Work, booking_id: UUID, reason: str = "") -> Booking:
    """Decide that a sale is taken back. A job does it: whoever decides does not keep the ledger.

    Raises:
        ReasonNeeded: nobody said why.
        PaidInFull: nothing is missing, or it is not sold.
        StillOwns: the buyer owns the unit.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    booking, _original, _remaining = _doubtful(work, booking_id)
    emit(work, SaleTakeBackAsked(booking.id, booking.customer_id, reason.strip()[:400]))
    return booking


def take_back(work: Work, booking_id: UUID, reason: str) -> Booking:
    """Take back the sale of what was handed over, when its buyer owns the unit no longer.

    Raises:
        PaidInFull: nothing is missing, or it is not sold.
        StillOwns: the buyer owns the unit.

    """
    booking, original, remaining = _doubtful(work, booking_id)
    _withdraw(work, booking, original, remaining, reason)
    return booking


def _doubtful(work: Work, booking_id: UUID) -> tuple[Booking, Apartment, Decimal]:
    booking, original = bookings.locked_with_apartment(work, booking_id)
    remaining = _missing(work, booking, original)
    if not remaining:
        raise PaidInFull
    if _owns_the_unit(work, booking, original):
        raise StillOwns
    return booking, original, remaining


def _missing(work: Work, booking: Booking, original: Apartment) -> Decimal:
    """Say what of a sold apartment's price is not paid; nothing where it is not this sale's."""
    sale = select(ApartmentOwner.id).where(
        ApartmentOwner.apartment_id == original.id, ApartmentOwner.booking_id == booking.id
    )
    if original.status is not ApartmentStatus.sold or work.session.scalar(sale) is None:
        return Decimal(0)
    return max(booking.total - instalments.paid(work, booking.id), Decimal(0))


def _owns_the_unit(work: Work, booking: Booking, original: Apartment) -> bool:
    today = ledger.business_date(work)
    query = (
        select(Ownership.id)
        .join(Unit, Unit.id == Ownership.unit_id)
        .where(
            Unit.apartment_id == original.id,
            Ownership.party_id == booking.customer_id,
            or_(Ownership.until.is_(None), Ownership.until >= today),
        )
    )
    return work.session.scalar(query.limit(1)) is not None


def _owner_no_longer(work: Work, party_id: UUID) -> None:
    """Take the role of owner from a party that owns nothing else."""
    other = (
        select(ApartmentOwner.id).where(ApartmentOwner.owner_id == party_id),
        select(Ownership.id).where(Ownership.party_id == party_id, Ownership.until.is_(None)),
    )
    if all(work.session.scalar(query.limit(1)) is None for query in other):
        people.take_role(work, party_id, people.OWNER)


def _withdraw(
    work: Work, booking: Booking, original: Apartment, remaining: Decimal, reason: str
) -> None:
    assert booking.apartment_id
    clone = work.session.get_one(Apartment, booking.apartment_id)
    old = original.status
    APARTMENT_FLOW.move(original, "take_back")
    APARTMENT_FLOW.move(clone, "take_back")
    query = select(ApartmentOwner).where(
        ApartmentOwner.apartment_id == original.id, ApartmentOwner.booking_id == booking.id
    )
    for owner in work.session.scalars(query).all():
        work.session.delete(owner)
    work.session.flush()
    _owner_no_longer(work, booking.customer_id)
    emit(work, ApartmentStatusChanged(original.id, old, original.status))
    earned = ledger.last_key(work, sale_postings.earned_key(booking.id))
    memo = f"Booking {booking.number}: sale taken back"
    ledger.reverse(work, ledger.entry_with(work, earned), f"{earned}:taken_back", memo)
    emit(
        work,
        SaleWithdrawn(
            booking.id,
            booking.customer_id,
            booking.number,
            original.id,
            remaining,
            booking.currency,
            reason,
        ),
    )
