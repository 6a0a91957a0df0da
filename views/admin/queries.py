"""What a list asks the database for: exactly the columns it shows, filtered, sorted and paged."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from uuid import UUID

from flask_babel import get_timezone
from sqlalchemy import and_, any_, func, inspect, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import Select

from core import scope
from core.scope import OrganizationScoped
from views.admin.columns import Column, Kind, column, name_key
from views.admin.registry import Related, Screen
from views.admin.row_counts import keeps_count, kept_count

COUNTED = 10_000
"""Rows of a narrowed list that are counted one by one; beyond, the planner's estimate is told."""
LATE = 1_000
"""From this offset on rows are found by their keys first, which an index knows."""
RANGES = (Kind.money, Kind.number, Kind.day, Kind.moment)
UNSORTABLE = (Kind.json, Kind.names)
LONGEST_SEARCH = 100
RARE = 2_000
"""Rows up to which a search is answered from an index."""
SHORTEST_PART = 3
"""Letters from which on a search can use an index; migrations/sql/begin/search.sql."""
INDEXED: Mapping[str, frozenset[str]] = {
    "apartment": frozenset({"name", "layout", "view"}),
    "party": frozenset({"name", "email", "phone"}),
    "booking": frozenset({"number"}),
    "invoice": frozenset({"number", "subject"}),
    "payment_intent": frozenset({"number", "reference"}),
}
"""The columns of each table that `<table>_found` searches."""


@cache
def _alias(_model: Any, _path: tuple[str, ...], target: Any) -> Any:
    """Give the alias for a path, always the same: it is dear to make, and describes only itself."""
    return aliased(target)


class Query:
    """A select that joins what its columns need, each relation once."""

    def __init__(self, model: Any) -> None:
        """Begin with the keys of the rows."""
        self.model = model
        self.statement: Select[Any] = select(model.id.label("id"))
        self.joined: dict[tuple[str, ...], Any] = {(): model}

    def again(self) -> "Query":
        """Give another that begins where this one stands."""
        query = copy(self)
        query.joined = dict(self.joined)
        return query

    def at(self, path: tuple[str, ...]) -> Any:
        """Give the model, or the alias of it, that a path of relations leads to."""
        if path not in self.joined:
            parent = self.at(path[:-1])
            relation = getattr(parent, path[-1])
            target = _alias(self.model, path, relation.property.mapper.class_)
            self.statement = self.statement.outerjoin(relation.of_type(target))
            self.joined[path] = target
        return self.joined[path]

    def named(self, column: Column) -> Any:
        """Give what a column shows: of a relation the name of its row."""
        if column.kind is Kind.relation:
            assert column.target
            return getattr(self.at((*column.path, column.key)), name_key(column.target))
        return getattr(self.at(column.path), column.key)

    def valued(self, column: Column) -> Any:
        """Give what a column holds: of a relation the key."""
        return getattr(self.at(column.path), column.id_key)

    def show(self, column: Column) -> None:
        """Select a column: `<name>`, and for a relation also `<name>.id`."""
        named = self.named(column).label(column.name)  # first: it may join what it needs
        self.statement = self.statement.add_columns(named)
        if column.kind is Kind.relation:
            key = self.valued(column).label(f"{column.name}.id")
            self.statement = self.statement.add_columns(key)

    def show_path(self, path: str, label: str) -> None:
        """Select what a dotted path leads to."""
        *steps, key = path.split(".")
        found = getattr(self.at(tuple(steps)), key)
        self.statement = self.statement.add_columns(found.label(label))


MOST_SHOWING = 500
_SHOWING: dict[tuple[Any, ...], Query] = {}


def showing(model: Any, columns: Sequence[Column], paths: Mapping[str, str] = {}) -> Query:
    """Begin a query that shows columns, and {label: path} besides; the caller narrows it.

    It is put together once for the same columns, as that takes longer than to run it.
    """
    key = (model, *(each.name for each in columns), *paths.items())
    begun = _SHOWING.get(key)
    if begun is None:
        begun = Query(model)
        for each in columns:
            begun.show(each)
        for label, path in paths.items():
            begun.show_path(path, label)
        if len(_SHOWING) >= MOST_SHOWING:
            _SHOWING.clear()  # programs choose columns, and may choose them in many ways
        _SHOWING[key] = begun  # only now: other threads take what they find
    return begun.again()


@dataclass
class Wish:
    """What somebody wants to see of a list. `unread` are filters that could not be read.

    `rare` says whether few rows have what is searched for, so that an index finds them; None until
    somebody has looked.
    """

    q: str = ""
    sort: str = ""
    page: int = 1
    size: int = 25
    filters: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    rare: bool | None = None


def wanted(screen: Screen, args: Any) -> Wish:
    """Read a wish from the address. Only declared columns can be filtered and sorted by."""
    wish = Wish(q=args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH])
    wish.page = min(max(_whole(args.get("page"), 1), 1), 1_000_000)
    size = _whole(args.get("size"), 25)
    wish.size = size if size in (25, 50, 100) else 25
    sort = args.get("sort", "")
    names = {each.name for each in screen.list_columns() if each.kind not in UNSORTABLE} | {"id"}
    wish.sort = sort if sort.removeprefix("-") in names else screen.order
    for name in screen.filters.split():
        column = screen.column(name)
        if column.kind in RANGES:
            for end in ("from", "to"):
                _take(wish, column, f"{name}_{end}", args.getlist(f"{name}_{end}"))
        else:
            _take(wish, column, name, args.getlist(name))
    return wish


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def _take(wish: Wish, column: Column, name: str, given: list[str]) -> None:
    texts = [each for each in given if each.strip()][:20]
    try:
        values = [_value(column, each.strip()) for each in texts]
    except (ValueError, InvalidOperation):
        wish.unread.append(column.label)
        return
    if values:
        wish.filters[name] = values if column.kind is Kind.choice else values[0]


def _value(column: Column, text: str) -> Any:
    if "\0" in text:
        raise ValueError(text)
    if column.kind is Kind.choice:
        assert column.enum
        return column.enum(text)
    if column.kind in (Kind.relation, Kind.id):
        return UUID(text)
    if column.kind is Kind.yesno:
        return {"1": True, "0": False}[text] if text in "10" else _refuse(text)
    if column.kind in (Kind.day, Kind.moment):
        return date.fromisoformat(text)
    if column.kind in (Kind.money, Kind.number):
        number = Decimal(text)
        return number if number.is_finite() and abs(number) < 10**15 else _refuse(text)
    return text[:LONGEST_SEARCH]


def _refuse(text: str) -> Any:
    raise ValueError(text)


def narrow(query: Query, screen: Screen, wish: Wish) -> None:
    """Apply search and filters."""
    conditions = []
    conditions.extend(screen.rules())
    for name, value in wish.filters.items():
        conditions.append(_condition(query, screen, name, value))
    if wish.q and screen.search:
        pattern = f"%{_literal(wish.q)}%"
        columns = [query.named(screen.column(each)) for each in screen.search.split()]
        conditions.append(or_(*(each.ilike(pattern, escape="\\") for each in columns)))
        if wish.rare:
            conditions.append(or_(*_found(query, screen, wish.q)))
    if conditions:
        query.statement = query.statement.where(and_(*conditions))


def look(session: Session, screen: Screen, wish: Wish) -> None:
    """Find out whether an index can serve the search: few rows have that part of a word.

    What many rows have is come across soon in any order, and is left to that. Portal members see so
    little that nothing needs an index.
    """
    if wish.rare is not None or not wish.q or not screen.search:
        return
    tables = {each.model.__tablename__: each.model for each in _searched(screen)}
    known = all(each.key in INDEXED.get(each.model.__tablename__, ()) for each in _searched(screen))
    if len(wish.q) < SHORTEST_PART or not known or scope.current().parties is not None:
        wish.rare = False
        return
    counts = [
        select(func.count()).select_from(_keys(name, wish.q).subquery()).scalar_subquery()
        for name in tables
    ]
    wish.rare = all(each <= RARE for each in session.execute(select(*counts)).one())


def _searched(screen: Screen) -> list[Column]:
    return [screen.column(each) for each in screen.search.split()]


def _keys(table: str, part: str) -> Any:
    return select(getattr(func, f"{table}_found")(part, RARE + 1).label("id"))


def _found(query: Query, screen: Screen, part: str) -> list[Any]:
    """Say, for each table that is searched, which keys its index knows."""
    held = {each.path: each for each in _searched(screen)}
    return [
        (query.valued(screen.column(".".join(path))) if path else query.model.id)
        == any_(func.array(_keys(each.model.__tablename__, part).scalar_subquery()))
        for path, each in held.items()
    ]


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _condition(query: Query, screen: Screen, name: str, value: Any) -> Any:
    end = next((each for each in ("from", "to") if name.endswith(f"_{each}")), "")
    declared = screen.filters.split()
    if end and name not in declared:
        column = screen.column(name.removesuffix(f"_{end}"))
        held = query.valued(column)
        if column.kind is Kind.moment:
            start = datetime.combine(value, time(), get_timezone())
            return held >= start if end == "from" else held < start + timedelta(days=1)
        return held >= value if end == "from" else held <= value
    column = screen.column(name)
    held = query.valued(column)
    if column.kind is Kind.choice:
        return held.in_(value)
    if column.kind is Kind.names:
        return held.any(value)
    if column.kind in (Kind.text, Kind.long):
        return held.ilike(f"%{_literal(value)}%", escape="\\")
    return held == value


def ordered(query: Query, screen: Screen, wish: Wish, *, from_the_end: bool = False) -> list[Any]:
    """Say in which order rows come, or in the opposite; their keys settle what is equal."""
    name = wish.sort.removeprefix("-")
    falling = wish.sort.startswith("-")
    key = query.model.id
    by_key = key.desc() if falling != from_the_end else key.asc()
    if name == "id":
        return [by_key]
    column = screen.column(name)
    shown = query.named(column)
    if not falling:
        return [shown.desc() if from_the_end else shown.asc(), by_key]
    # Where nothing can be empty, the plain order is one that an index can give.
    empties = column.nullable or bool(column.path)
    if from_the_end:
        return [shown.asc().nulls_first() if empties else shown.asc(), by_key]
    return [shown.desc().nulls_last() if empties else shown.desc(), by_key]


def page(
    session: Session, screen: Screen, wish: Wish, columns: list[Column], extra: dict[str, str]
) -> list[Any]:
    """Load one page, and one row more if there is a next page. `extra` are {label: path}."""
    look(session, screen, wish)
    query = showing(screen.model, columns, extra)
    offset = (wish.page - 1) * wish.size
    if offset < LATE:
        narrow(query, screen, wish)
        order = ordered(query, screen, wish)
        window = query.statement.order_by(*order).offset(offset)
        return list(session.execute(window.limit(wish.size + 1)))
    found = _keys_of_page(session, screen, wish, offset).subquery()
    order = ordered(query, screen, wish)
    here = query.statement.where(screen.model.id.in_(select(found.c.id)))
    return list(session.execute(here.order_by(*order)))


def _keys_of_page(session: Session, screen: Screen, wish: Wish, offset: int) -> Select[Any]:
    """Find the rows of a late page by their keys, from the end where that is nearer."""
    keys, most = Query(screen.model), wish.size + 1
    narrow(keys, screen, wish)
    rest = kept_count(session, screen) - offset if _of_all(screen, wish) else offset
    if rest >= offset:
        return keys.statement.order_by(*ordered(keys, screen, wish)).offset(offset).limit(most)
    order = ordered(keys, screen, wish, from_the_end=True)
    return (
        keys.statement.order_by(*order).offset(max(rest - most, 0)).limit(min(most, max(rest, 0)))
    )


def all_rows(screen: Screen, wish: Wish, columns: list[Column], extra: dict[str, str]) -> Any:
    """Select all rows that a wish asks for, for exports and for acts on everything."""
    query = showing(screen.model, columns, extra)
    narrow(query, screen, wish)
    order = ordered(query, screen, wish)
    return query.statement.order_by(*order)


def count(session: Session, screen: Screen, wish: Wish, shown: int) -> tuple[int, bool]:
    """Count the rows of a wish, whose page has `shown` rows (one more if there is a next page).

    Where the number is not kept it is an estimate beyond 10,000, and the second value says so.
    """
    if shown <= wish.size and (shown or wish.page == 1):
        return (wish.page - 1) * wish.size + shown, False
    if _of_all(screen, wish):
        return kept_count(session, screen), False
    look(session, screen, wish)
    query = Query(screen.model)
    narrow(query, screen, wish)
    few = query.statement.limit(COUNTED + 1).subquery()
    exactly = session.scalar(select(func.count()).select_from(few)) or 0
    if exactly <= COUNTED:
        return exactly, False
    return max(_estimated(session, screen, query), COUNTED), True


def _of_all(screen: Screen, wish: Wish) -> bool:
    return not wish.q and not wish.filters and keeps_count(screen)


def _estimated(session: Session, screen: Screen, query: Query) -> int:
    """Ask the planner. Row-level security repeats the organization; told once it counts once."""
    statement = query.statement.order_by(None)
    home = scope.current().organization_id
    if issubclass(screen.model, OrganizationScoped):
        statement = statement.where(screen.model.organization_id == home)
    dialect = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
    made = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    plan = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {made}", dict(made.params))
    rows = plan.scalar_one()[0]["Plan"]["Plan Rows"]
    whole = session.connection().exec_driver_sql(
        "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %(name)s::regclass",
        {"name": screen.name},
    )
    total = int(whole.scalar_one())
    return min(int(rows), total) if total else int(rows)


def related_name(session: Session, column: Column, row_id: UUID) -> str:
    """Name the row that a filter is about."""
    assert column.target
    named = getattr(column.target, name_key(column.target))
    return str(session.scalar(select(named).where(column.target.id == row_id)) or "\u2013")


def related(link: Related, row_id: UUID) -> tuple[list[Column], Any]:
    """Ask for what hangs on a record, in its order: the columns, and the statement for the rows."""
    columns = [column(link.model, each, link.labels) for each in link.columns.split()]
    path = link.currency or ("currency" if "currency" in inspect(link.model).columns else "")
    query = showing(link.model, columns, {"_currency": path} if path else {})
    model: Any = link.model
    key = getattr(model, link.order.removeprefix("-"))
    order = key.desc() if link.order.startswith("-") else key
    return columns, query.statement.where(getattr(model, link.key) == row_id).order_by(order)
