"""Card payments through a hosted checkout, over REST with a bearer key and signed notices."""

import enum
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from adapters.payments import (
    MINOR_MAX,
    Checkout,
    CheckoutRequest,
    Notice,
    NoticeRefused,
    Outcome,
    ProviderUnavailable,
    RefundOutcome,
    RefundState,
    State,
    from_minor,
    to_minor,
)
from adapters.signatures import SignatureRefused, verify
from adapters.wire import PATIENCE, Limits, Wire

SIGNATURE_HEADER = "card-signature"
NOTICE_BYTES_MAX = 64 * 1024
TEXT_MAX = 500

Member = TypeVar("Member", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True)
class CardProvider:
    """The card provider at an address. Its page takes the card; no number ever reaches us.

    `secrets` sign the notices: the current one, and the one before while it is being changed.
    """

    address: str
    key: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    limits: Limits = PATIENCE
    clock: Callable[[], float] = time.time

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout, once per `request.key`."""
        body = {
            "amount": to_minor(request.amount, request.currency),
            "currency": request.currency,
            "intent_id": request.intent_id,
            "description": request.description,
            "return_url": request.return_url,
            "webhook_url": request.webhook_url,
        }
        answer = _Answer(self._wire.call("POST", "/v1/checkouts", body, request.key))
        return Checkout(answer.text("reference"), answer.url("url"), answer.instant("expires_at"))

    def status(self, reference: str) -> Outcome:
        """Ask how the checkout stands now."""
        answer = _Answer(self._wire.call("GET", f"/v1/checkouts/{quote(reference, safe='')}"))
        if answer.text("reference") != reference:
            raise ProviderUnavailable("the answer is about another checkout")
        return Outcome(
            state=answer.member("state", State),
            amount=answer.amount(),
            currency=answer.currency(),
            reference=reference,
            failure_code=answer.text("failure_code", empty=True),
            failure_sentence=answer.text("failure_sentence", empty=True),
        )

    def refund(self, reference: str, amount: Decimal, currency: str, key: str) -> RefundOutcome:
        """Give back `amount` in major units of what the checkout took, once per key."""
        body = {"amount": to_minor(amount, currency), "currency": currency}
        path = f"/v1/checkouts/{quote(reference, safe='')}/refunds"
        answer = _Answer(self._wire.call("POST", path, body, key))
        outcome = RefundOutcome(
            state=answer.member("state", RefundState),
            amount=answer.amount(),
            currency=answer.currency(),
            reference=answer.text("reference"),
        )
        if (outcome.amount, outcome.currency) != (amount, currency):
            raise ProviderUnavailable("the answer is about another sum")
        return outcome

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a notice after proving its signature over the very bytes that came.

        Raises:
            NoticeRefused: too long, forged, stale or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            verify(raw_body, lowered.get(SIGNATURE_HEADER, ""), self.secrets, self.clock())
            body = _Answer(json.loads(raw_body))
            data = _Answer(body.part("data"))
            return Notice(
                event_id=body.text("id"),
                type=body.text("type"),
                reference=data.text("reference"),
                intent_id=data.text("intent_id"),
            )
        except SignatureRefused as error:
            raise NoticeRefused(str(error)) from error
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error

    @property
    def _wire(self) -> Wire:
        return Wire(self.address, {"Authorization": f"Bearer {self.key}"}, self.limits)


def configured(settings: Mapping[str, Any]) -> CardProvider | None:
    """Give the provider that the settings name; None where there is none.

    CARD_WEBHOOK_SECRET may hold two secrets with a blank between them while one is being changed.
    """
    address, secrets = settings["CARD_PROVIDER_URL"], settings["CARD_WEBHOOK_SECRET"].split()
    if not address or not secrets:
        return None
    return CardProvider(address, settings["CARD_PROVIDER_KEY"], secrets)


class _Answer:
    """Reads fields of an answer, trusting none. Each method raises ProviderUnavailable."""

    def __init__(self, fields: Any) -> None:
        if not isinstance(fields, dict):
            raise ProviderUnavailable("the answer is no object")
        self._fields: dict[str, Any] = fields

    def text(self, name: str, *, empty: bool = False) -> str:
        value = self._fields.get(name, "" if empty else None)
        if not isinstance(value, str) or len(value) > TEXT_MAX or not (value or empty):
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def part(self, name: str) -> dict[str, Any]:
        value = self._fields.get(name)
        if not isinstance(value, dict):
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def url(self, name: str) -> str:
        value = self.text(name)
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise ProviderUnavailable(f"the answer has no good {name}") from error
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def instant(self, name: str) -> datetime:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**11:
            raise ProviderUnavailable(f"the answer has no good {name}")
        return datetime.fromtimestamp(value, UTC)

    def currency(self) -> str:
        value = self.text("currency")
        if not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
            raise ProviderUnavailable("the answer has no good currency")
        return value

    def amount(self) -> Decimal:
        minor = self._fields.get("amount")
        if isinstance(minor, bool) or not isinstance(minor, int) or not 0 < minor <= MINOR_MAX:
            raise ProviderUnavailable("the answer has no good amount")
        return from_minor(minor, self.currency())

    def member(self, name: str, among: type[Member]) -> Member:
        try:
            return among(self.text(name))
        except ValueError as error:
            raise ProviderUnavailable(f"the answer has no known {name}") from error
