"""REST: one resource per screen, in Flask-AppBuilder's own protocol, from the same declarations.

Its query language is kept (`q` in Rison or JSON: filters, order_column, order_direction, page,
page_size, columns, keys), but a list is one select of the columns asked for: no objects are made
for rows.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import prison
from flask import Response, current_app, request
from flask_appbuilder.api import BaseApi, expose
from flask_babel import gettext as _
from sqlalchemy import bindparam, func, select

from core import db
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, found
from views.admin import acts, forms, pickers
from views.admin.columns import Column, Kind
from views.admin.queries import Query, showing
from views.admin.registry import BY_TABLE, READ_VERB, WRITE_VERB, Related, Screen
from views.admin.row_counts import keeps_count, kept_count
from views.rest import bearers, docs, filters, idempotency
from views.rest.idempotency import written
from views.rest.related import hangs, links_open, mark, related_of
from views.rest.rows import plain_row
from views.web.person import person
from views.web.refusals import answer

PAGE = 25
LIST_MEMBERS = ("label_columns", "list_columns", "order_columns", "list_title")


class UnreadableQuery(BadInput):
    """The `q` parameter cannot be read, or asks for what there is not."""

    code = "unreadable_query"
    status = 400
    says = N_("The q parameter cannot be read: %(why)s")


class RestApi(BaseApi):  # type: ignore[misc]
    """The resource of one screen."""

    screen: Screen
    version = "v1"
    csrf_exempt = True  # no cookie is read under /api

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe the resource, and each act at an address of its own."""
        docs.add_components(api_spec, self.screen)
        for path, operations in docs.paths(self.screen).items():
            api_spec.path(path=f"{self.route_base}{path}", operations=operations)

    @expose("/", methods=["GET"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def get_list(self) -> Response:
        """Give one page of rows."""
        self._need_rows()
        asked = _asked()
        columns = self._columns(asked)
        query = self._showing(columns)
        filters.apply(query, self.screen, asked.get("filters", []))
        size, page = _window(asked)
        order = filters.order(query, self.screen, asked)
        session = db.session()
        window = query.statement.order_by(*order).limit(size).offset(page * size)
        rows = [plain_row(columns, row) for row in session.execute(window).mappings()]
        last = len(rows) < size and (rows or not page)
        body: dict[str, Any] = {
            "count": page * size + len(rows) if last else self._count(asked),
            "ids": [row["id"] for row in rows],
            "result": rows,
        }
        return _text(body | self._members(asked, columns))

    def _count(self, asked: dict[str, Any]) -> int:
        """Count the rows of all pages: one by one, or as the database keeps it."""
        session = db.session()
        if not asked.get("filters") and keeps_count(self.screen):
            return kept_count(session, self.screen)
        query = Query(self.screen.model)
        filters.apply(query, self.screen, asked.get("filters", []))
        found = select(func.count()).select_from(query.statement.subquery())
        return session.scalar(found) or 0

    def _members(self, asked: dict[str, Any], columns: list[Column]) -> dict[str, Any]:
        keys = asked.get("keys")
        wanted = LIST_MEMBERS if not isinstance(keys, list) or not keys else keys
        every: dict[str, Any] = {
            "label_columns": {each.name: _(each.label) for each in columns},
            "list_columns": [each.name for each in columns],
            "order_columns": [each.name for each in filters.sortable(self.screen)],
            "list_title": _(self.screen.title),
        }
        return {key: value for key, value in every.items() if key in wanted}

    @expose("/<pk>", methods=["GET"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def get(self, pk: str) -> Response:
        """Give one row, with what hangs on it."""
        self._need_rows()
        links = links_open(self.screen)
        held = self._held(_id(pk), links)
        row = plain_row(self.screen.readable(person()), held)
        there = [each for each in links if held[mark(each)]]
        related: dict[str, Any] = {str(each.model.__tablename__): [] for each in links}
        related |= related_of(there, _id(pk), row.get("currency") or "")
        return _text({"id": pk, "result": row, "related": related})

    @expose("/_info", methods=["GET"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def info(self) -> Response:
        """Tell what can be asked and written here, and what the bearer may do."""
        self._need_rows()
        at_hand = person()
        assert at_hand
        held = [f"can_{each}" for each in self.screen.rights() if at_hand.may(each, self.name)]
        held = held or ["can_read"]
        body = {
            "permissions": held,
            "filters": {
                each.name: [{"name": name, "operator": name} for name in filters.operators(each)]
                for each in filters.filterable(self.screen)
            },
            "add_columns": [docs.field(each) for each in self.screen.fields(adding=True)],
            "edit_columns": [docs.field(each) for each in self.screen.fields(adding=False)],
            "acts": [each.name for each in self.screen.acts],
        }
        return _text(body)

    @expose("/related/<column>", methods=["GET"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def related(self, column: str) -> Response:
        """Offer rows that a relation may name: 50 at most, searched by `filter`."""
        self._need(READ_VERB)
        if column not in (*self.screen.form.split(), *self.screen.filters.split()):
            raise NotFound
        target = self.screen.column(column).target
        if target is None:
            raise NotFound
        rows = pickers.search(db.session(), target, str(_asked().get("filter", "")))
        result = [{"value": each["value"], "text": each["text"]} for each in rows]
        return _text({"count": len(result), "result": result})

    @expose("/", methods=["POST"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def post(self) -> Response:
        """Add a row."""
        self._need(WRITE_VERB)
        if not self.screen.form or not self.screen.addable:
            return _not_allowed()
        given = _body()

        def perform(work: Work) -> tuple[int, Any]:
            forms.refuse_unknown(given, self.screen.fields(adding=True))
            row_id = forms.add_in(work, self.screen, given)
            return 201, self._written(row_id)

        return self._write(perform)

    @expose("/<pk>", methods=["PUT"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def put(self, pk: str) -> Response:
        """Change the fields that are sent."""
        self._need(WRITE_VERB)
        if not self.screen.form:
            return _not_allowed()
        row_id, given = _id(pk), _body()

        def perform(work: Work) -> tuple[int, Any]:
            forms.refuse_unknown(given, self.screen.fields(adding=False))
            forms.change_in(work, self.screen, row_id, given, partial=True)
            return 200, self._written(row_id)

        return self._write(perform)

    @expose("/<pk>", methods=["DELETE"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def delete(self, pk: str) -> Response:
        """Delete a row that nothing needs."""
        self._need(WRITE_VERB)
        if not self.screen.deletable:
            return _not_allowed()
        row_id = _id(pk)

        def perform(work: Work) -> tuple[int, Any]:
            forms.delete_in(work, self.screen, row_id)
            return 200, {"message": "OK"}

        return self._write(perform)

    @expose("/<pk>/<verb>", methods=["POST"])  # type: ignore[untyped-decorator]
    @bearers.answering
    def act(self, pk: str, verb: str) -> Response:
        """Do an act on one row."""
        act = self.screen.act(verb)
        if act is None:
            raise NotFound
        self._need(READ_VERB)
        acts.require(act, self.name)
        row_id, given = _id(pk), _body(optional=True)

        def perform(work: Work) -> tuple[int, Any]:
            forms.refuse_unknown(given, act.inputs)
            row = found(work, self.screen.model, row_id)
            currency = forms.currency_of(work.session, self.screen, row)
            made = act.do(work, row_id, **acts.values(work, act, given, currency))
            work.session.flush()
            told = _made(self.screen, made)
            work.session.expire_all()
            return 200, {"id": str(row_id), "result": self._one(row_id)} | told

        return self._write(perform, money=act.money)

    def _write(self, perform: Any, *, money: bool = False) -> Response:
        return idempotency.answered(perform, required=money)

    @property
    def name(self) -> str:
        """The table."""
        return self.screen.name

    def _need(self, verb: str) -> None:
        at_hand = person()
        if at_hand is None or not at_hand.may(verb, self.name):
            raise acts.forbidden(self.name, verb)

    def _need_rows(self) -> None:
        """Let members of the portal read, too, what both locks show them: rows of their party."""
        at_hand = person()
        if at_hand is None or not at_hand.reads_own(self.name):
            self._need(READ_VERB)

    def _columns(self, asked: dict[str, Any]) -> list[Column]:
        every = self.screen.readable(person())
        names = asked.get("columns") or asked.get("select_columns")
        if not isinstance(names, list) or not names:
            return every
        return [each for each in every if each.name in names]

    def _showing(self, columns: list[Column]) -> Query:
        money = self.screen.money_path and any(each.kind is Kind.money for each in columns)
        paths = {"_currency": self.screen.money_path} if money else {}
        return showing(self.screen.model, columns, paths)

    def _written(self, row_id: UUID) -> dict[str, Any]:
        """Tell how a row stands now, if the bearer may read it; a key may be for writing alone."""
        at_hand = person()
        reads = at_hand is not None and at_hand.may(READ_VERB, self.name)
        return {"id": str(row_id)} | ({"result": self._one(row_id)} if reads else {})

    def _one(self, row_id: UUID) -> dict[str, Any]:
        return plain_row(self.screen.readable(person()), self._held(row_id))

    def _held(self, row_id: UUID, links: Sequence[Related] = ()) -> Any:
        """Load a row, and say of each of the links whether anything hangs on it."""
        columns = self.screen.readable(person())
        key = (self.name, *(each.name for each in columns), *map(mark, links))
        if key not in _ONE:
            hanging = [hangs(self.screen, each).label(mark(each)) for each in links]
            statement = self._showing(columns).statement.add_columns(*hanging)
            _ONE[key] = statement.where(self.screen.model.id == bindparam("row"))
        statement = _ONE[key].where(*self.screen.rules(listed=False))
        row = db.session().execute(statement, {"row": row_id}).one_or_none()
        if row is None:
            raise NotFound
        return row._mapping  # noqa: SLF001  # documented


_ONE: dict[tuple[str, ...], Any] = {}
"""Statements for one row, put together once: as many as there are screens and sets of rights."""


def _made(screen: Screen, made: Any) -> dict[str, Any]:
    """Name the record that an act has made, where that is of another kind."""
    table = getattr(type(made), "__tablename__", "")
    if table in {"", screen.name} or table not in BY_TABLE:
        return {}
    return {"made": {"type": table, "id": str(made.id)}}


def _not_allowed() -> Response:
    class NotWritten(Refused):
        code, status = "not_allowed", 405
        says = N_("Rows are not written that way here.")

    return answer(NotWritten())


def _asked() -> dict[str, Any]:
    text = request.args.get("q", "")
    if not text:
        return {}
    try:
        # As in Flask-AppBuilder, JSON is read too; an object of Rison begins with a parenthesis.
        asked = json.loads(text) if text.lstrip().startswith("{") else prison.loads(text)
    except (prison.decoder.ParserException, ValueError, IndexError, RecursionError) as error:
        raise UnreadableQuery(why=_("it is neither Rison nor JSON")) from error
    if not isinstance(asked, dict):
        raise UnreadableQuery(why=_("it is no object"))
    return asked


def _window(asked: dict[str, Any]) -> tuple[int, int]:
    most = int(current_app.config["FAB_API_MAX_PAGE_SIZE"])
    size, page = asked.get("page_size", PAGE), asked.get("page", 0)
    numbers = all(isinstance(each, int) and not isinstance(each, bool) for each in (size, page))
    if not numbers or page < 0 or page > 10_000_000:
        raise UnreadableQuery(why=_("page and page_size are whole numbers"))
    return (min(size, most) if size > 0 else most), page


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _body(*, optional: bool = False) -> dict[str, Any]:
    if optional and not request.get_data():
        return {}
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadInput(N_("Send a JSON object."))
    return given


def _text(body: dict[str, Any]) -> Response:
    return written(200, body)


def api_of(screen: Screen) -> type[RestApi]:
    """Make the resource of a screen; it is called by the table's name."""
    attributes = {
        "screen": screen,
        "resource_name": screen.name,
        "class_permission_name": screen.name,
        "base_permissions": [f"can_{verb}" for verb in screen.rights()],
        "openapi_spec_tag": screen.title,
    }
    return type(f"{screen.model.__name__}Api", (RestApi,), attributes)
