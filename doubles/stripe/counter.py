"""Stripe's protocol: forms with brackets in, JSON out, and events signed with a time."""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Any, ClassVar

from doubles.base import payer
from doubles.base.books import Letter, No
from doubles.base.counter import Answer, Counter, Request, web_address

SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 3600
STATUS = {"pending": "open", "requires_action": "open", "expired": "expired"}
PAYMENT = {
    "succeeded": "succeeded",
    "processing": "processing",
    "requires_action": "requires_action",
}
EVENTS = {
    "checkout.succeeded": "checkout.session.completed",
    "checkout.processing": "checkout.session.completed",
    "checkout.expired": "checkout.session.expired",
    "refund.succeeded": "charge.refunded",
    "dispute.open": "charge.dispute.created",
    "dispute.won": "charge.dispute.closed",
    "dispute.lost": "charge.dispute.closed",
}
SENTENCES = {
    "card_declined": "Your card was declined.",
    "cancelled": "The payment was cancelled.",
    "authentication_failed": "We are unable to authenticate your payment method.",
}


class StripeCounter(Counter):
    """Sessions with a page, the payment intents behind them, and what goes back."""

    name: ClassVar[str] = "stripe"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", r"/v1/checkout/sessions", "create"),
        ("GET", r"/v1/checkout/sessions/(\w+)", "session"),
        ("GET", r"/v1/payment_intents/(\w+)", "payment"),
        ("POST", r"/v1/refunds", "refund"),
        ("GET", r"/v1/refunds/(\w+)", "refund_status"),
        ("GET", r"/v1/disputes/(\w+)", "dispute_status"),
    )

    def no(self, refusal: No) -> Answer:
        """Say no as Stripe does."""
        kind = "api_error" if refusal.status >= 500 else "invalid_request_error"
        told = {"type": kind, "code": refusal.code, "message": refusal.sentence}
        return 400 if refusal.status == 422 else refusal.status, {"error": told}

    def trouble(self) -> dict[str, Any]:
        """Answer with an error inside."""
        return {"error": {"type": "api_error", "message": "An unknown error occurred."}}

    def sign(self, body: bytes) -> dict[str, str]:
        """Sign an event with the time."""
        stamp = int(time.time()) - self.faults.notice_age_seconds
        key = secrets.token_bytes(32) if self.faults.notice_forged else self.secret.encode()
        proof = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={stamp},v1={proof}"}

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Tell of what happened; a declined card is not told, as the session stays open."""
        told = EVENTS.get(kind)
        if told is None:
            return None
        event_id = f"evt_{secrets.token_hex(12)}"
        about: dict[str, Any] = self._shown(row, expand=False)
        if kind.startswith("dispute."):
            about = _dispute(data, row)
        elif kind.startswith("refund."):
            about = {
                "id": f"ch_{row['number']}",
                "object": "charge",
                "payment_intent": _payment_id(row),
                "amount_refunded": data["amount"],
            }
        body = {
            "id": event_id,
            "object": "event",
            "api_version": "2026-10-28",
            "type": told,
            "created": int(time.time()),
            "data": {"object": about},
        }
        return Letter(event_id, told, body)

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Show the page on which the payer decides."""
        return payer.visit(self, request, reference, "Stripe", {"session": reference})

    def create(self, request: Request) -> Answer:
        """Open a session."""
        form = request.form()
        price = "line_items[0][price_data]"
        amount, currency = form.get(f"{price}[unit_amount]", ""), form.get(f"{price}[currency]", "")
        if form.get("mode") != "payment" or form.get("line_items[0][quantity]") != "1":
            raise No(400, "parameter_invalid", "Only one item in mode payment is played here.")
        if not amount.isdecimal() or not 0 < int(amount) <= 99_999_999_999:
            raise No(400, "amount_too_large", f"Invalid amount: {amount}.")
        if not re.fullmatch(r"[a-z]{3}", currency):
            raise No(400, "parameter_invalid", f"Invalid currency: {currency}.")
        if not web_address(form.get("success_url")):
            raise No(400, "url_invalid", "Not a valid URL.")
        ends = int(form.get("expires_at", "0")) or int(time.time()) + LONGEST_SECONDS
        lasts = ends - time.time()
        if not SHORTEST_SECONDS - 5 <= lasts <= LONGEST_SECONDS + 5:
            raise No(400, "parameter_invalid", "expires_at must be in 30 minutes to 24 hours.")
        asked = {
            "reference": f"cs_test_{secrets.token_hex(12)}",
            "intent_id": form.get("client_reference_id", "-"),
            "amount": int(amount),
            "currency": currency.upper(),
            "description": form.get(f"{price}[product_data][name]", "-"),
            "return_url": form["success_url"],
            "webhook_url": self.webhook_url,
            "lifetime_seconds": lasts,
        }

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            return self._shown(self.books.open_checkout(db, asked), expand=False)

        return self._once(request, "checkout", form, act)

    def session(self, request: Request, reference: str) -> Answer:
        """Say how a session stands."""
        self.books.settle()
        expand = request.query.get("expand[0]") == "payment_intent"
        with self.books.transaction() as db:
            return 200, self._shown(self.books.find(db, reference), expand=expand)

    def payment(self, _: Request, payment: str) -> Answer:
        """Say how a payment intent stands."""
        with self.books.transaction() as db:
            return 200, _payment(self._of(db, payment))

    def refund(self, request: Request) -> Answer:
        """Give money back."""
        form = request.form()

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            row = self._of(db, form.get("payment_intent", ""))
            return _refund(
                self.books.give_back(db, row["reference"], int(form.get("amount", "0"))), row
            )

        return self._once(request, "refund", form, act)

    def refund_status(self, _: Request, reference: str) -> Answer:
        """Say how a refund stands."""
        with self.books.transaction() as db:
            made = self.books.find_refund(db, reference)
            return 200, _refund(made, self.books.find(db, made["checkout"]))

    def dispute_status(self, _: Request, reference: str) -> Answer:
        """Say how a dispute stands."""
        with self.books.transaction() as db:
            found = self.books.find_dispute(db, reference)
            return 200, _dispute(dict(found), self.books.find(db, found["checkout"]))

    def _of(self, db: sqlite3.Connection, payment: str) -> sqlite3.Row:
        return self.books.find(db, payment.replace("pi_", "cs_test_", 1))

    def _shown(self, row: sqlite3.Row, *, expand: bool) -> dict[str, Any]:
        begun = row["state"] not in {"pending", "expired"} or row["failure_code"]
        payment: Any = (_payment(row) if expand else _payment_id(row)) if begun else None
        return {
            "id": row["reference"],
            "object": "checkout.session",
            "mode": "payment",
            "client_reference_id": row["intent_id"],
            "amount_total": row["amount"],
            "currency": row["currency"].lower(),
            "status": STATUS.get(row["state"], "complete"),
            "payment_status": "paid" if row["state"] == "succeeded" else "unpaid",
            "payment_intent": payment,
            "expires_at": int(row["expires_at"]),
            "url": f"{self.address}/pay/{row['reference']}",
        }

    def _once(
        self,
        request: Request,
        moment: str,
        asked: dict[str, Any],
        act: Callable[[sqlite3.Connection], dict[str, Any]],
    ) -> Answer:
        key = request.headers.get("Idempotency-Key", "") or secrets.token_hex(8)
        _, answer = self.books.once(key, json.dumps([moment, asked], sort_keys=True), act)
        self.faults.die_if(moment)
        return 200, answer


def _payment_id(row: sqlite3.Row) -> str:
    reference: str = row["reference"]
    return reference.replace("cs_test_", "pi_", 1)


def _payment(row: sqlite3.Row) -> dict[str, Any]:
    code = row["failure_code"]
    return {
        "id": _payment_id(row),
        "object": "payment_intent",
        "amount": row["amount"],
        "amount_received": row["amount"] if row["state"] == "succeeded" else 0,
        "currency": row["currency"].lower(),
        "status": PAYMENT.get(row["state"], "requires_payment_method"),
        "metadata": {"intent_id": row["intent_id"]},
        "last_payment_error": {"code": code, "message": SENTENCES[code]} if code else None,
    }


def _refund(made: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": made["reference"],
        "object": "refund",
        "amount": made["amount"],
        "currency": made["currency"].lower(),
        "payment_intent": _payment_id(row),
        "status": made["state"],
    }


def _dispute(data: dict[str, Any], row: sqlite3.Row) -> dict[str, Any]:
    status = "needs_response" if data["state"] == "open" else data["state"]
    return {
        "id": data["reference"],
        "object": "dispute",
        "amount": data["amount"],
        "currency": data["currency"].lower(),
        "payment_intent": _payment_id(row),
        "reason": data["reason"],
        "status": status,
    }
