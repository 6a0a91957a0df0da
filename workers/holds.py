"""Money that was set aside and whose time is over is free again."""

import logging
from uuid import UUID

from services import holds
from workers.jobs import Desk, homes

log = logging.getLogger(__name__)


def expire() -> None:
    """End the holds whose time is over, each in a transaction of its own."""
    for home in homes():
        _expire_in(home)


def _expire_in(home: UUID) -> None:
    desk = Desk(home, "holds.expire")
    with desk.work() as work:
        due = holds.due(work)
    for hold_id in due:
        try:
            with desk.work() as work:
                holds.expire(work, hold_id)
        except Exception:
            log.exception("hold %s", hold_id)
