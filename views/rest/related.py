"""What hangs on a record, for programs: the same rows that its page shows."""

from typing import Any
from uuid import UUID

from core import db
from views.admin.queries import related
from views.admin.registry import READ_VERB, Related, Screen, tells
from views.rest.rows import plain_row
from views.web.person import person

MOST = 100
"""Rows of each kind that come with a record; the resource of that kind gives all."""


def related_of(screen: Screen, row_id: UUID, currency: str) -> dict[str, list[dict[str, Any]]]:
    """Give the rows that hang on a record by their table, those that the bearer may read."""
    at_hand = person()
    if at_hand is None or not at_hand.may(READ_VERB, screen.name):
        return {}  # who reads own rows alone asks the other resources for theirs
    return {
        str(each.model.__tablename__): _rows(each, row_id, currency)
        for each in screen.related
        if each.open_to(at_hand)
    }


def _rows(link: Related, row_id: UUID, currency: str) -> list[dict[str, Any]]:
    columns, statement = related(link, row_id)
    at_hand = person()
    columns = [each for each in columns if tells(each, at_hand)]
    rows = db.session().execute(statement.limit(MOST)).mappings()
    return [plain_row(columns, row, currency) for row in rows]
