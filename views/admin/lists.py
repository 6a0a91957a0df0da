"""The page of a list: plain data for templates/admin/list.html."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import escape
from sqlalchemy import or_, select

from core import db
from core.text import N_
from models.builder import SavedView
from views.admin import labels, queries, spoken
from views.admin.acts import Act, may
from views.admin.columns import Column, Kind, in_words
from views.admin.inputs import source_of
from views.admin.queries import RANGES, UNSORTABLE, Wish
from views.admin.registry import Preset, Screen
from views.admin.words import day, number
from views.web.person import Person, person

DROPPED = ("page", "id")
EMPTY_BEGIN = N_("Begin with the first one; it is listed here.")
EMPTY_WAIT = N_("Nothing has to be done: they appear here by themselves.")
SIZES = (25, 50, 100)
NO_ROW = UUID(int=0)
"""Stands for a row in addresses that are written once for all rows."""


def list_page(screen: Screen) -> dict[str, Any]:
    """Load and describe the list at the address at hand."""
    session, at_hand = db.session(), person()
    assert at_hand
    wish = queries.wanted(screen, request.args)
    columns = chosen(screen)
    rows = queries.page(session, screen, wish, columns, extras(screen))
    total, rough = queries.count(session, screen, wish, len(rows))
    more, rows = len(rows) > wish.size, rows[: wish.size]
    who = spoken.people(session, spoken.actors_in(columns, (row._mapping for row in rows)))  # noqa: SLF001
    tabs, used = _tabs(screen, at_hand)
    return {
        **_around(screen, at_hand),
        "q": wish.q,
        "views": tabs,
        "drop_view_url": url_for(f"{screen.name}.drop_view", pk=used) if used else None,
        "chips": _chips(screen, wish),
        "clear_url": url_for(f"{screen.name}.index") if wish.q or wish.filters else None,
        "unread": [_(each) for each in wish.unread],
        "filter_fields": [_filter(screen, wish, each) for each in screen.filters.split()],
        "columns": [_head(screen, wish, each) for each in columns],
        "rows": [_row(screen, columns, row, who) for row in rows],
        "bulk": _bulk(screen, total, rows),
        "column_choice": _column_choice(screen, columns),
        "count_label": _count_label(total, rough),
        "pages": _pages(screen, wish, total, rough=rough, more=more),
        "sizes": [
            {"label": str(size), "url": changed(screen, size=size), "current": size == wish.size}
            for size in SIZES
        ],
    }


def _around(screen: Screen, at_hand: Person) -> dict[str, Any]:
    """Describe what stands on a list whatever its rows: words, and the ways on from it."""
    url = url_for(f"{screen.name}.index")
    adds = screen.form and screen.addable and at_hand.may("write", screen.name)
    create = {"label": _add_label(screen), "url": url_for(f"{screen.name}.add")} if adds else None
    if screen.add_page and at_hand.may(screen.add_verb, screen.name):
        create = {"label": _add_label(screen), "url": url_for(screen.add_page)}
    imports = screen.importable and at_hand.may("write", "import_run")
    return {
        "title": _(screen.title),
        "sentence": _(screen.sentence),
        "crumbs": [{"label": _(screen.menu)}, {"label": _(screen.title)}],
        "create": create,
        "board_url": url_for(f"{screen.name}.board") if screen.board else None,
        "import_url": url_for("ImportsView.new", kind=screen.importable) if imports else None,
        "search_url": url,
        "keep": {name: request.args[name] for name in ("columns",) if name in request.args},
        "search_hint": ", ".join(_search_labels(screen)),
        "save_view_url": address(screen, "save_view"),
        "exports": [
            {"label": kind.upper(), "url": address(screen, "export", kind=kind)}
            for kind in ("csv", "xlsx")
        ],
        "empty": {
            "drawing": screen.drawing,
            "title": _("There are none yet"),
            "text": _(screen.empty or (EMPTY_BEGIN if create else EMPTY_WAIT)),
            "action": create | {"icon": "plus"} if create else None,
        },
    }


def _search_labels(screen: Screen) -> list[str]:
    """Say what a search looks at: of a relation's column the relation is enough."""
    columns = [screen.column(each) for each in screen.search.split()]
    said = [_(labels.LABELS[each.path[-1]] if each.path else each.label) for each in columns]
    return list(dict.fromkeys(said))


def _add_label(screen: Screen) -> str:
    return str(_("Add %(thing)s", thing=_(screen.one).lower()))


def chosen(screen: Screen, *, else_all: bool = False) -> list[Column]:
    """Give the columns that somebody chose to see; the first, the name, always.

    Without a choice they are the usual ones, or all that there are.
    """
    every = screen.list_columns()
    usual = every if else_all else every[: len(screen.columns.split())]
    names = {each for each in request.args.get("columns", "").split(",") if each}
    picked = [each for each in every[1:] if each.name in names]
    return [every[0], *picked] if picked else usual


def extras(screen: Screen) -> dict[str, str]:
    """Name what each row needs besides its columns."""
    extra = {"_name": screen.name_key}
    if screen.money_path:
        extra["_currency"] = screen.money_path
    if screen.flow:
        extra["_status"] = "status"
    return extra


def changed(screen: Screen, **new: Any) -> str:
    """Give the address at hand with some of its parameters changed; None takes one away."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in (*DROPPED, *new)]
    kept += [(key, str(value)) for key, value in new.items() if value is not None]
    return f"{url_for(f'{screen.name}.index')}?{urlencode(kept)}".rstrip("?")


def address(screen: Screen, endpoint: str, **values: Any) -> str:
    """Give the address of another page with the same search and filters."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in DROPPED]
    url = url_for(f"{screen.name}.{endpoint}", **values)
    return f"{url}?{urlencode(kept)}".rstrip("?")


def _tabs(screen: Screen, at_hand: Person) -> tuple[list[dict[str, Any]], UUID | None]:
    """Give the saved views as tabs, and the id of the own one that is shown."""
    here = sorted(
        (key, value)
        for key, value in request.args.items(multi=True)
        if key not in (*DROPPED, "size") and value
    )
    tabs = [_tab(screen, Preset(_("All"), ""), here)]
    tabs += [_tab(screen, Preset(_(each.label), each.query), here) for each in screen.presets]
    saved = select(SavedView).where(
        SavedView.screen == screen.name,
        or_(SavedView.shared, SavedView.profile_id == at_hand.profile_id),
    )
    used = None
    for each in db.session.scalars(saved.order_by(SavedView.name).limit(20)):
        tab = _tab(screen, Preset(each.name, str(each.query.get("query", ""))), here)
        if tab["current"] and each.profile_id == at_hand.profile_id:
            used = each.id
        tabs.append(tab)
    return tabs, used


def _tab(screen: Screen, preset: Preset, here: list[tuple[str, str]]) -> dict[str, Any]:
    pairs = [tuple(each.split("=", 1)) for each in preset.query.split("&") if "=" in each]
    url = url_for(f"{screen.name}.index")
    at_hand = person()
    mine = str(at_hand.profile_id) if at_hand else ""
    query = preset.query.replace("{me}", mine)
    return {
        "label": preset.label,
        "url": f"{url}?{query}" if query else url,
        "current": sorted((key, value.replace("{me}", mine)) for key, value in pairs)
        == [(key, _quoted(value)) for key, value in here],
    }


def _quoted(value: str) -> str:
    return urlencode({"": value})[1:]


def _chips(screen: Screen, wish: Wish) -> list[dict[str, Any]]:
    chips = []
    for name, value in wish.filters.items():
        end = next((e for e in ("from", "to") if name.endswith(f"_{e}")), "")
        ranged = bool(end) and name not in screen.filters.split()
        column = screen.column(name.removesuffix(f"_{end}") if ranged else name)
        label = _(column.label)
        if ranged:
            label = (
                _("%(name)s from", name=label) if end == "from" else _("%(name)s to", name=label)
            )
        chips.append(
            {
                "label": label,
                "value": _said(column, value),
                "remove_url": changed(screen, **{name: None}),
            }
        )
    return chips


def _said(column: Column, value: Any) -> str:
    if column.kind is Kind.relation:
        return queries.related_name(db.session(), column, value)
    if column.kind is Kind.choice:
        return ", ".join(in_words(each) for each in value)
    if column.kind is Kind.yesno:
        return str(_("Yes") if value else _("No"))
    if column.kind in (Kind.day, Kind.moment):
        return day(value)
    return number(value) if column.kind in RANGES else str(value)


def _filter(screen: Screen, wish: Wish, name: str) -> dict[str, Any]:
    column = screen.column(name)
    made: dict[str, Any] = {"name": name, "label": _(column.label)}
    value = wish.filters.get(name)
    if column.kind in RANGES:
        dates = column.kind in (Kind.day, Kind.moment)
        return made | {
            "kind": "date_range" if dates else "number_range",
            "low": wish.filters.get(f"{name}_from"),
            "high": wish.filters.get(f"{name}_to"),
        }
    if column.kind is Kind.choice:
        assert column.enum
        options = [{"value": each.value, "label": in_words(each)} for each in column.enum]
        chosen_value = value[0].value if value else None
        return made | {"kind": "choice", "options": options, "value": chosen_value}
    if column.kind is Kind.yesno:
        return made | {"kind": "yesno", "value": None if value is None else str(int(value))}
    if column.kind is Kind.relation:
        picked = [{"value": str(value), "label": _said(column, value)}] if value else []
        source = source_of(screen.name, name)
        return made | {"kind": "search", "source": source, "options": picked, "value": value}
    return made | {"kind": "text", "value": value}


def _head(screen: Screen, wish: Wish, column: Column) -> dict[str, Any]:
    name = wish.sort.removeprefix("-")
    falling = wish.sort.startswith("-")
    turned = f"-{column.name}" if name == column.name and not falling else column.name
    return {
        "key": column.name,
        "label": _(column.label),
        "align": column.aligned,
        "sort_url": None if column.kind in UNSORTABLE else changed(screen, sort=turned),
        "sorted": ("descending" if falling else "ascending") if name == column.name else "none",
    }


def _row(
    screen: Screen, columns: Sequence[Column], row: Any, who: Mapping[str, str]
) -> dict[str, Any]:
    held = row._mapping  # noqa: SLF001  # the documented way to read columns by name
    currency = held.get("_currency") or ""
    cells = {each.name: spoken.cell(each, held[each.name], currency, who) for each in columns}
    if not held[columns[0].name]:  # a draft has no number yet, and still needs a link
        cells[columns[0].name] = escape(_("Not numbered"))
    return {
        "id": held["id"],
        "url": url_for(f"{screen.name}.record", pk=held["id"]),
        "name": cells[columns[0].name].striptags(),
        "cells": cells,
        "acts": row_acts(screen, held["id"], held.get("_status")),
    }


def row_acts(screen: Screen, row_id: Any, status: Any) -> list[dict[str, Any]]:
    """Give the acts that the person at hand may do on a row in this state."""
    return [
        button | {"url": button["url"].replace(str(NO_ROW), str(row_id))}
        for act, button in _buttons(screen)
        if not act.move or screen.flow.allows(status, act.move)
    ]


def _buttons(screen: Screen) -> list[tuple[Act, dict[str, Any]]]:
    """Write the acts that the person at hand holds once a request: on a page they are the same."""
    known: dict[str, list[tuple[Act, dict[str, Any]]]] = g.setdefault("buttons", {})
    if screen.name not in known:
        held = [act for act in screen.acts if may(act, screen.name)]
        known[screen.name] = [(act, act_button(screen, act, NO_ROW)) for act in held]
    return known[screen.name]


def act_button(screen: Screen, act: Act, row_id: Any) -> dict[str, Any]:
    """Write an act for the macros of templates/macros/ui.html."""
    return {
        "label": _(act.label),
        "url": url_for(f"{screen.name}.act", pk=row_id, verb=act.name),
        "icon": act.icon,
        "tone": act.tone,
        "confirm": _(act.confirm) if act.confirm else "",
        "reason_needed": act.wants_reason,
        "is_page": act.asks,
    }


def _bulk(screen: Screen, total: int, rows: Sequence[Any]) -> dict[str, Any] | None:
    """Offer the acts that some row of the page is ready for."""
    ready = {row._mapping.get("_status") for row in rows}  # noqa: SLF001
    offered = [
        {
            "name": act.name,
            "label": _(act.label),
            "confirm": _(act.confirm) if act.confirm else "",
            "reason_needed": act.wants_reason,
            "tone": act.tone,
        }
        for act in screen.acts
        if act.bulk
        and not act.asks
        and may(act, screen.name)
        and (not act.move or any(screen.flow.allows(status, act.move) for status in ready))
    ]
    if not offered:
        return None
    everything = _("Select all %(count)s that match", count=number(total))
    few = SIZES[0] < total <= queries.COUNTED // 10
    return {
        "url": address(screen, "bulk"),
        "acts": offered,
        "all_label": everything if few else "",
    }


def _column_choice(screen: Screen, columns: Sequence[Column]) -> dict[str, Any]:
    now = {each.name for each in columns}
    every = screen.list_columns()[1:]
    return {
        "url": address(screen, "choose_columns"),
        "all": [
            {"key": each.name, "label": _(each.label), "shown": each.name in now} for each in every
        ],
    }


def _count_label(total: int, rough: bool) -> str:  # noqa: FBT001
    if not rough:
        return str(ngettext("%(num)s row", "%(num)s rows", total))
    if total >= 1_000_000:
        millions = number(Decimal(total).scaleb(-6).quantize(Decimal("0.1")))
        return str(_("About %(count)s million rows", count=millions))
    return str(_("About %(count)s rows", count=number(round(total, -3))))


def _pages(screen: Screen, wish: Wish, total: int, *, rough: bool, more: bool) -> dict[str, Any]:
    last = wish.page + int(more) if rough else max(-(-total // wish.size), 1)
    near = {1, last, *range(max(wish.page - 1, 1), min(wish.page + 1, last) + 1)}
    numbers: list[dict[str, Any]] = []
    for at in sorted(near):
        if numbers and at - int(numbers[-1]["number"]) > 1:
            numbers.append({"label": "", "url": None, "number": at - 1})
        url = changed(screen, page=at)
        numbers.append({"label": str(at), "url": url, "current": at == wish.page, "number": at})
    return {
        "previous_url": changed(screen, page=wish.page - 1) if wish.page > 1 else None,
        "next_url": changed(screen, page=wish.page + 1) if more else None,
        "numbers": numbers,
    }
