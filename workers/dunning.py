"""Once a day: who is reminded of what is due, and what is charged on what is late."""

import logging
from datetime import date
from uuid import UUID

from core.text import N_
from core.work import Work
from models.events import Event
from services import late_fees, notices, reminders
from services.notices import Notice
from workers.jobs import Desk, everywhere
from workers.notices import money, notice_of

log = logging.getLogger(__name__)


def remind() -> None:
    """Send the reminders that are due, in all organizations."""
    everywhere("dunning.remind", _remind_in)


def charge() -> None:
    """Charge the late fees that are due, in all organizations."""
    everywhere("dunning.charge", _charge_in)


def _remind_in(home: UUID) -> None:
    desk = Desk(home, "dunning.remind")
    while True:
        with desk.work() as work:
            due = reminders.due(work)
        told = 0
        for invoice_id, step_id in due:
            try:
                with desk.work() as work:
                    told += reminders.remind(work, invoice_id, step_id)
            except Exception:
                log.exception("the reminder of invoice %s", invoice_id)
        if not told:
            return


def _charge_in(home: UUID) -> None:
    desk = Desk(home, "dunning.charge")
    while True:
        with desk.work() as work:
            due = late_fees.foresee(work)
        charged = 0
        for fee in due:
            try:
                with desk.work() as work:
                    charged += late_fees.charge(work, fee.invoice_id) is not None
            except Exception:
                log.exception("the late fee of invoice %s", fee.invoice_id)
        if not charged:
            return


def reminded(work: Work, event: Event) -> None:
    """Tell the party what is due, in the words of the step that is reached."""
    data = event.data
    ahead = N_("Invoice %(number)s over %(amount)s is due on %(due)s. %(note)s")
    late = N_("Invoice %(number)s was due on %(due)s; %(amount)s are still open. %(note)s")
    values = {
        "number": data["number"],
        "amount": money(data["due_amount"], data["currency"]),
        "due": date.fromisoformat(data["due_on"]).isoformat(),
        "note": data["note"],
    }
    says = late if data["days"] > 0 else ahead
    notice = notice_of(event, says, f"/portal/payments?invoice={event.subject_id}", **values)
    notices.notify_party(work, UUID(data["party_id"]), notice)


def fee_charged(work: Work, event: Event) -> None:
    """Tell the party of the fee, and what it is for."""
    data = event.data
    says = N_("Invoice %(number)s is late, so a fee of %(amount)s was charged.")
    values = {"number": data["number"], "amount": money(data["amount"], data["currency"])}
    link = f"/portal/payments?invoice={data['fee_invoice_id']}"
    notice = Notice(says, f"event:{event.id}", values, link)
    notices.notify_party(work, UUID(data["party_id"]), notice)
