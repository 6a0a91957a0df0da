"""Screens as data: domains declare them, `pages` and `views/rest/resources.py` serve them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from core.db import Base
from core.work import Work
from services import access
from views.admin import states
from views.admin.acts import Act
from views.admin.columns import Column, Kind, column, name_key
from views.admin.inputs import Input
from views.admin.waiting import Waiting

READ_VERB, WRITE_VERB = "read", "write"
BY_TABLE: dict[str, "Screen"] = {}


@dataclass(frozen=True, slots=True)
class Related:
    """Rows that hang on a record: those of `model` whose `key` is the record's id.

    `add` fills the form of a new one with the record, where the model has a screen.
    """

    model: type[Base]
    key: str
    title: str
    columns: str
    order: str = "id"
    add: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""

    def open_to(self, at_hand: Any) -> bool:
        """Rows that only link are read with the record; others need the right to their table."""
        return may_read(self.model, at_hand)


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that stand together on a record or a form."""

    title: str
    columns: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A view that everybody has: a name and the query it stands for."""

    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Board:
    """A board by the states of the screen's flow: what a card shows, and what is summed."""

    note: str = ""
    amount: str = ""
    age: str = "created_at"
    assignee: str = ""
    countdown: str = ""
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Screen:
    """One model in the admin. Columns are space-separated, so that a screen reads in one glance.

    `form` names what can be written, by pages and programs alike; without it rows are only read.
    `more` names columns that a list shows only to those who choose them.
    `add`, `before_save` and `remove` are verbs of a service. `fixed` may be written only when a row
    is added. `scope` says which rows there are at all; `listed` which of them lists, choices and
    forms show, and `counted` that the database keeps their number. `pictures` are the uses of
    pictures that a record has. `programs` names further columns that programs may read. `currency`
    is the path to the code of the money in a row. `importable` is the kind of import that brings
    its rows.
    `own` names the columns that members of the portal read of rows of their party, by programs.
    `add_page` is the endpoint of a page of its own that adds one, for who holds `add_verb`.
    `called` is the column that names a record which has no name of its own, in the words of
    `heading`. `waiting` says which rows wait for somebody, on the first page. A record whose status
    is among `moving` is being worked on: its page shows what is so now, until it is not any more.
    `live` is the endpoint that a form asks about its `live_fields` while they are typed.
    """

    model: type[Base]
    title: str
    one: str
    sentence: str
    menu: str
    columns: str
    more: str = ""
    icon: str = "folder"
    form: str = ""
    fixed: str = ""
    search: str = ""
    filters: str = ""
    order: str = "-id"
    acts: Sequence[Act] = ()
    add: Callable[[Work, Any], Any] | None = None
    before_save: Callable[[Work, Any], None] | None = None
    addable: bool = True
    deletable: bool = False
    remove: Callable[[Work, UUID], object] | None = None
    importable: str = ""
    pictures: str = ""
    groups: Sequence[Group] = ()
    form_groups: Sequence[Group] = ()
    related: Sequence[Related] = ()
    figures: str = ""
    presets: Sequence[Preset] = ()
    waiting: Sequence[Waiting] = ()
    board: Board | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    programs: str = ""
    add_page: str = ""
    add_verb: str = ""
    own: str = ""
    currency: str = "currency"
    called: str = ""
    heading: str = "%(name)s"
    countdown: str = ""
    moving: frozenset[Any] = frozenset()
    empty: str = ""
    drawing: str = "building"
    scope: Callable[[Any], Any] | None = None
    listed: Callable[[Any], Any] | None = None
    print_links: Callable[[Any], list[dict[str, str]]] | None = None
    counted: bool = False
    live: str = ""
    live_fields: str = ""

    @property
    def name(self) -> str:
        """The table's name: of the address, of the right, of the REST resource."""
        return str(self.model.__tablename__)

    def rules(self, *, listed: bool = True) -> list[Any]:
        """Give the conditions on rows that pages and programs see."""
        rules = (self.scope, self.listed if listed else None)
        return [rule(self.model) for rule in rules if rule]

    def column(self, name: str) -> Column:
        """Find out what a column of this screen means."""
        return _column(self, name)

    def list_columns(self) -> list[Column]:
        """Give the columns that a list may show."""
        return [self.column(each) for each in (*self.columns.split(), *self.more.split())]

    def readable(self, at_hand: Any = None) -> list[Column]:
        """Give all columns that pages or programs may read, each once.

        With `at_hand` without those that tell of other rows which they may not read.
        """
        if at_hand is not None and not at_hand.may(READ_VERB, self.name):
            return [self.column(each) for each in self.own.split()]
        names = [*self.columns.split(), *self.more.split()]
        names += [*self.form.split(), *self.programs.split()]
        names += [name for group in self.groups for name in group.columns.split()]
        every = [self.column(each) for each in dict.fromkeys(names)]
        return [each for each in every if at_hand is None or tells(each, at_hand)]

    def fields(self, *, adding: bool) -> list[Input]:
        """Give what a form asks for."""
        names = [each for each in self.form.split() if adding or each not in self.fixed.split()]
        return [
            Input.of(self.column(each), hint=self.hints.get(each, ""), **self.inputs.get(each, {}))
            for each in names
        ]

    @cached_property
    def money_path(self) -> str:
        """Give the path to a row's currency; nothing where there is none."""
        if "." in self.currency or self.currency in inspect(self.model).columns:
            return self.currency
        return ""

    @cached_property
    def flow(self) -> Any:
        """Give the flow of the rows; None where they have no states."""
        if "status" not in inspect(self.model).columns:
            return None
        enum = column(self.model, "status", self.labels).enum
        return states.FLOWS.get(enum) if enum else None

    @cached_property
    def name_key(self) -> str:
        """Name the attribute that rows are called by."""
        return name_key(self.model)

    def act(self, name: str) -> Act | None:
        """Find an act by its verb."""
        return next((each for each in self.acts if each.name == name), None)

    def rights(self) -> list[str]:
        """List the verbs that somebody may hold on this screen."""
        own = [each.name for each in self.acts if each.right is None]
        return [READ_VERB, *([WRITE_VERB] if self.form or self.deletable else []), *own]

    def check(self) -> None:
        """Make sure, at import, that every name means something."""
        for each in [*self.search.split(), *self.filters.split(), *self.figures.split()]:
            self.column(each)
        sortable = self.order.removeprefix("-")
        assert sortable == "id" or self.column(sortable)
        assert self.called or self.name_key not in ("id", "key"), f"{self.name} has no name to show"
        assert all(each.kind is not Kind.id for each in self.readable())
        nameless = [each.name for each in self.readable() if each.target and _nameless(each.target)]
        assert not nameless, f"{self.name}: {nameless} lead to rows that have no name"
        assert {*self.own.split()} <= {each.name for each in self.readable()}
        for related in self.related:
            for name in related.columns.split():
                column(related.model, name, related.labels)


def _nameless(model: type[Base]) -> bool:
    return name_key(model) == "id"


_COLUMNS: dict[tuple[str, str], Column] = {}


def _column(screen: Screen, name: str) -> Column:
    key = (screen.name, name)
    if key not in _COLUMNS:
        choices = screen.inputs.get(name, {}).get("choices")
        _COLUMNS[key] = replace(column(screen.model, name, screen.labels), choices=choices)
    return _COLUMNS[key]


def enrol(screens: Sequence[Screen]) -> None:
    """Make screens known by their tables."""
    for screen in screens:
        screen.check()
        BY_TABLE[screen.name] = screen


def screen_of(model: type[Base] | None) -> Screen | None:
    """Find the screen of a model, if it has one."""
    return BY_TABLE.get(model.__tablename__) if model is not None else None


def may_read(model: type[Base] | None, at_hand: Any) -> bool:
    """Whether somebody may read the rows of a model; those without a screen belong to others."""
    screen = screen_of(model)
    return screen is None or bool(at_hand and at_hand.may(READ_VERB, screen.name))


def tells(column: Column, at_hand: Any) -> bool:
    """Whether a column tells somebody nothing but of rows that they may read.

    A relation tells what a row of another table is called, a path any column of it. All roles may
    read what the rows they see point to; keys are limited further.
    """
    beyond = column.model if column.path else None
    return may_read(column.target, at_hand) and may_read(beyond, at_hand)


def write_roles(security: Any) -> None:
    """Write the roles of services/access.py as Flask-AppBuilder's, for who reads them there."""
    for role in (*access.ROLES, *access.LATER, "Public"):
        held = [
            pair
            for pair in security.session.scalars(select(security.permissionview_model))
            if access.allows([role], pair.view_menu.name, pair.permission.name.removeprefix("can_"))
        ]
        found = security.find_role(role) or security.add_role(role)
        found.permissions = held
    security.session.commit()
