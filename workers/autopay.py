"""Each hour: invoices that wallets and saved cards pay by themselves; who is told where not."""

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


def charge_ended(work: Work, event: Event) -> None:
    """Hear what became of a charge of a saved card."""
    autopay.charge_ended(work, event.subject_id)


def paid_in_part(work: Work, event: Event) -> None:
    """Tell the payer what the limit has left of an invoice: nothing pays it by itself."""
    data = event.data
    by_wallet = N_(
        "Your wallet has paid invoice %(number)s up to your limit. %(rest)s are still due: pay them"
        " another way."
    )
    by_card = N_(
        "Your card %(card)s has paid invoice %(number)s up to your limit. %(rest)s are still due:"
        " pay them another way."
    )
    says = by_card if data.get("card") else by_wallet
    values = {
        "number": data["number"],
        "rest": money(data["rest"], data["currency"]),
        "card": data.get("card", ""),
    }
    link = f"/portal/payments?invoice={data['invoice_id']}"
    notices.notify_party(work, UUID(data["party_id"]), notice_of(event, says, link, **values))


def failed(work: Work, event: Event) -> None:
    """Tell the payer that wallet or card has not paid, and when it is tried again."""
    data = event.data
    values = {
        "number": data["number"],
        "amount": money(data["amount"], data["currency"]),
        "day": date.fromisoformat(data["again_on"]).isoformat() if data["again_on"] else "-",
        "card": data.get("card", ""),
    }
    again = N_(
        "Your wallet could not pay %(amount)s of invoice %(number)s by itself."
        " It tries again on %(day)s: top it up before."
    )
    never = N_(
        "Your wallet could not pay %(amount)s of invoice %(number)s by itself."
        " It does not try again: pay it another way."
    )
    if data.get("card"):
        again = N_(
            "Your card %(card)s did not pay %(amount)s of invoice %(number)s by itself."
            " It is tried again on %(day)s; or pay it another way before."
        )
        never = N_(
            "Your card %(card)s did not pay %(amount)s of invoice %(number)s by itself."
            " It is not tried again: pay it another way."
        )
    link = f"/portal/payments?invoice={data['invoice_id']}"
    notice = notice_of(event, again if data["again_on"] else never, link, **values)
    notices.notify_party(work, UUID(data["party_id"]), notice)


def payer_wanted(work: Work, event: Event) -> None:
    """Ask the payer to be there: the card's bank wants them to confirm the payment."""
    data = event.data
    says = N_(
        "The bank of your card %(card)s wants you to confirm %(amount)s of invoice %(number)s:"
        " nothing was taken. Pay it here yourself."
    )
    values = {
        "number": data["number"],
        "amount": money(data["amount"], data["currency"]),
        "card": data["card"],
    }
    link = f"/portal/payments?invoice={data['invoice_id']}"
    notices.notify_party(work, UUID(data["party_id"]), notice_of(event, says, link, **values))
