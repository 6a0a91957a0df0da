"""The whole thing to be broken, people who pay meanwhile, and the question whether all is well."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from core import db, embedded
from services import invariants
from tests.beside import apart
from tests.doubles.cards import GOOD, Card
from tests.doubles.kits import KINDS, Kit
from tests.whole import Whole
from workers import chains

BACK_SECONDS = 180.0
"""Patience on a busy machine, not the goal."""
ROLES = {
    "SQLALCHEMY_DATABASE_URI": "makao_app",
    "WORKER_DATABASE_URI": "makao_worker",
    "AUTH_DATABASE_URI": "makao_auth",
    "OWNER_DATABASE_URI": "postgres",
}
PAID_IN = """
    SELECT intent.reference, posting.amount FROM journal_entry AS entry
    JOIN posting ON posting.entry_id = entry.id
    JOIN account ON account.id = posting.account_id AND account.code IN ('1020', '1030')
    JOIN payment_intent AS intent ON intent.id = entry.source_id AND intent.reference IS NOT NULL
    WHERE entry.key LIKE 'payment:%' AND intent.provider = 'NAME'
"""


@dataclass
class Field:
    """Makao under fire."""

    makao: Whole
    eyes: Flask
    accountant: httpx.Client
    buyer: httpx.Client

    @property
    def card(self) -> Card:
        """The card provider beside it, with our client's key."""
        address = f"http://127.0.0.1:{self.makao.port + 1}"
        return Card(address, self.makao.process("card"), None)  # type: ignore[arg-type]

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database past all rules."""
        with psycopg.connect(embedded.postgres_address(self.makao.folder)) as connection:
            return connection.execute(statement, values or None).fetchall()

    def due(self) -> tuple[str, Decimal]:
        """Find an invoice of the first organization on which nothing was paid; its total too."""
        query = """
            SELECT id, total FROM invoice WHERE status = 'issued' AND paid_amount = 0
            AND organization_id = (SELECT id FROM organization WHERE slug = 'jacaranda')
            AND NOT EXISTS (SELECT FROM payment_allocation WHERE invoice_id = invoice.id)
            AND party_id NOT IN (SELECT party_id FROM membership WHERE party_id IS NOT NULL)
            ORDER BY id LIMIT 1"""
        ((invoice_id, total),) = self.ask(query)
        return str(invoice_id), total

    def paid(self, invoice_id: str) -> Decimal:
        ((amount,),) = self.ask("SELECT paid_amount FROM invoice WHERE id = %s", invoice_id)
        return Decimal(amount)

    def record(self, invoice_id: str, amount: Decimal, key: str) -> httpx.Response:
        """Send once that cash came in."""
        return self.accountant.post(
            f"/api/v1/invoice/{invoice_id}/record_payment",
            json={"amount": str(amount), "method": "cash", "note": "fault"},
            headers={"Idempotency-Key": key},
        )

    def record_until_told(self, invoice_id: str, amount: Decimal, key: str) -> httpx.Response:
        """Send it again with the same key until there is an answer, as clients do."""
        end = time.monotonic() + BACK_SECONDS
        while time.monotonic() < end:
            try:
                answer = self.record(invoice_id, amount, key)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500 and answer.status_code != 409:
                return answer
            time.sleep(0.1)
        raise AssertionError(self.makao.log[-3000:])

    def provider(self, name: str) -> Kit:
        """One of the other providers beside it, with the key that only the shop knows."""
        secret = (self.makao.folder / "secret-key").read_text().strip().encode()
        key = hmac.new(secret, b"providers key", hashlib.sha256).hexdigest()
        address = f"http://127.0.0.1:{self.makao.port + 4}/{name}"
        process = self.makao.process("providers")
        return Kit(KINDS[name], address, process, None, key)  # type: ignore[arg-type]

    def begin_card(self, way: str = "card") -> str:
        """Book an apartment as the buyer, and press "pay"; gives the payment's address."""
        page = self.buyer.get("/portal/jacaranda/apartments").text
        apartment = re.findall(r"/portal/jacaranda/apartments/([0-9a-f-]{36})", page)[0]
        address = self.send(f"/portal/apartments/{apartment}/hold")
        page = self.buyer.get(f"{address}package").text
        self.send(f"{address}package", package=_value(page, "package"))
        self.send(f"{address}payment", method="card", plan="")
        total = _value(self.buyer.get(f"{address}review").text, "total")
        self.send(f"{address}review", total=total)
        booking_id = address.rstrip("/").rpartition("/")[2]
        query = "SELECT invoice_id FROM booking_invoice WHERE booking_id = %s"
        ((invoice_id,),) = self.ask(query, booking_id)
        return self.send("/portal/payments", invoice=str(invoice_id), method=way)

    def pay_card(self, payment: str, number: str = GOOD) -> httpx.Response:
        """Wait for the provider's page and pay there."""
        url = self.wait_for(payment, "pay_url", bool)
        fields = {"number": number, "expires": "04 / 39", "code": "123"}
        return httpx.post(url, data=fields, trust_env=False, timeout=30)

    def wait_for(self, payment: str, column: str, true: Any, limit: float = BACK_SECONDS) -> str:
        """Wait for what a payment says of itself."""
        query = f"SELECT {column} FROM payment_intent WHERE id = %s"  # noqa: S608  # a name of ours
        intent_id = payment.rpartition("/")[2]
        self.makao.seconds_until(lambda: true(self.ask(query, intent_id)[0][0]), limit)
        return str(self.ask(query, intent_id)[0][0])

    def until_paid(self, payment: str) -> None:
        self.wait_for(payment, "status", lambda status: status == "succeeded")

    def send(self, path: str, **given: str) -> str:
        """Post a form; gives where it leads."""
        page = self.buyer.get("/portal/").text
        token = re.findall(r'name="csrf-token" content="([^"]+)"', page)[0]
        answer = self.buyer.post(path, data=given, headers={"X-CSRFToken": token})
        assert answer.status_code == 302, answer.text[:3000]
        return httpx.URL(answer.headers["Location"]).path

    def all_is_well(self) -> None:
        """Check what is always true, both chains, and that the provider's books equal ours."""
        for name in KINDS:
            books = self.card.books() if name == "card" else self.provider(name).books()
            captures = books["captures"]
            taken = {each["reference"]: Decimal(each["amount"]) / 100 for each in captures}
            paid = self.ask(PAID_IN.replace("NAME", name))
            assert {key: Decimal(amount) for key, amount in paid} == taken, name
        with apart(), self.eyes.app_context():
            db.use(self.eyes, "jobs")
            with Session(self.eyes.extensions["engines"]["jobs"]) as session:
                assert invariants.broken(session) == {}
            assert chains.verify("ledger") == []
            assert chains.verify("audit") == []
            db.session.remove()
        for engine in self.eyes.extensions["engines"].values():
            engine.dispose()

    def books(self) -> list[dict[str, Any]]:
        captures: list[dict[str, Any]] = self.card.books()["captures"]
        return captures


@pytest.fixture(scope="session")
def field(makao: Whole) -> Iterator[Field]:
    settings = {name: _address(makao, role) for name, role in ROLES.items()}
    redis_url = embedded.redis_address(makao.folder)
    with apart():
        eyes = create_app(**settings, REDIS_URL=redis_url, RATELIMIT_ENABLED=False)
    with _client(makao) as accountant, _client(makao) as buyer:
        body = {"username": "accountant", "password": makao.password, "provider": "db"}
        token = accountant.post("/api/v1/security/login", json=body).json()["access_token"]
        accountant.headers["Authorization"] = f"Bearer {token}"
        given = {"username": "buyer", "password": makao.password}
        given["csrf_token"] = _value(buyer.get("/login/").text, "csrf_token")
        assert buyer.post("/login/", data=given).status_code == 302
        yield Field(makao, eyes, accountant, buyer)


@pytest.fixture
def fire(field: Field) -> Iterator[Field]:
    """Lend it whole, and look afterwards what is left of it."""
    field.makao.seconds_until(field.makao.ready)
    yield field
    field.card.faults()
    field.makao.seconds_until(field.makao.ready, BACK_SECONDS)
    field.all_is_well()


@pytest.fixture
def key() -> str:
    return uuid4().hex


def _client(makao: Whole) -> httpx.Client:
    return httpx.Client(base_url=makao.address, trust_env=False, timeout=30)


def _address(makao: Whole, role: str) -> str:
    url = embedded.postgres_address(makao.folder, user=role)
    return url.replace("://", "+psycopg://", 1)


def _value(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]+)"', page)
    assert found, page[-3000:]
    return found.group(1)
