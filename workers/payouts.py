"""Payouts: withdrawals that a provider sends, asked for and settled as refunds are."""

import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select, text, update

from adapters import providers
from adapters.payments import (
    NotCalled,
    Payer,
    ProviderRefused,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
    RefundState,
)
from core import db
from core.text import N_
from core.work import Work
from models.events import Event
from models.payments import ProviderEvent
from models.wallet_orders import Order
from services import wallet_payouts, wallet_sendings, ways
from services.payments import Outcome
from workers.jobs import Desk, homes, job
from workers.notices import money, to_money_staff
from workers.payments import MOST, notice_address, secret_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """All that a call to a provider needs to know of a withdrawal, read before it is made."""

    provider: str
    called: bool
    """Whether it was called before: then it may have sent the money, whatever it says to this."""
    sent_as: str | None
    request: RefundRequest
    heard: list[Any]


@job(queue="money", timeout_seconds=90)
def send(desk: Desk, order_id: str) -> None:
    """Ask the provider to send a withdrawal, or how it stands. The same key asks for it once."""
    with desk.work() as work:
        order = wallet_sendings.claim(work, UUID(order_id))
        if order is None:
            return
        payer = providers.payer(current_app.config, order.provider)
        if payer is None and order.called_at is None:
            wallet_sendings.by_hand(work, order.id)
            return
        call = _call(work, order)
    try:
        said = _asked(payer, call)
    except ProviderUnavailable as error:
        log.warning("%s does not answer for withdrawal %s: %s", call.provider, order_id, error)
        never = isinstance(error, NotCalled) and not call.called
        with desk.work() as work:
            wallet_sendings.asked(work, UUID(order_id), never_called=never)
        return
    except ProviderRefused as error:
        if not call.called:
            _settle(desk, UUID(order_id), Outcome("failed", reason=error.sentence))
            return
        log.error("%s does not say how withdrawal %s stands: %s", call.provider, order_id, error)  # noqa: TRY400
        with desk.work() as work:
            wallet_sendings.asked(work, UUID(order_id))
        return
    if said.state is RefundState.pending:
        with desk.work() as work:
            wallet_sendings.asked(work, UUID(order_id), said.reference)
        return
    outcome = Outcome(said.state.value, reason=said.failure_sentence, receipt=said.receipt)
    _settle(desk, UUID(order_id), outcome)


def send_due() -> None:
    """Send every withdrawal that is due, in all organizations; one that fails holds up no other."""
    with db.session.session_factory() as session:
        due_in = set(session.scalars(text("SELECT payout_homes(now())")))
    for home in sorted(due_in.intersection(homes(suspended=True))):
        with Desk(home, "payouts.send_due").work() as work:
            ids = wallet_sendings.due(work, MOST)
        for order_id in ids:
            try:
                send(home, str(order_id))
            except Exception:
                log.exception("withdrawal %s", order_id)


def begun(work: Work, event: Event) -> None:
    """Have a withdrawal sent at once."""
    send.later(work.scope.home(), str(event.subject_id))


def unclear(work: Work, event: Event) -> None:
    """Have an accountant look at money that left after all."""
    says = N_("The provider says that it sent %(amount)s, which were given back to the wallet.")
    values = {"amount": money(event.data["amount"], event.data["currency"])}
    to_money_staff(work, event, says, f"/admin/wallet_order/{event.subject_id}", values)


def _asked(payer: Payer | None, call: Call) -> RefundOutcome:
    if payer is None:
        raise ProviderUnavailable("it is not set up any more")
    if call.sent_as is None:
        return payer.pay_out(call.request)
    return payer.payout_status(call.request, call.sent_as, call.heard)


def _call(work: Work, order: Order) -> Call:
    token, notice_hash = secret_of(order.id)
    called = order.called_at is not None
    wallet_sendings.call_once(work, order, notice_hash)
    number = wallet_payouts.account_of(order)
    request = RefundRequest(
        checkout="",
        amount=order.amount,
        currency=order.currency,
        key=f"payout:{order.id}",
        phone=ways.phone_of(order.provider, number),
        webhook_url=notice_address(order.provider, token),
    )
    bodies = select(ProviderEvent.body).where(ProviderEvent.order_id == order.id)
    heard = work.session.scalars(bodies.order_by(ProviderEvent.received_at).limit(MOST))
    return Call(order.provider, called, order.sent_as, request, list(heard))


def _settle(desk: Desk, order_id: UUID, outcome: Outcome) -> None:
    with desk.work() as work:
        wallet_sendings.settled(work, order_id, outcome)
        heard = update(ProviderEvent).where(
            ProviderEvent.order_id == order_id, ProviderEvent.handled_at.is_(None)
        )
        work.session.execute(heard.values(handled_at=work.now))
