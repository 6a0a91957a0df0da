"""What the signatures of a lease's document mean for the lease, and the other way round."""

from uuid import UUID

from core.work import Work, found
from models.estate import Estate, Unit
from models.events import Event
from models.leasing import Lease, LeaseStatus
from models.signing import REQUEST_FLOW
from services import estate, leasing, signing

LEASE = "lease"


def completed(work: Work, event: Event) -> None:
    """Note that all have signed a lease electronically, unless it is settled already."""
    lease = _waiting(work, event)
    if lease is not None:
        place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
        leasing.signed(work, lease.id, estate.today(work, place), "electronic")


def declined(work: Work, event: Event) -> None:
    """Cancel a lease that somebody does not want to sign, and say what they said."""
    lease = _waiting(work, event)
    if lease is not None:
        leasing.cancel(work, lease.id, f"{event.data['name']}: {event.data['reason']}")


def expired(work: Work, event: Event) -> None:
    """Cancel a lease that was not signed by all in time."""
    lease = _waiting(work, event)
    if lease is not None:
        leasing.cancel(work, lease.id, "not signed in time")


def over(work: Work, event: Event) -> None:
    """Ask nobody any more to sign a lease that was cancelled, or signed on paper."""
    request = signing.live(work, event.subject_id)
    if request is not None and REQUEST_FLOW.allows(request.status, "withdraw"):
        why = event.data.get("reason") or "signed on paper"
        signing.withdraw(work, request.id, why)


def _waiting(work: Work, event: Event) -> Lease | None:
    """Give the lease that a document was for, if it still waits for signatures."""
    if event.data["record_table"] != LEASE:
        return None
    lease = found(work, Lease, UUID(event.data["record_id"]))
    waits = lease.status is LeaseStatus.pending_signature and lease.signed_on is None
    return lease if waits else None
