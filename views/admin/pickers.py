"""What select boxes offer: rows in sight, found on the server, never more than 50."""

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core import db
from core.db import Base
from core.errors import NotFound
from views.admin.acts import forbidden
from views.admin.columns import Kind, name_key
from views.admin.inputs import Input
from views.admin.registry import READ_VERB, Screen, may_read, screen_of
from views.web.person import person

MOST = 50
LONGEST = 100


def options(screen: Screen, field: str, verb: str = "") -> list[dict[str, str]]:
    """Offer rows for a field of the form, a filter, or what an act asks for.

    Raises:
        NotFound: the screen has no such field.

    """
    target = _target(screen, field, verb)
    if target is None:
        raise NotFound
    return search(db.session(), target, request.args.get("q", ""))


def search(session: Session, target: type[Base], text: str) -> list[dict[str, str]]:
    """Find rows by what they are called, or by what their own screen is searched by.

    Raises:
        Forbidden: they are not for whoever asks to read.

    """
    own = screen_of(target)
    if own and not may_read(target, person()):
        raise forbidden(own.name, READ_VERB)
    named = getattr(target, name_key(target))
    query = select(target.id, named.label("name"))
    keys = own.search.split() if own else []
    keys = [each for each in keys if "." not in each and own and _is_text(own, each)]
    note = next((each for each in keys if each != name_key(target)), None)
    if note:
        query = query.add_columns(getattr(target, note).label("note"))
    plain = text.replace("\0", "").strip()[:LONGEST]
    if plain:
        pattern = "%" + plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        held = [named, *(getattr(target, each) for each in keys)]
        query = query.where(or_(*(each.ilike(pattern, escape="\\") for each in held)))
    if own:
        query = query.where(*own.rules())
    rows = session.execute(query.order_by(named).limit(MOST))
    return [
        {"value": str(row.id), "text": str(row.name or "\u2013"), "note": str(row[2] or "")}
        if note
        else {"value": str(row.id), "text": str(row.name or "\u2013")}
        for row in rows
    ]


def _is_text(screen: Screen, name: str) -> bool:
    return screen.column(name).kind in (Kind.text, Kind.long)


def _target(screen: Screen, field: str, verb: str) -> type[Base] | None:
    if verb:
        act = screen.act(verb)
        asked = next((each for each in act.inputs if each.name == field), None) if act else None
        return asked.target if asked else None
    if field in (*screen.form.split(), *screen.filters.split()):
        return screen.column(field).target
    return None


def chosen(session: Session, field: Input, value: Any) -> str:
    """Name the row that a field holds now; nothing for one out of sight."""
    if field.kind is not Kind.relation or not value or field.target is None:
        return ""
    try:
        wanted = UUID(str(value))
    except ValueError:
        return ""
    named = getattr(field.target, name_key(field.target))
    return str(session.scalar(select(named).where(field.target.id == wanted)) or "")
