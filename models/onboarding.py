"""Onboarding: who applies to be dealt with, what is found out about them, and how it ends."""

from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Name
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.estate import Unit
from models.organizations import KycStatus, Profile
from models.people import Party


class ApplicantRole(StrEnum):
    """As what somebody applies."""

    customer = auto()
    resident = auto()
    owner = auto()
    vendor = auto()


APPLICANT_ROLE_LABELS = {
    ApplicantRole.customer: N_("Customer"),
    ApplicantRole.resident: N_("Resident"),
    ApplicantRole.owner: N_("Owner"),
    ApplicantRole.vendor: N_("Vendor"),
}


class ApplicationStatus(StrEnum):
    """Where an application is. `ready` has both checks in, and waits for a person."""

    draft = auto()
    submitted = auto()
    checking = auto()
    more_asked = auto()
    ready = auto()
    approved = auto()
    rejected = auto()
    withdrawn = auto()
    expired = auto()


_A = ApplicationStatus
_OPEN = {_A.draft, _A.submitted, _A.checking, _A.more_asked, _A.ready}
APPLICATION_FLOW = Flow(
    start=_A.draft,
    moves={
        "submit": ({_A.draft, _A.more_asked}, _A.submitted),
        "check": ({_A.submitted}, _A.checking),
        "join": ({_A.checking}, _A.ready),
        "ask_more": ({_A.checking, _A.ready}, _A.more_asked),
        "approve": ({_A.ready}, _A.approved),
        "reject": ({_A.submitted, _A.checking, _A.more_asked, _A.ready}, _A.rejected),
        "withdraw": (_OPEN, _A.withdrawn),
        "expire": ({_A.draft, _A.more_asked}, _A.expired),
    },
    labels={
        _A.draft: N_("Being written"),
        _A.submitted: N_("Handed in"),
        _A.checking: N_("Being checked"),
        _A.more_asked: N_("More was asked for"),
        _A.ready: N_("Ready to decide"),
        _A.approved: N_("Approved"),
        _A.rejected: N_("Rejected"),
        _A.withdrawn: N_("Withdrawn"),
        _A.expired: N_("Expired"),
    },
    meanings={
        _A.draft: "waiting",
        _A.submitted: "waiting",
        _A.checking: "waiting",
        _A.more_asked: "needs",
        _A.ready: "needs",
        _A.approved: "good",
        _A.rejected: "stopped",
        _A.withdrawn: "over",
        _A.expired: "over",
    },
)


class Application(Record):
    """Somebody who applies, by a link whose secret is kept as a SHA-256 alone.

    `answers` are what was typed, step by step; the number of an identity card stands in
    `identity_locked` only (core/box.py). `owner` is whose unit it is, and may decide, too. The
    party is a draft from the moment that the application is handed in.
    """

    __tablename__ = "application"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        same_organization("owner_id", "party"),
        same_organization("unit_id", "unit"),
        UniqueConstraint("organization_id", "number"),
        Index("ix_application_status", "organization_id", "status", "id"),
        Index("ix_application_party", "organization_id", "party_id"),
        CheckConstraint(
            "party_id IS NOT NULL OR status IN ('draft', 'withdrawn', 'expired')",
            "handed_in_has_party",
        ),
        CheckConstraint(
            "status <> 'rejected' OR btrim(reason) <> ''",
            "rejected_for_a_reason",
            info={"says": N_("Say why the application is rejected.")},
        ),
        CheckConstraint(
            "submitted_at IS NULL OR consent_version <> ''",
            "handed_in_with_consent",
        ),
    )

    number: Mapped[str] = mapped_column(String(20))
    status: Mapped[ApplicationStatus] = mapped_column(default=APPLICATION_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    role: Mapped[ApplicantRole]
    name: Mapped[Name] = mapped_column(server_default="", default="")
    email: Mapped[str] = mapped_column(String(320), server_default="", default="")
    phone: Mapped[str] = mapped_column(String(40), server_default="", default="")
    party_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    unit_id: Mapped[UUID | None]
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    answers: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), default=dict
    )
    identity_locked: Mapped[str] = mapped_column(String(600), server_default="", default="")
    consent_version: Mapped[str] = mapped_column(String(20), server_default="", default="")
    consent_client: Mapped[str] = mapped_column(String(400), server_default="", default="")
    asked: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    submitted_at: Mapped[datetime | None]
    status_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Application.party_id) == Party.id", lazy="raise_on_sql"
    )
    owner: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Application.owner_id) == Party.id", lazy="raise_on_sql"
    )
    unit: Mapped[Unit | None] = relationship(
        primaryjoin="foreign(Application.unit_id) == Unit.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number


class CheckKind(StrEnum):
    """What is found out: that they are who they say, and what is known of them."""

    identity = auto()
    background = auto()


CHECK_KIND_LABELS = {
    CheckKind.identity: N_("Identity"),
    CheckKind.background: N_("Background"),
}


class CheckStatus(StrEnum):
    """How far a check is. What is unclear or timed out a person may still decide."""

    requested = auto()
    asked = auto()
    passed = auto()
    failed = auto()
    unclear = auto()
    timed_out = auto()


_C = CheckStatus
CHECK_FLOW = Flow(
    start=_C.requested,
    moves={
        "ask": ({_C.requested}, _C.asked),
        "find_good": ({_C.asked, _C.unclear, _C.timed_out}, _C.passed),
        "find_bad": ({_C.asked, _C.unclear, _C.timed_out}, _C.failed),
        "find_unclear": ({_C.asked}, _C.unclear),
        "time_out": ({_C.requested, _C.asked}, _C.timed_out),
    },
    labels={
        _C.requested: N_("To be asked"),
        _C.asked: N_("Under way"),
        _C.passed: N_("Passed"),
        _C.failed: N_("Failed"),
        _C.unclear: N_("Unclear"),
        _C.timed_out: N_("No answer in time"),
    },
    meanings={
        _C.requested: "waiting",
        _C.asked: "waiting",
        _C.passed: "good",
        _C.failed: "stopped",
        _C.unclear: "needs",
        _C.timed_out: "needs",
    },
)
CHECKS_OVER = (_C.passed, _C.failed, _C.unclear, _C.timed_out)
"""What an application waits for, of both."""
MANUAL = "manual"
"""The provider that is the organization's own staff, with a checklist."""


class ApplicationCheck(Record):
    """One question about an applicant to one provider; `round` counts what was asked anew.

    `next_at` is when somebody has to look after it (empty: nothing to do by itself), `due_at` when
    it is given up. `findings` are what came of it: the provider's, or a checklist of the staff.
    """

    __tablename__ = "application_check"
    __table_args__ = keyed(
        same_organization("application_id", "application"),
        UniqueConstraint("organization_id", "application_id", "kind", "round"),
        Index(
            "ix_application_check_due",
            "organization_id",
            "next_at",
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        CheckConstraint("round BETWEEN 1 AND 99", "rounds_are_few"),
    )

    application_id: Mapped[UUID]
    kind: Mapped[CheckKind]
    round: Mapped[int]
    provider: Mapped[str] = mapped_column(String(40))
    status: Mapped[CheckStatus] = mapped_column(default=CHECK_FLOW.start)
    reference: Mapped[str] = mapped_column(String(120), server_default="", default="")
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    next_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    findings: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), default=dict
    )
    summary: Mapped[str] = mapped_column(String(400), server_default="", default="")
    last_error: Mapped[str] = mapped_column(String(500), server_default="", default="")

    application: Mapped[Application] = relationship(
        primaryjoin="foreign(ApplicationCheck.application_id) == Application.id",
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.kind.value


_K = KycStatus
KYC_FLOW = Flow(
    start=_K.pending,
    moves={
        "verify": ({_K.pending, _K.rejected, _K.expired, _K.verified}, _K.verified),
        "refuse": ({_K.pending, _K.verified, _K.expired}, _K.rejected),
        "expire": ({_K.verified}, _K.expired),
    },
    labels={
        _K.pending: N_("Not verified yet"),
        _K.verified: N_("Verified"),
        _K.rejected: N_("Not accepted"),
        _K.expired: N_("Expired"),
    },
    meanings={
        _K.pending: "waiting",
        _K.verified: "good",
        _K.rejected: "stopped",
        _K.expired: "needs",
    },
)


class PartyKyc(PartyScoped, Record):
    """How far the identity of a party is proved, and until when; `reminded` counts days before."""

    __tablename__ = "party_kyc"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "party_id"),
        Index("ix_party_kyc_expiry", "organization_id", "status", "expires_on"),
        CheckConstraint(
            "status NOT IN ('verified', 'expired') OR expires_on IS NOT NULL",
            "verified_until_a_day",
        ),
    )

    party_id: Mapped[UUID]
    status: Mapped[KycStatus] = mapped_column(default=KYC_FLOW.start)
    verified_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    reminded: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(PartyKyc.party_id) == Party.id", lazy="raise_on_sql"
    )


class IdentifierKind(StrEnum):
    """By which number an authority knows somebody."""

    national_id = auto()
    passport = auto()
    tax_number = auto()


IDENTIFIER_LABELS = {
    IdentifierKind.national_id: N_("Identity card"),
    IdentifierKind.passport: N_("Passport"),
    IdentifierKind.tax_number: N_("Tax number"),
}


class Identifier(PartyScoped, Record):
    """A number of a person, locked (core/box.py). `shown` is what all may see of it.

    `blind` finds the same number again without opening any: a keyed digest, of which the database
    does not have the key.
    """

    __tablename__ = "party_identifier"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "party_id", "kind"),
        Index("ix_party_identifier_blind", "organization_id", "blind"),
        CheckConstraint("locked <> ''", "is_locked"),
    )

    party_id: Mapped[UUID]
    kind: Mapped[IdentifierKind]
    locked: Mapped[str] = mapped_column(String(600))
    shown: Mapped[str] = mapped_column(String(20))
    blind: Mapped[bytes] = mapped_column(LargeBinary)

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Identifier.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.shown


class DataLook(PartyScoped, OrganizationScoped, Base):
    """Somebody looked at a number of a person in clear. Written once, kept, shown to the person."""

    __tablename__ = "data_look"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        Index("ix_data_look_party", "organization_id", "party_id", "id"),
    )

    party_id: Mapped[UUID]
    what: Mapped[IdentifierKind]
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    looked_at: Mapped[datetime]

    profile: Mapped[Profile | None] = relationship(lazy="raise_on_sql")
