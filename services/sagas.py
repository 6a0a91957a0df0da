"""Sagas: several acts that belong together but cannot share a transaction.

A saga is a row: which step is next, what earlier ones learned, when to go on. Each step is one unit
of work which also moves the row, so that a process that dies between two steps has done the first
and not begun the second. A step may run twice only if it failed: what fails leaves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.work import Work, locked
from models.events import SAGA_FLOW, Saga, SagaStatus
from services.events import Fact, emit

AGAIN = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""How long until a step that failed is tried again; after the last it is parked."""
PATIENCE = timedelta(minutes=1)
"""A step that has not said how it ended after so long belongs to a process that died."""
AT_WORK = (SagaStatus.running, SagaStatus.undoing)


@dataclass(frozen=True)
class SagaStatusChanged(Fact, type="saga.status_changed", table="saga"):
    """A saga began, ended, turned back, or waits for a person (`new` is parked)."""

    saga_id: UUID
    kind: str
    about_id: UUID
    new: SagaStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The step is made; `data` is kept for later ones."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: look again at `until`, or when somebody wakes the saga."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Park:
    """A person has to decide."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnBack:
    """It cannot come about: undo what was done, the last first."""

    reason: str


Outcome = Done | Wait | Park | TurnBack


@dataclass(frozen=True, slots=True)
class Step:
    """One act, and what takes it back, if anything does."""

    name: str
    do: Callable[[Work, Saga], Outcome]
    undo: Callable[[Work, Saga], None] | None = None


KINDS: dict[str, Sequence[Step]] = {}
"""The steps of each kind of saga. Steps are only ever added at the end: rows count them."""


def begin(work: Work, kind: str, about_id: UUID, data: Mapping[str, Any]) -> UUID:
    """Write down that a saga is to run; a sweep makes its steps. Beginning twice begins once."""
    row = {
        "id": uuid7(),
        "organization_id": work.scope.home(),
        "kind": kind,
        "subject_id": about_id,
        "status": SAGA_FLOW.start,
        "step": 0,
        "attempts": 0,
        "due_at": work.now,
        "data": dict(data),
    }
    assert kind in KINDS, kind
    fresh = insert(Saga).values(row).on_conflict_do_nothing().returning(Saga.id)
    saga_id = work.session.scalar(fresh)
    if saga_id is None:
        same = select(Saga.id).where(Saga.kind == kind, Saga.subject_id == about_id)
        return work.session.scalars(same).one()
    emit(work, SagaStatusChanged(saga_id, kind, about_id, SAGA_FLOW.start, ""))
    return saga_id


def due(work: Work, most: int = 100) -> list[UUID]:
    """List the sagas that can go on now, the one that waits longest first."""
    query = (
        select(Saga.id)
        .where(Saga.finished_at.is_(None), Saga.status.in_(AT_WORK), Saga.due_at <= work.now)
        .order_by(Saga.due_at)
        .limit(most)
    )
    return list(work.session.scalars(query))


def claim(work: Work, saga_id: UUID) -> bool:
    """Count a try before it is made, so that one which kills its process is counted too."""
    saga = locked(work, Saga, saga_id)
    if saga.status not in AT_WORK or saga.due_at > work.now:
        return False
    if saga.attempts > len(AGAIN):
        _move(work, saga, "park", saga.last_error or "the process ended in the middle of a step")
        return False
    saga.attempts += 1
    saga.due_at = work.now + PATIENCE
    return True


def advance(work: Work, saga_id: UUID) -> bool:
    """Make (or take back) exactly one step; say whether the next can be made at once.

    What the step raises is the caller's to roll back, and to hand to `failed`.
    """
    saga = locked(work, Saga, saga_id)
    if saga.status not in AT_WORK:
        return False
    steps = KINDS[saga.kind]
    if saga.status is SagaStatus.undoing:
        return _undo(work, saga, steps)
    outcome = steps[saga.step].do(work, saga)
    saga.attempts, saga.last_error = 0, ""
    if isinstance(outcome, Wait):
        saga.due_at = outcome.until
    elif isinstance(outcome, Park):
        _move(work, saga, "park", outcome.reason)
    elif isinstance(outcome, TurnBack):
        saga.step -= 1
        saga.data = {**saga.data, "turned_back": outcome.reason}
        saga.due_at = work.now
        _move(work, saga, "turn_back", outcome.reason)
    else:
        saga.step += 1
        saga.data = {**saga.data, **outcome.data}
        saga.due_at = work.now
        if saga.step == len(steps):
            _move(work, saga, "finish")
    return saga.status in AT_WORK and saga.due_at <= work.now


def failed(work: Work, saga_id: UUID, error: str) -> None:
    """Note that a step failed: it is tried again later, and parked after the last try."""
    saga = locked(work, Saga, saga_id)
    if saga.status not in AT_WORK:
        return
    saga.last_error = error[:500]
    if saga.attempts > len(AGAIN):
        _move(work, saga, "park", error)
    else:
        saga.due_at = work.now + AGAIN[max(saga.attempts, 1) - 1]


def wake(work: Work, kind: str, about_id: UUID) -> None:
    """Let a saga look again now: what it waits for may have happened."""
    query = select(Saga.id).where(Saga.kind == kind, Saga.subject_id == about_id)
    saga_id = work.session.scalar(query)
    if saga_id is None:
        return
    saga = locked(work, Saga, saga_id)
    if saga.status is SagaStatus.parked:
        resume(work, saga_id)
    elif saga.status in AT_WORK:
        saga.due_at = min(saga.due_at, work.now)


def resume(work: Work, saga_id: UUID) -> Saga:
    """Go on with a parked saga, in the direction it had.

    Raises:
        IllegalMove: it is not parked.

    """
    saga = locked(work, Saga, saga_id)
    _move(work, saga, "resume")
    saga.attempts, saga.due_at = 0, work.now
    if "turned_back" in saga.data:
        _move(work, saga, "turn_back", saga.data["turned_back"])
    return saga


def _undo(work: Work, saga: Saga, steps: Sequence[Step]) -> bool:
    if saga.step >= 0:
        if undo := steps[saga.step].undo:
            undo(work, saga)
        saga.step -= 1
        saga.attempts, saga.last_error, saga.due_at = 0, "", work.now
    if saga.step < 0:
        _move(work, saga, "undo")
    return saga.status is SagaStatus.undoing


def _move(work: Work, saga: Saga, name: str, reason: str = "") -> None:
    SAGA_FLOW.move(saga, name)
    if saga.status in (SagaStatus.done, SagaStatus.undone):
        saga.finished_at = work.now
    if reason:
        saga.last_error = reason[:500]
    emit(work, SagaStatusChanged(saga.id, saga.kind, saga.subject_id, saga.status, reason[:500]))
