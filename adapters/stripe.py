"""Stripe: checkout sessions on its own page, through its official client.

No card number ever reaches us. The client speaks over our own wire, which limits time and size.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

import stripe

from adapters.answers import Answer
from adapters.payments import (
    Card,
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    DisputeOutcome,
    DisputeState,
    Heard,
    Notice,
    NoticeRefused,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
    RefundState,
    State,
    Topic,
    from_minor,
    to_minor,
)
from adapters.signatures import SignatureRefused, verify
from adapters.wire import PATIENCE, Limits, Wire

NOTICE_BYTES_MAX = 64 * 1024
SHORTEST = timedelta(minutes=30)
"""Sessions last at least so long from when they are made."""
IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Currencies without decimals that Stripe counts in hundredths nevertheless."""
REFUNDS = {
    "succeeded": RefundState.succeeded,
    "failed": RefundState.failed,
    "canceled": RefundState.failed,
}
DISPUTES = {
    "won": DisputeState.won,
    "warning_closed": DisputeState.won,
    "prevented": DisputeState.won,
    "lost": DisputeState.lost,
}
FORGOTTEN = frozenset({"resource_missing", "payment_method_unexpected_state"})
PAID = {
    "succeeded": State.succeeded,
    "processing": State.processing,
    "requires_action": State.requires_action,
    "requires_capture": State.processing,
    "canceled": State.failed,
}


@dataclass(frozen=True, slots=True)
class StripeProvider:
    """Stripe at an address. `secrets` sign the notices: the current one, and one before."""

    address: str
    key: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    limits: Limits = PATIENCE
    clock: Callable[[], float] = time.time
    repeats: ClassVar[bool] = True
    signs: ClassVar[bool] = True

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout session, once per `request.key`."""
        about = {"intent_id": request.intent_id}
        price = {
            "currency": request.currency.lower(),
            "unit_amount": _minor(request.amount, request.currency),
            "product_data": {"name": request.description},
        }
        params: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": request.intent_id,
            "metadata": about,
            "payment_intent_data": {"metadata": about, "description": request.description},
            "success_url": request.return_url,
            "cancel_url": request.return_url,
        }
        if request.email:
            params["customer_email"] = request.email
        if request.saves:
            params["payment_intent_data"]["setup_future_usage"] = "off_session"
            params["customer_creation"] = "always"
        if request.expires_at:
            # The same with each try, or the key would be refused, and never too near.
            params["expires_at"] = int((request.expires_at + SHORTEST).timestamp())
        answer = self._said(
            lambda client: client.v1.checkout.sessions.create(
                params, {"idempotency_key": request.key}
            )
        )
        return Checkout(answer.text("id"), answer.url("url"), answer.instant("expires_at"))

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask how a session stands; or a payment intent, for what began without a page."""
        if reference.startswith("pi_"):
            paid = self._said(lambda client: client.v1.payment_intents.retrieve(reference))
            return _paid(paid, reference)
        expand: Any = {"expand": ["payment_intent.payment_method"]}
        session = self._said(lambda client: client.v1.checkout.sessions.retrieve(reference, expand))
        if session.text("id") != reference:
            raise ProviderUnavailable("the answer is about another session")
        if session.text("status") == "complete":
            return _paid(Answer(session.part("payment_intent")), reference)
        state = State.expired if session.text("status") == "expired" else State.requires_action
        amount, currency = _sum(session, "amount_total")
        return Outcome(state, amount, currency, reference)

    def charge(self, request: ChargeRequest) -> Outcome:
        """Charge a saved card, off session, once per key."""
        customer, _, method = request.token.partition(" ")
        params: Any = {
            "amount": _minor(request.amount, request.currency),
            "currency": request.currency.lower(),
            "customer": customer,
            "payment_method": method,
            "confirm": True,
            "off_session": True,
            "description": request.description,
            "metadata": {"intent_id": request.intent_id},
        }
        options: Any = {"idempotency_key": request.key}
        try:
            made = self._said(lambda client: client.v1.payment_intents.create(params, options))
        except _Declined as declined:
            return _paid(declined.payment, declined.payment.text("id"))
        return _paid(made, made.text("id"))

    def charged(self, request: ChargeRequest) -> Outcome | None:
        """Look for a charge among the latest of its customer: keys are kept for a day only."""
        customer, _, _method = request.token.partition(" ")
        params: Any = {"customer": customer, "limit": 100}
        try:
            listed = self._said(lambda client: client.v1.payment_intents.list(params)).any("data")
        except ProviderRefused as error:  # it cannot be told from here whether it was charged
            raise ProviderUnavailable(str(error)) from error
        if not isinstance(listed, list):
            raise ProviderUnavailable("the answer is no list")
        for each in map(Answer, listed):
            if (each.any("metadata") or {}).get("intent_id") == request.intent_id:
                return _paid(each, each.text("id"))
        return None

    def forget(self, token: str) -> None:
        """Detach a payment method; one that is not attached (any more) is forgotten already."""
        method = token.partition(" ")[2]
        try:
            self._said(lambda client: client.v1.payment_methods.detach(method))
        except ProviderRefused as error:
            if error.code not in FORGOTTEN and "not attached" not in error.sentence:
                raise

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back part or all of what a session took, once per key."""
        params: Any = {
            "payment_intent": self._payment_of(request.checkout),
            "amount": _minor(request.amount, request.currency),
            "metadata": {"key": request.key},
        }
        options: Any = {"idempotency_key": request.key}
        made = self._said(lambda client: client.v1.refunds.create(params, options))
        return _refunded(made, request)

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Ask how a refund stands now."""
        return _refunded(self._said(lambda client: client.v1.refunds.retrieve(reference)), request)

    def dispute(self, reference: str) -> DisputeOutcome:
        """Ask how a dispute stands now."""
        said = self._said(lambda client: client.v1.disputes.retrieve(reference))
        amount, currency = _sum(said, "amount")
        return DisputeOutcome(
            said.text("id"),
            DISPUTES.get(said.text("status"), DisputeState.open),
            amount,
            currency,
            said.text("reason", empty=True).replace("_", " "),
        )

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read an event after proving its signature over the very bytes that came.

        Raises:
            NoticeRefused: too long, forged, stale or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            verify(raw_body, lowered.get("stripe-signature", ""), self.secrets, self.clock())
            event = Answer(json.loads(raw_body))
            return _told(event, Answer(Answer(event.part("data")).part("object")))
        except SignatureRefused as error:
            raise NoticeRefused(str(error)) from error
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error

    def _payment_of(self, checkout: str) -> str:
        if checkout.startswith("pi_"):
            return checkout
        session = self._said(lambda client: client.v1.checkout.sessions.retrieve(checkout))
        return session.text("payment_intent")

    def _said(self, ask: Callable[[stripe.StripeClient], Any]) -> Answer:
        """Ask by the client, and put its errors into our own words."""
        client = stripe.StripeClient(
            self.key,
            base_addresses={"api": self.address},
            http_client=_Line(self.address, self.limits),
            max_network_retries=0,
        )
        try:
            return Answer(ask(client).to_dict())
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            told: Any = error.json_body
            payment = ((told or {}).get("error") or {}).get("payment_intent")
            if payment:
                raise _Declined(Answer(dict(payment))) from error
            sentence = str(error.user_message or error.code or "It was refused.")
            raise ProviderRefused(str(error.code or "refused"), sentence) from error
        except stripe.StripeError as error:
            raise ProviderUnavailable(str(error.user_message or error)) from error


class _Declined(Exception):
    """A charge that was made and failed: the refusal holds the payment intent."""

    def __init__(self, payment: Answer) -> None:
        self.payment = payment
        super().__init__("declined")


class _Line(stripe.HTTPClient):
    """What the client calls over: our wire."""

    name = "wire"

    def __init__(self, address: str, limits: Limits) -> None:
        super().__init__()
        self._address, self._limits = address, limits

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send it, and give content, status and no headers."""
        content = post_data.encode() if isinstance(post_data, str) else post_data or b""
        kept = {k: v for k, v in (headers or {}).items() if k.lower() != "content-type"}
        kind = "application/x-www-form-urlencoded" if content else ""
        path = url.removeprefix(self._address)
        wire = Wire(self._address, kept, self._limits)
        status, answered = wire.send(method.upper(), path, content, kind)
        if 300 <= status < 400:
            raise ProviderUnavailable(f"{method} {urlsplit(url).path}: answered {status}")
        return answered.decode(errors="replace"), status, {}

    def close(self) -> None:
        """Close nothing: each call has a connection of its own."""


def configured(settings: Mapping[str, Any]) -> StripeProvider | None:
    """Give Stripe as the settings name it; None where they do not.

    STRIPE_WEBHOOK_SECRET may hold two secrets with a blank between them while one is being changed.
    """
    key, secrets = settings["STRIPE_KEY"], settings["STRIPE_WEBHOOK_SECRET"].split()
    return StripeProvider(settings["STRIPE_URL"], key, secrets) if key and secrets else None


def _told(event: Answer, about: Answer) -> Notice:
    """Name what an event is about. What we did not begin is named by nothing."""
    kind = event.text("type")
    notice = Notice(event.text("id"), kind)
    payment = about.text("payment_intent", empty=True, lenient=True)
    if kind.startswith("payment_intent."):
        meta = about.maybe("metadata")
        intent_id = meta.text("intent_id", empty=True, lenient=True) if meta else ""
        return Notice(notice.event_id, kind, "" if intent_id else about.text("id"), intent_id)
    if kind.startswith("checkout.session."):
        intent_id = about.text("client_reference_id", empty=True, lenient=True)
        return Notice(notice.event_id, kind, about.text("id"), intent_id)
    if kind.startswith("charge.dispute."):
        return Notice(
            notice.event_id,
            kind,
            receipt=payment,
            topic=Topic.dispute,
            subject=about.text("id"),
        )
    if kind.startswith("refund.") or kind in {"charge.refunded", "charge.refund.updated"}:
        return Notice(notice.event_id, kind, receipt=payment, topic=Topic.refund)
    return notice


def _paid(payment: Answer, reference: str) -> Outcome:
    """Say how a payment intent stands."""
    amount, currency = _sum(payment, "amount")
    error = payment.maybe("last_payment_error")
    state = PAID.get(payment.text("status"))
    if state is None:  # it asks for another way to pay, as the last one failed
        state = State.failed if error else State.requires_action
    failed = state is State.failed
    return Outcome(
        state,
        amount,
        currency,
        reference,
        error.text("code", empty=True) if error and failed else "",
        error.text("message", empty=True) if error and failed else "",
        receipt=payment.text("id"),
        card=_card(payment) if state is State.succeeded else None,
    )


def _card(payment: Answer) -> Card | None:
    """Read the card that was saved with a payment, where it was, and the answer says all of it."""
    method = payment.any("payment_method")
    customer = payment.text("customer", empty=True, lenient=True)
    if not payment.any("setup_future_usage") or not customer or not isinstance(method, dict):
        return None
    token = Answer(method).text("id", empty=True, lenient=True)
    card = Answer(method).maybe("card")
    digits = card.text("last4", empty=True, lenient=True) if card else ""
    good = len(digits) == 4 and digits.isascii() and digits.isdigit()
    if card is None or not token or not good:
        return None
    return Card(
        f"{customer} {token}",
        card.text("fingerprint", empty=True, lenient=True)[:120] or token,
        card.text("brand", empty=True, lenient=True).title(),
        digits,
        card.last_day("exp_year", "exp_month"),
    )


def _refunded(said: Answer, asked: RefundRequest) -> RefundOutcome:
    amount, currency = _sum(said, "amount")
    if (amount, currency) != (asked.amount, asked.currency):
        raise ProviderUnavailable("the answer is about another sum")
    return RefundOutcome(
        REFUNDS.get(said.text("status"), RefundState.pending),
        amount,
        currency,
        said.text("id"),
        said.text("failure_reason", empty=True, lenient=True).replace("_", " "),
    )


def _sum(said: Answer, name: str) -> tuple[Decimal, str]:
    currency = said.text("currency").upper()
    minor = said.whole(name)
    shift = 100 if currency in IN_HUNDREDTHS else 1
    if minor % shift:
        raise ProviderUnavailable("the answer has no good amount")
    return from_minor(minor // shift, currency), currency


def _minor(amount: Decimal, currency: str) -> int:
    return to_minor(amount, currency) * (100 if currency in IN_HUNDREDTHS else 1)
