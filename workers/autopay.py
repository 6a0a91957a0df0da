"""Each hour: invoices that wallets pay by themselves, and who is told where one does not."""

import logging
from datetime import date
from uuid import UUID

from core.text import N_
from core.work import Work
from models.events import Event
from services import autopay, notices
from workers.jobs import Desk, everywhere
from workers.notices import money, notice_of

log = logging.getLogger(__name__)


def run() -> None:
    """Pay what is due by itself, in all organizations; one that fails holds up no other."""
    everywhere("autopay.run", _run)


def _run(home: UUID) -> None:
    desk = Desk(home, "autopay.run")
    with desk.work() as work:
        due = autopay.due(work)
    for autopay_id, invoice_id in due:
        try:
            with desk.work() as work:
                autopay.pay(work, autopay_id, invoice_id)
        except Exception:
            log.exception("the automatic payment of invoice %s", invoice_id)


def paid_in_part(work: Work, event: Event) -> None:
    """Tell the payer what the limit has left of an invoice: nothing pays it by itself."""
    data = event.data
    says = N_(
        "Your wallet has paid invoice %(number)s up to your limit. %(rest)s are still due: pay them"
        " another way."
    )
    values = {"number": data["number"], "rest": money(data["rest"], data["currency"])}
    link = f"/portal/payments?invoice={data['invoice_id']}"
    notices.notify_party(work, UUID(data["party_id"]), notice_of(event, says, link, **values))


def failed(work: Work, event: Event) -> None:
    """Tell the payer that the wallet has too little, and when it is tried again."""
    data = event.data
    values = {
        "number": data["number"],
        "amount": money(data["amount"], data["currency"]),
        "day": date.fromisoformat(data["again_on"]).isoformat() if data["again_on"] else "-",
    }
    again = N_(
        "Your wallet could not pay %(amount)s of invoice %(number)s by itself."
        " It tries again on %(day)s: top it up before."
    )
    never = N_(
        "Your wallet could not pay %(amount)s of invoice %(number)s by itself."
        " It does not try again: pay it another way."
    )
    link = f"/portal/payments?invoice={data['invoice_id']}"
    notice = notice_of(event, again if data["again_on"] else never, link, **values)
    notices.notify_party(work, UUID(data["party_id"]), notice)
