"""The card provider's own protocol: REST with a bearer key, and signed notices."""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Any, ClassVar

from doubles.base.books import Letter, No
from doubles.base.counter import Answer, Counter, Request, web_address, whole
from doubles.card import payer

SENTENCES = {
    "": "",
    "card_declined": "The bank declined the card.",
    "insufficient_funds": "There is not enough money on the card.",
    "expired_card": "The card is out of date.",
    "authentication_failed": "The bank could not confirm that it is you.",
    "cancelled": "The payment was cancelled.",
}


class CardCounter(Counter):
    """Checkouts with a page of their own, refunds, and notices signed with a time."""

    name: ClassVar[str] = "card"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", r"/v1/checkouts", "create"),
        ("GET", r"/v1/checkouts/(\w+)", "status"),
        ("POST", r"/v1/checkouts/(\w+)/refunds", "refund"),
        ("GET", r"/v1/refunds/(\w+)", "refund_status"),
    )

    def sign(self, body: bytes) -> dict[str, str]:
        """Sign a notice with the time."""
        stamp = int(time.time()) - self.faults.notice_age_seconds
        key = secrets.token_bytes(32) if self.faults.notice_forged else self.secret.encode()
        proof = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Card-Signature": f"t={stamp},v1={proof}"}

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Tell of what happened to a checkout."""
        event_id = f"evt_{secrets.token_hex(12)}"
        about = {"reference": row["reference"], "intent_id": row["intent_id"]}
        told = {"state": data["state"], "amount": data["amount"], **about}
        body = {
            "id": event_id,
            "type": kind,
            "created": int(time.time()),
            "data": {**told, "currency": row["currency"]},
        }
        return Letter(event_id, kind, body)

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Show the page that takes the card."""
        posted = request.body if request.method == "POST" else None
        return payer.visit(self.books, self.faults, reference, posted)

    def create(self, request: Request) -> Answer:
        """Open a checkout."""
        asked = request.json()
        currency = asked.get("currency")
        if not whole(asked.get("amount")):
            raise No(422, "bad_amount", "The amount must be a whole number above zero.")
        if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
            raise No(422, "bad_currency", "The currency must be three capital letters.")
        for name in ("intent_id", "description", "return_url", "webhook_url"):
            if not isinstance(asked.get(name), str) or not 0 < len(asked[name]) <= 500:
                raise No(422, f"bad_{name}", f"{name} must be a text of up to 500 characters.")
        for name in ("return_url", "webhook_url"):
            if not web_address(asked[name]):
                raise No(422, f"bad_{name}", f"{name} must be an address on the web.")

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            told = shown(self.books.open_checkout(db, {**asked, "reference": ""}))
            return {**told, "url": f"{self.address}/pay/{told['reference']}"}

        return self._once(request, "checkout", asked, act)

    def status(self, _: Request, reference: str) -> Answer:
        """Say how a checkout stands."""
        self.books.settle()
        with self.books.transaction() as db:
            return 200, shown(self.books.find(db, reference))

    def refund(self, request: Request, reference: str) -> Answer:
        """Give money back."""
        asked = request.json()
        amount = asked.get("amount")
        if not whole(amount):
            raise No(422, "bad_amount", "The amount must be a whole number above zero.")

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            if self.books.find(db, reference)["currency"] != asked.get("currency"):
                raise No(422, "bad_currency", "The checkout took another currency.")
            made = self.books.give_back(db, reference, int(amount or 0))
            return {name: made[name] for name in ("reference", "amount", "currency", "state")}

        return self._once(request, "refund", {**asked, "checkout": reference}, act)

    def refund_status(self, _: Request, reference: str) -> Answer:
        """Say how a refund stands."""
        self.books.settle()
        with self.books.transaction() as db:
            made = self.books.find_refund(db, reference)
            return 200, {name: made[name] for name in ("reference", "amount", "currency", "state")}

    def _once(
        self,
        request: Request,
        moment: str,
        asked: dict[str, Any],
        act: Callable[[sqlite3.Connection], dict[str, Any]],
    ) -> Answer:
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= 200:
            raise No(400, "key_required", "An Idempotency-Key of up to 200 characters is required.")
        answer = self.books.once(key, json.dumps([moment, asked], sort_keys=True), act)
        self.faults.die_if(moment)
        return answer


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """Say how a checkout stands, as the API does."""
    told = {name: row[name] for name in ("reference", "intent_id", "state", "amount", "currency")}
    return {
        **told,
        "expires_at": int(row["expires_at"]),
        "failure_code": row["failure_code"],
        "failure_sentence": SENTENCES[row["failure_code"]],
    }
