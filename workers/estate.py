"""Estates in the background: units that somebody has from today on, and who is told."""

import logging
from datetime import date
from uuid import UUID

from core.text import N_
from core.work import Work, found
from models.estate import Unit
from models.events import Event
from services import estate, notices
from workers.jobs import Desk, homes
from workers.notices import notice_of

PAGE = "/portal/homes"
log = logging.getLogger(__name__)


def refresh() -> None:
    """Bring the status of units in line with who has them today, in all organizations."""
    for home in homes():
        desk = Desk(home, "estate.refresh")
        with desk.work() as work:
            late = estate.stale(work)
        for unit_id in late:
            try:
                with desk.work() as work:
                    estate.refresh(work, unit_id)
            except Exception:
                log.exception("the status of unit %s", unit_id)


def owns_now(work: Work, event: Event) -> None:
    """Tell an owner that their unit is written down."""
    _tell(work, event, N_("Unit %(unit)s is written down as yours, from %(day)s on."))


def moved_in(work: Work, event: Event) -> None:
    """Tell somebody that they are known to live in a unit."""
    _tell(work, event, N_("You are written down for unit %(unit)s, from %(day)s on."))


def _tell(work: Work, event: Event, says: str) -> None:
    unit = found(work, Unit, UUID(event.data["unit_id"]))
    since = date.fromisoformat(event.data["since"]).isoformat()
    notice = notice_of(event, says, PAGE, unit=unit.number, day=since)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)
