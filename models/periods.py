"""Periods: days of a book that are closed."""

from datetime import date, datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.flow import Flow
from core.scope import Record, keyed, same_organization
from core.text import N_
from models.chart import Book


class PeriodStatus(StrEnum):
    """Whether entries may be booked in a period."""

    closed = auto()
    reopened = auto()


PERIOD_FLOW = Flow(
    start=PeriodStatus.closed,
    moves={"reopen": ({PeriodStatus.closed}, PeriodStatus.reopened)},
    labels={PeriodStatus.closed: N_("Closed"), PeriodStatus.reopened: N_("Reopened")},
    meanings={PeriodStatus.closed: "over", PeriodStatus.reopened: "needs"},
    governed=frozenset({"reopen"}),
)


class Period(Record):
    """Days of a book on which nothing is posted any more, until a second person reopens them.

    What is not in a closed period is open. A reopened one stays as a row: closing again makes
    another.
    """

    __tablename__ = "ledger_period"
    __table_args__ = keyed(
        same_organization("book_id", "book"),
        CheckConstraint("begins_on <= ends_on", "begins_before_it_ends"),
        Index(
            "uq_ledger_period_closed",
            "organization_id",
            "book_id",
            "ends_on",
            unique=True,
            postgresql_where=text("status = 'closed'"),
            info={"says": N_("These days are closed already.")},
        ),
    )

    book_id: Mapped[UUID]
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[PeriodStatus] = mapped_column(default=PERIOD_FLOW.start)
    flow_version: Mapped[int] = mapped_column(server_default="1")
    closed_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(400), server_default="")
    reopened_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(400), server_default="")

    book: Mapped[Book] = relationship(
        primaryjoin="foreign(Period.book_id) == Book.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return f"{self.begins_on} \N{EN DASH} {self.ends_on}"
