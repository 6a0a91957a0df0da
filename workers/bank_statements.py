"""Matches of bank lines that only a job may undo, and who is told where one stays."""

from uuid import UUID

from core.text import N_
from core.work import Work
from models.events import Event
from services import bank_undoing
from workers.notices import to_money_staff


def undo(work: Work, event: Event) -> None:
    """Take a top-up that was matched by mistake out of its wallet."""
    bank_undoing.undo_asked(work, UUID(event.data["match_id"]), event.data["reason"])


def undo_refused(work: Work, event: Event) -> None:
    """Tell the accountants that a match stays as it is."""
    says = N_("The match of a bank line could not be undone: %(reason)s")
    link = f"/admin/bank_line/{event.subject_id}"
    to_money_staff(work, event, says, link, {"reason": event.data["reason"]})
