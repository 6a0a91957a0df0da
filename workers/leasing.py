"""Leases in the background: what nobody signed in time, and who is told of what."""

import logging
from uuid import UUID

from sqlalchemy import select

from core.text import N_
from core.work import Work, found
from models.estate import Ownership, Unit
from models.events import Event
from services import estate, leasing, notices
from workers.jobs import Desk, homes
from workers.notices import notice_of

PAGE = "/portal/homes"
log = logging.getLogger(__name__)


def expire_unsigned() -> None:
    """Cancel the leases that were not signed in time, in all organizations."""
    for home in homes():
        desk = Desk(home, "leasing.expire_unsigned")
        with desk.work() as work:
            late = leasing.unsigned(work)
        for lease_id in late:
            try:
                with desk.work() as work:
                    leasing.expire(work, lease_id)
            except Exception:
                log.exception("lease %s", lease_id)


def sent(work: Work, event: Event) -> None:
    """Tell all who sign that a lease waits for them."""
    says = N_("Lease %(number)s for unit %(unit)s waits for your signature.")
    for party_id in event.data["signers"]:
        _tell(work, event, UUID(party_id), says)


def cancelled(work: Work, event: Event) -> None:
    """Tell the tenants and the owners that a lease did not come about."""
    says = N_("Lease %(number)s for unit %(unit)s was cancelled: %(reason)s")
    parties = [each.party_id for each in leasing.lessees(work, event.subject_id)]
    for party_id in dict.fromkeys([*parties, *owners(work, UUID(event.data["unit_id"]))]):
        _tell(work, event, party_id, says, reason=event.data["reason"])


def owners(work: Work, unit_id: UUID) -> list[UUID]:
    """List who owns a unit today."""
    day = work.now.date()
    query = select(Ownership.party_id).where(
        Ownership.unit_id == unit_id, *estate.on(Ownership, day)
    )
    return list(work.session.scalars(query.order_by(Ownership.id)))


def _tell(work: Work, event: Event, party_id: UUID, says: str, **values: str) -> None:
    unit = found(work, Unit, UUID(event.data["unit_id"]))
    values |= {"number": event.data["number"], "unit": unit.number}
    notices.notify_party(work, party_id, notice_of(event, says, PAGE, **values))
