"""Facts: declare one by subclassing Fact, state it with emit()."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import insert

from core.db import uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, locked
from models.events import Delivery, Event


class NotParked(Refused):
    """A delivery is still tried, or was made."""

    code = "not_parked"
    says = N_("It was not given up, so there is nothing to skip.")


CATALOGUE: dict[str, type["Fact"]] = {}
VERSION = "1.0"


@dataclass(frozen=True)
class Fact:
    """Something that happened, in the past tense. Fields are ids and plain values, never rows.

    The first field is the id of the subject, the row of `table` which the fact is about.
    """

    type: ClassVar[str]
    table: ClassVar[str]

    def __init_subclass__(cls, *, type: str, table: str) -> None:  # noqa: A002
        assert type not in CATALOGUE, f"two facts are called {type}"
        cls.type, cls.table = type, table
        CATALOGUE[type] = cls

    def data(self) -> dict[str, Any]:
        """Give the fields as JSON values: ids, amounts and dates as text."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def subject_id(self) -> UUID:
        """Give the id of the row it is about."""
        subject: UUID = getattr(self, fields(self)[0].name)
        return subject


def emit(work: Work, fact: Fact) -> None:
    """Record `fact` in this transaction. Who hears of it is decided in workers/subscriptions.py."""
    emit_all(work, [fact])


def emit_all(work: Work, facts: Sequence[Fact]) -> None:
    """Record many facts in one statement."""
    if not facts:
        return
    work.session.flush()
    rows = [
        {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "type": fact.type,
            "version": VERSION,
            "subject_table": fact.table,
            "subject_id": fact.subject_id(),
            "sequence": 0,  # the database counts
            "data": fact.data(),
            "actor": str(work.actor),
            "correlation_id": work.correlation_id,
            "causation_id": work.causation_id,
            "happened_at": work.now,
            "source": work.source,
        }
        for fact in facts
    ]
    work.session.execute(insert(Event), rows)


@dataclass(frozen=True)
class DeliveryReplayed(Fact, type="delivery.replayed", table="delivery"):
    """Somebody had a subscriber told again."""

    delivery_id: UUID
    event_id: UUID
    subscriber: str


def replay(work: Work, delivery_id: UUID) -> Delivery:
    """Tell a subscriber of a fact again, also one that has heard of it or was given up."""
    delivery = locked(work, Delivery, delivery_id)
    delivery.attempts, delivery.due_at = 0, work.now
    delivery.done_at = delivery.parked_at = None
    emit(work, DeliveryReplayed(delivery.id, delivery.event_id, delivery.subscriber))
    return delivery


@dataclass(frozen=True)
class DeliverySkipped(Fact, type="delivery.skipped", table="delivery"):
    """Somebody decided that a subscriber need not hear of a fact."""

    delivery_id: UUID
    event_id: UUID
    subscriber: str


def skip(work: Work, delivery_id: UUID) -> Delivery:
    """Let a subscriber go on without a fact that it could not take up.

    Raises:
        NotParked: it was not given up.

    """
    delivery = locked(work, Delivery, delivery_id)
    if delivery.parked_at is None:
        raise NotParked
    delivery.done_at, delivery.parked_at = work.now, None
    emit(work, DeliverySkipped(delivery.id, delivery.event_id, delivery.subscriber))
    return delivery


def envelope(event: Event) -> dict[str, Any]:
    """Write an event as everybody outside reads it: `evt_` + id, time in UTC, who and why.

    What it is about, and the running number that gives the order there, stand in its metadata.
    """
    kind, _, name = event.actor.partition(":")
    return {
        "id": f"evt_{event.id}",
        "type": event.type,
        "version": event.version,
        "timestamp": event.happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "tenantId": str(event.organization_id),
        "correlationId": str(event.correlation_id),
        "causationId": f"evt_{event.causation_id}" if event.causation_id else None,
        "actor": {"type": kind, "id": name},
        "data": event.data,
        "metadata": {
            "source": "makao",
            "clientApp": event.source,
            "subject": {"type": event.subject_table, "id": str(event.subject_id)},
            "sequence": event.sequence,
        },
    }


def schema(fact: type[Fact]) -> dict[str, Any]:
    """Write the JSON Schema (2020-12) of a fact's `data`."""
    hints = typing.get_type_hints(fact)
    properties = {each.name: _schema_of(hints[each.name]) for each in fields(fact)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:makao:event:{fact.type}:{VERSION}",
        "title": fact.type,
        "description": (fact.__doc__ or "").strip(),
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


_SCHEMAS: Mapping[Any, dict[str, Any]] = {
    UUID: {"type": "string", "format": "uuid"},
    Decimal: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
}


def _schema_of(hint: Any) -> dict[str, Any]:
    if isinstance(hint, types.UnionType):
        parts = [each for each in typing.get_args(hint) if each is not type(None)]
        return {"anyOf": [_schema_of(parts[0]), {"type": "null"}]}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [str(each.value) for each in hint]}
    if typing.get_origin(hint) in (tuple, list):
        return {"type": "array", "items": _schema_of(typing.get_args(hint)[0])}
    return _SCHEMAS[hint]


def _plain(value: Any) -> Any:
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
