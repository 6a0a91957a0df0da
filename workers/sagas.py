"""Sagas in the background: each step in a unit of work of its own."""

import logging
from uuid import UUID

from core.text import N_
from core.work import Work
from models.events import Event
from models.notices import Priority
from services import activations, cancellations, notices, onboarding_cases, sagas
from services.notices import Notice
from workers.jobs import Desk, each

log = logging.getLogger(__name__)
assert {"cancel_booking", activations.KIND} <= set(sagas.KINDS), cancellations
assert onboarding_cases.KIND in sagas.KINDS


def advance_due() -> None:
    """Go on with every saga that can."""
    each("sagas", advance_all)


def advance_all(home: UUID) -> None:
    """Go on with the sagas of an organization, each as far as it can."""
    with Desk(home, "sagas").work() as work:
        due = sagas.due(work)
    for saga_id in due:
        while advance(home, saga_id):
            pass


def advance(home: UUID, saga_id: UUID) -> bool:
    """Make the next step of a saga; say whether another can be made at once."""
    desk = Desk(home, "sagas")
    with desk.work() as work:
        if not sagas.claim(work, saga_id):
            return False
    try:
        with desk.work() as work:
            return sagas.advance(work, saga_id)
    except Exception as error:
        log.exception("saga %s", saga_id)
        with desk.work() as work:
            sagas.failed(work, saga_id, f"{type(error).__name__}: {error}")
        return False


def raise_alarm(work: Work, event: Event) -> None:
    """Tell those who can decide that a saga waits for them."""
    if event.data["new"] != "parked":
        return
    log.error("saga %s is parked: %s", event.subject_id, event.data["reason"])
    notice = Notice(
        N_("A process stands still and needs you: %(reason)s"),
        once=f"saga:{event.id}",
        values={"reason": event.data["reason"]},
        link=f"/admin/saga/{event.subject_id}",
        priority=Priority.high,
    )
    notices.notify_roles(work, ["Admin", "Manager"], notice)
