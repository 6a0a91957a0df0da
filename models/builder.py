"""Low-code: views that people save, and imports with every row's fate."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_


class SavedView(Record):
    """A list as somebody arranged it: filters, order, columns. Shared with all, or theirs."""

    __tablename__ = "saved_view"
    __table_args__ = keyed(
        UniqueConstraint("organization_id", "screen", "profile_id", "name"),
        Index("ix_saved_view_screen", "organization_id", "screen"),
    )

    screen: Mapped[str] = mapped_column(String(63))
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[Json]
    shared: Mapped[bool] = mapped_column(server_default=text("false"))

    def __str__(self) -> str:
        return self.name


class ImportStatus(StrEnum):
    """Where an import stands."""

    uploaded = auto()
    checked = auto()
    running = auto()
    done = auto()
    cancelled = auto()
    failed = auto()
    undone = auto()


IMPORT_FLOW = Flow(
    start=ImportStatus.uploaded,
    moves={
        "check": ({ImportStatus.uploaded, ImportStatus.checked}, ImportStatus.checked),
        "run": ({ImportStatus.checked}, ImportStatus.running),
        "finish": ({ImportStatus.running}, ImportStatus.done),
        "fail": ({ImportStatus.uploaded, ImportStatus.running}, ImportStatus.failed),
        "cancel": (
            {ImportStatus.uploaded, ImportStatus.checked, ImportStatus.running},
            ImportStatus.cancelled,
        ),
        "undo": (
            {ImportStatus.done, ImportStatus.cancelled, ImportStatus.failed},
            ImportStatus.undone,
        ),
    },
    labels={
        ImportStatus.uploaded: N_("uploaded"),
        ImportStatus.checked: N_("checked"),
        ImportStatus.running: N_("running"),
        ImportStatus.done: N_("done"),
        ImportStatus.cancelled: N_("cancelled"),
        ImportStatus.failed: N_("failed"),
        ImportStatus.undone: N_("undone"),
    },
    meanings={
        ImportStatus.uploaded: "waiting",
        ImportStatus.checked: "needs",
        ImportStatus.running: "good",
        ImportStatus.done: "over",
        ImportStatus.cancelled: "stopped",
        ImportStatus.failed: "stopped",
        ImportStatus.undone: "over",
    },
)


class Import(Record):
    """A file taken in: its columns, what they mean, and how far it has come.

    `mapping` is {sheet: {table, header, columns: {heading: field}, notes}}; a second table of one
    sheet is `apartments:2`. `counts` holds rows, valid, rejected, created,
    updated and unchanged, and is complete when the import is done.
    """

    __tablename__ = "import_run"
    __table_args__ = keyed(
        same_organization("document_id", "document"),
        Index("ix_import_run_status", "organization_id", "status"),
    )

    kind: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[UUID | None]
    status: Mapped[ImportStatus] = mapped_column(default=IMPORT_FLOW.start)
    all_or_nothing: Mapped[bool] = mapped_column(server_default=text("false"))
    mapping: Mapped[Json]
    counts: Mapped[Json]
    started_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_asked: Mapped[bool] = mapped_column(server_default=text("false"))
    last_error: Mapped[str] = mapped_column(String(500), server_default="")

    def __str__(self) -> str:
        return self.file_name


class ImportRow(OrganizationScoped, Base):
    """One line of an imported sheet, what is wrong with it, and what came of it.

    `problems` is a list of {column, message, values}; `before` is the record as it was, for undo.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        same_organization("import_id", "import_run"),
        UniqueConstraint("organization_id", "import_id", "sheet", "line"),
        CheckConstraint("line > 0", "line_counts_from_one"),
    )

    import_id: Mapped[UUID]
    sheet: Mapped[str] = mapped_column(String(63))
    line: Mapped[int]
    cells: Mapped[Any] = mapped_column(JSONB)
    values: Mapped[Any] = mapped_column(JSONB, server_default=text("'{}'"))
    problems: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    action: Mapped[str] = mapped_column(String(16), server_default="")
    record_id: Mapped[UUID | None]
    before: Mapped[Any | None] = mapped_column(JSONB)


class RowCount(OrganizationScoped, Base):
    """By how many the rows of a table grew (or shrank) since the last row: their number is the sum.

    Written by triggers alone (migrations/sql/begin/counts.sql), and put together every minute.
    """

    __tablename__ = "row_count"
    __table_args__ = (Index("ix_row_count_table", "organization_id", "table_name"),)

    organization_id: Mapped[UUID] = mapped_column()  # without a key: that of the rows is enough
    table_name: Mapped[str] = mapped_column(String(63))
    rows: Mapped[int] = mapped_column(BigInteger)
