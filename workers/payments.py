"""Money jobs: what the card provider is asked, and what becomes of its answers.

Each claims its row and commits, calls the provider with no transaction open, and hands the outcome
to a service in a new unit of work. Whoever dies in between leaves a row that falls due again, and
asks again with the same key.
"""

import logging
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from adapters import card
from adapters.payments import (
    CheckoutRequest,
    Provider,
    ProviderRefused,
    ProviderUnavailable,
    RefundState,
)
from core.work import Work, found
from models.events import Event
from models.payments import PaymentIntent, ProviderEvent, Refund
from services import payments, refunds
from services.payments import Outcome
from workers.jobs import Desk, each, job

MOST = 50
log = logging.getLogger(__name__)


@job(queue="money", timeout_seconds=60)
def ask(desk: Desk, intent_id: str) -> None:
    """Open the checkout of a payment, or ask how it stands, if that is due."""
    with desk.work() as work:
        intent = payments.claim(work, UUID(intent_id))
        if intent is None:
            return
        reference = intent.reference
        open_still = intent.status in payments.ASKED
        request = _request(intent)
    try:
        if reference is not None:
            said = _provider().status(reference)
            outcome = Outcome(said.state.value, said.amount, said.currency, said.failure_sentence)
            _settle(desk, UUID(intent_id), outcome)
        elif open_still:
            checkout = _provider().create(request)
            with desk.work() as work:
                payments.asked(
                    work, UUID(intent_id), checkout.reference, checkout.url, checkout.expires_at
                )
        else:  # given up before the provider ever heard of it
            _settle(desk, UUID(intent_id), Outcome("cancelled"))
    except ProviderUnavailable as error:
        log.warning("the card provider does not answer for payment %s: %s", intent_id, error)
    except ProviderRefused as error:
        if reference is None:
            _settle(desk, UUID(intent_id), Outcome("failed", reason=error.sentence))
        else:
            log.error("the card provider does not know payment %s: %s", intent_id, error)  # noqa: TRY400


@job(queue="money", timeout_seconds=60)
def send_back(desk: Desk, refund_id: str) -> None:
    """Ask the provider to send a refund, if that is due. The same key asks for it once."""
    with desk.work() as work:
        refund = refunds.claim(work, UUID(refund_id))
        if refund is None:
            return
        intent = found(work, PaymentIntent, refund.intent_id)
        reference, amount, currency = intent.reference or "", refund.amount, refund.currency
    try:
        answer = _provider().refund(reference, amount, currency, f"refund:{refund_id}")
    except ProviderUnavailable as error:
        log.warning("the card provider does not answer for refund %s: %s", refund_id, error)
        return
    except ProviderRefused as error:
        outcome, reference = Outcome("failed", reason=error.sentence), ""
    else:
        if answer.state is RefundState.pending:
            return
        outcome, reference = Outcome(answer.state.value), answer.reference
    with desk.work() as work:
        refunds.settled(work, UUID(refund_id), outcome, reference)


def ask_due() -> None:
    """Ask for every payment that is due, in all organizations."""
    each("payments", _ask_all)


def send_back_due() -> None:
    """Send every refund that is due, in all organizations."""
    each("refunds", _send_back_all)


def ring_payment(work: Work, event: Event) -> None:
    """Have a card payment asked for at once."""
    if event.data["method"] == "card":
        ask.later(work.scope.home(), str(event.subject_id))


def ring_refund(work: Work, event: Event) -> None:
    """Have a refund sent at once."""
    send_back.later(work.scope.home(), str(event.subject_id))


def _ask_all(home: UUID) -> None:
    with Desk(home, "payments.ask_due").work() as work:
        due = select(PaymentIntent.id).where(PaymentIntent.check_at <= work.now)
        ids = work.session.scalars(due.order_by(PaymentIntent.check_at).limit(MOST)).all()
    for intent_id in ids:
        try:
            ask(home, str(intent_id))
        except Exception:
            log.exception("payment %s", intent_id)


def _send_back_all(home: UUID) -> None:
    with Desk(home, "payments.send_back_due").work() as work:
        due = select(Refund.id).where(Refund.check_at <= work.now)
        ids = work.session.scalars(due.order_by(Refund.check_at).limit(MOST)).all()
    for refund_id in ids:
        try:
            send_back(home, str(refund_id))
        except Exception:
            log.exception("refund %s", refund_id)


def _settle(desk: Desk, intent_id: UUID, outcome: Outcome) -> None:
    """Hand over what the provider says; its messages about this payment are answered by that."""
    with desk.work() as work:
        payments.settle(work, intent_id, outcome)
        heard = update(ProviderEvent).where(
            ProviderEvent.intent_id == intent_id, ProviderEvent.handled_at.is_(None)
        )
        work.session.execute(heard.values(handled_at=work.now))


def _provider() -> Provider:
    found = card.configured(current_app.config)
    if found is None:
        raise ProviderUnavailable("no card provider is set up")
    return found


def _request(intent: PaymentIntent) -> CheckoutRequest:
    public = current_app.config["PUBLIC_URL"]
    return CheckoutRequest(
        amount=intent.amount,
        currency=intent.currency,
        intent_id=str(intent.id),
        description=f"Payment {intent.number}",
        return_url=intent.return_url or f"{public}/portal/payments/{intent.id}",
        webhook_url=f"{public}/webhooks/card",
        key=str(intent.id),
    )
