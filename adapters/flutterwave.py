"""Flutterwave (v3): a page of its own, by REST with a bearer key; notices show a shared secret.

It knows no keys of idempotency. A payment is known by the reference that we give it, however many
pages were opened for it, and the payer is shown one. A refund carries our key in its comment, and
is looked for before it is asked for.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from adapters.answers import Answer
from adapters.payments import (
    Checkout,
    CheckoutRequest,
    DisputeOutcome,
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
    to_minor,
)
from adapters.wire import PATIENCE, Limits, Wire

NOTICE_BYTES_MAX = 64 * 1024
STATES = {"successful": State.succeeded, "failed": State.failed, "pending": State.processing}
UNKNOWN = "no transaction was found"
"""How it says that nobody has tried to pay yet."""
REFUNDS = {"completed": RefundState.succeeded, "failed": RefundState.failed}


@dataclass(frozen=True, slots=True)
class FlutterwaveProvider:
    """Flutterwave at an address. `secrets` are what its notices show: the current, one before."""

    address: str
    key: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    limits: Limits = PATIENCE
    repeats: ClassVar[bool] = True
    signs: ClassVar[bool] = True

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a page for a payment under our own reference."""
        to_minor(request.amount, request.currency)
        body = {
            "tx_ref": request.key,
            "amount": str(request.amount),
            "currency": request.currency,
            "redirect_url": request.return_url,
            "customer": {"email": request.email, "name": request.name},
            "customizations": {"title": request.description},
            "meta": {"intent_id": request.intent_id},
        }
        made = self._data("POST", "/v3/payments", body)
        return Checkout(request.key, made.url("link"), None)

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask how a payment stands now. Until the first try there is none to be found."""
        try:
            said = self._found(reference)
        except ProviderRefused as refusal:
            if UNKNOWN not in refusal.sentence.lower():
                raise
            return Outcome(State.requires_action, None, "", reference)
        if said.text("tx_ref") != reference:
            raise ProviderUnavailable("the answer is about another payment")
        state = STATES.get(said.text("status"))
        if state is None:
            raise ProviderUnavailable("the answer has no known status")
        failed = state is State.failed
        return Outcome(
            state,
            _decimal(said, "amount"),
            said.currency(),
            reference,
            "failed" if failed else "",
            said.text("processor_response", empty=True, lenient=True) if failed else "",
            receipt=str(said.whole("id")),
        )

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back part or all of what a payment took, once per key."""
        number = self._found(request.checkout).whole("id")
        rows = self._asked("GET", f"/v3/refunds?{urlencode({'id': number})}").get("data")
        if not isinstance(rows, list):
            raise ProviderUnavailable("the answer is no list")
        for each in (Answer(row) for row in rows):
            if each.text("comment", empty=True, lenient=True) == request.key:
                return _refunded(each, request)
        body = {"amount": str(request.amount), "comments": request.key}
        return _refunded(self._data("POST", f"/v3/transactions/{number}/refund", body), request)

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Ask how a refund stands now."""
        return _refunded(self._data("GET", f"/v3/refunds/{quote(reference, safe='')}"), request)

    def dispute(self, reference: str) -> DisputeOutcome:
        """Refuse: chargebacks are told by mail and on its pages, not by notices."""
        raise ProviderRefused("no_disputes", "This provider tells of no disputes.")

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a notice after comparing the secret that it shows.

        That proves nothing about the bytes, and there is no time in it: we ask.

        Raises:
            NoticeRefused: too long, without the secret, or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        lowered = {name.lower(): value for name, value in headers.items()}
        given = lowered.get("verif-hash", "").encode(errors="replace")
        fits = [hmac.compare_digest(given, secret.encode()) for secret in self.secrets]
        if not any(fits):
            raise NoticeRefused("the secret is not ours")
        try:
            body = Answer(json.loads(raw_body))
            about = Answer(body.part("data"))
            kind = body.text("event")
            reference = about.text("tx_ref", empty=True, lenient=True)
            receipt = str(about.any("id") or "") if not reference else ""
            topic = Topic.payment
            if kind.startswith("refund."):
                topic, receipt = Topic.refund, str(about.any("tx_id") or about.any("TransactionId"))
            status = about.text("status", empty=True, lenient=True)
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error
        event_id = f"{kind}:{about.any('id')}:{status}"[:120]
        return Notice(event_id, kind, reference, receipt=receipt[:120], topic=topic)

    def _found(self, reference: str) -> Answer:
        query = urlencode({"tx_ref": reference})
        return self._data("GET", f"/v3/transactions/verify_by_reference?{query}")

    def _data(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        return Answer(Answer(self._asked(method, path, body)).part("data"))

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask, and tell a refusal (4xx in its own words) from noise."""
        wire = Wire(self.address, {"Authorization": f"Bearer {self.key}"}, self.limits)
        status, answer = wire.ask(method, path, body)
        if status == 200 and answer.get("status") == "success":
            return answer
        sentence = answer.get("message")
        if 400 <= status < 500 and status != 401 and isinstance(sentence, str):
            raise ProviderRefused("refused", sentence)
        raise ProviderUnavailable(f"{method} {path}: answered {status} in a form we do not know")


def configured(settings: Mapping[str, Any]) -> FlutterwaveProvider | None:
    """Give Flutterwave as the settings name it; None where they do not.

    FLUTTERWAVE_WEBHOOK_HASH may hold two with a blank between them while one is being changed.
    """
    key, secrets = settings["FLUTTERWAVE_KEY"], settings["FLUTTERWAVE_WEBHOOK_HASH"].split()
    if not key or not secrets:
        return None
    return FlutterwaveProvider(settings["FLUTTERWAVE_URL"], key, secrets)


def _decimal(said: Answer, name: str) -> Decimal:
    """Read major units, which come as a number of JSON."""
    value = said.any(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ProviderUnavailable(f"the answer has no good {name}")
    try:
        amount = Decimal(str(value))
        to_minor(amount, said.text("currency", empty=True) or "KES")
    except (ArithmeticError, ValueError) as error:
        raise ProviderUnavailable(f"the answer has no good {name}") from error
    return amount


def _refunded(said: Answer, asked: RefundRequest) -> RefundOutcome:
    if _decimal(said, "amount_refunded") != asked.amount:
        raise ProviderUnavailable("the answer is about another sum")
    state = REFUNDS.get(said.text("status"), RefundState.pending)
    if said.text("status").startswith("completed"):
        state = RefundState.succeeded
    return RefundOutcome(state, asked.amount, asked.currency, str(said.whole("id")))
