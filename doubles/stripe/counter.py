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
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


class StripeCounter(Counter):
    """Sessions with a page, the payment intents behind them, and what goes back."""

    name: ClassVar[str] = "stripe"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", r"/v1/checkout/sessions", "create"),
        ("GET", r"/v1/checkout/sessions/(\w+)", "session"),
        ("POST", r"/v1/payment_intents", "charge"),
        ("GET", r"/v1/payment_intents", "payments"),
        ("GET", r"/v1/payment_intents/(\w+)", "payment"),
        ("POST", r"/v1/payment_methods/(\w+)/detach", "detach"),
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
        if row["reference"].startswith("pi_") and kind.startswith("checkout."):
            told, about = f"payment_intent.{kind.removeprefix('checkout.')}", _payment(row)
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
        saves = form.get("payment_intent_data[setup_future_usage]") == "off_session"
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
            return self._shown(self.books.open_checkout(db, asked, saves=saves), expand=False)

        return self._once(request, "checkout", form, act)

    def charge(self, request: Request) -> Answer:
        """Charge a payment method off session; a refusal holds the payment intent that failed."""
        form = request.form()
        if (form.get("confirm"), form.get("off_session")) != ("true", "true"):
            raise No(400, "parameter_invalid", "Only charges off session are played here.")
        asked = {
            "reference": f"pi_{secrets.token_hex(12)}",
            "intent_id": form.get("metadata[intent_id]", "-"),
            "amount": int(form.get("amount", "0")),
            "currency": form.get("currency", "").upper(),
            "description": form.get("description", "-"),
            "return_url": "",
            "webhook_url": self.webhook_url,
        }

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            method = form.get("payment_method", "")
            first = self.books.saved(db, method)
            if _customer(first) != form.get("customer"):
                raise No(400, "parameter_invalid", "The payment method is another customer's.")
            row = self.books.open_checkout(db, asked, customer=form["customer"])
            made = _payment(self.books.charge(db, row, self.faults.charge))
            error = made["last_payment_error"]
            if not error:
                return made
            return {"error": {"type": "card_error", **error, "payment_intent": made}}

        _, answer = self._once(request, "charge", form, act)
        return (402 if "error" in answer else 200), answer

    def payments(self, request: Request) -> Answer:
        """List the payment intents of a customer, the newest first."""
        self.books.settle()
        with self.books.transaction() as db:
            rows = db.execute("SELECT * FROM checkout ORDER BY number DESC").fetchall()
            wanted = request.query.get("customer")
            found = [_payment(row) for row in rows if _customer(row) == wanted]
            return 200, {"object": "list", "data": found, "has_more": False}

    def detach(self, _: Request, method: str) -> Answer:
        """Keep a card no longer."""
        with self.books.transaction() as db:
            self.books.forget(db, method)
        return 200, {"id": method, "object": "payment_method", "customer": None}

    def session(self, request: Request, reference: str) -> Answer:
        """Say how a session stands."""
        self.books.settle()
        expand = request.query.get("expand[0]", "").startswith("payment_intent")
        with self.books.transaction() as db:
            row = self.books.find(db, reference)
            if row["state"] == "succeeded" and json.loads(row["extra"]).get("saves"):
                self.books.save(db, row, _method(row)["id"])
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
        try:
            return self.books.find(db, payment)
        except No:
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


def _customer(row: sqlite3.Row) -> str | None:
    extra = json.loads(row["extra"])
    given: str | None = extra.get("customer")
    return given or (f"cus_{row['reference'][-24:]}" if extra.get("saves") else None)


def _method(row: sqlite3.Row) -> dict[str, Any]:
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2039}
    return {
        "id": f"pm_{row['reference'][-24:]}",
        "object": "payment_method",
        "type": "card",
        "card": {**card, "fingerprint": "Xt5EWLLDS7FJjR1c"},
    }


def _payment(row: sqlite3.Row) -> dict[str, Any]:
    code = row["failure_code"]
    saves = json.loads(row["extra"]).get("saves")
    return {
        "customer": _customer(row),
        "setup_future_usage": "off_session" if saves else None,
        "payment_method": _method(row) if saves else None,
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
