"""Refunds: money on its way back through the provider that took it, asked for as payments are."""

import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from adapters import providers
from adapters.payments import (
    Provider,
    ProviderRefused,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
    RefundState,
)
from core.work import Work, found
from models.events import Event
from models.payments import PaymentIntent, ProviderEvent, Refund
from services import refunds
from services.payments import Outcome
from workers.jobs import Desk, each, job
from workers.payments import MOST, notice_address, secret_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """All that a call to a provider needs to know of a refund, read before it is made."""

    provider: str
    reference: str | None
    request: RefundRequest
    heard: list[Any]


@job(queue="money", timeout_seconds=90)
def send_back(desk: Desk, refund_id: str) -> None:
    """Ask the provider to send a refund, or how it stands. The same key asks for it once."""
    with desk.work() as work:
        refund = refunds.claim(work, UUID(refund_id))
        if refund is None:
            return
        intent = found(work, PaymentIntent, refund.intent_id)
        provider = providers.named(current_app.config, intent.provider)
        call = _call(work, refund, intent, provider)
    try:
        said = _asked(provider, call)
    except ProviderUnavailable as error:
        log.warning("%s does not answer for refund %s: %s", call.provider, refund_id, error)
        with desk.work() as work:
            refunds.postpone(work, UUID(refund_id))
        return
    except ProviderRefused as error:
        _settle(desk, UUID(refund_id), Outcome("failed", reason=error.sentence), "")
        return
    if said.state is RefundState.pending:
        with desk.work() as work:
            refunds.asked(work, UUID(refund_id), said.reference)
        return
    outcome = Outcome(said.state.value, reason=said.failure_sentence)
    _settle(desk, UUID(refund_id), outcome, said.reference)


def send_back_due() -> None:
    """Send every refund that is due, in all organizations."""
    each("refunds", _send_back_all)


def ring_refund(work: Work, event: Event) -> None:
    """Have a refund sent at once."""
    send_back.later(work.scope.home(), str(event.subject_id))


def _asked(provider: Provider | None, call: Call) -> RefundOutcome:
    if provider is None:
        raise ProviderUnavailable("it is not set up")
    if call.reference is None:
        return provider.refund(call.request)
    return provider.refund_status(call.request, call.reference, call.heard)


def _call(work: Work, refund: Refund, intent: PaymentIntent, provider: Provider | None) -> Call:
    token = ""
    if provider and not provider.signs:
        token, notice_hash = secret_of(refund.id)
        refunds.call_once(work, refund, notice_hash)
    request = RefundRequest(
        checkout=intent.reference or "",
        amount=refund.amount,
        currency=refund.currency,
        key=f"refund:{refund.id}",
        phone=intent.phone,
        webhook_url=notice_address(intent.provider, token),
    )
    bodies = select(ProviderEvent.body).where(ProviderEvent.refund_id == refund.id)
    heard = work.session.scalars(bodies.order_by(ProviderEvent.received_at).limit(MOST))
    return Call(intent.provider, refund.reference, request, list(heard))


def _send_back_all(home: UUID) -> None:
    with Desk(home, "refunds.send_back_due").work() as work:
        due = select(Refund.id).where(Refund.check_at <= work.now)
        ids = work.session.scalars(due.order_by(Refund.check_at).limit(MOST)).all()
    for refund_id in ids:
        try:
            send_back(home, str(refund_id))
        except Exception:
            log.exception("refund %s", refund_id)


def _settle(desk: Desk, refund_id: UUID, outcome: Outcome, reference: str) -> None:
    with desk.work() as work:
        refunds.settled(work, refund_id, outcome, reference)
        heard = update(ProviderEvent).where(
            ProviderEvent.refund_id == refund_id, ProviderEvent.handled_at.is_(None)
        )
        work.session.execute(heard.values(handled_at=work.now))
