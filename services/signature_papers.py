"""The page behind a signed document: who signed, when, from where, and every step before."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from core.text import N_
from core.work import Work, found
from models.files import Document
from models.organizations import Organization
from models.signing import STEP_LABELS, SignatureRequest, Signer, SignerStatus
from services import organizations, papers, signing
from services.papers import Paper, Pen
from services.signing_acts import CONSENT


def certificate(work: Work, request_id: UUID, pen: Pen) -> Paper:
    """Write the page that goes behind a document which all have signed."""
    request = found(work, SignatureRequest, request_id)
    home = organizations.home(work)
    document = found(work, Document, request.document_id)
    signers = [s for s in signing.of(work, request.id) if s.status is SignerStatus.signed]
    last = max((each.signed_at for each in signers if each.signed_at), default=work.now)
    data = papers.letterhead(work, home, pen) | {
        "title": pen.say(N_("Signatures")),
        "number": str(request.id),
        "document": document.title.removesuffix(".pdf"),
        "sent": _moment(request.created_at, home, pen),
        "completed": _moment(last, home, pen),
        "sha256": request.sha256,
        "signers": [_said(each, home, pen) for each in signers],
        "steps": [
            {
                "at": _moment(step.at, home, pen),
                "who": signer.name,
                "what": pen.say(STEP_LABELS[step.kind]),
            }
            for step, signer in signing.steps_of(work, request.id)
        ],
        "consent": pen.say(CONSENT),
        "notes": [pen.say(N_("Times are of the zone %(zone)s.")) % {"zone": home.time_zone}],
    }
    title = pen.say(N_("Signatures"))
    return Paper("signatures", title, str(request.id), "", pen.day(last.date()), data)


def _said(signer: Signer, home: Organization, pen: Pen) -> dict[str, str]:
    return {
        "name": signer.name,
        "role": pen.say(signer.role) if signer.role else "",
        "wrote": signer.signed_name,
        "signed": _moment(signer.signed_at, home, pen) if signer.signed_at else "",
        "email": signer.email,
        "client": signer.client,
    }


def _moment(at: datetime, home: Organization, pen: Pen) -> str:
    """Write an instant to the second, in the organization's zone."""
    local = at.astimezone(ZoneInfo(home.time_zone))
    return str(format_datetime(local, "d MMM y HH:mm:ss", locale=pen.language))
