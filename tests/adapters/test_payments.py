"""Sums on the wire, notices, and answers nobody should trust."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.card import CardProvider
from adapters.payments import (
    CheckoutRequest,
    NoticeRefused,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    from_minor,
    to_minor,
)
from adapters.wire import Limits

NOW = 1_770_000_000
QUICK = Limits(connect_seconds=1, read_seconds=1, total_seconds=1)
REQUEST = CheckoutRequest(
    Decimal(1), "KES", "intent-1", "A sum", "http://127.0.0.1/", "http://127.0.0.1/", "key-1"
)
GOOD = {"reference": "chk_1", "url": "http://127.0.0.1/pay", "expires_at": NOW}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10400000.00", "KES", 1040000000),
        ("1500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("0.01", "USD", 1),
        ("1000000000000.99", "KES", 100000000000099),
    ],
)
def test_sums_go_over_the_wire_in_smallest_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert from_minor(minor, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0", "KES"),
        ("-1", "KES"),
        ("1.005", "KES"),
        ("1.5", "JPY"),
        ("NaN", "KES"),
        ("Infinity", "KES"),
        ("1e30", "KES"),
    ],
)
def test_what_is_no_sum_is_not_sent(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        to_minor(Decimal(amount), currency)


def _provider(address: str = "http://127.0.0.1:1") -> CardProvider:
    return CardProvider(address, "key", ["new secret", "old secret"], QUICK, clock=lambda: NOW)


def _signed(body: bytes, secret: str, stamp: int = NOW) -> dict[str, str]:
    proof = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"CARD-Signature": f"t={stamp},v1={proof}"}


def _notice(**changes: Any) -> bytes:
    data = {"reference": "chk_1", "intent_id": "intent-1"}
    fields = {"id": "evt_1", "type": "checkout.succeeded", "data": data}
    return json.dumps(fields | changes).encode()


@pytest.mark.parametrize("secret", ["new secret", "old secret"])
def test_a_notice_is_read_under_each_secret_while_they_change(secret: str) -> None:
    notice = _provider().parse_notice(_notice(), _signed(_notice(), secret))
    assert (notice.event_id, notice.reference) == ("evt_1", "chk_1")


def test_a_notice_may_carry_the_signatures_of_two_secrets() -> None:
    old, unknown = _signed(_notice(), "old secret"), _signed(_notice(), "unknown")
    both = unknown["CARD-Signature"] + "," + old["CARD-Signature"].split(",")[1]
    assert _provider().parse_notice(_notice(), {"card-signature": both})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (_notice(), {}),
        (_notice(), {"card-signature": "v1=00"}),
        (_notice(), {"card-signature": "t=1,t=2,v1=00"}),
        (_notice(), {"card-signature": f"t={'9' * 1000},v1=00"}),
        (_notice(), {"card-signature": f"t={NOW},v1=é"}),
        (_notice(), {"card-signature": "t=²,v1=00"}),
        (_notice(), _signed(_notice(), "unknown")),
        (_notice() + b" ", _signed(_notice(), "new secret")),
        (_notice(), _signed(_notice(), "new secret", NOW - 301)),
        (_notice(), _signed(_notice(), "new secret", NOW + 301)),
        (b"[1]", _signed(b"[1]", "new secret")),
        (b"{", _signed(b"{", "new secret")),
        (_notice(data=None), _signed(_notice(data=None), "new secret")),
        (_notice(id=7), _signed(_notice(id=7), "new secret")),
        (b"x" * 70_000, _signed(b"x" * 70_000, "new secret")),
    ],
)
def test_a_notice_that_proves_nothing_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(NoticeRefused):
        _provider().parse_notice(body, headers)


@contextmanager
def _answering(status: int, content: bytes) -> Iterator[CardProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield _provider(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        {},
        GOOD | {"url": "javascript:alert(1)"},
        GOOD | {"url": "http://[bad"},
        GOOD | {"reference": ""},
        GOOD | {"reference": "x" * 501},
        GOOD | {"expires_at": "soon"},
        GOOD | {"expires_at": True},
        GOOD | {"expires_at": 10**30},
        {"error": "something"},
        {"error": {"code": "internal", "retry": True}},
    ],
    ids=str,
)
def test_an_answer_in_a_wrong_form_is_no_answer(answer: Any) -> None:
    with (
        _answering(200, json.dumps(answer).encode()) as provider,
        pytest.raises(ProviderUnavailable),
    ):
        provider.create(REQUEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "chk_2"},
        {"state": "great"},
        {"amount": 1.5},
        {"amount": True},
        {"amount": -1},
        {"amount": 10**19},
        {"currency": "kes"},
        {"currency": "KESH"},
    ],
    ids=str,
)
def test_a_status_in_a_wrong_form_is_no_status(changes: dict[str, Any]) -> None:
    answer = {"reference": "chk_1", "state": "succeeded", "amount": 100, "currency": "KES"}
    with _answering(200, json.dumps(answer).encode()) as provider:
        assert provider.status("chk_1").amount == Decimal(1)
    with (
        _answering(200, json.dumps(answer | changes).encode()) as provider,
        pytest.raises(ProviderUnavailable),
    ):
        provider.status("chk_1")


def test_a_refund_of_another_sum_is_not_believed() -> None:
    answer = {"reference": "ref_1", "state": "succeeded", "amount": 99, "currency": "KES"}
    with (
        _answering(201, json.dumps(answer).encode()) as provider,
        pytest.raises(ProviderUnavailable),
    ):
        provider.refund(RefundRequest("chk_1", Decimal(1), "KES", "key-1"))


@pytest.mark.parametrize("status", [200, 400, 409, 422])
def test_a_refusal_counts_with_any_status(status: int) -> None:
    refusal = {"error": {"code": "too_much", "message": "That is too much."}}
    with (
        _answering(status, json.dumps(refusal).encode()) as provider,
        pytest.raises(ProviderRefused) as refused,
    ):
        provider.create(REQUEST)
    assert (refused.value.code, refused.value.sentence) == ("too_much", "That is too much.")


@pytest.mark.parametrize(
    ("status", "content"),
    [(401, b"<html>who are you</html>"), (429, b"{}"), (302, b""), (204, b""), (200, b"[" * 9999)],
)
def test_noise_is_no_refusal(status: int, content: bytes) -> None:
    with _answering(status, content) as provider, pytest.raises(ProviderUnavailable):
        provider.create(REQUEST)


def test_nobody_there_and_a_bad_address_are_no_answer() -> None:
    for address in ("http://127.0.0.1:1", "http://[bad", "ftp://127.0.0.1"):
        with pytest.raises(ProviderUnavailable):
            _provider(address).create(REQUEST)


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(_provider()).replace("secrets", "")
    assert "'key'" not in repr(_provider())
