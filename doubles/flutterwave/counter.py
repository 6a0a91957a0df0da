"""Flutterwave's protocol (v3): answers with a status and major units, notices with a secret."""

import re
import secrets
import sqlite3
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from doubles.base import payer
from doubles.base.books import Letter, No
from doubles.base.counter import Answer, Counter, Request, web_address
from doubles.base.pages import decimals

STATUS = {"succeeded": "successful", "processing": "pending"}
SENTENCES = {"card_declined": "Declined", "authentication_failed": "Authentication failed"}


class FlutterwaveCounter(Counter):
    """Payments with a page, known by the shop's reference; refunds done at once."""

    name: ClassVar[str] = "flutterwave"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", r"/v3/payments", "create"),
        ("GET", r"/v3/transactions/verify_by_reference", "verify"),
        ("POST", r"/v3/transactions/(\d+)/refund", "refund"),
        ("GET", r"/v3/refunds", "refunds"),
        ("GET", r"/v3/refunds/(\d+)", "refund_status"),
    )

    def no(self, refusal: No) -> Answer:
        """Say no as Flutterwave does."""
        return refusal.status, {"status": "error", "message": refusal.sentence, "data": None}

    def trouble(self) -> dict[str, Any]:
        """Answer with an error inside."""
        return {"status": "error", "message": "An error occurred", "data": None}

    def sign(self, body: bytes) -> dict[str, str]:
        """Show the secret; it proves nothing about the body."""
        del body
        return {"verif-hash": secrets.token_hex(8) if self.faults.notice_forged else self.secret}

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Tell of a charge that ended, and of a refund."""
        if kind in {"checkout.succeeded", "checkout.failed"}:
            told = _transaction(row)
            event_id = f"charge.completed:{told['id']}:{told['status']}:{secrets.token_hex(4)}"
            return Letter(event_id, "charge.completed", {"event": "charge.completed", "data": told})
        if kind == "refund.succeeded":
            told = _refund(data, row)
            event_id = f"refund.completed:{told['id']}"
            return Letter(event_id, "refund.completed", {"event": "refund.completed", "data": told})
        return None

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Show the page on which the payer decides."""
        return payer.visit(self, request, reference, "Flutterwave", {"tx_ref": reference})

    def create(self, request: Request) -> Answer:
        """Open a page; the same reference may have several."""
        asked = request.json()
        reference, currency = asked.get("tx_ref"), asked.get("currency", "NGN")
        customer = asked.get("customer") or {}
        if not isinstance(reference, str) or not re.fullmatch(r"[\w.-]{1,120}", reference):
            raise No(400, "invalid", "tx_ref is required")
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", str(customer.get("email", ""))):
            raise No(400, "invalid", "customer.email is required")
        if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
            raise No(400, "invalid", "currency is not supported")
        if not web_address(asked.get("redirect_url")):
            raise No(400, "invalid", "redirect_url must be a valid url")
        wanted = {
            "reference": reference,
            "intent_id": (asked.get("meta") or {}).get("intent_id", "-"),
            "amount": _minor(asked.get("amount"), currency),
            "currency": currency,
            "description": (asked.get("customizations") or {}).get("title", "Payment"),
            "return_url": asked["redirect_url"],
            "webhook_url": self.webhook_url,
        }
        with self.books.transaction() as db:
            try:
                row = self.books.find(db, reference)
            except No:
                row = self.books.open_checkout(db, wanted)
            if (row["amount"], row["currency"]) != (wanted["amount"], currency):
                raise No(400, "invalid", "tx_ref was used for another amount")
        self.faults.die_if("checkout")
        link = f"{self.address}/pay/{reference}"
        return 200, {"status": "success", "message": "Hosted Link", "data": {"link": link}}

    def verify(self, request: Request) -> Answer:
        """Say how a payment stands, once somebody has tried."""
        self.books.settle()
        with self.books.transaction() as db:
            try:
                row = self.books.find(db, request.query.get("tx_ref", ""))
            except No:
                row = None
            tried = row and (row["failure_code"] or row["state"] in STATUS)
            if row is None or not tried:
                raise No(400, "unknown", "No transaction was found for this id")
            return _yes("Transaction fetched successfully", _transaction(row))

    def refund(self, request: Request, number: str) -> Answer:
        """Give money back, at once."""
        asked = request.json()
        with self.books.transaction() as db:
            row = self._transaction(db, number)
            amount = _minor(asked.get("amount"), row["currency"])
            if amount > self.books.left(db, row["reference"]):
                raise No(400, "invalid", "Refund amount is more than what is left")
            note = str(asked.get("comments", ""))
            made = self.books.give_back(db, row["reference"], amount, note=note)
        self.faults.die_if("refund")
        return _yes("Transaction refund initiated", _refund(dict(made), row))

    def refunds(self, request: Request) -> Answer:
        """List the refunds of a transaction."""
        with self.books.transaction() as db:
            row = self._transaction(db, request.query.get("id", "0"))
            made = db.execute("SELECT * FROM refund WHERE checkout = ?", [row["reference"]])
            data = [_refund(dict(each), row) for each in made]
            return 200, {"status": "success", "message": "Refunds fetched", "data": data}

    def refund_status(self, _: Request, number: str) -> Answer:
        """Say how a refund stands."""
        with self.books.transaction() as db:
            made = db.execute("SELECT * FROM refund WHERE number = ?", [int(number)]).fetchone()
            if made is None:
                raise No(404, "unknown", "Refund not found")
            row = self.books.find(db, made["checkout"])
            return _yes("Refund fetched", _refund(dict(made), row))

    def _transaction(self, db: sqlite3.Connection, number: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM checkout WHERE number = ?", [int(number)]
        ).fetchone()
        if row is None:
            raise No(400, "unknown", "No transaction was found for this id")
        return row


def _yes(message: str, data: dict[str, Any]) -> Answer:
    return 200, {"status": "success", "message": message, "data": data}


def _minor(given: object, currency: str) -> int:
    """Read major units, as a number or a text."""
    try:
        minor = Decimal(str(given)).scaleb(decimals(currency))
    except InvalidOperation as error:
        raise No(400, "invalid", "amount must be a number") from error
    if not minor.is_finite() or minor <= 0 or minor != minor.to_integral_value():
        raise No(400, "invalid", "amount is invalid")
    return int(minor)


def _major(minor: int, currency: str) -> float | int:
    value = Decimal(minor).scaleb(-decimals(currency))
    return int(value) if value == value.to_integral_value() else float(value)


def _transaction(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["number"],
        "tx_ref": row["reference"],
        "flw_ref": f"FLW-MOCK-{row['number']}",
        "amount": _major(row["amount"], row["currency"]),
        "charged_amount": _major(row["amount"], row["currency"]),
        "currency": row["currency"],
        "status": STATUS.get(row["state"], "failed"),
        "processor_response": SENTENCES.get(row["failure_code"], "Approved"),
        "meta": {"intent_id": row["intent_id"]},
    }


def _refund(made: dict[str, Any], row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": made["number"],
        "tx_id": row["number"],
        "flw_ref": f"URF_{made['number']}",
        "amount_refunded": _major(made["amount"], made["currency"]),
        "status": "completed",
        "destination": "payment_source",
        "comment": made["note"],
    }
