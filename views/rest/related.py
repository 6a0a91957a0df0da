"""What hangs on a record, for programs: the same rows that its page shows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from core import db
from views.admin.queries import related
from views.admin.registry import READ_VERB, Related, Screen, tells
from views.rest.rows import plain_row
from views.web.person import person

MOST = 100
"""Rows of each kind that come with a record; the resource of that kind gives all."""


def links_open(screen: Screen) -> list[Related]:
    """Give what hangs on the records of a screen and may be read by the bearer."""
    at_hand = person()
    if at_hand is None or not at_hand.may(READ_VERB, screen.name):
        return []  # who reads own rows alone asks the other resources for theirs
    return [each for each in screen.related if each.open_to(at_hand)]


def mark(link: Related) -> str:
    """Name the column that says whether a record has any such rows."""
    return f"_has.{link.model.__tablename__}.{link.key}"


def hangs(screen: Screen, link: Related) -> Any:
    """Ask, with the record itself, whether anything hangs on it.

    Most kinds are empty at most times, and a statement for nothing costs as much as for something.
    """
    hanging: Any = aliased(link.model)
    return select(hanging.id).where(getattr(hanging, link.key) == screen.model.id).exists()


def related_of(
    links: Sequence[Related], row_id: UUID, currency: str
) -> dict[str, list[dict[str, Any]]]:
    """Give the rows that hang on a record by their table."""
    return {str(each.model.__tablename__): _rows(each, row_id, currency) for each in links}


def _rows(link: Related, row_id: UUID, currency: str) -> list[dict[str, Any]]:
    columns, statement = related(link, row_id)
    at_hand = person()
    columns = [each for each in columns if tells(each, at_hand)]
    rows = db.session().execute(statement.limit(MOST)).mappings()
    return [plain_row(columns, row, currency) for row in rows]
