"""Flask-AppBuilder's filters, on declared columns only, each value read as its column's kind."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from core.errors import BadInput
from core.text import N_
from views.admin.columns import Column, Kind
from views.admin.queries import UNSORTABLE, Query
from views.admin.registry import Screen
from views.web.person import person

MOST_FILTERS, MOST_VALUES, LONGEST = 20, 100, 200
Operator = Callable[[Any, Any], Any]


class BadFilter(BadInput):
    """A filter names no such column or operator, or its value cannot be read."""

    code = "bad_filter"
    status = 400
    says = N_("A filter cannot be used: %(why)s")


def _like(prefix: str, suffix: str) -> Operator:
    def match(held: Any, value: str) -> Any:
        plain = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return held.ilike(f"{prefix}{plain}{suffix}", escape="\\")

    return match


EQUAL: Mapping[str, Operator] = {
    "eq": lambda held, value: held == value,
    "neq": lambda held, value: held.is_distinct_from(value),
    "in": lambda held, value: held.in_(value),
}
COMPARED: Mapping[str, Operator] = {
    **EQUAL,
    "gt": lambda held, value: held > value,
    "lt": lambda held, value: held < value,
    "ge": lambda held, value: held >= value,
    "le": lambda held, value: held <= value,
}
TEXT: Mapping[str, Operator] = {
    **EQUAL,
    "sw": _like("", "%"),
    "ew": _like("%", ""),
    "ct": _like("%", "%"),
    "nsw": lambda held, value: ~_like("", "%")(held, value),
    "new": lambda held, value: ~_like("%", "")(held, value),
    "nct": lambda held, value: ~_like("%", "%")(held, value),
}
RELATED: Mapping[str, Operator] = {
    "rel_o_m": lambda held, value: held == value,
    "nrel_o_m": lambda held, value: held.is_distinct_from(value),
    **EQUAL,
}
BY_KIND: Mapping[Kind, Mapping[str, Operator]] = {
    Kind.text: TEXT,
    Kind.long: TEXT,
    Kind.number: COMPARED,
    Kind.money: COMPARED,
    Kind.day: COMPARED,
    Kind.moment: COMPARED,
    Kind.choice: EQUAL,
    Kind.yesno: EQUAL,
    Kind.id: EQUAL,
    Kind.relation: RELATED,
    Kind.names: {"ct": lambda held, value: held.any(value)},
}


def filterable(screen: Screen) -> list[Column]:
    """Give the columns that can be filtered by: those that can be read."""
    return [each for each in screen.readable(person()) if each.kind in BY_KIND]


def sortable(screen: Screen) -> list[Column]:
    """Give the columns that can be sorted by."""
    return [each for each in screen.readable(person()) if each.kind not in UNSORTABLE]


def operators(column: Column) -> list[str]:
    """List the operators for a column."""
    return list(BY_KIND[column.kind])


def apply(query: Query, screen: Screen, filters: Any) -> None:
    """Narrow the query by filters: [{col, opr, value}].

    Raises:
        BadFilter: one of them cannot be used.

    """
    query.statement = query.statement.where(*screen.rules())
    if not isinstance(filters, list) or len(filters) > MOST_FILTERS:
        raise BadFilter(why=_("filters are a list of at most 20"))
    known = {each.name: each for each in filterable(screen)}
    for each in filters:
        if not isinstance(each, dict) or not isinstance(each.get("col"), str):
            raise BadFilter(why=_("each has col, opr and value"))
        name, opr = each["col"], each.get("opr")
        if name == "id":
            _by_id(query, opr, each.get("value"))
            continue
        if name not in known:
            raise BadFilter(why=_("there is no column %(name)s", name=name[:60]))
        column = known[name]
        operator = BY_KIND[column.kind].get(opr) if isinstance(opr, str) else None
        if operator is None:
            raise BadFilter(why=_("%(name)s has no such operator", name=name))
        value = _values(column, opr, each.get("value"))
        held = query.valued(column)  # first: it may join what it needs
        query.statement = query.statement.where(operator(held, value))


def _by_id(query: Query, opr: Any, value: Any) -> None:
    if opr not in EQUAL:
        raise BadFilter(why=_("%(name)s has no such operator", name="id"))
    given = value if opr == "in" and isinstance(value, list) else [value]
    ids = [found for found in map(_uuid_or_none, given[:MOST_VALUES]) if found]
    matched = query.model.id.in_(ids)
    query.statement = query.statement.where(~matched if opr == "neq" else matched)


def _uuid_or_none(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _values(column: Column, opr: Any, value: Any) -> Any:
    try:
        if opr == "in":
            if not isinstance(value, list) or len(value) > MOST_VALUES:
                raise ValueError  # noqa: TRY301  # said below, with the column
            return [_value(column, each) for each in value]
        return _value(column, value)
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise BadFilter(why=_("the value for %(name)s cannot be read", name=column.name)) from error


def _value(column: Column, value: Any) -> Any:  # noqa: PLR0911  # a kind a line
    kind = column.kind
    if kind is Kind.choice:
        assert column.enum
        return column.enum(value)
    if kind in (Kind.relation, Kind.id):
        return UUID(str(value))
    if kind is Kind.yesno:
        return value if isinstance(value, bool) else {"true": True, "false": False}[str(value)]
    if kind is Kind.day:
        return date.fromisoformat(str(value))
    if kind is Kind.moment:
        found = datetime.fromisoformat(str(value))
        if found.tzinfo is None:
            raise ValueError(value)
        return found
    if kind in (Kind.number, Kind.money):
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
            raise ValueError(value)
        return number
    text = str(value)
    text.encode()
    if "\0" in text or len(text) > LONGEST:
        raise ValueError(text)
    return text


def order(query: Query, screen: Screen, asked: Mapping[str, Any]) -> list[Any]:
    """Say in which order rows come; their ids settle what is equal."""
    name, direction = asked.get("order_column"), asked.get("order_direction", "asc")
    key = query.model.id
    known = {each.name: each for each in sortable(screen)}
    if direction not in ("asc", "desc"):
        raise BadFilter(why=_("order_direction is asc or desc"))
    if name in (None, "", "id"):
        falling = screen.order.startswith("-") if not name else direction == "desc"
        return [key.desc() if falling else key.asc()]
    if name not in known:
        raise BadFilter(why=_("rows cannot be sorted by %(name)s", name=str(name)[:60]))
    column = known[name]
    held = query.named(column)
    if direction == "asc":
        return [held.asc(), key.asc()]
    empties = column.nullable or bool(column.path)
    return [held.desc().nulls_last() if empties else held.desc(), key.desc()]
