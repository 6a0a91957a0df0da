"""Wallets: carrying out what their owners asked for, proving them each night, and who is told."""

import logging
from uuid import UUID

from sqlalchemy import select, text

from core import db
from core.text import N_
from core.work import Work, found
from models.events import Event
from models.people import Party
from models.wallet_orders import Order
from models.wallets import Wallet, WalletStatus
from services import notices, wallet_orders, wallet_payouts, wallets
from workers.jobs import Desk, homes, job
from workers.notices import money, notice_of, to_money_staff

PAGE = "/portal/wallet/"
log = logging.getLogger(__name__)


@job(queue="money", timeout_seconds=60)
def carry_out(desk: Desk, order_id: str) -> None:
    """Move the money that the owner of a wallet asked to move."""
    with desk.work() as work:
        wallet_orders.carry_out(work, UUID(order_id))


@job(queue="money", timeout_seconds=60)
def inspect(desk: Desk, wallet_id: str) -> None:
    """Prove a wallet that somebody saw does not fit, and freeze it."""
    with desk.work() as work:
        wallets.inspect(work, UUID(wallet_id))


def carry_out_due() -> None:
    """Carry out every order, in all organizations; one that fails holds up no other."""
    with db.session.session_factory() as session:
        due_in = set(session.scalars(text("SELECT wallet_homes()")))
    for home in sorted(due_in.intersection(homes())):
        with Desk(home, "wallets.carry_out_due").work() as work:
            ids = wallet_orders.due(work)
        for order_id in ids:
            try:
                carry_out(home, str(order_id))
            except Exception:
                log.exception("wallet order %s", order_id)


def inspect_all() -> dict[str, str]:
    """Prove the wallets of all organizations; gives what is wrong by their names."""
    wrong = {}
    for home in homes(suspended=True):
        desk = Desk(home, "wallets.inspect_all")
        with desk.work() as work:
            open_ones = select(Wallet.id, Wallet.name).where(Wallet.status != WalletStatus.closed)
            rows = work.session.execute(open_ones.order_by(Wallet.id)).all()
        for wallet_id, name in rows:
            with desk.work() as work:
                if said := wallets.inspect(work, wallet_id):
                    log.error("wallet %s: %s", name, said)
                    wrong[name] = said
    return wrong


def hold_ended(work: Work, event: Event) -> None:
    """Give up a payout whose money is no longer set aside."""
    if event.data["new"] != "expired":
        return
    query = select(Order.id).where(Order.hold_id == event.subject_id)
    for order_id in work.session.scalars(query).all():
        wallet_payouts.lapse(work, order_id)


def topped_up(work: Work, event: Event) -> None:
    """Tell the owner that the money is in their wallet."""
    _to_owner(work, event, N_("%(amount)s are in your wallet now."))


def diverted(work: Work, event: Event) -> None:
    """Tell the owner, and the staff, of money that the wallet may not hold."""
    _to_owner(
        work,
        event,
        N_("%(amount)s came in, but your wallet may not hold so much. They are kept as credit."),
    )
    says = N_(
        "%(amount)s came for a wallet that may not hold them: they are the customer's credit."
    )
    link = f"/admin/payment_intent/{event.data['intent_id']}"
    to_money_staff(work, event, says, link, _values(event))


def transferred(work: Work, event: Event) -> None:
    """Tell who was sent money."""
    sender = found(work, Party, UUID(event.data["party_id"]))
    says = N_("%(sender)s sent %(amount)s to your wallet.")
    notice = notice_of(event, says, PAGE, sender=sender.name, **_values(event))
    notices.notify_party(work, UUID(event.data["to_party_id"]), notice)


def order_failed(work: Work, event: Event) -> None:
    """Tell the owner why nothing moved."""
    says = N_("%(amount)s did not leave your wallet: %(reason)s")
    _to_owner(work, event, says, f"{PAGE}orders/{event.subject_id}", reason=event.data["reason"])


def payout_asked(work: Work, event: Event) -> None:
    """Have an accountant send the money."""
    says = N_("Pay out %(amount)s of a wallet, and say so when it is done.")
    to_money_staff(work, event, says, f"/admin/wallet_order/{event.subject_id}", _values(event))


def withdrawn(work: Work, event: Event) -> None:
    """Tell the owner that money is on its way to them."""
    says = N_("%(amount)s were paid out of your wallet.")
    _to_owner(work, event, says, f"{PAGE}orders/{event.subject_id}")


def payout_failed(work: Work, event: Event) -> None:
    """Tell the owner that the money is theirs to spend again."""
    says = N_("%(amount)s could not be paid out and are in your wallet again: %(reason)s")
    _to_owner(work, event, says, f"{PAGE}orders/{event.subject_id}", reason=event.data["reason"])


def frozen(work: Work, event: Event) -> None:
    """Tell the owner that nothing leaves their wallet for now."""
    says = N_("Your wallet is frozen: %(reason)s Ask us what to do.")
    notice = notice_of(event, says, PAGE, reason=event.data["reason"])
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def mismatch(work: Work, event: Event) -> None:
    """Alarm the money staff: somebody changed what cannot be changed."""
    says = N_("Alert: a wallet does not fit its entries any more (%(flaw)s). It is frozen.")
    link = f"/admin/wallet/{event.subject_id}"
    to_money_staff(work, event, says, link, {"flaw": event.data["flaw"]})


def pin_locked(work: Work, event: Event) -> None:
    """Tell the owner that somebody tried their PIN."""
    says = N_("Five wrong PINs were typed for your wallet; it takes none for 15 minutes.")
    notices.notify(work, [UUID(event.data["profile_id"])], notice_of(event, says, PAGE))


def pin_set(work: Work, event: Event) -> None:
    """Tell the owner that there is a new PIN: if it was not them, they know."""
    says = N_("The PIN of your wallet was set. If it was not you, tell us at once.")
    notices.notify(work, [UUID(event.data["profile_id"])], notice_of(event, says, PAGE))


def _to_owner(work: Work, event: Event, says: str, link: str = PAGE, **values: str) -> None:
    notice = notice_of(event, says, link, **_values(event), **values)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def _values(event: Event) -> dict[str, str]:
    return {"amount": money(event.data["amount"], event.data["currency"])}
