"""Columns of screens: what a name like `original.project` means, and how values are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import Any
from uuid import UUID

from flask_babel import gettext
from markupsafe import Markup, escape
from sqlalchemy import ARRAY, Boolean, Date, DateTime, Integer, Numeric, String, Uuid, inspect
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import MANYTOONE, ColumnProperty, RelationshipProperty

from core.db import Base
from views.admin import labels, states, words

LONG_TEXT = 400
NAMES = ("name", "number", "subject", "title", "memo", "code", "type", "key", "email", "label")
"""What a row is called by: the first of these that its table has."""
MONEY_SCALE = 4
ICONS = {
    "waiting": "hourglass",
    "good": "circle-check",
    "needs": "alert-triangle",
    "stopped": "circle-x",
    "over": "archive",
}


class Kind(StrEnum):
    """How values of a column are typed, shown, filtered and sent to programs."""

    text = auto()
    long = auto()
    number = auto()
    money = auto()
    day = auto()
    moment = auto()
    choice = auto()
    yesno = auto()
    relation = auto()
    names = auto()
    json = auto()
    id = auto()
    counts = auto()
    shares = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a screen: `path` are the relations that lead to the model which has it."""

    name: str
    label: str
    kind: Kind
    path: tuple[str, ...]
    key: str
    model: type[Base]
    target: type[Base] | None = None
    enum: type[Enum] | None = None
    nullable: bool = True
    defaulted: bool = False
    length: int | None = None
    whole: bool = False
    scale: int = 0
    generated: bool = False
    choices: Mapping[str, str] | None = None

    @property
    def id_key(self) -> str:
        """Name the attribute that holds the key of a relation, or the value itself."""
        if self.kind is not Kind.relation:
            return self.key
        relation: Any = inspect(self.model).relationships[self.key]
        (local,) = relation.local_columns
        return str(inspect(self.model).get_property_by_column(local).key)

    @property
    def aligned(self) -> str:
        """Say where the values stand in a table."""
        return "end" if self.kind in (Kind.money, Kind.number) else "start"


def name_key(model: type[Base]) -> str:
    """Name the attribute that rows of a model are called by."""
    known = inspect(model).columns.keys()
    return next((each for each in NAMES if each in known), "id")


def column(model: type[Base], name: str, own_labels: Mapping[str, str]) -> Column:
    """Find out what a column's name means.

    Raises:
        AssertionError: the model has no such column, or nobody wrote its label. At import.

    """
    at, path = model, name.split(".")
    for step in path[:-1]:
        at = inspect(at).relationships[step].mapper.class_
    mapper, key = inspect(at), path[-1]
    assert key in mapper.attrs, f"{model.__tablename__} has no {name}"
    label = own_labels.get(name) or labels.LABELS.get(key)
    assert label, f"nobody wrote what {model.__tablename__}.{name} is called"
    property_ = mapper.attrs[key]
    given: dict[str, Any] = {"path": tuple(path[:-1]), "key": key, "model": at}
    if isinstance(property_, RelationshipProperty):
        assert property_.direction is MANYTOONE, f"{name} is a list"
        (local,) = property_.local_columns
        given |= {"target": property_.mapper.class_, "nullable": bool(local.nullable)}
        return Column(name, label, Kind.relation, **given)
    assert isinstance(property_, ColumnProperty)
    return Column(name, label, **given, **_typed(property_.columns[0]))


def _typed(found: Any) -> dict[str, Any]:
    kind = found.type
    defaults = (getattr(found, "server_default", None), getattr(found, "default", None))
    rest: dict[str, Any] = {
        "nullable": bool(getattr(found, "nullable", True)),
        "defaulted": any(each is not None for each in defaults),
        "generated": getattr(found, "computed", None) is not None,
        "length": getattr(kind, "length", None),
    }
    if isinstance(kind, SqlEnum):
        return rest | {"kind": Kind.choice, "enum": kind.enum_class}
    if isinstance(kind, Boolean):
        return rest | {"kind": Kind.yesno}
    if isinstance(kind, Numeric):
        scale = kind.scale or 0
        money = scale == MONEY_SCALE and kind.precision == 19
        return rest | {"kind": Kind.money if money else Kind.number, "scale": scale}
    if isinstance(kind, String):
        is_long = (kind.length or 0) > LONG_TEXT
        return rest | {"kind": Kind.long if is_long else Kind.text}
    kinds: tuple[tuple[type, Kind], ...] = (
        (Integer, Kind.number),
        (DateTime, Kind.moment),
        (Date, Kind.day),
        (ARRAY, Kind.names),
        (JSONB, Kind.json),
        (Uuid, Kind.id),
    )
    found_kind = next((each for type_, each in kinds if isinstance(kind, type_)), Kind.text)
    return rest | {"kind": found_kind, "whole": isinstance(kind, Integer)}


def shown(column: Column, value: Any, currency: str = "") -> Markup:
    """Write a value for a page."""
    if column.kind is Kind.choice and isinstance(value, Enum):
        return badge(value) if type(value) in states.MEANINGS else escape(in_words(value))
    if column.kind is Kind.money:
        return words.said(value, currency)
    if column.kind is Kind.json:
        return escape(_plain_json(value))
    return words.said(_chosen(column, value))


def _chosen(column: Column, value: Any) -> Any:
    """Say in words what is one, or some, of a few texts."""
    if column.choices is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_chosen(column, each) for each in value]
    return gettext(column.choices[value]) if value in column.choices else value


def badge(value: Enum) -> Markup:
    """Write a state: icon and word in the colour of its meaning."""
    meaning = states.MEANINGS[type(value)][value]
    return Markup(
        '<span class="mk-badge mk-{}"><i class="ti ti-{}" aria-hidden="true"></i>{}</span>'
    ).format(meaning, ICONS[meaning], in_words(value))


def in_words(value: Enum) -> str:
    """Say a choice in words."""
    said = states.CHOICES.get(type(value), {}).get(value)
    return gettext(said) if said else str(value.value).replace("_", " ").capitalize()


def plain(column: Column, value: Any) -> Any:
    """Give a value to programs: money and ids as text, choices by their value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def exported(column: Column, value: Any) -> Any:
    """Give a value to a table that people export."""
    if isinstance(value, Enum):
        return in_words(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return _plain_json(value)
    return value


def _plain_json(value: Any) -> str:
    if not value:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {each}" for key, each in value.items())
    if not isinstance(value, list):
        return str(value)
    if any(isinstance(each, dict) for each in value):
        return "; ".join(", ".join(map(str, each.values())) for each in value)
    return ", ".join(map(str, value))
