"""The provider over HTTP: the API for the shop, the pages for the payer, the switches for tests."""

import hmac
import json
import random
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import urlsplit

from doubles.card import pages, payer
from doubles.card.books import Books, No, shown
from doubles.card.faults import Faults

BODY_BYTES_MAX = 64 * 1024
ROUTES = (
    ("POST", r"/v1/checkouts", "create"),
    ("GET", r"/v1/checkouts/(\w+)", "status"),
    ("POST", r"/v1/checkouts/(\w+)/refunds", "refund"),
    ("POST", r"/v1/checkouts/(\w+)/notices", "resend"),
    ("GET", r"/v1/books", "totals"),
    ("GET", r"/v1/faults", "faults"),
    ("PUT", r"/v1/faults", "set_faults"),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """What all requests share."""

    books: Books
    faults: Faults
    key: str
    address: str


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server_version = "CardDouble"
    sys_version = ""
    shop: ClassVar[Shop]

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer("POST")

    def do_PUT(self) -> None:
        """Answer a PUT."""
        self._answer("PUT")

    def log_message(self, *_: object) -> None:
        """Keep quiet: addresses hold references."""

    def _answer(self, method: str) -> None:
        path = urlsplit(self.path).path
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(413, b"", "text/plain")
            return
        body = self.rfile.read(int(length))
        if path == "/health":
            self._send(200, b"ok", "text/plain")
        elif page := re.fullmatch(r"/pay/(\w+)", path):
            self._page(method, page[1], body)
        else:
            self._api(method, path, body)

    def _page(self, method: str, reference: str, body: bytes) -> None:
        status, content, row = payer.visit(
            self.shop.books, self.shop.faults, reference, body if method == "POST" else None
        )
        extra = {"Content-Security-Policy": pages.policy(row), "Referrer-Policy": "no-referrer"}
        if status == 303:
            extra["Location"] = content
        self._send(status, content.encode(), "text/html; charset=utf-8", extra)

    def _api(self, method: str, path: str, body: bytes) -> None:
        try:
            name, arguments = self._route(method, path)
            act: Callable[..., tuple[int, dict[str, Any]]] = getattr(self, f"_{name}")
            status, answer = act(*arguments, *([] if method == "GET" else [_object(body)]))
        except No as no:
            status, answer = no.status, {"error": {"code": no.code, "message": no.sentence}}
        if path.startswith("/v1/checkouts") and self.shop.faults.spoils():
            self._send_spoilt(status, json.dumps(answer).encode())
        else:
            self._send(status, json.dumps(answer).encode(), "application/json")

    def _route(self, method: str, path: str) -> tuple[str, Sequence[str]]:
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.shop.key}".encode()):
            raise No(401, "unauthorized", "The key is not known.")
        for verb, pattern, name in ROUTES:
            if verb == method and (match := re.fullmatch(pattern, path)):
                return name, match.groups()
        raise No(404, "not_found", "There is nothing here.")

    def _create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        amount, currency = asked.get("amount"), asked.get("currency")
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= 10**18:
            raise No(422, "bad_amount", "The amount must be a whole number above zero.")
        if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
            raise No(422, "bad_currency", "The currency must be three capital letters.")
        for name in ("intent_id", "description", "return_url", "webhook_url"):
            if not isinstance(asked.get(name), str) or not 0 < len(asked[name]) <= 500:
                raise No(422, f"bad_{name}", f"{name} must be a text of up to 500 characters.")
        for name in ("return_url", "webhook_url"):
            if not re.fullmatch(r"https?://[^\s\"'<>]+", asked[name]):
                raise No(422, f"bad_{name}", f"{name} must be an address on the web.")

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            told = shown(self.shop.books.open_checkout(db, asked))
            return {**told, "url": f"{self.shop.address}/pay/{told['reference']}"}

        return self._once("checkout", asked, act)

    def _status(self, reference: str) -> tuple[int, dict[str, Any]]:
        self.shop.books.settle()
        with self.shop.books.transaction() as db:
            return 200, shown(self.shop.books.find(db, reference))

    def _refund(self, reference: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        amount = asked.get("amount")
        if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
            raise No(422, "bad_amount", "The amount must be a whole number above zero.")

        def act(db: sqlite3.Connection) -> dict[str, Any]:
            if self.shop.books.find(db, reference)["currency"] != asked.get("currency"):
                raise No(422, "bad_currency", "The checkout took another currency.")
            return self.shop.books.give_back(db, reference, amount)

        return self._once("refund", {**asked, "checkout": reference}, act)

    def _once(
        self,
        moment: str,
        asked: dict[str, Any],
        act: Callable[[sqlite3.Connection], dict[str, Any]],
    ) -> tuple[int, dict[str, Any]]:
        key = self.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= 200:
            raise No(400, "key_required", "An Idempotency-Key of up to 200 characters is required.")
        answer = self.shop.books.once(key, json.dumps([moment, asked], sort_keys=True), act)
        self.shop.faults.die_if(moment)
        return answer

    def _resend(self, reference: str, _asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.shop.books.transaction() as db:
            self.shop.books.find(db, reference)
            db.execute(
                "UPDATE notice SET delivered_at = NULL, given_up = 0, due_at = 0"
                " WHERE checkout = ?",
                [reference],
            )
        return 202, {}

    def _totals(self) -> tuple[int, dict[str, Any]]:
        return 200, self.shop.books.totals()

    def _faults(self) -> tuple[int, dict[str, Any]]:
        return 200, self.shop.faults.now()

    def _set_faults(self, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            self.shop.faults.set(wanted)
        except ValueError as error:
            raise No(
                422, "bad_switch", f"{error} is no such switch, or not of its kind."
            ) from error
        return self._faults()

    def _send_spoilt(self, status: int, content: bytes) -> None:
        faults = self.shop.faults
        time.sleep(faults.slow_seconds)
        if faults.redirect:
            self._send(307, b"", "text/plain", {"Location": faults.redirect})
        elif random.random() < faults.error_rate:  # noqa: S311 - chance, not secrecy
            self._send(faults.error_status, b"upstream connect error", "text/plain")
        elif faults.garbage:
            self._send(200, b"<html>\xff\x00{]", "application/json")
        elif faults.huge:
            self._send(200, json.dumps({"x": "x" * 2**22}).encode(), "application/json")
        elif faults.error_in_200:
            inside = {"error": {"code": "internal", "message": "Try again later.", "retry": True}}
            self._send(200, json.dumps(inside).encode(), "application/json")
        else:
            self._send(status, content, "application/json", spoilt=True)

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        extra: dict[str, str] | None = None,
        *,
        spoilt: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(extra or {}),
        }.items():
            self.send_header(name, value)
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer: list[bytes] = []
        self._write(head + content, self.shop.faults if spoilt else Faults())

    def _write(self, whole: bytes, faults: Faults) -> None:
        try:
            if faults.cut:
                whole, self.close_connection = whole[:-20], True
            step = 1 if faults.drip_seconds else len(whole)
            for at in range(0, len(whole), step):
                self.wfile.write(whole[at : at + step])
                time.sleep(faults.drip_seconds)
        except OSError:
            self.close_connection = True  # they hung up; the books know what was done


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise No(400, "bad_json", "The body is no JSON.") from error
    if not isinstance(asked, dict):
        raise No(400, "bad_json", "The body is no JSON object.")
    return asked
