"""What happened, who has still to hear of it, and what is under way."""

from datetime import datetime
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_


class Event(OrganizationScoped, Base):
    """One fact, written in the transaction that made it true, and never changed.

    `sequence` counts the facts of one subject and gives their order. A subject's table and id say
    what the fact is about.
    """

    __tablename__ = "event"
    __table_args__ = keyed(
        Index("ix_event_type", "organization_id", "type", "id"),
        UniqueConstraint("organization_id", "subject_id", "sequence"),
    )

    type: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(8), server_default="1.0")
    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    sequence: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(String(80))
    correlation_id: Mapped[UUID]
    causation_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(String(40), server_default="web")
    happened_at: Mapped[datetime]


class Outbox(OrganizationScoped, Base):
    """A fact that nobody has published yet, by its id: a trigger writes it, the relay takes it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_oldest", "organization_id", "id"),)


class Delivery(OrganizationScoped, Base):
    """One subscriber still to be told of one event, told at `done_at`, or given up and parked."""

    __tablename__ = "delivery"
    __table_args__ = keyed(
        same_organization("event_id", "event"),
        UniqueConstraint("organization_id", "event_id", "subscriber"),
        Index(
            "ix_delivery_due",
            "organization_id",
            "due_at",
            postgresql_where="done_at IS NULL AND parked_at IS NULL",
        ),
        Index("ix_delivery_subject", "organization_id", "subscriber", "subject_id", "event_id"),
    )

    event_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    subscriber: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str] = mapped_column(String(500), server_default="")
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship(
        primaryjoin="foreign(Delivery.event_id) == Event.id", lazy="raise_on_sql"
    )


class Severity(StrEnum):
    """How much attention an audited change deserves."""

    info = auto()
    notice = auto()
    warning = auto()
    critical = auto()


class AuditEntry(Base):
    """One row as it was before and after one statement, with who did it. Written by a trigger.

    `organization_id` is empty for rows of the platform itself (users, profiles).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_row", "organization_id", "row_id", "id"),
        Index("ix_audit_entry_time", "organization_id", "id"),
        Index("ix_audit_entry_unsealed", "id", postgresql_where="seal_id IS NULL"),
    )

    organization_id: Mapped[UUID | None]
    table_name: Mapped[str] = mapped_column(String(63))
    row_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    changed: Mapped[list[str]] = mapped_column(ARRAY(String(63)), server_default=text("'{}'"))
    actor: Mapped[str] = mapped_column(String(80), server_default="")
    request_id: Mapped[str] = mapped_column(String(64), server_default="")
    client: Mapped[str] = mapped_column(String(400), server_default="")
    severity: Mapped[Severity] = mapped_column(server_default=Severity.info)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    seal_id: Mapped[UUID | None]
    position: Mapped[int | None]


class Seal(Base):
    """A link of a chain: the digests of a batch of rows, and the link before it.

    `chain` is `audit:<organization>` or `ledger:<book>`. `first_position` to `last_position` are
    the places of the batch in the chain; the first row of a chain has position 1.
    """

    __tablename__ = "seal"
    __table_args__ = (
        UniqueConstraint("chain", "number"),
        CheckConstraint("last_position >= first_position", "positions_in_order"),
        Index("ix_seal_organization", "organization_id", "chain"),
    )

    organization_id: Mapped[UUID | None]
    chain: Mapped[str] = mapped_column(String(80))
    number: Mapped[int]
    first_position: Mapped[int]
    last_position: Mapped[int]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]


class SagaStatus(StrEnum):
    """How a saga stands. `parked` waits for a person."""

    running = auto()
    undoing = auto()
    done = auto()
    undone = auto()
    parked = auto()


SAGA_FLOW = Flow(
    start=SagaStatus.running,
    moves={
        "finish": ({SagaStatus.running}, SagaStatus.done),
        "turn_back": ({SagaStatus.running}, SagaStatus.undoing),
        "undo": ({SagaStatus.undoing}, SagaStatus.undone),
        "park": ({SagaStatus.running, SagaStatus.undoing}, SagaStatus.parked),
        "resume": ({SagaStatus.parked}, SagaStatus.running),
    },
    labels={
        SagaStatus.running: N_("Under way"),
        SagaStatus.undoing: N_("Being undone"),
        SagaStatus.done: N_("Done"),
        SagaStatus.undone: N_("Undone"),
        SagaStatus.parked: N_("Parked"),
    },
    meanings={
        SagaStatus.running: "good",
        SagaStatus.undoing: "needs",
        SagaStatus.done: "over",
        SagaStatus.undone: "stopped",
        SagaStatus.parked: "needs",
    },
)


class Saga(Record):
    """Several acts that belong together but cannot share a transaction, with where they stand.

    `step` is the next step to make (or, when undoing, to undo); what a step learns for later ones
    is kept in `data`. A sweep resumes whatever is due.
    """

    __tablename__ = "saga"
    __table_args__ = keyed(
        UniqueConstraint("organization_id", "kind", "subject_id"),
        Index("ix_saga_due", "organization_id", "due_at", postgresql_where="finished_at IS NULL"),
    )

    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]
    status: Mapped[SagaStatus] = mapped_column(default=SAGA_FLOW.start)
    step: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    last_error: Mapped[str] = mapped_column(String(500), server_default="")
    finished_at: Mapped[datetime | None]

    def __str__(self) -> str:
        return self.kind


class ScheduledRun(Base):
    """One run of one schedule at one due time. The unique row is what makes it run once."""

    __tablename__ = "scheduled_run"
    __table_args__ = (UniqueConstraint("schedule", "due_at"),)

    schedule: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), server_default="")


class IdempotencyKey(OrganizationScoped, Base):
    """A request that a client may send again: same key and body, same answer."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("organization_id", "profile_id", "key"),
        Index("ix_idempotency_key_age", "organization_id", "created_at"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    status: Mapped[int | None]
    content_type: Mapped[str] = mapped_column(String(80), server_default="")
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
