"""Card payments through a hosted checkout, over REST with a bearer key and signed notices."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

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
from adapters.signatures import SignatureRefused, verify
from adapters.wire import PATIENCE, Limits, Wire

SIGNATURE_HEADER = "card-signature"
NOTICE_BYTES_MAX = 64 * 1024


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
    repeats: ClassVar[bool] = True
    signs: ClassVar[bool] = True

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
        answer = Answer(self._wire.call("POST", "/v1/checkouts", body, request.key))
        return Checkout(answer.text("reference"), answer.url("url"), answer.instant("expires_at"))

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask how the checkout stands now."""
        answer = Answer(self._wire.call("GET", f"/v1/checkouts/{quote(reference, safe='')}"))
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

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back part or all of what the checkout took, once per key."""
        body = {
            "amount": to_minor(request.amount, request.currency),
            "currency": request.currency,
        }
        path = f"/v1/checkouts/{quote(request.checkout, safe='')}/refunds"
        return _refunded(self._wire.call("POST", path, body, request.key), request)

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Ask how a refund stands now."""
        path = f"/v1/refunds/{quote(reference, safe='')}"
        return _refunded(self._wire.call("GET", path), request)

    def dispute(self, reference: str) -> DisputeOutcome:
        """Refuse: this provider keeps disputes to itself."""
        raise ProviderRefused("no_disputes", "This provider tells of no disputes.")

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
            body = Answer(json.loads(raw_body))
            data = Answer(body.part("data"))
            return Notice(
                event_id=body.text("id"),
                type=body.text("type"),
                reference=data.text("reference"),
                intent_id=data.text("intent_id"),
                topic=Topic.refund if body.text("type").startswith("refund.") else Topic.payment,
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


def _refunded(said: dict[str, Any], asked: RefundRequest) -> RefundOutcome:
    answer = Answer(said)
    outcome = RefundOutcome(
        state=answer.member("state", RefundState),
        amount=answer.amount(),
        currency=answer.currency(),
        reference=answer.text("reference"),
    )
    if (outcome.amount, outcome.currency) != (asked.amount, asked.currency):
        raise ProviderUnavailable("the answer is about another sum")
    return outcome
