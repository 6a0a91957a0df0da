"""Providers under test, one kit each: our client, their books and switches, and a payer.

What holds of every provider is asked of every kit; a further provider needs a kit and no new test.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from adapters.card import CardProvider
from adapters.flutterwave import FlutterwaveProvider
from adapters.mpesa import MpesaProvider, Till
from adapters.payments import Checkout, CheckoutRequest, Provider, RefundRequest
from adapters.paystack import PaystackProvider
from adapters.stripe import StripeProvider
from adapters.wire import Limits
from tests.doubles.running import running

KEY, SECRET = "key-of-this-test", "secret-of-this-test"
QUICK = Limits(connect_seconds=1, read_seconds=1, total_seconds=1.5)
PHONE = "+254712345678"
CARD = {"number": "4242 4242 4242 4242", "expires": "04 / 39", "code": "123"}
TILL = Till(KEY, SECRET, "174379", "passkey", "api", "credential", "600000")

PAY = {"act": "pay"}
ACTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "card": {
        "pay": CARD,
        "later": CARD | {"number": "4000 0000 0000 0077"},
        "decline": CARD | {"number": "4000 0000 0000 0002"},
        "cancel": {"cancel": "1"},
    },
    "mpesa": {
        "pay": {"act": "pay", "pin": "1234"},
        "later": {"act": "later", "pin": "1234"},
        "decline": {"act": "pay", "pin": "0000"},
        "cancel": {"act": "cancel"},
    },
    "": {each: {"act": each} for each in ("pay", "later", "decline", "cancel", "ask", "confirm")},
}
"""What a payer presses, at those who ask for more than a decision."""


@dataclass(frozen=True)
class Kind:
    """What differs between providers, as their tests need to know it."""

    name: str
    client: Callable[[str], Provider]
    settings: Callable[[str], dict[str, str]]
    fails_at_once: bool = True
    """A try that fails ends the payment, for now; else the payer may try again on the page."""
    disputes: bool = False
    timed: bool = False
    """Its notices carry a time, so that an old one is known."""


KINDS = {
    each.name: each
    for each in (
        Kind(
            "card",
            lambda at: CardProvider(at, KEY, [SECRET], QUICK),
            lambda at: {
                "CARD_PROVIDER_URL": at,
                "CARD_PROVIDER_KEY": KEY,
                "CARD_WEBHOOK_SECRET": SECRET,
            },
            timed=True,
        ),
        Kind(
            "stripe",
            lambda at: StripeProvider(at, KEY, [SECRET], QUICK),
            lambda at: {"STRIPE_URL": at, "STRIPE_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET},
            fails_at_once=False,
            disputes=True,
            timed=True,
        ),
        Kind(
            "paystack",
            lambda at: PaystackProvider(at, KEY, QUICK),
            lambda at: {"PAYSTACK_URL": at, "PAYSTACK_KEY": KEY},
            disputes=True,
        ),
        Kind(
            "flutterwave",
            lambda at: FlutterwaveProvider(at, KEY, [SECRET], QUICK),
            lambda at: {
                "FLUTTERWAVE_URL": at,
                "FLUTTERWAVE_KEY": KEY,
                "FLUTTERWAVE_WEBHOOK_HASH": SECRET,
            },
        ),
        Kind(
            "mpesa",
            lambda at: MpesaProvider(at, TILL, QUICK),
            lambda at: {
                "MPESA_URL": at,
                "MPESA_KEY": KEY,
                "MPESA_SECRET": SECRET,
                "MPESA_SHORTCODE": TILL.shortcode,
                "MPESA_PASSKEY": TILL.passkey,
                "MPESA_INITIATOR": TILL.initiator,
                "MPESA_CREDENTIAL": TILL.credential,
                "MPESA_PAYOUT_SHORTCODE": TILL.payout_shortcode,
            },
        ),
    )
}


@dataclass
class Kit:
    """One provider that runs."""

    kind: Kind
    address: str
    process_id: int
    provider: Provider
    key: str = KEY

    def faults(self, **wanted: Any) -> None:
        self.control("PUT", "/_/faults", wanted)

    def books(self) -> dict[str, Any]:
        return self.control("GET", "/_/books")

    def resend(self, reference: str) -> None:
        self.control("POST", f"/_/notices/{reference}", {})

    def dispute(self, reference: str) -> dict[str, Any]:
        """Let the payer's bank want the money of a checkout back."""
        return self.control("POST", f"/_/disputes/{reference}", {})

    def end_dispute(self, reference: str, state: str) -> None:
        self.control("PUT", f"/_/disputes/{reference}", {"state": state})

    def open(self, **changes: Any) -> Checkout:
        return self.provider.create(asked(**changes))

    def act(self, checkout: Checkout, act: str = "pay", **more: str) -> httpx.Response:
        """Do as a payer does, on the page or on the phone."""
        fields = dict(ACTS.get(self.kind.name, ACTS[""])[act])
        url = checkout.url
        if self.kind.name == "mpesa":
            url = f"{self.address}/phone/{PHONE.lstrip('+')}"
            fields["prompt"] = checkout.reference
        return httpx.post(url, data=fields | more, trust_env=False, timeout=30)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        url = self.address + path
        answer = httpx.request(method, url, json=body, headers=headers, trust_env=False)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


def asked(**changes: Any) -> CheckoutRequest:
    fields: dict[str, Any] = {
        "amount": Decimal(104000),
        "currency": "KES",
        "intent_id": "intent-1",
        "description": "Payment PAY-000001",
        "return_url": "http://127.0.0.1:8080/portal/payments/1?tab=money",
        "webhook_url": "http://127.0.0.1:1/nobody",
        "key": "key-1",
        "email": "payer@example.com",
        "phone": PHONE,
        "name": "A payer",
    }
    return CheckoutRequest(**fields | changes)


def back(
    checkout: Checkout, amount: Decimal, key: str = "refund:1", url: str = ""
) -> RefundRequest:
    nowhere = "http://127.0.0.1:1/nobody"
    return RefundRequest(checkout.reference, amount, "KES", key, PHONE, url or nowhere)


@contextmanager
def kit(kind: Kind, data: Path, public: str = "", *options: str) -> Iterator[Kit]:
    """Run one provider; `public` is the shop's address for notices that name none of their own."""
    with ExitStack() as stack:
        given = ["--port", "0", "--key", KEY, "--secret", SECRET]
        if kind.name == "card":
            where, pid = stack.enter_context(running("doubles.card", data, *given, *options))
            yield Kit(kind, where[0], pid, kind.client(where[0]))
        else:
            more = ["--public", public, "--settle-seconds", "0.3"]
            where, pid = stack.enter_context(
                running("doubles.providers", data, *given, *more, *options)
            )
            address = f"{where[0]}/{kind.name}"
            yield Kit(kind, address, pid, kind.client(address))
