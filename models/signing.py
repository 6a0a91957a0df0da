"""Signatures: a document that several people are to sign, who of them has, and every step."""

from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.files import Document
from models.people import Party


class RequestStatus(StrEnum):
    """Where a request stands. `sealing` has all signatures, and waits for its final document."""

    open = auto()
    sealing = auto()
    completed = auto()
    declined = auto()
    expired = auto()
    withdrawn = auto()


_R = RequestStatus
REQUEST_FLOW = Flow(
    start=_R.open,
    moves={
        "all_signed": ({_R.open}, _R.sealing),
        "complete": ({_R.sealing}, _R.completed),
        "decline": ({_R.open}, _R.declined),
        "expire": ({_R.open}, _R.expired),
        "withdraw": ({_R.open}, _R.withdrawn),
    },
    labels={
        _R.open: N_("Out for signature"),
        _R.sealing: N_("All have signed"),
        _R.completed: N_("Signed"),
        _R.declined: N_("Declined"),
        _R.expired: N_("Expired"),
        _R.withdrawn: N_("Withdrawn"),
    },
    meanings={
        _R.open: "waiting",
        _R.sealing: "waiting",
        _R.completed: "good",
        _R.declined: "stopped",
        _R.expired: "over",
        _R.withdrawn: "over",
    },
)


class SignatureRequest(Record):
    """A document out for signature until `expires_at`. Its bytes are those of `sha256`.

    Signers are asked at once, or one after the other if it is `ordered`. `signed_document_id` is
    the final document: the same bytes, the page that says who signed, and a digital signature.
    """

    __tablename__ = "signature_request"
    __table_args__ = keyed(
        same_organization("document_id", "document"),
        same_organization("signed_document_id", "document"),
        Index("ix_signature_request_subject", "organization_id", "subject_id"),
        Index("ix_signature_request_status", "organization_id", "status", "id"),
        Index(
            "uq_signature_request_live",
            "organization_id",
            "subject_id",
            unique=True,
            postgresql_where=text("status IN ('open', 'sealing')"),
            info={"says": N_("It is out for signature already. Withdraw that first.")},
        ),
        CheckConstraint(
            "expires_at > created_at",
            "ends_after_it_begins",
            info={"says": N_("The last day to sign has passed already.")},
        ),
        CheckConstraint(
            "(status = 'completed') = (signed_document_id IS NOT NULL)", "completed_is_kept"
        ),
    )

    title: Mapped[str] = mapped_column(String(200))
    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    document_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[RequestStatus] = mapped_column(default=REQUEST_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    ordered: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    expires_at: Mapped[datetime]
    remind_days: Mapped[int] = mapped_column(server_default="3", default=3)
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    failure: Mapped[str] = mapped_column(String(400), server_default="", default="")
    closed_at: Mapped[datetime | None]
    signed_document_id: Mapped[UUID | None]

    document: Mapped[Document] = relationship(
        primaryjoin="foreign(SignatureRequest.document_id) == Document.id", lazy="raise_on_sql"
    )
    signed_document: Mapped[Document | None] = relationship(
        primaryjoin="foreign(SignatureRequest.signed_document_id) == Document.id",
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.title


class SignerStatus(StrEnum):
    """What somebody has done about a document. `waiting` is until it is their turn."""

    waiting = auto()
    asked = auto()
    signed = auto()
    declined = auto()
    released = auto()


_S = SignerStatus
SIGNER_FLOW = Flow(
    start=_S.waiting,
    moves={
        "ask": ({_S.waiting}, _S.asked),
        "sign": ({_S.asked}, _S.signed),
        "decline": ({_S.asked}, _S.declined),
        "release": ({_S.waiting, _S.asked}, _S.released),
    },
    labels={
        _S.waiting: N_("Not yet their turn"),
        _S.asked: N_("Asked"),
        _S.signed: N_("Signed"),
        _S.declined: N_("Declined"),
        _S.released: N_("No longer asked"),
    },
    meanings={
        _S.waiting: "over",
        _S.asked: "waiting",
        _S.signed: "good",
        _S.declined: "stopped",
        _S.released: "over",
    },
)


class Signer(PartyScoped, Record):
    """Somebody who is to sign: a party, whoever signs in for it, or a member of the staff.

    `role` is what they sign as, in words of the document. `address` and `client` are the network
    address and the program from which they signed; `sha256` is the document that they had read.
    """

    __tablename__ = "signer"
    __table_args__ = keyed(
        same_organization("request_id", "signature_request"),
        same_organization("party_id", "party"),
        UniqueConstraint(
            "organization_id",
            "request_id",
            "who_id",
            info={"says": N_("Somebody is named twice.")},
        ),
        CheckConstraint("num_nonnulls(party_id, profile_id) = 1", "is_one_person"),
        CheckConstraint(
            "status <> 'signed' OR signed_at IS NOT NULL AND signed_name <> ''"
            " AND sha256 <> '' AND consent <> ''",
            "signed_with_consent",
        ),
        CheckConstraint(
            "status <> 'declined' OR btrim(reason) <> ''",
            "declined_with_reason",
            info={"says": N_("Say why you do not sign.")},
        ),
        Index("ix_signer_party", "organization_id", "party_id", "status"),
        Index("ix_signer_request", "organization_id", "request_id", "position"),
    )

    request_id: Mapped[UUID]
    party_id: Mapped[UUID | None]
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    who_id: Mapped[UUID | None] = mapped_column(
        Computed("coalesce(party_id, profile_id)", persisted=True)
    )
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(80), server_default="", default="")
    position: Mapped[int] = mapped_column(server_default="1", default=1)
    status: Mapped[SignerStatus] = mapped_column(default=SIGNER_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    asked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_name: Mapped[str] = mapped_column(String(120), server_default="", default="")
    signed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    consent: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    sha256: Mapped[str] = mapped_column(String(64), server_default="", default="")
    client: Mapped[str] = mapped_column(String(400), server_default="", default="")
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")

    request: Mapped[SignatureRequest] = relationship(
        primaryjoin="foreign(Signer.request_id) == SignatureRequest.id", lazy="raise_on_sql"
    )
    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Signer.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class StepKind(StrEnum):
    """What happened on the way to a signature."""

    asked = auto()
    viewed = auto()
    code_asked = auto()
    code_sent = auto()
    code_wrong = auto()
    signed = auto()
    declined = auto()
    reminded = auto()


STEP_LABELS = {
    StepKind.asked: N_("Asked to sign"),
    StepKind.viewed: N_("Opened the document"),
    StepKind.code_asked: N_("Asked for a code"),
    StepKind.code_sent: N_("Was sent a code"),
    StepKind.code_wrong: N_("Gave a wrong code"),
    StepKind.signed: N_("Signed"),
    StepKind.declined: N_("Declined"),
    StepKind.reminded: N_("Was reminded"),
}


class SignatureStep(OrganizationScoped, Base):
    """One step of a signer, with the address and program it came from. Never changed."""

    __tablename__ = "signature_step"
    __table_args__ = keyed(
        same_organization("signer_id", "signer"),
        Index("ix_signature_step_signer", "organization_id", "signer_id", "id"),
    )

    signer_id: Mapped[UUID]
    kind: Mapped[StepKind]
    at: Mapped[datetime]
    client: Mapped[str] = mapped_column(String(400), server_default="")

    signer: Mapped[Signer] = relationship(
        primaryjoin="foreign(SignatureStep.signer_id) == Signer.id", lazy="raise_on_sql"
    )


class SignatureCode(OrganizationScoped, Base):
    """A one-time code: a signer proves that they read their mail. Only the database reads it.

    `digest` is the SHA-256 of `salt` and the code. `proved_in` is the transaction in which it was
    given rightly: in that one its holder may sign.
    """

    __tablename__ = "signature_code"
    __table_args__ = (
        same_organization("signer_id", "signer"),
        Index("ix_signature_code_signer", "organization_id", "signer_id", "id"),
        CheckConstraint("tries BETWEEN 0 AND 5", "tries_are_few"),
    )

    signer_id: Mapped[UUID]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    proved_in: Mapped[str] = mapped_column(String(20), server_default="")
