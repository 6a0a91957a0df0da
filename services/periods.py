"""Periods: closing the days of a book, and reopening them with a reason and a second person."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from core.db import uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, locked
from models.chart import Book
from models.periods import PERIOD_FLOW, Period
from services import approvals, journal, ledger
from services.approvals import Subject
from services.events import Fact, emit

REOPEN = "ledger_period.reopen"


class ReasonNeeded(Refused):
    """Whoever reopens a period says why."""

    code = "reopening_needs_reason"
    status = 422
    says = N_("Say why the period is opened again.")


class NotAsked(Refused):
    """Nobody has asked for it, so nobody approves it."""

    code = "reopening_not_asked"
    says = N_("Ask for it first, with a reason. Somebody else then approves it.")


@dataclass(frozen=True)
class PeriodClosed(Fact, type="ledger_period.closed", table="ledger_period"):
    """Nothing is posted in the book any more up to `ends_on`, a business day."""

    period_id: UUID
    book_id: UUID
    begins_on: date
    ends_on: date


@dataclass(frozen=True)
class PeriodReopened(Fact, type="ledger_period.reopened", table="ledger_period"):
    """Entries may be booked on these days again."""

    period_id: UUID
    book_id: UUID
    reason: str


def close(work: Work, book_id: UUID, through: date, note: str = "") -> Period:
    """Close the days of a book up to and including `through`; entries under way come first.

    Raises:
        BadInput: the day is not over yet, or closed already.

    """
    book = locked(work, Book, book_id)
    if through >= ledger.business_date(work):
        raise BadInput(N_("Only days that are over can be closed."), field="through")
    if book.closed_through is not None and through <= book.closed_through:
        raise BadInput(N_("These days are closed already."), field="through")
    if book.closed_through is not None:
        begins = book.closed_through + timedelta(days=1)
    else:
        begins = min(journal.begins_on(work, book.id) or through, through)
    period = Period(
        id=uuid7(),
        organization_id=book.organization_id,
        book_id=book.id,
        begins_on=begins,
        ends_on=through,
        status=PERIOD_FLOW.start,
        closed_by=str(work.actor),
        closed_at=work.now,
        note=note[:400],
        created_at=work.now,
    )
    work.session.add(period)
    work.session.flush()
    work.session.refresh(period)
    work.session.expire(book)
    emit(work, PeriodClosed(period.id, book.id, begins, through))
    return period


def ask_to_reopen(work: Work, period_id: UUID, reason: str) -> Period:
    """Ask for a closed period to be opened again; a second person approves it.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: it is open already.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    period = locked(work, Period, period_id)
    PERIOD_FLOW.check(period, "reopen")
    period.reason = reason[:400]
    work.session.flush()
    if approvals.ask(work, REOPEN, _subject(work, period)) == 0:
        _reopen(work, period)
    return period


def reopen(work: Work, period_id: UUID) -> Period:
    """Approve that a period is opened again; with the last approval that is needed, it is.

    Raises:
        NotAsked: nobody has asked for it.
        As `approvals.give`.

    """
    period = locked(work, Period, period_id)
    PERIOD_FLOW.check(period, "reopen")
    if approvals.question_of(work, REOPEN, period.id) is None:
        raise NotAsked
    if approvals.give(work, REOPEN, _subject(work, period)) == 0:
        _reopen(work, period)
    return period


def _reopen(work: Work, period: Period) -> None:
    PERIOD_FLOW.move(period, "reopen")
    period.reopened_at = work.now
    work.session.flush()
    emit(work, PeriodReopened(period.id, period.book_id, period.reason))


def _subject(work: Work, period: Period) -> Subject:
    book = work.session.get_one(Book, period.book_id)
    return Subject(
        table="ledger_period",
        id=period.id,
        name=f"{book.name} {period}",
        about=period.reason,
        version=period.flow_version,
    )
