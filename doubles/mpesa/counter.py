"""Daraja's protocol: tokens, prompts on phones, payments to phones; callbacks nobody signs."""

import base64
import html
import json
import re
import secrets
import sqlite3
import time
from typing import Any, ClassVar

from doubles.base import pages
from doubles.base.books import OPEN, Letter, No
from doubles.base.counter import Answer, Counter, Request, web_address, whole

PIN = "1234"
TOKEN_SECONDS = 3599
SHILLING = 100
LOOKS_SECONDS = 3
"""A phone rings by itself: its page looks again, as it may be opened before it is asked."""
CODES = {
    "": ("0", "The service request is processed successfully."),
    "cancelled": ("1032", "Request cancelled by user"),
    "wrong_pin": ("2001", "The initiator information is invalid."),
    "no_funds": ("1", "The balance is insufficient for the transaction."),
    "expired": ("1037", "DS timeout user cannot be reached"),
}
ACTS = {"cancel": "cancelled", "no_funds": "no_funds"}


class MpesaCounter(Counter):
    """Prompts wait on the page of their phone; money out is told a little later."""

    name: ClassVar[str] = "mpesa"
    page: ClassVar[str] = r"/phone/(\d+)"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", r"/oauth/v1/generate", "token"),
        ("POST", r"/mpesa/stkpush/v1/processrequest", "prompt"),
        ("POST", r"/mpesa/stkpushquery/v1/query", "query"),
        ("POST", r"/mpesa/b2c/v3/paymentrequest", "pay_out"),
        ("POST", r"/mpesa/transactionstatus/v1/query", "transaction"),
    )
    tokens: ClassVar[dict[str, float]] = {}

    def admit(self, request: Request) -> None:
        """Take the key and secret for a token, and a token for all else."""
        given = request.headers.get("Authorization", "")
        if request.path.startswith("/oauth/"):
            pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
            if given != f"Basic {pair}":
                raise No(400, "400.008.01", "Invalid Authentication passed")
        elif self.tokens.get(given.removeprefix("Bearer "), 0) < time.time():
            raise No(404, "404.001.03", "Invalid Access Token")

    def no(self, refusal: No) -> Answer:
        """Say no as the gateway does."""
        return refusal.status, {
            "requestId": secrets.token_hex(6),
            "errorCode": refusal.code,
            "errorMessage": refusal.sentence,
        }

    def trouble(self) -> dict[str, Any]:
        """Answer with an error inside."""
        return {
            "requestId": secrets.token_hex(6),
            "errorCode": "500.003.1001",
            "errorMessage": "Internal Server Error",
        }

    def forged_address(self, url: str) -> str:
        """Write to an address that nobody was given."""
        if not self.faults.notice_forged:
            return url
        return f"{url.rpartition('/')[0]}/{secrets.token_hex(32)}"

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Tell of a prompt that ended, of money that went out, or of a status asked for."""
        if kind.startswith("checkout."):
            return _callback(row) if row["state"] not in (*OPEN, "processing") else None
        conversation = f"AG_{secrets.token_hex(10)}"
        code, words = ("0", CODES[""][1]) if data["state"] != "failed" else CODES["no_funds"]
        told = _status(row, data) if kind == "status" else _sent(row)
        result = {
            "ResultType": 0,
            "ResultCode": 0 if kind == "status" else int(code),
            "ResultDesc": words,
            "OriginatorConversationID": data["reference"],
            "ConversationID": conversation,
            "TransactionID": _receipt(row),
            "ResultParameters": {"ResultParameter": told},
        }
        return Letter(conversation, kind, {"Result": result})

    def token(self, _: Request) -> Answer:
        """Give a token for an hour."""
        made = secrets.token_urlsafe(20)
        self.tokens[made] = time.time() + TOKEN_SECONDS
        return 200, {"access_token": made, "expires_in": str(TOKEN_SECONDS)}

    def prompt(self, request: Request) -> Answer:
        """Ask a phone."""
        asked = request.json()
        phone = self._checked(asked, "PhoneNumber", "CallBackURL")
        reference = f"ws_CO_{time.strftime('%d%m%Y%H%M%S')}{secrets.randbelow(10**12):012}"
        with self.books.transaction() as db:
            self.books.open_checkout(
                db,
                {
                    "reference": reference,
                    "intent_id": str(asked.get("AccountReference")),
                    "amount": asked["Amount"] * SHILLING,
                    "currency": "KES",
                    "description": f"Pay {asked.get('AccountReference')}",
                    "return_url": "",
                    "webhook_url": asked["CallBackURL"],
                },
                phone=phone,
            )
        self.faults.die_if("checkout")
        return 200, {
            "MerchantRequestID": secrets.token_hex(8),
            "CheckoutRequestID": reference,
            "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing",
            "CustomerMessage": "Success. Request accepted for processing",
        }

    def query(self, request: Request) -> Answer:
        """Say what became of a prompt."""
        self.books.settle()
        asked = request.json()
        with self.books.transaction() as db:
            try:
                row = self.books.find(db, str(asked.get("CheckoutRequestID")))
            except No as no:
                raise No(400, "400.002.02", "Bad Request - Invalid CheckoutRequestID") from no
        if row["state"] in (*OPEN, "processing"):
            raise No(500, "500.001.1001", "The transaction is being processed")
        code, words = CODES["expired" if row["state"] == "expired" else row["failure_code"]]
        return 200, {
            "ResponseCode": "0",
            "ResponseDescription": "The service request has been accepted successsfully",
            "MerchantRequestID": "1-1-1",
            "CheckoutRequestID": row["reference"],
            "ResultCode": code,
            "ResultDesc": words,
        }

    def pay_out(self, request: Request) -> Answer:
        """Pay to a phone, once per OriginatorConversationID."""
        asked = request.json()
        phone = self._checked(asked, "PartyB", "ResultURL")
        reference = str(asked.get("OriginatorConversationID") or secrets.token_hex(10))
        money = {"amount": asked["Amount"] * SHILLING, "currency": "KES"}
        ends = "failed" if phone.endswith("0000") else "succeeded"
        with self.books.transaction() as db:
            try:
                self.books.send(
                    db,
                    reference,
                    money,
                    later=True,
                    phone=phone,
                    url=asked["ResultURL"],
                    ends=ends,
                )
            except No as no:
                raise No(500, "500.001.1001", "Duplicate OriginatorConversationID.") from no
        self.faults.die_if("refund")
        return _accepted(reference)

    def transaction(self, request: Request) -> Answer:
        """Tell later how a payment to a phone stands."""
        self.books.settle()
        asked = request.json()
        if not web_address(asked.get("ResultURL")):
            raise No(400, "400.002.02", "Bad Request - Invalid ResultURL")
        reference = str(asked.get("OriginalConversationID"))
        with self.books.transaction() as db:
            try:
                row = self.books.find_refund(db, reference)
            except No:
                return _accepted(reference)  # it will say nothing of what it does not know
            if row["state"] != "pending":
                self.books.owe(db, row, "status", dict(row), asked["ResultURL"])
        return _accepted(reference)

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Show a phone and what it is asked, newest first."""
        self.books.settle()
        form = request.form() if request.method == "POST" else {}
        with self.books.transaction() as db:
            row = _newest(db, reference)
            paid = row is not None and form.get("prompt") == row["reference"]
            if row is not None and paid:
                self._answered(db, row, form)
            now = _newest(db, reference)
        if row is not None and paid and self.faults.die_after == "capture":
            self.faults.die_if("capture")
        if now is None:
            words = (
                "There is nothing to pay." if not paid else "Done. Look at the page you paid on."
            )
            return 200, _phone(reference, f"<p>{words}</p>", again_seconds=LOOKS_SECONDS), None
        return 200, _phone(reference, _asks(now, f"{self.address}{request.path}")), now

    def _answered(self, db: sqlite3.Connection, row: sqlite3.Row, form: dict[str, str]) -> None:
        act = form.get("act", "")
        if act in ACTS:
            self.books.move(db, row, "failed", ACTS[act])
        elif form.get("pin") != PIN:
            self.books.move(db, row, "failed", "wrong_pin")
        else:
            self.books.move(db, row, "processing" if act == "later" else "succeeded")

    def _checked(self, asked: dict[str, Any], party: str, url: str) -> str:
        """Judge what all requests for money have in common; gives the phone."""
        phone = str(asked.get(party, ""))
        if not re.fullmatch(r"254(7|1)\d{8}", phone):
            raise No(400, "400.002.02", f"Bad Request - Invalid {party}")
        if not whole(asked.get("Amount"), 250_000):
            raise No(400, "400.002.02", "Bad Request - Invalid Amount")
        if not web_address(asked.get(url)):
            raise No(400, "400.002.02", f"Bad Request - Invalid {url}")
        return phone


def _accepted(reference: str) -> Answer:
    return 200, {
        "ConversationID": f"AG_{secrets.token_hex(10)}",
        "OriginatorConversationID": reference,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def _newest(db: sqlite3.Connection, phone: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM checkout WHERE json_extract(extra, '$.phone') = ? AND state = 'pending'"
        " ORDER BY number DESC LIMIT 1",
        [phone],
    ).fetchone()
    return row


def _receipt(row: sqlite3.Row) -> str:
    return f"TEST{row['number']:06}"


def _callback(row: sqlite3.Row) -> Letter:
    code, words = CODES["expired" if row["state"] == "expired" else row["failure_code"]]
    told: dict[str, Any] = {
        "MerchantRequestID": "1-1-1",
        "CheckoutRequestID": row["reference"],
        "ResultCode": int(code),
        "ResultDesc": words,
    }
    if code == "0":
        items = {
            "Amount": row["amount"] / SHILLING,
            "MpesaReceiptNumber": _receipt(row),
            "TransactionDate": int(time.strftime("%Y%m%d%H%M%S")),
            "PhoneNumber": int(json.loads(row["extra"])["phone"]),
        }
        told["CallbackMetadata"] = {
            "Item": [{"Name": name, "Value": value} for name, value in items.items()]
        }
    return Letter(f"stk:{row['reference']}", "stkCallback", {"Body": {"stkCallback": told}})


def _sent(row: sqlite3.Row) -> list[dict[str, Any]]:
    return [
        {"Key": "TransactionReceipt", "Value": _receipt(row)},
        {"Key": "TransactionAmount", "Value": row["amount"] // SHILLING},
        {"Key": "ReceiverPartyPublicName", "Value": json.loads(row["extra"])["phone"]},
    ]


def _status(row: sqlite3.Row, data: dict[str, Any]) -> list[dict[str, Any]]:
    done = data["state"] == "succeeded"
    return [
        {"Key": "ReceiptNo", "Value": _receipt(row)},
        {"Key": "Amount", "Value": row["amount"] / SHILLING},
        {"Key": "TransactionStatus", "Value": "Completed" if done else "Failed"},
        {"Key": "CreditPartyName", "Value": json.loads(row["extra"])["phone"]},
    ]


def _phone(number: str, body: str, *, again_seconds: int = 0) -> str:
    return pages.document(
        f"Phone {number}",
        f"<main><header><h1>+{number}</h1></header>{body}</main>",
        again_seconds=again_seconds,
    )


def _asks(row: sqlite3.Row, here: str) -> str:
    about = html.escape(row["description"])
    return f"""<p class="sum">{pages.money(row)}</p><p class="note">{about}</p>
<form method="post" action="{html.escape(here)}">
<input type="hidden" name="prompt" value="{row["reference"]}">
<label>M-Pesa PIN<input name="pin" type="password" inputmode="numeric" maxlength="4"
 autocomplete="off"></label>
<button class="pay" name="act" value="pay">Pay</button>
<button class="cancel" name="act" value="later">Pay, and let it take a while</button>
<button class="cancel" name="act" value="no_funds">Have too little money</button>
<button class="cancel" name="act" value="cancel">Cancel</button>
</form><footer>This plays a phone: the PIN is {PIN}.</footer>"""
