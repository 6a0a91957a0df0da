"""From a row that names another by table and id to that record, and back to its journal entries."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from core import db
from views.admin import spoken
from views.admin.queries import showing
from views.admin.registry import BY_TABLE, Related, Screen
from views.web.person import Person

IDS = {"source_table": "source_id", "subject_table": "subject_id", "table_name": "row_id"}
"""Columns that name a table, and where the same row keeps the id of what it is about."""


def ids_of(screen: Screen, names: list[str]) -> dict[str, str]:
    """Give what to read beside the columns that name a table: {label: path}."""
    return {f"{name}.id": IDS[name] for name in names if _names_a_row(screen, name)}


def link(held: Mapping[str, Any], name: str, at_hand: Person | None) -> Markup | None:
    """Write the record that a row is about, as a link; None where it cannot be opened."""
    if name not in IDS:
        return None
    target, key = BY_TABLE.get(held.get(name) or ""), held.get(f"{name}.id")
    if target is None or key is None or at_hand is None or not at_hand.may("read", target.name):
        return None
    called = _called(target, key)
    if called is None:
        return None
    url = url_for(f"{target.name}.record", pk=key)
    return Markup('<a href="{}">{}</a>').format(url, f"{_(target.one)} {called}")


def entries(screen: Screen, row_id: UUID) -> Related | None:
    """Find the journal entries that come from a record; None where there are none."""
    journal = BY_TABLE.get("journal_entry")
    if journal is None or screen is journal:
        return None
    entry = journal.model
    query = select(entry.id).where(entry.source_table == screen.name, entry.source_id == row_id)  # type: ignore[attr-defined]
    if db.session().scalars(query.limit(1)).first() is None:
        return None
    return Related(entry, "source_id", journal.title, "memo booked_on actor", order="-id")


def _names_a_row(screen: Screen, name: str) -> bool:
    return name in IDS and hasattr(screen.model, IDS[name])


def _called(target: Screen, key: UUID) -> str | None:
    columns = [target.column(target.called)] if target.called else []
    query = showing(target.model, columns, {"_name": target.name_key})
    rules = target.rules(listed=False)
    found = (
        db.session().execute(query.statement.where(target.model.id == key, *rules)).one_or_none()
    )
    if found is None:
        return None
    return spoken.name(target, dict(found._mapping))  # noqa: SLF001  # the documented way by name
