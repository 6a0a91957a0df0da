"""Organizations, who belongs to them and how they sign in: the wall between customers' data."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    ScalarSelect,
    String,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Synonym, mapped_column, relationship, synonym

from core.db import Base, Currency, Json, Name
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_

STAFF = ("Admin", "Manager", "Sales", "Accountant", "Executive", "Auditor")
"""Roles whose holders see all parties of the organization; the others see their own rows."""


class Organization(OrganizationScoped, Base):
    """A customer of the platform. It belongs to itself, so that the scope holds for it too."""

    __tablename__ = "organization"

    name: Mapped[Name]
    slug: Mapped[str] = mapped_column(
        String(60), unique=True, info={"says": N_("This web address is taken.")}
    )
    time_zone: Mapped[str] = mapped_column(String(64), server_default="Africa/Nairobi")
    locale: Mapped[str] = mapped_column(String(8), server_default="en")
    currency: Mapped[Currency] = mapped_column(server_default="KES")
    address: Mapped[str] = mapped_column(String(400), server_default="")
    email: Mapped[str] = mapped_column(String(320), server_default="")
    phone: Mapped[str] = mapped_column(String(40), server_default="")
    public_catalogue: Mapped[bool] = mapped_column(server_default=text("true"))
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str] = mapped_column(String(400), server_default="")
    custom: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    organization_id: Synonym[UUID] = synonym("id")

    def __str__(self) -> str:
        return self.name


class ProfileStatus(StrEnum):
    """Whether a user may sign in."""

    pending = auto()
    active = auto()
    inactive = auto()
    suspended = auto()


class KycStatus(StrEnum):
    """How far the person's identity is checked."""

    pending = auto()
    verified = auto()
    rejected = auto()
    expired = auto()


class Profile(Base):
    """The user as the rest of the system knows them; Flask-AppBuilder's row stays inside sign-in.

    It belongs to no organization: memberships do.
    """

    __tablename__ = "profile"
    __table_args__ = (
        Index(
            "uq_profile_confirmed_phone",
            "phone",
            unique=True,
            postgresql_where=text("phone_confirmed_at IS NOT NULL"),
        ),
        Index(
            "uq_profile_confirmed_email",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("email_confirmed_at IS NOT NULL"),
        ),
    )

    ab_user_id: Mapped[int] = mapped_column(ForeignKey(User.id), unique=True)
    name: Mapped[Name]
    email: Mapped[str] = mapped_column(String(320))
    phone: Mapped[str] = mapped_column(String(40), server_default="")
    locale: Mapped[str] = mapped_column(String(8), server_default="en")
    status: Mapped[ProfileStatus] = mapped_column(server_default=ProfileStatus.active)
    kyc_status: Mapped[KycStatus] = mapped_column(server_default=KycStatus.pending)
    two_factor_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    two_factor_secret: Mapped[str | None] = mapped_column(String(200))
    two_factor_last_step: Mapped[int] = mapped_column(server_default="0")
    recovery_codes: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    failed_login_attempts: Mapped[int] = mapped_column(server_default="0")
    account_locked_until: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    email_confirmed_at: Mapped[datetime | None]
    phone_confirmed_at: Mapped[datetime | None]
    email_notices: Mapped[bool] = mapped_column(server_default=text("true"))
    text_notices: Mapped[bool] = mapped_column(server_default=text("true"))
    custom: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def __str__(self) -> str:
        return self.name


class Membership(Record):
    """One user in one organization, with the roles held there. These rows decide what is seen."""

    __tablename__ = "membership"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        Index("ix_membership_profile", "profile_id", "organization_id"),
        UniqueConstraint(
            "organization_id", "profile_id", info={"says": N_("They are a member already.")}
        ),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))
    party_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    staff: Mapped[bool] = mapped_column(
        Computed(
            "roles && ARRAY[" + ", ".join(f"'{role}'" for role in STAFF) + "]::varchar[]",
            persisted=True,
        )
    )

    profile: Mapped[Profile] = relationship(lazy="raise_on_sql")

    def __str__(self) -> str:
        return ", ".join(self.roles)


class CredentialKind(StrEnum):
    """What a person holds to show who they are."""

    browser = auto()
    token = auto()
    api_key = auto()


class Credential(Base):
    """A sign-in, an access token or an API key: the row behind a secret.

    Only a SHA-256 of the secret is kept. Ending the row ends what it opened, at once.
    Only the role `makao_auth` may read or write it.
    """

    __tablename__ = "credential"
    __table_args__ = (Index("ix_credential_profile", "profile_id", "kind"),)

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))
    kind: Mapped[CredentialKind]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(String(120), server_default="")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(80)), server_default=text("'{}'"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    address: Mapped[str] = mapped_column(String(64), server_default="")
    user_agent: Mapped[str] = mapped_column(String(400), server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Invitation(Record):
    """A link by which somebody becomes a member, once. Only a SHA-256 of its code is kept.

    There are two codes: the mailed one shows whose the address is; the one that whoever invites is
    shown (`shown_hash`) does not.
    """

    __tablename__ = "member_invitation"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        CheckConstraint("cardinality(roles) > 0", "has_roles"),
    )

    email: Mapped[str] = mapped_column(String(320))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    party_id: Mapped[UUID | None]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    shown_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def __str__(self) -> str:
        return self.email


TWO_FACTOR_FOR_MONEY = "security.two_factor_for_money"
"""The one setting that is read with each request: the door may see it of all organizations."""


class Setting(Record):
    """A value that an organization has set; what may be set is declared in services/settings."""

    __tablename__ = "setting"
    __table_args__ = keyed(UniqueConstraint("organization_id", "key"))

    key: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any] = mapped_column(JSONB)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def kept(cls, organization_id: Any, key: str) -> ScalarSelect[Any]:
        """Ask for a value from within a query that is about many organizations."""
        kept = cls.__table__.c
        return (
            select(kept.value)
            .where(kept.organization_id == organization_id, kept.key == key)
            .scalar_subquery()
        )


class Counter(OrganizationScoped, Base):
    """The last human number given in one series: invoices, bookings. Without gaps."""

    __tablename__ = "counter"
    __table_args__ = (UniqueConstraint("organization_id", "series"),)

    series: Mapped[str] = mapped_column(String(40))
    last: Mapped[int]
