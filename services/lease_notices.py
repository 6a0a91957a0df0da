"""Notice that tenants give in the portal: they ask for it, and a job gives it."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, NotFound
from core.text import N_
from core.work import Work, found
from models.estate import Estate, Unit
from models.leasing import LEASE_FLOW, Lease, LeaseParty, LesseeRole
from services import estate
from services.events import Fact, emit
from services.lease_ends import TooSoon

LATEST = timedelta(days=731)


@dataclass(frozen=True)
class NoticeAsked(Fact, type="lease.notice_asked", table="lease"):
    """A tenant wants a lease to end on a day."""

    lease_id: UUID
    party_id: UUID
    until: date
    reason: str


def leases_of(work: Work, party_id: UUID) -> list[Lease]:
    """List the leases that a party stands in, the latest first."""
    query = (
        select(Lease)
        .join(LeaseParty, LeaseParty.lease_id == Lease.id)
        .where(LeaseParty.party_id == party_id)
        .order_by(Lease.since.desc(), Lease.id.desc())
    )
    return list(work.session.scalars(query))


def first_day(work: Work, lease: Lease) -> date:
    """Give the first day for which notice can be given today."""
    place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
    return estate.today(work, place) + timedelta(days=lease.notice_days)


def may_ask(work: Work, lease: Lease, party_id: UUID) -> bool:
    """Say whether a party may give notice of a lease: who answers for it, while it is active."""
    query = select(LeaseParty.id).where(
        LeaseParty.lease_id == lease.id,
        LeaseParty.party_id == party_id,
        LeaseParty.role == LesseeRole.principal,
    )
    return LEASE_FLOW.allows(lease.status, "give_notice") and bool(work.session.scalar(query))


def ask(work: Work, lease_id: UUID, party_id: UUID, until: date, reason: str = "") -> Lease:
    """Ask for a lease to end on a day; a job gives the notice within seconds.

    Raises:
        NotFound: it is not theirs to end.
        IllegalMove: it is not active.
        TooSoon: the day is less than the days of notice ahead.
        BadInput: it ends by itself before, or the day is years ahead.

    """
    lease = found(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "give_notice")
    if not may_ask(work, lease, party_id):
        raise NotFound
    first = first_day(work, lease)
    if until < first:
        raise TooSoon(field="until", days=lease.notice_days, first=first.isoformat())
    if lease.until is not None and until > lease.until:
        raise BadInput(N_("It ends before that day anyway."), field="until")
    if until > first + LATEST:
        raise BadInput(N_("Choose a day within two years."), field="until")
    emit(work, NoticeAsked(lease.id, party_id, until, reason.strip()[:400]))
    return lease
