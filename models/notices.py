"""Notices: what people are told, in the app and by mail."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.scope import Record, keyed, same_organization


class Priority(StrEnum):
    """How soon somebody should look."""

    low = auto()
    normal = auto()
    high = auto()


class Notification(Record):
    """One thing told to one member. `message` is a message id, said with `values`.

    `once` names the fact it comes from, so that telling twice tells once.
    """

    __tablename__ = "notification"
    __table_args__ = keyed(
        UniqueConstraint("organization_id", "profile_id", "once"),
        Index(
            "ix_notification_unread",
            "organization_id",
            "profile_id",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notification_expiry", "organization_id", "expires_at"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    once: Mapped[str] = mapped_column(String(160))
    message: Mapped[str] = mapped_column(String(400))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    link: Mapped[str] = mapped_column(String(400), server_default="")
    priority: Mapped[Priority] = mapped_column(server_default=Priority.normal)
    read_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class Channel(StrEnum):
    """A way to reach somebody outside the app."""

    email = auto()
    sms = auto()


class Sending:
    """Mixin: something on its way to one address. A worker writes what came of it."""

    attempts: Mapped[int] = mapped_column(server_default="0", default=0, sort_order=50)
    due_at: Mapped[datetime] = mapped_column(sort_order=50)
    sent_at: Mapped[datetime | None] = mapped_column(sort_order=50)
    failed_at: Mapped[datetime | None] = mapped_column(sort_order=50)
    last_error: Mapped[str] = mapped_column(String(500), server_default="", sort_order=50)


class Dispatch(Sending, Record):
    """A notice, an invitation, a paper, or what is `about` an application, on its way.

    `locked` is what only its reader may know (core/box.py), and only until it has gone.
    """

    __tablename__ = "dispatch"
    __table_args__ = keyed(
        same_organization("notification_id", "notification"),
        same_organization("invitation_id", "member_invitation"),
        UniqueConstraint("organization_id", "notification_id", "channel"),
        same_organization("document_id", "document"),
        UniqueConstraint("organization_id", "document_id", "address"),
        same_organization("application_id", "application"),
        CheckConstraint(
            "num_nonnulls(notification_id, invitation_id, document_id, application_id) = 1"
            " AND (application_id IS NULL) = (about = '')",
            "about_one_thing",
        ),
        Index(
            "ix_dispatch_due",
            "organization_id",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    notification_id: Mapped[UUID | None]
    invitation_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    application_id: Mapped[UUID | None]
    about: Mapped[str] = mapped_column(String(20), server_default="", default="")
    locked: Mapped[str] = mapped_column(String(400), server_default="", default="")
    channel: Mapped[Channel]
    address: Mapped[str] = mapped_column(String(320))
