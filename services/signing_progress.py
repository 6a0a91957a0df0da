"""What follows of what signers do: the next is asked, it ends, or the final document is made.

Jobs alone do this, each time under the lock of the request.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from core.work import Work, locked
from models.files import DocumentUse
from models.signing import (
    REQUEST_FLOW,
    RequestStatus,
    SignatureRequest,
    Signer,
    SignerStatus,
    StepKind,
)
from services import files, signing
from services.events import Fact, emit
from services.files import Kept

MOST = 200


@dataclass(frozen=True)
class SignerReminded(Fact, type="signature.reminded", table="signer"):
    """Somebody who has not signed yet is reminded."""

    signer_id: UUID
    request_id: UUID
    on: datetime


@dataclass(frozen=True)
class SignatureDeclined(Fact, type="signature.declined", table="signature_request"):
    """A signer does not want to sign; the others are asked no more."""

    request_id: UUID
    record_table: str
    record_id: UUID
    title: str
    name: str
    reason: str


@dataclass(frozen=True)
class SignatureExpired(Fact, type="signature.expired", table="signature_request"):
    """The last day to sign has passed."""

    request_id: UUID
    record_table: str
    record_id: UUID
    title: str


@dataclass(frozen=True)
class SignaturesGathered(Fact, type="signature.gathered", table="signature_request"):
    """All have signed; the final document is to be made."""

    request_id: UUID
    record_table: str
    record_id: UUID


@dataclass(frozen=True)
class SignatureCompleted(Fact, type="signature.completed", table="signature_request"):
    """All have signed, and the final document is there."""

    request_id: UUID
    record_table: str
    record_id: UUID
    title: str
    signed_document_id: UUID


@dataclass(frozen=True)
class SignatureFailed(Fact, type="signature.failed", table="signature_request"):
    """The final document could not be made; somebody has to look."""

    request_id: UUID
    title: str
    why: str


def advance(work: Work, request_id: UUID) -> None:
    """Do what follows of what signers did: ask the next, gather, or tell that one declined."""
    request = locked(work, SignatureRequest, request_id)
    if request.status is not RequestStatus.open:
        return
    signers = signing.of(work, request.id)
    said = (request.id, request.subject_table, request.subject_id)
    refusing_one = next((s for s in signers if s.status is SignerStatus.declined), None)
    if refusing_one is not None:
        why = refusing_one.reason
        fact = SignatureDeclined(*said, request.title, refusing_one.name, why)
        signing.close(work, request, "decline", why, fact)
    elif all(each.status is SignerStatus.signed for each in signers):
        REQUEST_FLOW.move(request, "all_signed")
        work.session.flush()
        emit(work, SignaturesGathered(*said))
    else:
        signing.ask_next(work, request, signers)


def expire(work: Work, request_id: UUID) -> bool:
    """End a request whose time is over; False if somebody was faster."""
    request = locked(work, SignatureRequest, request_id)
    if request.status is not RequestStatus.open or request.expires_at > work.now:
        return False
    said = (request.id, request.subject_table, request.subject_id, request.title)
    signing.close(work, request, "expire", "", SignatureExpired(*said))
    return True


def remind(work: Work, request_id: UUID) -> SignatureRequest:
    """Remind those whose turn it is now.

    Raises:
        IllegalMove: nobody is asked any more.

    """
    request = locked(work, SignatureRequest, request_id)
    REQUEST_FLOW.check(request, "withdraw")
    for each in signing.of(work, request.id):
        if each.status is SignerStatus.asked:
            _remind(work, each)
    return request


def remind_due(work: Work) -> int:
    """Remind whoever was asked, or last reminded, as many days ago as the request says."""
    last = func.coalesce(Signer.reminded_at, Signer.asked_at)
    due = (
        select(Signer)
        .join(SignatureRequest, SignatureRequest.id == Signer.request_id)
        .where(
            SignatureRequest.status == RequestStatus.open,
            SignatureRequest.remind_days > 0,
            SignatureRequest.expires_at > work.now,
            Signer.status == SignerStatus.asked,
            last + func.make_interval(0, 0, 0, SignatureRequest.remind_days) <= work.now,
        )
        .order_by(Signer.id)
        .limit(MOST)
        .with_for_update(of=Signer, skip_locked=True)
    )
    signers = work.session.scalars(due).all()
    for each in signers:
        _remind(work, each)
    return len(signers)


def over(work: Work) -> list[UUID]:
    """List the requests whose time is over."""
    query = select(SignatureRequest.id).where(
        SignatureRequest.status == RequestStatus.open, SignatureRequest.expires_at <= work.now
    )
    return list(work.session.scalars(query.order_by(SignatureRequest.id).limit(MOST)))


def waiting(work: Work) -> list[UUID]:
    """List the requests that wait for their final document, or for what a lost bell has left."""
    moved = select(Signer.request_id).where(
        Signer.status.in_([SignerStatus.signed, SignerStatus.declined])
    )
    query = select(SignatureRequest.id).where(
        or_(
            SignatureRequest.status == RequestStatus.sealing,
            (SignatureRequest.status == RequestStatus.open) & SignatureRequest.id.in_(moved),
        )
    )
    return list(work.session.scalars(query.order_by(SignatureRequest.id).limit(MOST)))


def complete(work: Work, request_id: UUID, kept: Kept) -> SignatureRequest:
    """Keep the final document; twice keeps the first."""
    request = locked(work, SignatureRequest, request_id)
    if request.status is RequestStatus.completed:
        return request
    document = files.attach(
        work, request.subject_table, request.subject_id, kept, DocumentUse.signed
    )
    REQUEST_FLOW.move(request, "complete")
    request.signed_document_id = document.id
    request.closed_at, request.failure = work.now, ""
    work.session.flush()
    said = (request.id, request.subject_table, request.subject_id, request.title)
    emit(work, SignatureCompleted(*said, document.id))
    return request


def failed(work: Work, request_id: UUID, why: str) -> None:
    """Note that the final document could not be made; it is told once for each cause."""
    request = locked(work, SignatureRequest, request_id)
    if request.status is RequestStatus.sealing and request.failure != why[:400]:
        request.failure = why[:400]
        work.session.flush()
        emit(work, SignatureFailed(request.id, request.title, request.failure))


def _remind(work: Work, signer: Signer) -> None:
    signer.reminded_at = work.now
    work.session.flush()
    signing.step(work, signer.id, StepKind.reminded)
    emit(work, SignerReminded(signer.id, signer.request_id, work.now))
