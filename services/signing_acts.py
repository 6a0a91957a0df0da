"""What signers do: open a document, have a code sent, sign with it, or decline.

The database decides whether a code fits, counts the tries, and lets nobody sign without it
(migrations/sql/signing/).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from core import box
from core.db import uuid7
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, found, locked
from models.notices import Channel, Dispatch, Notification
from models.signing import (
    SIGNER_FLOW,
    RequestStatus,
    SignatureRequest,
    SignatureStep,
    Signer,
    SignerStatus,
    StepKind,
)
from services import signing
from services.events import Fact, emit

CONSENT = N_(
    "I have read the document, I agree to sign it electronically, and I know that this signature"
    " binds me like one by hand."
)
HOUR, MOST_CODES = timedelta(hours=1), 5
CODE_SAYS = N_("Your code to sign “%(title)s” is on its way by mail. It holds for ten minutes.")


class NotAsked(Refused):
    """It is not this person's turn, or it is over."""

    code = "not_asked_to_sign"
    says = N_("There is nothing to sign for you here now: it is %(status)s.")


class WrongCode(Refused):
    """The code does not fit; the try is counted, so that the caller commits."""

    code = "wrong_signature_code"
    status = 422
    says = N_("That code is not right. Look at the newest mail; after five tries it is used up.")


class CodeOver(Refused):
    """The code is too old, was used up, or was never sent."""

    code = "signature_code_over"
    status = 422
    says = N_("This code opens nothing any more. Have a new one sent.")


class TooManyCodes(Refused):
    """Five codes within an hour."""

    code = "too_many_codes"
    status = 429
    says = N_("Five codes were sent within an hour. Wait a while, then have a new one sent.")


class DocumentChanged(Refused):
    """What was read is not what is out for signature now."""

    code = "document_changed"
    says = N_("The document has changed since you opened it. Read it again, then sign.")


class ConsentNeeded(BadInput):
    """Nobody signs by accident."""

    code = "consent_needed"
    says = N_("Tick that you have read the document and agree to sign it.")


@dataclass(frozen=True)
class SignatureSigned(Fact, type="signature.signed", table="signer"):
    """One of them has signed."""

    signer_id: UUID
    request_id: UUID
    name: str


@dataclass(frozen=True)
class SignerDeclined(Fact, type="signature.refused", table="signer"):
    """One of them does not want to sign."""

    signer_id: UUID
    request_id: UUID
    reason: str


@dataclass(frozen=True)
class CodeAsked(Fact, type="signature.code_asked", table="signer"):
    """A signer wants a code sent."""

    signer_id: UUID
    request_id: UUID
    profile_id: UUID


@dataclass(frozen=True, slots=True)
class Given:
    """What a signer gives: the code, their name as they write it, and which document they read."""

    code: str
    name: str
    sha256: str
    consents: bool


def mine(work: Work, signer_id: UUID) -> tuple[Signer, SignatureRequest]:
    """Find one's own place on a document.

    Raises:
        NotFound: it is somebody else's, or nobody's.

    """
    signer = found(work, Signer, signer_id)
    if not work.session.scalar(select(func.signs(signer_id))):
        raise NotFound
    return signer, found(work, SignatureRequest, signer.request_id)


def opened(work: Work, signer_id: UUID) -> None:
    """Write down that somebody has opened the document, the first time."""
    signer, _request = mine(work, signer_id)
    if signer.viewed_at is None and signer.status is SignerStatus.asked:
        signer.viewed_at = work.now
        work.session.flush()
        signing.step(work, signer.id, StepKind.viewed)


def ask_code(work: Work, signer_id: UUID) -> str:
    """Have a code sent to the signer's address, by a job. Returns the address.

    Raises:
        NotAsked: it is not their turn, or it is over.
        TooManyCodes: five were sent within an hour.

    """
    signer, request = mine(work, signer_id)
    _check_turn(work, signer, request)
    lately = select(func.count(SignatureStep.id)).where(
        SignatureStep.signer_id == signer.id,
        SignatureStep.kind == StepKind.code_asked,
        SignatureStep.at > work.now - HOUR,
    )
    if (work.session.scalar(lately) or 0) >= MOST_CODES:
        raise TooManyCodes
    signing.step(work, signer.id, StepKind.code_asked)
    assert work.scope.profile_id
    emit(work, CodeAsked(signer.id, request.id, work.scope.profile_id))
    return signer.email


def send_code(work: Work, signer_id: UUID, profile_id: UUID) -> bool:
    """Make a code for a signer and put it in the mail; those before open nothing any more.

    Returns whether it was made: not, where nobody is asked any more, or five were within an hour.
    """
    signer = locked(work, Signer, signer_id)
    code, salt = f"{secrets.randbelow(10**6):06}", secrets.token_bytes(16)
    made, digest = uuid7(), hashlib.sha256(salt + code.encode()).digest()
    call = func.new_signature_code(signer.id, profile_id, made, salt, digest)
    if work.session.scalar(select(call)) != "made":
        return False
    request = found(work, SignatureRequest, signer.request_id)
    _mail(work, signer, request, profile_id, code)
    signing.step(work, signer.id, StepKind.code_sent)
    return True


def sign(work: Work, signer_id: UUID, given: Given) -> Signer:
    """Sign: with the code, one's name, consent, and the digest of the document that was read.

    The caller commits also when this refuses for a code, or nothing is counted.

    Raises:
        NotAsked: it is not their turn, or it is over.
        DocumentChanged: another document is out for signature now.
        ConsentNeeded: they did not tick that they agree.
        BadInput: they did not write their name.
        WrongCode: the code does not fit.
        CodeOver: it is too old, or used up.

    """
    signer, request = mine(work, signer_id)
    _check_turn(work, signer, request)
    if given.sha256 != request.sha256:
        raise DocumentChanged
    if not given.consents:
        raise ConsentNeeded(field="consent")
    name = " ".join(given.name.split())
    if len(name) < 2:
        raise BadInput(N_("Write your name as you sign it."), field="name")
    said = work.session.scalar(select(func.try_signature_code(signer.id, given.code.strip())))
    if said != "right":
        signing.step(work, signer.id, StepKind.code_wrong)
        raise WrongCode(field="code") if said == "wrong" else CodeOver(field="code")
    signer.signed_at, signer.signed_name = work.now, name[:120]
    signer.signed_by_id, signer.consent = work.scope.profile_id, CONSENT
    signer.sha256, signer.client = given.sha256, work.scope.client[:400]
    signer.viewed_at = signer.viewed_at or work.now
    SIGNER_FLOW.move(signer, "sign")
    work.session.flush()
    signing.step(work, signer.id, StepKind.signed)
    emit(work, SignatureSigned(signer.id, request.id, signer.name))
    return signer


def decline(work: Work, signer_id: UUID, reason: str) -> Signer:
    """Say that one does not sign, and why.

    Raises:
        NotAsked: it is not their turn, or it is over.
        ReasonMissing: they did not say why.

    """
    signer, request = mine(work, signer_id)
    _check_turn(work, signer, request)
    if not reason.strip():
        raise signing.ReasonMissing(N_("Say why you do not sign."), field="reason")
    signer.reason, signer.client = reason.strip()[:400], work.scope.client[:400]
    SIGNER_FLOW.move(signer, "decline")
    work.session.flush()
    signing.step(work, signer.id, StepKind.declined)
    emit(work, SignerDeclined(signer.id, request.id, signer.reason))
    return signer


def to_sign(work: Work) -> list[tuple[Signer, SignatureRequest]]:
    """List what waits for the signature of the person at hand, the oldest first."""
    query = (
        select(Signer, SignatureRequest)
        .join(SignatureRequest, SignatureRequest.id == Signer.request_id)
        .where(
            Signer.status == SignerStatus.asked,
            SignatureRequest.status == RequestStatus.open,
            SignatureRequest.expires_at > work.now,
            func.signs(Signer.id),
        )
        .order_by(Signer.asked_at)
    )
    return [(signer, request) for signer, request in work.session.execute(query)]


def code_in(dispatch: Dispatch) -> str:
    """Read the code that a mail carries; none where it has gone already."""
    return box.unlock(dispatch.locked, _place(dispatch.id)) if dispatch.locked else ""


def _check_turn(work: Work, signer: Signer, request: SignatureRequest) -> None:
    if signer.status is not SignerStatus.asked:
        raise NotAsked(status=SIGNER_FLOW.labels[signer.status])
    if request.status is not RequestStatus.open or request.expires_at <= work.now:
        raise NotAsked(status=N_("Expired"))


def _mail(
    work: Work, signer: Signer, request: SignatureRequest, profile_id: UUID, code: str
) -> None:
    """Put the code in the mail: it stands there alone, locked until it has gone."""
    notice, dispatch = uuid7(), uuid7()
    work.session.add(
        Notification(
            id=notice,
            organization_id=signer.organization_id,
            profile_id=profile_id,
            once=f"signature_code:{notice}",
            message=CODE_SAYS,
            values={"title": request.title},
            link=f"/portal/sign/{signer.id}",
            created_at=work.now,
            expires_at=work.now + HOUR,
        )
    )
    work.session.flush()
    work.session.add(
        Dispatch(
            id=dispatch,
            organization_id=signer.organization_id,
            notification_id=notice,
            channel=Channel.email,
            address=signer.email,
            locked=box.lock(code, _place(dispatch)),
            due_at=work.now,
            created_at=work.now,
        )
    )
    work.session.flush()


def _place(dispatch_id: UUID) -> str:
    return f"dispatch:locked:{dispatch_id}"
