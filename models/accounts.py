"""Accounts: the way back in, mails about them, and who runs the platform."""

from datetime import datetime
from enum import StrEnum, auto
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
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Name
from models.notices import Channel, Sending


class PasswordLink(Base):
    """A link by which somebody chooses a new password, once. Only a SHA-256 of its code is kept.

    It ends when it is used, when another is made, and when the password changes otherwise. Whoever
    uses one that was `mailed` has shown that the address is theirs. Only the role `makao_auth` may
    read or write it.
    """

    __tablename__ = "password_link"
    __table_args__ = (
        Index(
            "uq_password_link_live",
            "profile_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    mailed: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class MailAbout(StrEnum):
    """What a mail about an account says."""

    password_link = auto()
    password_changed = auto()
    second_factor_off = auto()
    outside_linked = auto()
    email_code = auto()
    phone_code = auto()
    email_changed = auto()
    phone_taken = auto()


CODES = frozenset({MailAbout.email_code, MailAbout.phone_code})


class AccountMail(Sending, Base):
    """A mail or a text about an account, of no organization. Only the role `makao_auth` sees it.

    One for a link to a new password is written for whatever address somebody typed, so that asking
    does not tell who exists; whose it is, is looked up when it is due. Its link is made then, and
    its code is kept nowhere. One with a `profile_id` is that person's, whoever has the address: it
    is to be shown that it is theirs, or was theirs until now.
    """

    __tablename__ = "account_mail"
    __table_args__ = (
        Index("ix_account_mail_profile", "profile_id", "created_at"),
        Index("ix_account_mail_address", "address", "created_at"),
        Index(
            "ix_account_mail_due",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    about: Mapped[MailAbout]
    channel: Mapped[Channel] = mapped_column(server_default=Channel.email, default=Channel.email)
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    address: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]


class ContactCode(Base):
    """A one-time code: somebody shows that an address or a phone is theirs. Only functions read it.

    `digest` is the SHA-256 of `salt` and the code. `proved_in` is the transaction in which it was
    given rightly: in that one the address becomes theirs (migrations/sql/contacts/).
    """

    __tablename__ = "contact_code"
    __table_args__ = (
        Index("ix_contact_code_profile", "profile_id", "channel", "id"),
        Index("ix_contact_code_made", "made_at"),
        CheckConstraint("tries BETWEEN 0 AND 5", "tries_are_few"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    channel: Mapped[Channel]
    address: Mapped[str] = mapped_column(String(320))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    proved_in: Mapped[str] = mapped_column(String(20), server_default="")


class PlatformAdmin(Base):
    """Somebody who runs the platform. Named by the tables' owner alone, by a command."""

    __tablename__ = "platform_admin"

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"), unique=True)
    created_at: Mapped[datetime]


class PlatformAct(Base):
    """Something that was done to the platform, by whom and why. Never changed, and sealed."""

    __tablename__ = "platform_act"
    __table_args__ = (Index("ix_platform_act_time", "at"),)

    actor: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[Name]
    verb: Mapped[str] = mapped_column(String(40))
    subject_table: Mapped[str] = mapped_column(String(63), server_default="")
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str] = mapped_column(String(120), server_default="")
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    at: Mapped[datetime]


class OutsideIdentity(Base):
    """Who somebody is at a provider of identities: the provider's own name for them.

    Only the role `makao_auth` may read or write it.
    """

    __tablename__ = "outside_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "known_as"),
        UniqueConstraint("profile_id", "issuer"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    issuer: Mapped[str] = mapped_column(String(400))
    known_as: Mapped[str] = mapped_column(String(400))
    linked_at: Mapped[datetime]
