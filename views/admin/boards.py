"""Boards: the states of a flow as columns, and moves between them as acts."""

from decimal import Decimal
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from core import db
from views.admin import queries
from views.admin.acts import may
from views.admin.lists import act_button, changed, extras
from views.admin.queries import Query, Wish
from views.admin.registry import Board, Screen
from views.admin.words import day, money, number
from views.web.person import person

CARDS = 25


def board_page(screen: Screen) -> dict[str, Any]:
    """Load and describe the board: one statement counts and sums, one loads all cards."""
    board, flow, at_hand = screen.board, screen.flow, person()
    assert board
    assert flow
    assert at_hand
    wish = queries.wanted(screen, request.args)
    totals = _totals(screen, board, wish)
    cards = _cards(screen, board, wish)
    columns = []
    for state, label in flow.labels.items():
        if state in board.hidden:
            continue
        count, sums = totals.get(state, (0, []))
        shown = cards.get(state, [])
        column: dict[str, Any] = {
            "key": state.value,
            "label": _(label),
            "meaning": flow.meanings[state],
            "count": number(count),
            "sum": ", ".join(sums),
            "cards": shown,
        }
        if count > len(shown):
            url = changed(screen, status=state.value)
            column["more"] = {"label": _("Show all %(count)s", count=number(count)), "url": url}
        columns.append(column)
    writes = at_hand.may("write", screen.name) and screen.form
    return {
        "title": _(screen.title),
        "sentence": _(screen.sentence),
        "crumbs": [{"label": _(screen.menu)}, {"label": _(screen.title)}],
        "list_url": changed(screen),
        "search_url": url_for(f"{screen.name}.board"),
        "create": {"label": _("Add"), "url": url_for(f"{screen.name}.add")} if writes else None,
        "columns": columns,
    }


def _totals(screen: Screen, board: Board, wish: Wish) -> dict[Any, tuple[int, list[str]]]:
    query = Query(screen.model)
    queries.narrow(query, screen, wish)
    model: Any = screen.model
    parts = [model.status, func.count().label("rows")]
    grouped = [model.status]
    if board.amount:
        currency = _path(query, screen.money_path)
        amount = query.named(screen.column(board.amount))
        parts += [currency.label("currency"), func.sum(amount).label("amount")]
        grouped.append(currency)
    statement = query.statement.with_only_columns(*parts).group_by(*grouped)
    found: dict[Any, tuple[int, list[str]]] = {}
    for row in db.session().execute(statement):
        count, sums = found.get(row.status, (0, []))
        if board.amount:
            sums = [*sums, money(Decimal(row.amount or 0), row.currency)]
        found[row.status] = (count + row.rows, sums)
    return found


def _path(query: Query, path: str) -> Any:
    *steps, key = path.split(".")
    return getattr(query.at(tuple(steps)), key)


def _cards(screen: Screen, board: Board, wish: Wish) -> dict[Any, list[dict[str, Any]]]:
    """Load the newest cards of each column in one statement."""
    model: Any = screen.model
    keys = Query(model)
    queries.narrow(keys, screen, wish)
    place = func.row_number().over(partition_by=model.status, order_by=model.id.desc())
    ranked = keys.statement.add_columns(place.label("place")).subquery()
    query = Query(model)
    names = (board.note, board.amount, board.age, board.assignee, board.countdown)
    columns = [screen.column(each) for each in dict.fromkeys(names) if each]
    for column in columns:
        query.show(column)
    for label, path in extras(screen).items():
        query.show_path(path, label)
    few = select(ranked.c.id).where(ranked.c.place <= CARDS)
    statement = query.statement.where(model.id.in_(few)).order_by(model.id.desc())
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in db.session().execute(statement):
        held = row._mapping  # noqa: SLF001  # the documented way to read columns by name
        found.setdefault(held["_status"], []).append(_card(screen, board, held))
    return found


def _card(screen: Screen, board: Board, held: Any) -> dict[str, Any]:
    status = held["_status"]
    currency = held.get("_currency") or ""
    card: dict[str, Any] = {
        "id": held["id"],
        "url": url_for(f"{screen.name}.record", pk=held["id"]),
        "name": str(held["_name"] or "\u2013"),
        "note": held[board.note] if board.note else "",
        "amount": money(held[board.amount], currency) if board.amount else "",
        "age": day(held[board.age]) if board.age else "",
        "assignee": held[board.assignee] if board.assignee else "",
        "meaning": screen.flow.meanings[status],
        "moves": _moves(screen, board, held["id"], status),
    }
    ends = held.get(board.countdown) if board.countdown else None
    if ends is not None:
        ended = _("The hold has ended")
        card["countdown"] = {"ends_at": ends, "text": _("Held for"), "ended_text": ended}
    return card


def _moves(screen: Screen, board: Board, row_id: Any, status: Any) -> list[dict[str, Any]]:
    moves = []
    for act in screen.acts:
        if act.move and screen.flow.allows(status, act.move) and may(act, screen.name):
            to = screen.flow.moves[act.move][1]
            moves.append(act_button(screen, act, row_id) | {"to": to.value})
    return moves
