"""Paystack: transactions on its own page, by REST with a bearer key and signed notices.

It knows no keys of idempotency. A transaction is made once by the reference that we give it; where
the answer got lost it is made anew under the next one, as nobody was shown the page of the first.
A refund carries our key in its note, and is looked for before it is asked for.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import quote

from adapters.answers import Answer
from adapters.payments import (
    AUTHENTICATION,
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
from adapters.wire import PATIENCE, Limits, Wire

NOTICE_BYTES_MAX = 64 * 1024
REFERENCES = 5
"""So many transactions may get lost with their answers before we stop."""
STATES = {
    "success": State.succeeded,
    "failed": State.failed,
    "reversed": State.succeeded,
    "abandoned": State.requires_action,
    "ongoing": State.requires_action,
    "pending": State.processing,
    "processing": State.processing,
    "queued": State.processing,
}
REFUNDS = {
    "processed": RefundState.succeeded,
    "failed": RefundState.failed,
}
WON, LOST = "declined", "merchant-accepted"
"""How a resolved dispute was decided: the payer's claim was declined, or accepted."""


@dataclass(frozen=True, slots=True)
class PaystackProvider:
    """Paystack at an address. Its notices are signed with the very key."""

    address: str
    key: str = field(repr=False)
    limits: Limits = PATIENCE
    repeats: ClassVar[bool] = True
    signs: ClassVar[bool] = True

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a transaction; one that nobody was shown does not count."""
        body = {
            "email": request.email,
            "amount": to_minor(request.amount, request.currency),
            "currency": request.currency,
            "callback_url": request.return_url,
            "metadata": {"intent_id": request.intent_id, "description": request.description},
        }
        for number in range(1, REFERENCES + 1):
            reference = request.key if number == 1 else f"{request.key}-{number}"
            try:
                made = self._data(
                    "POST", "/transaction/initialize", {**body, "reference": reference}
                )
            except ProviderRefused as refusal:
                if "duplicate" not in refusal.sentence.lower():
                    raise
                continue
            if made.text("reference") != reference:
                raise ProviderUnavailable("the answer is about another transaction")
            return Checkout(reference, made.url("authorization_url"), None)
        raise ProviderRefused("duplicate", "The payment could not be opened. Begin it again.")

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask how a transaction stands now."""
        said = self._data("GET", f"/transaction/verify/{quote(reference, safe='')}")
        if said.text("reference") != reference:
            raise ProviderUnavailable("the answer is about another transaction")
        state = STATES.get(said.text("status"))
        if state is None:
            raise ProviderUnavailable("the answer has no known status")
        failed = state is State.failed
        return Outcome(
            state,
            said.amount(),
            said.currency(),
            reference,
            "failed" if failed else "",
            said.text("gateway_response", empty=True, lenient=True) if failed else "",
            receipt=str(said.whole("id")),
            card=_card(said) if state is State.succeeded else None,
        )

    def charge(self, request: ChargeRequest) -> Outcome:
        """Charge a reusable authorization; a reference is taken once, and asked about after that.

        Where the payer would have to confirm it (`paused`) it has failed: nobody is there.
        """
        code, _, email = request.token.partition(" ")
        body = {
            "authorization_code": code,
            "email": email,
            "amount": to_minor(request.amount, request.currency),
            "currency": request.currency,
            "reference": request.key,
            "metadata": {"intent_id": request.intent_id, "description": request.description},
        }
        try:
            said = self._data("POST", "/transaction/charge_authorization", body)
        except ProviderRefused as refusal:
            if "duplicate" not in refusal.sentence.lower():
                raise
            return self._unattended(self.status(request.key))
        if said.any("paused"):
            return self._unattended(
                Outcome(State.requires_action, request.amount, request.currency, request.key)
            )
        return self._unattended(self.status(request.key))

    def charged(self, request: ChargeRequest) -> Outcome | None:
        """Say how a charge stands; None where its reference is not known."""
        try:
            return self._unattended(self.status(request.key))
        except ProviderRefused as refusal:
            if "not found" not in refusal.sentence.lower():
                raise ProviderUnavailable(str(refusal)) from refusal
            return None

    def forget(self, token: str) -> None:
        """Deactivate an authorization; one that is not known is forgotten already."""
        body = {"authorization_code": token.partition(" ")[0]}
        try:
            self._asked("POST", "/customer/deactivate_authorization", body)
        except ProviderRefused as refusal:
            if "not found" not in refusal.sentence.lower():
                raise

    @staticmethod
    def _unattended(said: Outcome) -> Outcome:
        """Tell a charge that waits for its payer to have failed: they were never shown its page."""
        if said.state is not State.requires_action:
            return said
        return replace(
            said,
            state=State.failed,
            failure_code=AUTHENTICATION,
            failure_sentence="The bank wants the payer to confirm it.",
        )

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back part or all of what a transaction took, once per key."""
        paid = self._data("GET", f"/transaction/verify/{quote(request.checkout, safe='')}")
        number = paid.whole("id")
        listed = self._asked("GET", f"/refund?transaction={number}&perPage=100")
        for each in _list(listed):
            if each.text("merchant_note", empty=True, lenient=True) == request.key:
                return _refunded(each, request)
        body = {
            "transaction": number,
            "amount": to_minor(request.amount, request.currency),
            "currency": request.currency,
            "merchant_note": request.key,
        }
        return _refunded(self._data("POST", "/refund", body), request)

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Ask how a refund stands now."""
        return _refunded(self._data("GET", f"/refund/{quote(reference, safe='')}"), request)

    def dispute(self, reference: str) -> DisputeOutcome:
        """Ask how a dispute stands now."""
        said = self._data("GET", f"/dispute/{quote(reference, safe='')}")
        resolution = said.text("resolution", empty=True, lenient=True)
        decided = {WON: DisputeState.won, LOST: DisputeState.lost}
        resolved = said.text("status") == "resolved"
        paid = Answer(said.part("transaction"))
        currency = paid.currency()
        minor = said.any("refund_amount")
        amount = minor if isinstance(minor, int) and minor > 0 else paid.whole("amount")
        return DisputeOutcome(
            str(said.whole("id")),
            decided.get(resolution, DisputeState.open) if resolved else DisputeState.open,
            from_minor(amount, currency),
            currency,
            said.text("category", empty=True, lenient=True),
        )

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read an event after proving its signature over the very bytes that came.

        It carries no time: one that comes again is known by what it is about, and asked about.

        Raises:
            NoticeRefused: too long, forged or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        lowered = {name.lower(): value for name, value in headers.items()}
        expected = hmac.new(self.key.encode(), raw_body, hashlib.sha512).hexdigest()
        given = lowered.get("x-paystack-signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise NoticeRefused("the signature does not fit")
        try:
            body = Answer(json.loads(raw_body))
            return _told(body.text("event"), Answer(body.part("data")))
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error

    def _data(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        return Answer(Answer(self._asked(method, path, body)).part("data"))

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask, and tell a refusal (4xx in its own words) from noise."""
        wire = Wire(self.address, {"Authorization": f"Bearer {self.key}"}, self.limits)
        status, answer = wire.ask(method, path, body)
        if status == 200 and answer.get("status") is True:
            return answer
        sentence = answer.get("message")
        if 400 <= status < 500 and status != 401 and isinstance(sentence, str):
            raise ProviderRefused(str(answer.get("code") or "refused"), sentence)
        raise ProviderUnavailable(f"{method} {path}: answered {status} in a form we do not know")


def configured(settings: Mapping[str, Any]) -> PaystackProvider | None:
    """Give Paystack as the settings name it; None where they do not."""
    key = settings["PAYSTACK_KEY"]
    return PaystackProvider(settings["PAYSTACK_URL"], key) if key else None


def _card(said: Answer) -> Card | None:
    """Read the card of a transaction, where Paystack lets us charge it again."""
    card, customer = said.maybe("authorization"), said.maybe("customer")
    if card is None or customer is None or card.any("reusable") is not True:
        return None
    digits = card.text("last4", empty=True, lenient=True)
    if not (len(digits) == 4 and digits.isascii() and digits.isdigit()):
        return None
    code = card.text("authorization_code", empty=True, lenient=True)
    email = customer.text("email", empty=True, lenient=True)
    if not code or not email:
        return None
    return Card(
        f"{code} {email}",
        card.text("signature", empty=True, lenient=True)[:120] or code,
        card.text("brand", empty=True, lenient=True).strip().title(),
        digits,
        card.last_day("exp_year", "exp_month"),
    )


def _told(kind: str, about: Answer) -> Notice:
    """Name what an event is about: it is known by its kind, its object and how that stands."""
    number = about.any("id")
    status = about.text("status", empty=True, lenient=True)
    event_id = f"{kind}:{number}:{status}"[:120]
    if kind.startswith("charge.dispute."):
        paid = Answer(about.part("transaction"))
        return Notice(
            event_id,
            kind,
            paid.text("reference"),
            topic=Topic.dispute,
            subject=str(about.whole("id")),
        )
    if kind.startswith("refund."):
        return Notice(event_id, kind, about.text("transaction_reference"), topic=Topic.refund)
    return Notice(event_id, kind, about.text("reference", empty=True, lenient=True))


def _list(answer: Mapping[str, Any]) -> list[Answer]:
    rows = answer.get("data")
    if not isinstance(rows, list):
        raise ProviderUnavailable("the answer is no list")
    return [Answer(each) for each in rows]


def _refunded(said: Answer, asked: RefundRequest) -> RefundOutcome:
    amount, currency = said.amount(), said.currency()
    if (amount, currency) != (asked.amount, asked.currency):
        raise ProviderUnavailable("the answer is about another sum")
    state = REFUNDS.get(said.text("status"), RefundState.pending)
    return RefundOutcome(state, amount, currency, str(said.whole("id")))
