"""Signatures: asking several people to sign a document.

What a signer does is in services/signing_acts.py. What follows of it (whose turn is next, whether
all have signed) a job decides, in services/signing_progress.py, so that no signer needs a right to
another's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, found, locked
from models.files import Document
from models.organizations import Membership, Profile
from models.people import Party
from models.signing import (
    REQUEST_FLOW,
    SIGNER_FLOW,
    RequestStatus,
    SignatureRequest,
    SignatureStep,
    Signer,
    SignerStatus,
    StepKind,
)
from services import organizations
from services.events import Fact, emit

REMIND_DAYS = "signature.remind_days"
MOST_SIGNERS = 20
MOST = 200
PDF = "application/pdf"


class SignerUnreachable(BadInput):
    """A code to sign with goes by mail, and there is no address."""

    code = "signer_unreachable"
    says = N_("%(name)s has no e-mail address. Write one at the party first.")


class SignerCannotSignIn(BadInput):
    """Nobody could open the document for them."""

    code = "signer_cannot_sign_in"
    says = N_("Nobody signs in for %(name)s yet. Invite them first.")


class OutAlready(Refused):
    """A record has one document out for signature at a time."""

    code = "out_for_signature"
    says = N_("It is out for signature already. Withdraw that first.")


class ReasonMissing(BadInput):
    """Whoever was asked is to know why it is no longer needed."""

    code = "reason_missing"
    says = N_("Say why.")


@dataclass(frozen=True)
class SignatureRequested(Fact, type="signature.requested", table="signature_request"):
    """A document went out for signature."""

    request_id: UUID
    record_table: str
    record_id: UUID
    title: str
    expires_at: datetime


@dataclass(frozen=True)
class SignerAsked(Fact, type="signature.asked", table="signer"):
    """It is somebody's turn to sign."""

    signer_id: UUID
    request_id: UUID


@dataclass(frozen=True)
class SignatureWithdrawn(Fact, type="signature.withdrawn", table="signature_request"):
    """A document is no longer out for signature; nobody has signed it in full."""

    request_id: UUID
    record_table: str
    record_id: UUID
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to sign, as what: a party, or a member of the staff by their profile."""

    party_id: UUID | None = None
    profile_id: UUID | None = None
    role: str = ""
    position: int = 1


def ask(  # noqa: PLR0913, PLR0917  # what a request is made of
    work: Work,
    subject: tuple[str, UUID],
    document_id: UUID,
    title: str,
    signers: Sequence[Asked],
    expires_at: datetime,
    *,
    ordered: bool = False,
) -> SignatureRequest:
    """Send a PDF out for signature: to all at once, or in the order of `position`.

    Raises:
        BadInput: there are no signers or too many, it is no PDF, or the time is over already.
        SignerUnreachable: one of them has no e-mail address.
        SignerCannotSignIn: nobody could open it for one of them.
        OutAlready: the record has a document out for signature.

    """
    if not 1 <= len(signers) <= MOST_SIGNERS:
        raise BadInput(N_("Name 1 to 20 people who are to sign."), field="signers")
    if expires_at <= work.now:
        raise BadInput(N_("The last day to sign has passed already."), field="expires_at")
    document = found(work, Document, document_id)
    if document.content_type != PDF:
        raise BadInput(N_("Only a PDF can be signed."), field="document")
    table, subject_id = subject
    request = SignatureRequest(
        id=uuid7(),
        organization_id=work.scope.home(),
        title=title[:200],
        subject_table=table,
        subject_id=subject_id,
        document_id=document.id,
        sha256=document.sha256,
        ordered=ordered,
        expires_at=expires_at,
        remind_days=int(organizations.setting(work, REMIND_DAYS)),
        asked_by_id=work.scope.profile_id,
        created_at=work.now,
    )
    with refusing(work.session, {"uq_signature_request_live": OutAlready()}):
        work.session.add(request)
        work.session.flush()
    work.session.add_all(_signer(work, request, each) for each in signers)
    work.session.flush()
    emit(
        work,
        SignatureRequested(request.id, table, subject_id, request.title, request.expires_at),
    )
    ask_next(work, request, of(work, request.id))
    return request


def withdraw(work: Work, request_id: UUID, reason: str) -> SignatureRequest:
    """Ask nobody any more.

    Raises:
        ReasonMissing: nobody said why.
        IllegalMove: it is over, or all have signed.

    """
    if not reason.strip():
        raise ReasonMissing(field="reason")
    request = locked(work, SignatureRequest, request_id)
    why = reason.strip()[:400]
    said = (request.id, request.subject_table, request.subject_id, request.title)
    close(work, request, "withdraw", why, SignatureWithdrawn(*said, why))
    return request


def live(work: Work, subject_id: UUID) -> SignatureRequest | None:
    """Find what is out for signature of a record."""
    query = select(SignatureRequest).where(
        SignatureRequest.subject_id == subject_id,
        SignatureRequest.status.in_([RequestStatus.open, RequestStatus.sealing]),
    )
    return work.session.scalars(query).one_or_none()


def of(work: Work, request_id: UUID) -> list[Signer]:
    """List who is to sign, in their order."""
    query = select(Signer).where(Signer.request_id == request_id)
    return list(work.session.scalars(query.order_by(Signer.position, Signer.id)))


def steps_of(work: Work, request_id: UUID) -> list[tuple[SignatureStep, Signer]]:
    """List what everybody did, in the order they did it."""
    query = (
        select(SignatureStep, Signer)
        .join(Signer, Signer.id == SignatureStep.signer_id)
        .where(Signer.request_id == request_id)
        .order_by(SignatureStep.at, SignatureStep.id)
    )
    return [(step, signer) for step, signer in work.session.execute(query)]


def step(work: Work, signer_id: UUID, kind: StepKind) -> None:
    """Write down what happened, with where it came from."""
    row = SignatureStep(
        id=uuid7(),
        organization_id=work.scope.home(),
        signer_id=signer_id,
        kind=kind,
        at=work.now,
        client=work.scope.client[:400],
    )
    work.session.add(row)
    work.session.flush()


def _signer(work: Work, request: SignatureRequest, asked: Asked) -> Signer:
    name, email = _person(work, asked)
    if not email:
        raise SignerUnreachable(field="signers", name=name)
    return Signer(
        id=uuid7(),
        organization_id=request.organization_id,
        request_id=request.id,
        party_id=asked.party_id,
        profile_id=asked.profile_id,
        name=name,
        email=email,
        role=asked.role[:80],
        position=asked.position if request.ordered else 1,
        created_at=work.now,
    )


def _person(work: Work, asked: Asked) -> tuple[str, str]:
    """Give name and address of a signer: a party's own, else of who signs in for it."""
    if asked.profile_id is not None:
        profile = found(work, Profile, asked.profile_id)
        return profile.name, profile.email
    assert asked.party_id
    party = found(work, Party, asked.party_id)
    query = (
        select(Profile.email)
        .join(Membership, Membership.profile_id == Profile.id)
        .where(Membership.party_id == party.id, Membership.active, ~Membership.staff)
        .order_by(Membership.id)
    )
    member = work.session.scalars(query.limit(1)).one_or_none()
    if member is None:
        raise SignerCannotSignIn(field="signers", name=party.name)
    return party.name, party.email or member


def ask_next(work: Work, request: SignatureRequest, signers: Sequence[Signer]) -> None:
    """Ask those whose turn it is: all, or in order those of the first place that has not signed."""
    left = [each for each in signers if each.status is not SignerStatus.signed]
    turn = min((each.position for each in left), default=0)
    for each in left:
        if each.position == turn and each.status is SignerStatus.waiting:
            SIGNER_FLOW.move(each, "ask")
            each.asked_at = work.now
            work.session.flush()
            step(work, each.id, StepKind.asked)
            emit(work, SignerAsked(each.id, request.id))


def close(work: Work, request: SignatureRequest, move: str, reason: str, fact: Fact) -> None:
    """End a request, say so, and release those who were still to sign."""
    REQUEST_FLOW.move(request, move)
    request.reason, request.closed_at = reason, work.now
    work.session.flush()
    for each in of(work, request.id):
        if SIGNER_FLOW.allows(each.status, "release"):
            SIGNER_FLOW.move(each, "release")
    work.session.flush()
    emit(work, fact)
