"""Stripe's client against localstripe: payment intents and refunds. It knows no checkout sessions.

localstripe keeps its state in one file of the temporary folder: one process at a time.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from adapters.payments import ProviderRefused, RefundRequest, RefundState, State
from adapters.stripe import StripeProvider, _Line
from adapters.wire import PATIENCE
from tests.whole import free_ports

pytestmark = pytest.mark.req("S2.22")
KEY = "sk_test_12345"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("localstripe")
    port = free_ports()
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    with subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            end = time.monotonic() + 60
            url = f"http://127.0.0.1:{port}"
            while time.monotonic() < end:
                with suppress(httpx.HTTPError):
                    httpx.get(f"{url}/js.stripe.com/v3/", trust_env=False)
                    break
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()


@pytest.fixture
def provider(address: str) -> StripeProvider:
    return StripeProvider(address, KEY, ["secret"])


def paid(address: str, number: str = "4242424242424242") -> str:
    """Pay 100.50 dollars by card, as a customer whose card is on file."""
    client = stripe.StripeClient(
        KEY, base_addresses={"api": address}, http_client=_Line(address, PATIENCE)
    )
    card: Any = {
        "type": "card",
        "card": {"number": number, "exp_month": 12, "exp_year": 2039, "cvc": "123"},
    }
    method = client.v1.payment_methods.create(card)
    asked: Any = {"amount": 10050, "currency": "usd", "payment_method": method.id, "confirm": True}
    with suppress(stripe.CardError):
        return client.v1.payment_intents.create(asked).id
    return ""


def test_a_payment_intent_that_succeeded_is_read(address: str, provider: StripeProvider) -> None:
    intent = paid(address)
    outcome = provider.status(intent)

    assert (outcome.state, outcome.amount, outcome.currency) == (
        State.succeeded,
        Decimal("100.50"),
        "USD",
    )
    assert outcome.receipt == intent


def test_a_part_of_it_goes_back(address: str, provider: StripeProvider) -> None:
    """It plays neither keys nor what is left of a payment; those are asked of our own double."""
    intent = paid(address)
    request = RefundRequest(intent, Decimal("50.50"), "USD", f"refund:{intent}")
    made = provider.refund(request)

    assert (made.state, made.amount) == (RefundState.succeeded, Decimal("50.50"))
    assert provider.refund_status(request, made.reference) == made


def test_a_payment_that_nobody_knows_is_refused(provider: StripeProvider) -> None:
    with pytest.raises(ProviderRefused):
        provider.status("pi_unknown")
