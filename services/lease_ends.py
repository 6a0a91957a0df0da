"""How leases end: notice and its withdrawal, the last day, termination, and going on as another."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import Invoice, InvoiceStatus
from models.estate import Estate, Occupancy, Unit
from models.leasing import LEASE_FLOW, RUNNING, Lease, LeaseParty, LeaseStatus
from models.rents import ChargeKind, LeaseCharge
from services import credit_notes, estate, leasing, rents
from services.billing import ReasonNeeded
from services.events import Fact, emit
from services.rents import Period

MOST = 500
CREDITED = (InvoiceStatus.issued, InvoiceStatus.partly_paid, InvoiceStatus.paid)


class TooSoon(Refused):
    """The notice is shorter than was agreed."""

    code = "notice_too_short"
    status = 422
    says = N_("Notice is given %(days)s days ahead: the first day to leave is %(first)s.")


@dataclass(frozen=True)
class NoticeGiven(Fact, type="lease.notice_given", table="lease"):
    """A lease ends on a day, somebody said."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    until: date
    reason: str


@dataclass(frozen=True)
class NoticeWithdrawn(Fact, type="lease.notice_withdrawn", table="lease"):
    """A lease goes on after all."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID


@dataclass(frozen=True)
class LeaseEnded(Fact, type="lease.ended", table="lease"):
    """The last day of a lease is over."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    until: date


@dataclass(frozen=True)
class LeaseTerminated(Fact, type="lease.terminated", table="lease"):
    """A lease was ended before its time."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    until: date
    reason: str


def give_notice(work: Work, lease_id: UUID, until: date, reason: str = "") -> Lease:
    """Note that a lease ends on a day, at least its days of notice ahead.

    Raises:
        TooSoon: it is less than that ahead.
        BadInput: the lease ends by itself before.
        IllegalMove: it is not active.

    """
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "give_notice")
    today = _today(work, lease)
    first = today + timedelta(days=lease.notice_days)
    if until < first:
        raise TooSoon(field="until", days=lease.notice_days, first=first.isoformat())
    if lease.until is not None and until > lease.until:
        raise BadInput(N_("It ends before that day anyway."), field="until")
    LEASE_FLOW.move(lease, "give_notice")
    lease.notice_on, lease.until = today, until
    lease.reason = reason.strip()[:400]
    work.session.flush()
    _until(work, lease, until)
    emit(work, NoticeGiven(*_said(lease), until, lease.reason))
    return lease


def withdraw_notice(work: Work, lease_id: UUID, until: date | None = None) -> Lease:
    """Let a lease go on: until a day, or until notice is given again.

    Raises:
        UnitLet: the unit is let to another from then on.
        IllegalMove: no notice was given.

    """
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "withdraw_notice")
    with leasing.keeping(work):
        LEASE_FLOW.move(lease, "withdraw_notice")
        lease.notice_on, lease.until, lease.reason = None, until, ""
        work.session.flush()
        for row in _occupancies(work, lease):
            row.until = until
        work.session.flush()
    emit(work, NoticeWithdrawn(*_said(lease)))
    return lease


def terminate(work: Work, lease_id: UUID, until: date, reason: str = "") -> Lease:
    """End a lease before its time, after a day; rent that was asked for beyond it goes back.

    Raises:
        ReasonNeeded: nobody said why.
        BadInput: the day is before the first one, or after the last.
        IllegalMove: it is not active.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "terminate")
    if until < lease.since or (lease.until is not None and until > lease.until):
        raise BadInput(N_("Choose a day of the lease."), field="until")
    LEASE_FLOW.move(lease, "terminate")
    lease.until, lease.reason = until, reason.strip()[:400]
    work.session.flush()
    _until(work, lease, until)
    _credit_beyond(work, lease)
    emit(work, LeaseTerminated(*_said(lease), until, lease.reason))
    return lease


def over(work: Work, most: int = MOST) -> list[UUID]:
    """List the leases whose last day is over."""
    late: list[UUID] = []
    for place in work.session.scalars(select(Estate)):
        query = (
            select(Lease.id)
            .join(Unit, Unit.id == Lease.unit_id)
            .where(
                Unit.estate_id == place.id,
                Lease.status.in_(RUNNING),
                Lease.until < estate.today(work, place),
            )
            .order_by(Lease.id)
        )
        late += work.session.scalars(query.limit(most))
    return late


def end(work: Work, lease_id: UUID) -> Lease:
    """End a lease whose last day is over; any other stays as it is."""
    lease = locked(work, Lease, lease_id)
    day = lease.until
    if lease.status not in RUNNING or day is None or day >= _today(work, lease):
        return lease
    LEASE_FLOW.move(lease, "end")
    work.session.flush()
    _until(work, lease, day)
    _credit_beyond(work, lease)
    emit(work, LeaseEnded(*_said(lease), day))
    return lease


def renew(work: Work, lease_id: UUID, until: date | None, rent: Decimal) -> Lease:
    """Draft the lease that follows a running one, from the day after its last.

    Raises:
        BadInput: it has no last day, so that it goes on by itself.
        As `leasing.draft`.

    """
    old = locked(work, Lease, lease_id)
    if old.status not in RUNNING or old.until is None:
        raise BadInput(N_("It goes on by itself: only a lease with a last day is renewed."))
    same: dict[str, Any] = {
        name: getattr(old, name)
        for name in (
            *("unit_id", "party_id", "due_day", "due_days", "proration", "increase"),
            *("increase_percent", "increase_months", "notice_days"),
        )
    }
    others = [
        (each.party_id, each.role)
        for each in leasing.lessees(work, old.id)
        if each.party_id != old.party_id
    ]
    fresh = Lease(**same, since=old.until + timedelta(days=1), until=until, rent=rent)
    fresh.renews_id = old.id
    return leasing.draft(work, fresh, others)


def _credit_beyond(work: Work, lease: Lease) -> None:
    """Credit what was asked for days after the last one, period by period; once."""
    assert lease.until
    rows = select(LeaseCharge).where(
        LeaseCharge.lease_id == lease.id,
        LeaseCharge.kind != ChargeKind.deposit,
        LeaseCharge.void.is_(False),
        LeaseCharge.period_until > lease.until,
        LeaseCharge.invoice_id.is_not(None),
    )
    back: dict[UUID, Decimal] = {}
    for row in work.session.scalars(rows):
        assert row.invoice_id
        rest = row.amount - _kept(lease, row)
        back[row.invoice_id] = back.get(row.invoice_id, Decimal(0)) + rest
    for invoice_id, amount in sorted(back.items()):
        if amount > 0 and found(work, Invoice, invoice_id).status in CREDITED:
            once = f"beyond:{invoice_id}"
            credit_notes.write(work, invoice_id, amount, "The lease ended before", once=once)


def _kept(lease: Lease, row: LeaseCharge) -> Decimal:
    """Give what of a charge is for days of the lease."""
    assert lease.until
    if row.period_on > lease.until:
        return Decimal(0)
    asked = (row.period_until - row.period_on).days + 1
    part = Period(row.period_on, lease.until, asked)
    return rents.part_of(row.amount, part, lease.proration, lease.currency)


def _until(work: Work, lease: Lease, day: date) -> None:
    """Let those who live there by the lease do so up to a day."""
    for row in _occupancies(work, lease):
        if row.until is None or row.until > day:
            estate.move_out(work, row.id, day)
    estate.refresh(work, lease.unit_id)


def _occupancies(work: Work, lease: Lease) -> list[Occupancy]:
    assert lease.until or lease.status is LeaseStatus.active
    stand = select(LeaseParty.party_id).where(LeaseParty.lease_id == lease.id)
    query = select(Occupancy).where(
        Occupancy.unit_id == lease.unit_id,
        Occupancy.party_id.in_(stand),
        or_(Occupancy.until.is_(None), Occupancy.until >= lease.since),
    )
    return list(work.session.scalars(query.order_by(Occupancy.id)))


def _said(lease: Lease) -> tuple[UUID, str, UUID, UUID]:
    return lease.id, lease.number, lease.unit_id, lease.party_id


def _today(work: Work, lease: Lease) -> date:
    unit = found(work, Unit, lease.unit_id)
    return estate.today(work, found(work, Estate, unit.estate_id))
