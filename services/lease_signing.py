"""Having a lease signed electronically: by its lessees, and for the landlord by whoever asks."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.errors import Refused
from core.text import N_
from core.work import Work, found
from models.estate import Estate, Unit
from models.leasing import LESSEE_ROLE_LABELS, Lease, LeaseParty, LeaseStatus, LesseeRole
from models.signing import SignatureRequest
from services import lease_papers, organizations, signing
from services.leasing import NotSent
from services.signing import Asked

LANDLORD = N_("For the landlord")
BY_ITSELF = "lease.ask_signatures"


class NoDocument(Refused):
    """There is nothing to sign."""

    code = "no_lease_document"
    says = N_("The lease has no document yet. Make it, or add a PDF to its files.")


class DocumentOutdated(Refused):
    """The lease was changed after its document was made."""

    code = "lease_document_outdated"
    says = N_("The document says something else than the lease does by now. Make it anew.")


def ask(
    work: Work,
    lease_id: UUID,
    until: date,
    *,
    ordered: bool = False,
    landlord: UUID | None = None,
) -> SignatureRequest:
    """Have the newest PDF of a lease signed by all who stand in it, to the end of a day there.

    `landlord` is the member of the staff who signs for the landlord: whoever asks, if nobody is
    named; in order, after the lessees. A job that names nobody has the lessees sign alone.

    Raises:
        NotSent: the lease does not wait for signatures.
        NoDocument: no PDF hangs on it.
        DocumentOutdated: it was made before the terms were what they are.
        As `signing.ask`.

    """
    lease = found(work, Lease, lease_id)
    if lease.status is not LeaseStatus.pending_signature or lease.signed_on is not None:
        raise NotSent
    document = lease_papers.newest(work, lease.id)
    if document is None:
        raise NoDocument
    if not lease_papers.is_current(work, document):
        raise DocumentOutdated
    lessees = work.session.scalars(
        select(LeaseParty).where(LeaseParty.lease_id == lease.id).order_by(LeaseParty.id)
    ).all()
    signers = [
        Asked(each.party_id, role=LESSEE_ROLE_LABELS[each.role], position=place)
        for place, each in enumerate(sorted(lessees, key=_principal_first), 1)
    ]
    if side := landlord or work.scope.profile_id:
        signers.append(Asked(profile_id=side, role=LANDLORD, position=len(signers) + 1))
    title, ends = document.title.removesuffix(".pdf"), _end_of(work, lease, until)
    return signing.ask(
        work, ("lease", lease.id), document.id, title, signers, ends, ordered=ordered
    )


def wants(work: Work, lease_id: UUID) -> date | None:
    """Say until when a lease that was just sent is to be signed electronically; None if not so.

    It is not where the organization asks by hand, or where it is out for signature already.
    """
    lease = found(work, Lease, lease_id)
    waits = lease.status is LeaseStatus.pending_signature and lease.signed_on is None
    if not (waits and organizations.setting(work, BY_ITSELF) and lease.hold_until):
        return None
    if signing.live(work, lease.id) is not None:
        return None
    return max(
        _local(work, lease, lease.hold_until) - timedelta(days=1), _local(work, lease, work.now)
    )


def _local(work: Work, lease: Lease, instant: datetime) -> date:
    place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
    return instant.astimezone(ZoneInfo(place.time_zone)).date()


def _principal_first(lessee: LeaseParty) -> bool:
    return lessee.role is not LesseeRole.principal


def _end_of(work: Work, lease: Lease, day: date) -> datetime:
    """Give the first instant after a day, in the estate's zone."""
    place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(place.time_zone))
