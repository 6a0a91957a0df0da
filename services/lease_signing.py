"""Having a lease signed electronically: by its lessees, and for the landlord by whoever asks."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.errors import Refused
from core.text import N_
from core.work import Work, found
from models.estate import Estate, Unit
from models.files import Document
from models.leasing import LESSEE_ROLE_LABELS, Lease, LeaseParty, LeaseStatus, LesseeRole
from models.signing import SignatureRequest
from services import signing
from services.leasing import NotSent
from services.signing import PDF, Asked

LANDLORD = N_("For the landlord")


class NoDocument(Refused):
    """There is nothing to sign."""

    code = "no_lease_document"
    says = N_("Add the lease as a PDF to its files first: the newest one is what is signed.")


def ask(
    work: Work, lease_id: UUID, until: date, *, ordered: bool = False, both_sides: bool = True
) -> SignatureRequest:
    """Have the newest PDF of a lease signed by all who stand in it, to the end of a day there.

    With `both_sides` whoever asks signs for the landlord; in order, after the lessees.

    Raises:
        NotSent: the lease does not wait for signatures.
        NoDocument: no PDF hangs on it.
        As `signing.ask`.

    """
    lease = found(work, Lease, lease_id)
    if lease.status is not LeaseStatus.pending_signature or lease.signed_on is not None:
        raise NotSent
    document = work.session.scalars(
        select(Document)
        .where(Document.subject_id == lease.id, Document.content_type == PDF)
        .order_by(Document.id.desc())
        .limit(1)
    ).one_or_none()
    if document is None:
        raise NoDocument
    lessees = work.session.scalars(
        select(LeaseParty).where(LeaseParty.lease_id == lease.id).order_by(LeaseParty.id)
    ).all()
    signers = [
        Asked(each.party_id, role=LESSEE_ROLE_LABELS[each.role], position=place)
        for place, each in enumerate(sorted(lessees, key=_principal_first), 1)
    ]
    if both_sides and work.scope.profile_id is not None:
        last = len(signers) + 1
        signers.append(Asked(profile_id=work.scope.profile_id, role=LANDLORD, position=last))
    title, ends = document.title.removesuffix(".pdf"), _end_of(work, lease, until)
    return signing.ask(
        work, ("lease", lease.id), document.id, title, signers, ends, ordered=ordered
    )


def _principal_first(lessee: LeaseParty) -> bool:
    return lessee.role is not LesseeRole.principal


def _end_of(work: Work, lease: Lease, day: date) -> datetime:
    """Give the first instant after a day, in the estate's zone."""
    place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(place.time_zone))
