"""What hangs on a record, for programs: the same rows that its page shows."""

from typing import Any
from uuid import UUID

from sqlalchemy import inspect

from core import db
from views.columns import column
from views.person import person
from views.queries import Query
from views.registry import Related, Screen, screen_of
from views.rest_rows import plain_row

MOST = 100
"""Rows of each kind that come with a record; the resource of that kind gives all."""


def related_of(screen: Screen, row_id: UUID, currency: str) -> dict[str, list[dict[str, Any]]]:
    """Give the rows that hang on a record by their table, those that the bearer may read."""
    return {
        str(each.model.__tablename__): _rows(each, row_id, currency)
        for each in screen.related
        if _readable(each)
    }


def _readable(related: Related) -> bool:
    """Rows of a link are read with the record itself; others need the right to their table."""
    target, at_hand = screen_of(related.model), person()
    return target is None or bool(at_hand and at_hand.may("read", target.name))


def _rows(related: Related, row_id: UUID, currency: str) -> list[dict[str, Any]]:
    columns = [column(related.model, each, related.labels) for each in related.columns.split()]
    query = Query(related.model)
    for each in columns:
        query.show(each)
    path = related.currency or ("currency" if "currency" in inspect(related.model).columns else "")
    if path:
        query.show_path(path, "_currency")
    model: Any = related.model
    key = getattr(model, related.order.removeprefix("-"))
    order = key.desc() if related.order.startswith("-") else key
    found = query.statement.where(getattr(model, related.key) == row_id).order_by(order)
    rows = db.session().execute(found.limit(MOST)).mappings()
    return [plain_row(columns, row, currency) for row in rows]
