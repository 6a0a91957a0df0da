"""Bills of one's own in the background: reminders, payments, and who is told."""

import logging
from datetime import date
from uuid import UUID

from core.text import N_
from core.work import Work
from models.events import Event
from services import notices, scheduled_bills
from workers.jobs import Desk, everywhere
from workers.notices import money, notice_of

PAGE = "/portal/bills/"
log = logging.getLogger(__name__)
WHAT_HAPPENS = {
    "remind": N_("%(title)s over %(amount)s is due on %(due)s."),
    "ask": N_("%(title)s over %(amount)s is due on %(due)s. Agree to it, and it is paid then."),
    "pay": N_("%(title)s over %(amount)s is paid out of your wallet on %(due)s."),
}


def look_after() -> None:
    """Write down what falls due, remind of it, and have it paid, in all organizations."""
    everywhere("scheduled_bills", _look_after)


def _look_after(home: UUID) -> None:
    desk = Desk(home, "scheduled_bills")
    with desk.work() as work:
        scheduled_bills.write_down(work)
        ids = scheduled_bills.due(work)
    for payment_id in ids:
        try:
            with desk.work() as work:
                scheduled_bills.look_after(work, payment_id)
        except Exception:
            log.exception("scheduled payment %s", payment_id)


def reminded(work: Work, event: Event) -> None:
    """Tell the owner what is due, and what happens then."""
    _tell(work, event, WHAT_HAPPENS[event.data["mode"]], due=event.data["due_on"])


def failed(work: Work, event: Event) -> None:
    """Tell the owner that nothing was paid, and whether it is tried again."""
    again = event.data["again_on"]
    if again:
        says = N_("%(title)s was not paid: %(reason)s It is tried again on %(again)s.")
        _tell(work, event, says, reason=event.data["reason"], again=_day(again))
        return
    says = N_("%(title)s was not paid: %(reason)s It is not tried again.")
    _tell(work, event, says, reason=event.data["reason"])


def paid(work: Work, event: Event) -> None:
    """Note that the money of a bill was sent."""
    if event.data["kind"] == "bill":
        scheduled_bills.ended(work, event.subject_id)


def order_failed(work: Work, event: Event) -> None:
    """Note that the money of a bill was not sent, and why."""
    scheduled_bills.ended(work, event.subject_id, event.data["reason"])


def _tell(work: Work, event: Event, says: str, **values: str) -> None:
    data = event.data
    told = {"title": data["title"], "amount": money(data["amount"], data["currency"]), **values}
    if "due" in told:
        told["due"] = _day(told["due"])
    notices.notify_party(work, UUID(data["party_id"]), notice_of(event, says, PAGE, **told))


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()
