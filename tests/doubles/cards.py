"""A card provider under test: our client of it, its switches, and a payer at its page."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from adapters.card import CardProvider
from adapters.payments import Checkout, CheckoutRequest
from adapters.wire import Limits
from tests.doubles.running import running

GOOD, DECLINED, ASKS_BANK = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 3220"
SETTLES_LATER = "4000 0000 0000 0077"
KEY, SECRET = "key-of-this-test", "secret-of-this-test"
QUICK = Limits(connect_seconds=1, read_seconds=1, total_seconds=1.5)


@dataclass
class Card:
    address: str
    process_id: int
    provider: CardProvider

    def faults(self, **wanted: Any) -> None:
        self._api("PUT", "/_/faults", wanted)

    def books(self) -> dict[str, Any]:
        books: dict[str, Any] = self._api("GET", "/_/books")
        return books

    def resend(self, reference: str) -> None:
        self._api("POST", f"/_/notices/{reference}", {})

    def open(self, webhook_url: str = "http://127.0.0.1:1/nobody", **other: Any) -> Checkout:
        return self.provider.create(request(webhook_url=webhook_url, **other))

    def pay(self, checkout: Checkout, number: str = GOOD, **more: str) -> httpx.Response:
        fields = {"number": number, "expires": "04 / 39", "code": "123", **more}
        return self.post(checkout, fields)

    def post(self, checkout: Checkout, fields: dict[str, str]) -> httpx.Response:
        return httpx.post(checkout.url, data=fields, trust_env=False)

    def page(self, checkout: Checkout) -> httpx.Response:
        return httpx.get(checkout.url, trust_env=False)

    def kill(self) -> None:
        os.kill(self.process_id, signal.SIGKILL)

    def _api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = self.address + path
        answer = httpx.request(method, url, json=body, headers=headers, trust_env=False)
        return answer.raise_for_status().json()


def request(**changes: Any) -> CheckoutRequest:
    fields: dict[str, Any] = {
        "amount": Decimal("10400000.50"),
        "currency": "KES",
        "intent_id": "intent-1",
        "description": "Booking of A0703 in Acacia Heights",
        "return_url": "http://127.0.0.1:8080/portal/bookings/1?tab=money",
        "webhook_url": "http://127.0.0.1:1/nobody",
        "key": "key-1",
    }
    return CheckoutRequest(**fields | changes)


@contextmanager
def card_provider(data: Path, *options: str) -> Iterator[Card]:
    secret = ("--key", KEY, "--secret", SECRET)
    with running("doubles.card", data, "--port", "0", *secret, *options) as (addresses, pid):
        yield Card(addresses[0], pid, CardProvider(addresses[0], KEY, [SECRET], QUICK))
