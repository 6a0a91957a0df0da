"""The page of one record: plain data for templates/admin/record.html."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from core import db
from core.errors import NotFound
from models.files import Document, DocumentUse, Follower
from models.organizations import Profile
from views.admin import forms, queries, spoken, states, subjects, timeline
from views.admin.acts import why_not
from views.admin.columns import Column, Kind, in_words
from views.admin.lists import act_button
from views.admin.queries import showing
from views.admin.registry import Related, Screen, screen_of
from views.web.person import Person, person

RELATED_SHOWN = 25
FILES_SHOWN = 50


def record_page(screen: Screen, row_id: UUID) -> dict[str, Any]:
    """Load and describe one record.

    Raises:
        NotFound: it is not in sight.

    """
    session, at_hand = db.session(), person()
    assert at_hand
    row, held = _load(screen, row_id)
    currency = held.get("_currency") or ""
    name = spoken.name(screen, held)
    acts, closed = _acts(screen, row, at_hand)
    writes = at_hand.may("write", screen.name) and forms.is_listed(session, screen, row_id)
    return {
        "title": name,
        "crumbs": [
            {"label": _(screen.menu)},
            {"label": _(screen.title), "url": url_for(f"{screen.name}.index")},
            {"label": name},
        ],
        "state": _state(screen, row),
        "countdown": _countdown(screen, row),
        "moves": getattr(row, "status", None) in screen.moving,
        "figures": [
            {"label": _(each.label), "value": _fact(each, held, currency)}
            for each in map(screen.column, screen.figures.split())
        ],
        "acts": acts,
        "closed_acts": closed,
        "edit_url": url_for(f"{screen.name}.edit", pk=row_id) if screen.form and writes else None,
        "delete": _delete(screen, row_id, name) if screen.deletable and writes else None,
        "print_links": screen.print_links(row) if screen.print_links else [],
        "groups": _groups(screen, held, currency),
        "tables": [
            _related(each, row_id, currency, at_hand) for each in _hanging(screen, row_id, at_hand)
        ],
        "timeline": timeline.of(session, screen.name, row_id),
        "comment": _comment(screen, row_id, at_hand),
        **_files(screen, row_id, at_hand),
        **_followers(screen, row_id, at_hand),
    }


def name_of(screen: Screen, row_id: UUID) -> str:
    """Name a record, in one small statement."""
    columns = [screen.column(screen.called)] if screen.called else []
    query = showing(screen.model, columns, {"_name": screen.name_key})
    held = db.session().execute(query.statement.where(screen.model.id == row_id)).one()
    return spoken.name(screen, dict(held._mapping))  # noqa: SLF001  # the documented way by name


def _load(screen: Screen, row_id: UUID) -> tuple[Any, dict[str, Any]]:
    names = [*screen.columns.split(), *screen.figures.split()]
    names += [each for group in screen.groups for each in group.columns.split()]
    paths = {"_name": screen.name_key, **subjects.ids_of(screen, names)}
    if screen.money_path:
        paths["_currency"] = screen.money_path
    query = showing(screen.model, [screen.column(each) for each in dict.fromkeys(names)], paths)
    statement = query.statement.add_columns(screen.model).where(
        screen.model.id == row_id, *screen.rules(listed=False)
    )
    found = db.session().execute(statement).one_or_none()
    if found is None:
        raise NotFound
    return found[-1], dict(found._mapping)  # noqa: SLF001  # the documented way by name


def _fact(column_: Column, held: Any, currency: str) -> Markup:
    if about := subjects.link(held, column_.name, person()):
        return about
    who = spoken.people(db.session(), spoken.actors_in([column_], [held]))
    value = spoken.cell(column_, held[column_.name], currency, who)
    target = screen_of(column_.target)
    key = held.get(f"{column_.name}.id")
    at_hand = person()
    if target is None or key is None or not at_hand or not at_hand.may("read", target.name):
        return value
    url = url_for(f"{target.name}.record", pk=key)
    return Markup('<a href="{}">{}</a>').format(url, value)


def _groups(screen: Screen, held: dict[str, Any], currency: str) -> list[dict[str, Any]]:
    groups = [(each.title, each.columns.split()) for each in screen.groups]
    if not groups:
        rest = [each for each in screen.columns.split() if each != "status"]
        groups = [(screen.one, rest)]
    return [
        {
            "title": _(title),
            "facts": [
                {
                    "label": _(each.label),
                    "value": _fact(each, held, currency),
                    "wide": each.kind in (Kind.long, Kind.json),
                }
                for each in map(screen.column, names)
            ],
        }
        for title, names in groups
    ]


def _state(screen: Screen, row: Any) -> dict[str, Any] | None:
    status = getattr(row, "status", None)
    if status is None or type(status) not in states.MEANINGS:
        return None
    return {"label": in_words(status), "meaning": states.MEANINGS[type(status)][status]}


def _countdown(screen: Screen, row: Any) -> dict[str, Any] | None:
    ends = getattr(row, screen.countdown, None) if screen.countdown else None
    if ends is None:
        return None
    return {"ends_at": ends, "text": _("Held for"), "ended_text": _("The hold has ended")}


def _acts(
    screen: Screen, row: Any, at_hand: Person
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Give what can be done now, and the rest with the reason why not."""
    flow, status = screen.flow, getattr(row, "status", None)
    offered, closed = [], []
    for act in screen.acts:
        reason = why_not(act, screen.name, flow, status, row)
        if reason:
            closed.append({"label": _(act.label), "why": reason})
        else:
            offered.append(act_button(screen, act, row.id))
    offered.sort(key=lambda button: button["tone"] == "danger")  # what undoes stands last
    return offered, closed


def _hanging(screen: Screen, row_id: UUID, at_hand: Person) -> list[Related]:
    """List what hangs on a record: its own tables, and the journal entries that come from it."""
    found = [each for each in screen.related if each.open_to(at_hand)]
    entries = subjects.entries(screen, row_id) if at_hand.may("read", "journal_entry") else None
    return [*found, *([entries] if entries else [])]


def _delete(screen: Screen, row_id: UUID, name: str) -> dict[str, Any]:
    return {
        "label": _("Delete"),
        "url": url_for(f"{screen.name}.delete", pk=row_id),
        "icon": "trash",
        "tone": "danger",
        "confirm": _("%(name)s will be gone for good.", name=name),
    }


def _related(related: Related, row_id: UUID, currency: str, at_hand: Person) -> dict[str, Any]:
    target = screen_of(related.model)
    columns, statement = queries.related(related, row_id)
    rows = db.session().execute(statement.limit(RELATED_SHOWN + 1)).all()
    table: dict[str, Any] = {
        "title": _(related.title),
        "columns": [
            {"key": each.name, "label": _(each.label), "align": each.aligned} for each in columns
        ],
        "rows": [_related_row(columns, row, target, currency) for row in rows],
    }
    if len(rows) > RELATED_SHOWN:
        table["rows"] = table["rows"][:RELATED_SHOWN]
        table["cut"] = _("These are the first %(most)s.", most=RELATED_SHOWN)
    if target and len(rows) > RELATED_SHOWN:
        table["more"] = {"label": _("Show all"), "url": _all_url(target, related, row_id)}
    if target and related.add and at_hand.may("write", target.name):
        values: dict[str, Any] = {related.key.removesuffix("_id"): row_id}
        url = url_for(f"{target.name}.add", **values)
        table["create"] = {"label": _("Add"), "url": url}
    return table


def _related_row(
    columns: list[Column], row: Any, target: Screen | None, usual: str
) -> dict[str, Any]:
    """Describe a row that hangs on a record; without a currency of its own, in the record's."""
    held = row._mapping  # noqa: SLF001  # the documented way to read columns by name
    currency = held.get("_currency") or usual
    url = url_for(f"{target.name}.record", pk=held["id"]) if target else None
    if target is None:  # a row of a link: it leads where its first relation does
        first = next((each for each in columns if each.kind is Kind.relation), None)
        linked = screen_of(first.target) if first else None
        key = held[f"{first.name}.id"] if first else None
        at_hand = person()
        if linked and key and at_hand and at_hand.may("read", linked.name):
            url = url_for(f"{linked.name}.record", pk=key)
    cells = {each.name: spoken.cell(each, held[each.name], currency, {}) for each in columns}
    return {"url": url, "cells": cells}


def _all_url(target: Screen, related: Related, row_id: UUID) -> str:
    name = related.key.removesuffix("_id")
    values: dict[str, Any] = {name: row_id} if name in target.filters.split() else {}
    return url_for(f"{target.name}.index", **values)


def _comment(screen: Screen, row_id: UUID, at_hand: Person) -> dict[str, Any] | None:
    if not at_hand.may("write", "record_comment"):
        return None
    return {"url": url_for(f"{screen.name}.comment", pk=row_id)}


def _files(screen: Screen, row_id: UUID, at_hand: Person) -> dict[str, Any]:
    if not at_hand.may("read", "document"):
        return {}
    query = (
        select(Document)
        .where(Document.subject_table == screen.name, Document.subject_id == row_id)
        .order_by(Document.id.desc())
        .limit(FILES_SHOWN + 1)
    )
    writes = at_hand.may("write", "document")
    found = db.session().scalars(query).all()
    cut = _("These are the newest %(most)s.", most=FILES_SHOWN) if len(found) > FILES_SHOWN else ""
    found = found[:FILES_SHOWN]
    pictures = [each for each in found if each.use in (DocumentUse.photo, DocumentUse.logo)]
    return {
        "files_cut": cut,
        "pictures": [_picture(screen, row_id, each) for each in reversed(pictures)],
        "picture_uses": _picture_uses(screen)
        if writes and at_hand.may("write", screen.name)
        else [],
        "files": [
            {
                "name": each.title,
                "size": size_in_words(each.size),
                "at": each.created_at,
                "url": url_for("FilesView.download", pk=each.id),
            }
            for each in found
            if each not in pictures
        ],
        "upload_url": url_for(f"{screen.name}.upload", pk=row_id) if writes else None,
    }


def _picture(screen: Screen, row_id: UUID, document: Document) -> dict[str, Any]:
    logo = document.use is DocumentUse.logo
    return {
        "url": url_for("FilesView.download", pk=document.id),
        "name": _("Logo") if logo else document.title,
        "remove_url": url_for(f"{screen.name}.remove_file", pk=row_id, document=document.id),
    }


def _picture_uses(screen: Screen) -> list[dict[str, str]]:
    labels = {"logo": _("Logo"), "photo": _("Photo")}
    return [{"value": each, "label": labels[each]} for each in screen.pictures.split()]


def _followers(screen: Screen, row_id: UUID, at_hand: Person) -> dict[str, Any]:
    if at_hand.member is None or not at_hand.member.staff:
        return {}
    found = db.session().execute(
        select(Profile.id, Profile.name)
        .join(Follower, Follower.profile_id == Profile.id)
        .where(Follower.subject_id == row_id)
        .order_by(Profile.name)
    )
    people = [{"id": row.id, "name": row.name} for row in found]
    mine = any(each["id"] == at_hand.profile_id for each in people)
    address = url_for(f"{screen.name}.follow", pk=row_id, leave=1 if mine else None)
    label, icon = (_("Leave"), "bell-off") if mine else (_("Follow"), "bell")
    return {"followers": people, "follow": {"label": label, "icon": icon, "url": address}}


def size_in_words(size: int) -> str:
    """Say how large a file is."""
    if size < 1024 * 1024:
        return f"{max(size // 1024, 1)} kB"
    return f"{size / 1024 / 1024:.1f} MB"
