"""Paystack's protocol: answers of status, message and data; notices signed with the key."""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from doubles.base import payer
from doubles.base.books import Letter, No
from doubles.base.counter import Answer, Counter, Request, web_address, whole

STATUS = {
    "pending": "abandoned",
    "requires_action": "ongoing",
    "processing": "processing",
    "succeeded": "success",
    "expired": "abandoned",
    "failed": "failed",
}
REFUND = {"succeeded": "processed"}
SENTENCES = {
    "": "The transaction was not completed",
    "card_declined": "Declined",
    "authentication_failed": "Authentication failed",
    "authentication_required": "The transaction was not completed",
}
EVENTS = {
    "checkout.succeeded": "charge.success",
    "refund.succeeded": "refund.processed",
    "dispute.open": "charge.dispute.create",
    "dispute.won": "charge.dispute.resolve",
    "dispute.lost": "charge.dispute.resolve",
}
RESOLVED = {"won": "declined", "lost": "merchant-accepted"}


class PaystackCounter(Counter):
    """Transactions with a page, refunds that take a while, and disputes."""

    name: ClassVar[str] = "paystack"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", r"/transaction/initialize", "initialize"),
        ("POST", r"/transaction/charge_authorization", "charge"),
        ("POST", r"/customer/deactivate_authorization", "deactivate"),
        ("GET", r"/transaction/verify/([\w.=-]+)", "verify"),
        ("POST", r"/refund", "refund"),
        ("GET", r"/refund", "refunds"),
        ("GET", r"/refund/(\d+)", "refund_status"),
        ("GET", r"/dispute/(\d+)", "dispute_status"),
    )

    def no(self, refusal: No) -> Answer:
        """Say no as Paystack does."""
        return refusal.status, {
            "status": False,
            "message": refusal.sentence,
            "type": "validation_error",
            "code": refusal.code,
        }

    def trouble(self) -> dict[str, Any]:
        """Answer with an error inside."""
        return {"status": False, "message": "Internal error"}

    def sign(self, body: bytes) -> dict[str, str]:
        """Sign the body; there is no time in it."""
        key = secrets.token_bytes(32) if self.faults.notice_forged else self.key.encode()
        return {"X-Paystack-Signature": hmac.new(key, body, hashlib.sha512).hexdigest()}

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Tell of what happened; a try that failed is not told."""
        event = EVENTS.get(kind)
        if event is None:
            return None
        about = _transaction(row)
        if kind.startswith("refund."):
            about = {**_refund(data, row), "transaction_reference": row["reference"]}
        elif kind.startswith("dispute."):
            about = _dispute(data, row)
        event_id = f"{event}:{about['id']}:{about['status']}"
        return Letter(event_id, event, {"event": event, "data": about})

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Show the page on which the payer decides."""
        back = {"trxref": reference, "reference": reference}
        return payer.visit(self, request, reference, "Paystack", back)

    def initialize(self, request: Request) -> Answer:
        """Open a transaction, once per reference."""
        asked = request.json()
        reference = asked.get("reference") or secrets.token_hex(6)
        currency, email = asked.get("currency", "NGN"), asked.get("email")
        if not isinstance(email, str) or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            raise No(400, "invalid_params", "Invalid Email Address Passed")
        if not whole(asked.get("amount")):
            raise No(400, "invalid_params", "Invalid Amount Sent")
        if currency not in {"NGN", "GHS", "ZAR", "KES", "USD", "XOF"}:
            raise No(403, "unsupported_currency", "Currency not supported by merchant")
        if not web_address(asked.get("callback_url")):
            raise No(400, "invalid_params", "Invalid callback URL")
        if not isinstance(reference, str) or not re.fullmatch(r"[\w.=-]{1,120}", reference):
            raise No(400, "invalid_params", "Invalid reference")
        meta = asked.get("metadata") or {}
        with self.books.transaction() as db:
            row = self.books.open_checkout(
                db,
                {
                    "reference": reference,
                    "intent_id": meta.get("intent_id", "-"),
                    "amount": asked["amount"],
                    "currency": currency,
                    "description": meta.get("description", "Payment"),
                    "return_url": asked["callback_url"],
                    "webhook_url": self.webhook_url,
                },
                email=email,
            )
        self.faults.die_if("checkout")
        page = f"{self.address}/pay/{row['reference']}"
        data = {"authorization_url": page, "access_code": reference, "reference": reference}
        return _yes("Authorization URL created", data)

    def charge(self, request: Request) -> Answer:
        """Charge an authorization, once per reference; one that needs its payer is paused."""
        asked = request.json()
        reference = asked.get("reference") or secrets.token_hex(6)
        if not whole(asked.get("amount")):
            raise No(400, "invalid_params", "Invalid Amount Sent")
        meta = asked.get("metadata") or {}
        with self.books.transaction() as db:
            first = self.books.saved(db, str(asked.get("authorization_code")))
            if _email(first) != asked.get("email"):
                raise No(400, "invalid_params", "Email does not match Authorization code")
            row = self.books.open_checkout(
                db,
                {
                    "reference": reference,
                    "intent_id": meta.get("intent_id", "-"),
                    "amount": asked["amount"],
                    "currency": asked.get("currency", "NGN"),
                    "description": meta.get("description", "Payment"),
                    "return_url": "",
                    "webhook_url": self.webhook_url,
                },
                email=_email(first),
            )
            how = self.faults.charge
            if how != "authenticate":
                row = self.books.charge(db, row, how)
        self.faults.die_if("charge")
        if how == "authenticate":
            page = {"authorization_url": f"{self.address}/pay/{reference}", "paused": True}
            data = {**page, "reference": reference, "access_code": reference}
            return _yes("Please, redirect your customer to the authorization url provided", data)
        return _yes("Charge attempted", _transaction(row))

    def deactivate(self, request: Request) -> Answer:
        """Keep an authorization no longer."""
        with self.books.transaction() as db:
            self.books.forget(db, str(request.json().get("authorization_code")))
        return 200, {"status": True, "message": "Authorization has been deactivated"}

    def verify(self, _: Request, reference: str) -> Answer:
        """Say how a transaction stands."""
        self.books.settle()
        with self.books.transaction() as db:
            try:
                row = self.books.find(db, reference)
            except No as no:
                raise No(400, "transaction_not_found", "Transaction reference not found.") from no
            if row["state"] == "succeeded":
                self.books.save(db, row, _authorization(row)["authorization_code"])
            return _yes("Verification successful", _transaction(row))

    def refund(self, request: Request) -> Answer:
        """Give money back, which takes a while."""
        asked = request.json()
        with self.books.transaction() as db:
            row = self._transaction(db, asked.get("transaction"))
            amount = asked.get("amount") or self.books.left(db, row["reference"])
            if not whole(amount) or amount > self.books.left(db, row["reference"]):
                raise No(400, "invalid_amount", "Refund amount cannot be more than what is left")
            note = str(asked.get("merchant_note", ""))
            made = self.books.give_back(db, row["reference"], amount, note=note, later=True)
        self.faults.die_if("refund")
        return _yes("Refund has been queued for processing", _refund(dict(made), row))

    def refunds(self, request: Request) -> Answer:
        """List the refunds of a transaction."""
        with self.books.transaction() as db:
            row = self._transaction(db, request.query.get("transaction"))
            made = db.execute("SELECT * FROM refund WHERE checkout = ?", [row["reference"]])
            return 200, {
                "status": True,
                "message": "Refunds retrieved",
                "data": [_refund(dict(each), row) for each in made],
            }

    def refund_status(self, _: Request, number: str) -> Answer:
        """Say how a refund stands."""
        self.books.settle()
        with self.books.transaction() as db:
            made = db.execute("SELECT * FROM refund WHERE number = ?", [int(number)]).fetchone()
            if made is None:
                raise No(404, "not_found", "Refund not found")
            row = self.books.find(db, made["checkout"])
            return _yes("Refund retrieved", _refund(dict(made), row))

    def dispute_status(self, _: Request, number: str) -> Answer:
        """Say how a dispute stands."""
        with self.books.transaction() as db:
            found = db.execute("SELECT * FROM dispute WHERE number = ?", [int(number)]).fetchone()
            if found is None:
                raise No(404, "not_found", "Dispute not found")
            row = self.books.find(db, found["checkout"])
            return _yes("Dispute retrieved", _dispute(dict(found), row))

    def _transaction(self, db: sqlite3.Connection, number: object) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM checkout WHERE number = ? OR reference = ?", [number, number]
        ).fetchone()
        if row is None:
            raise No(404, "not_found", "Transaction not found")
        return row


def _yes(message: str, data: dict[str, Any]) -> Answer:
    return 200, {"status": True, "message": message, "data": data}


def _transaction(row: sqlite3.Row) -> dict[str, Any]:
    failed = row["failure_code"] and row["state"] in {"pending", "failed"}
    paid = row["state"] == "succeeded"
    return {
        "authorization": _authorization(row) if paid else {},
        "customer": {"email": _email(row), "customer_code": f"CUS_{row['number']}"},
        "id": row["number"],
        "status": "failed" if failed else STATUS[row["state"]],
        "reference": row["reference"],
        "amount": row["amount"],
        "currency": row["currency"],
        "gateway_response": "Successful"
        if row["state"] == "succeeded"
        else SENTENCES[row["failure_code"]],
        "channel": "card",
        "paid_at": _now(),
        "metadata": {"intent_id": row["intent_id"]},
    }


def _email(row: sqlite3.Row) -> str:
    email: str = json.loads(row["extra"]).get("email", "")
    return email


def _authorization(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "authorization_code": f"AUTH_{row['number']}",
        "card_type": "visa",
        "brand": "visa",
        "last4": "4081",
        "exp_month": "12",
        "exp_year": "2039",
        "channel": "card",
        "reusable": True,
        "signature": "SIG_ikbnSN6wmQ3m9X5R",
    }


def _refund(made: dict[str, Any], row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": made["number"],
        "transaction": row["number"],
        "amount": made["amount"],
        "currency": made["currency"],
        "status": REFUND.get(made["state"], made["state"]),
        "merchant_note": made["note"],
    }


def _dispute(data: dict[str, Any], row: sqlite3.Row) -> dict[str, Any]:
    resolved = data["state"] in RESOLVED
    return {
        "id": data["number"],
        "refund_amount": data["amount"],
        "currency": data["currency"],
        "status": "resolved" if resolved else "awaiting-merchant-feedback",
        "resolution": RESOLVED.get(data["state"]),
        "category": data["reason"],
        "transaction": _transaction(row),
    }


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()
