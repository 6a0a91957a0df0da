"""How many rows a list of all has, where the database keeps it: migrations/sql/begin/counts.sql."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import scope
from models.builder import RowCount
from views.admin.registry import Screen


def keeps_count(screen: Screen) -> bool:
    """Whether the number is kept, for the person at hand; it is that of all parties together."""
    return screen.counted and scope.current().parties is None


def kept_count(session: Session, screen: Screen) -> int:
    """Read the number of rows."""
    total = select(func.sum(RowCount.rows)).where(RowCount.table_name == screen.name)
    return int(session.scalar(total) or 0)
