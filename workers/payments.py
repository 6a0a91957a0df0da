"""Money jobs: what providers are asked about payments, and what becomes of their answers.

Each claims its row and commits, calls the provider with no transaction open, and hands the outcome
to a service in a new unit of work. Whoever dies in between leaves a row that falls due again, and
asks again with the same key. A call that must not be made twice is noted before it is made.
"""

import hashlib
import hmac
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from adapters import payments as wire
from adapters import providers
from adapters.payments import (
    Charger,
    ChargeRequest,
    CheckoutRequest,
    NotCalled,
    Provider,
    ProviderRefused,
    ProviderUnavailable,
)
from core.work import Work, found, locked
from models.events import Event
from models.organizations import Organization
from models.payments import ONLINE, PaymentIntent, ProviderEvent
from models.people import Party
from models.saved_ways import SavedWay
from services import asking, organizations, payments, saved_ways
from services.payments import Outcome
from workers.jobs import Desk, each, job

MOST = 50
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """All that a call to a provider needs to know of a payment, read before it is made."""

    intent_id: UUID
    provider: str
    reference: str | None
    wanted: bool
    once: bool
    request: CheckoutRequest
    heard: list[Any]
    charge: ChargeRequest | None = None


@job(queue="money", timeout_seconds=90)
def ask(desk: Desk, intent_id: str) -> None:
    """Open the checkout of a payment, charge its card, or ask how it stands, if that is due."""
    with desk.work() as work:
        intent = asking.claim(work, UUID(intent_id))
        if intent is None:
            return
        provider = providers.named(current_app.config, intent.provider)
        call = _call(work, intent, provider)
    try:
        _ask(desk, provider, call)
    except ProviderUnavailable as error:
        log.warning("%s does not answer for payment %s: %s", call.provider, intent_id, error)
        with desk.work() as work:
            asking.postpone(work, call.intent_id, not_called=isinstance(error, NotCalled))
    except ProviderRefused as error:
        if call.reference is None:
            said = Outcome("failed", reason=error.sentence, code=error.code)
            _settle(desk, call.intent_id, said)
            return
        log.error("%s does not know payment %s: %s", call.provider, intent_id, error)  # noqa: TRY400
        with desk.work() as work:
            asking.postpone(work, call.intent_id)


def ask_due() -> None:
    """Ask for every payment that is due, in all organizations."""
    each("payments", _ask_all)


def ring_payment(work: Work, event: Event) -> None:
    """Have a payment by a provider asked for at once."""
    if event.data["method"] in [each.value for each in ONLINE]:
        ask.later(work.scope.home(), str(event.subject_id))


def notice_address(provider: str, token: str) -> str:
    """Give where a provider writes to; where it signs nothing the address holds a secret."""
    public = current_app.config["PUBLIC_URL"]
    return f"{public}/webhooks/{provider}" + (f"/{token}" if token else "")


def secret_of(row_id: UUID) -> tuple[str, bytes]:
    """Make the secret of the address for one payment or refund, and the hash that is kept of it.

    The same each time, so that a later call gives the same address and no answer goes astray.
    """
    key = current_app.config["NOTICE_SECRET"].encode()
    token = hmac.new(key, row_id.bytes, hashlib.sha256).hexdigest()
    return token, hashlib.sha256(token.encode()).digest()


def _ask(desk: Desk, provider: Provider | None, call: Call) -> None:
    if provider is None:
        raise NotCalled("it is not set up")
    if call.reference is not None:
        _take_up(desk, call, provider.status(call.reference, call.heard))
    elif call.charge is not None:
        charger = providers.needed_charger(current_app.config, call.provider)
        _charge(desk, charger, call, call.charge)
    elif not call.wanted and not call.once:  # given up before the provider ever heard of it
        _settle(desk, call.intent_id, Outcome("cancelled"))
    elif call.once:
        raise ProviderUnavailable("it was called, and its answer got lost")
    else:
        checkout = provider.create(call.request)
        with desk.work() as work:
            asking.asked(
                work, call.intent_id, checkout.reference, checkout.url, checkout.expires_at
            )


def _charge(desk: Desk, charger: Charger, call: Call, request: ChargeRequest) -> None:
    """Charge a card; where that was begun before, ask first what came of it.

    Nobody is charged for what is not wanted any more, unless that had happened.
    """
    said = charger.charged(request) if call.once else None
    if said is not None:
        _take_up(desk, call, said)
    elif call.wanted:
        _take_up(desk, call, charger.charge(request))
    else:
        _settle(desk, call.intent_id, Outcome("cancelled"))


def _take_up(desk: Desk, call: Call, said: wire.Outcome) -> None:
    """Hand over what the provider says, and the card that was saved with it."""
    outcome = Outcome(
        said.state.value,
        said.amount,
        said.currency,
        said.failure_sentence,
        receipt=said.receipt,
        phone=said.phone,
        code=said.failure_code,
    )
    kept = None
    if (card := said.card) is not None:
        kept = saved_ways.Card(
            card.token, card.fingerprint, card.brand, card.last_four, card.expires_on
        )
    _settle(desk, call.intent_id, outcome, said.reference, kept)


def _call(work: Work, intent: PaymentIntent, provider: Provider | None) -> Call:
    token = ""
    once = intent.called_at is not None
    wanted = intent.status in payments.ASKED
    if provider and not provider.repeats and intent.reference is None and wanted and not once:
        token, notice_hash = secret_of(intent.id)
        asking.call_once(work, intent, notice_hash)
    charge = None
    if intent.saved_way_id is not None and intent.reference is None:
        way = found(work, SavedWay, intent.saved_way_id)
        wanted = wanted and (once or way.revoked_at is None)
        charge = _charge_request(intent, way) if wanted or once else None
        if wanted and provider:
            asking.begin_charge(work, intent)
    return Call(
        intent.id,
        intent.provider,
        intent.reference,
        wanted,
        once,
        _request(work, intent, token),
        _heard(work, intent.id),
        charge,
    )


def _charge_request(intent: PaymentIntent, way: SavedWay) -> ChargeRequest:
    return ChargeRequest(
        token=saved_ways.token_of(way),
        amount=intent.amount,
        currency=intent.currency,
        intent_id=str(intent.id),
        description=f"Payment {intent.number}",
        key=str(intent.id),
    )


def _heard(work: Work, intent_id: UUID) -> list[Any]:
    bodies = (
        select(ProviderEvent.body)
        .where(ProviderEvent.intent_id == intent_id, ProviderEvent.refund_id.is_(None))
        .order_by(ProviderEvent.received_at.desc())
        .limit(MOST)
    )
    return list(work.session.scalars(bodies))[::-1]


def _ask_all(home: UUID) -> None:
    with Desk(home, "payments.ask_due").work() as work:
        due = select(PaymentIntent.id).where(PaymentIntent.check_at <= work.now)
        ids = work.session.scalars(due.order_by(PaymentIntent.check_at).limit(MOST)).all()
    for intent_id in ids:
        try:
            ask(home, str(intent_id))
        except Exception:
            log.exception("payment %s", intent_id)


def _settle(
    desk: Desk,
    intent_id: UUID,
    outcome: Outcome,
    reference: str = "",
    card: saved_ways.Card | None = None,
) -> None:
    """Hand over what the provider says; its messages about this payment are answered by that.

    What began without a page is called by its `reference` from here on.
    """
    with desk.work() as work:
        intent = locked(work, PaymentIntent, intent_id)
        intent.reference = intent.reference or reference or None
        payments.settle(work, intent_id, outcome)
        if card is not None:
            saved_ways.keep(work, intent_id, card)
        heard = update(ProviderEvent).where(
            ProviderEvent.intent_id == intent_id,
            ProviderEvent.topic == "payment",
            ProviderEvent.handled_at.is_(None),
        )
        work.session.execute(heard.values(handled_at=work.now))


def _request(work: Work, intent: PaymentIntent, token: str) -> CheckoutRequest:
    public = current_app.config["PUBLIC_URL"]
    payer = found(work, Party, intent.party_id)
    return CheckoutRequest(
        amount=intent.amount,
        currency=intent.currency,
        intent_id=str(intent.id),
        description=f"Payment {intent.number}",
        return_url=intent.return_url or f"{public}/portal/payments/{intent.id}",
        webhook_url=notice_address(intent.provider, token),
        key=str(intent.id),
        email=payer.email or _own_email(work),
        phone=intent.phone,
        name=payer.name,
        expires_at=intent.expires_at,
        saves=intent.saves,
    )


def _own_email(work: Work) -> str:
    """Give an address for a payer who has none: some providers do not go without."""
    home: Organization = organizations.home(work)
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname or "localhost"
    return home.email or f"payments@{host}"
