"""Checks of persons as a provider keeps them, how they end, and what is told of it."""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

BODY_BYTES_MAX = 64 * 1024
FAULTS: dict[str, Any] = {
    "slow_seconds": 0.0,
    "status": 0,
    "calls": 0,
    "notice_copies": 1,
    "notice_forged": False,
}
"""Wait before answers; answer this status (`calls` times, 0: always); copies of notices."""
SAYS = {
    "passed": "Nothing speaks against this person.",
    "failed": "The papers belong to somebody else.",
    "unclear": "The picture cannot be read.",
    "pending": "",
}


@dataclass
class Kept:
    """One check."""

    reference: str
    check_id: str
    kind: str
    ends: str
    at: float
    url: str
    told: bool = False


@dataclass
class Desk:
    """All checks, in memory; what has been asked stays asked once."""

    key: str
    secret: str
    settle_seconds: float
    kept: dict[str, Kept] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=lambda: dict(FAULTS))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Take a check up, once."""
        person = asked.get("person")
        if not isinstance(person, dict) or not person.get("name") or not asked.get("check_id"):
            return 422, no("bad_person", "Say whom to check.")
        if not person.get("identity"):
            return 422, no("bad_identity", "The number of a paper is needed.")
        with self.lock:
            check_id = str(asked["check_id"])
            known = next((each for each in self.kept.values() if each.check_id == check_id), None)
            if known is None:
                known = Kept(
                    f"chk_{secrets.token_hex(8)}",
                    check_id,
                    str(asked.get("kind")),
                    ending(str(person["name"])),
                    time.time() + self.settle_seconds,
                    str(asked.get("webhook_url") or ""),
                )
                self.kept[known.reference] = known
            return 200, self.shown(known)

    def status(self, reference: str) -> tuple[int, dict[str, Any]]:
        """Say how a check stands."""
        with self.lock:
            known = self.kept.get(reference)
            return (200, self.shown(known)) if known else (404, no("unknown", "No such check."))

    def shown(self, known: Kept) -> dict[str, Any]:
        """Write a check as the API does."""
        over = known.ends != "never" and known.at <= time.time()
        state = known.ends if over else "pending"
        details = {"list": "No entry"} if known.kind == "background" and state == "passed" else {}
        return {
            "reference": known.reference,
            "check_id": known.check_id,
            "state": state,
            "summary": SAYS[state],
            "details": details,
        }

    def spoilt(self) -> int:
        """Give the status that this answer is replaced by, if it is."""
        with self.lock:
            status = int(self.faults["status"])
            if status and self.faults["calls"]:
                self.faults["calls"] -= 1
                if not self.faults["calls"]:
                    self.faults["status"] = 0
            return status

    def send_all(self, stop: threading.Event) -> None:
        """Tell of what has ended until told to stop."""
        while not stop.wait(0.1):
            with self.lock:
                due = [
                    each
                    for each in self.kept.values()
                    if not each.told
                    and each.url
                    and each.ends != "never"
                    and each.at <= time.time()
                ]
                for each in due:
                    each.told = True
            for each in due:
                for _ in range(int(self.faults["notice_copies"])):
                    self._send(each)

    def _send(self, known: Kept) -> None:
        body = json.dumps({"type": "check.done", "data": {"check_id": known.check_id}}).encode()
        key = secrets.token_bytes(32) if self.faults["notice_forged"] else self.secret.encode()
        stamp = int(time.time())
        proof = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(  # noqa: S310 - an address that whoever asked has given
            known.url,
            data=body,
            headers={
                "Content-Type": "application/json",
                "Kyc-Signature": f"t={stamp},v1={proof}",
            },
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - the same
        except (urllib.error.URLError, OSError, ValueError):
            return


def ending(name: str) -> str:
    """Tell how a check of somebody of this name ends."""
    words = {"Refused": "failed", "Unclear": "unclear", "Never": "never"}
    return next((end for word, end in words.items() if word in name), "passed")


def no(code: str, message: str) -> dict[str, Any]:
    """Write a refusal."""
    return {"error": {"code": code, "message": message}}


class Handler(BaseHTTPRequestHandler):
    """One connection to a desk."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    desk: ClassVar[Desk]

    def log_message(self, *_: object) -> None:
        """Keep quiet: addresses hold references."""

    def do_GET(self) -> None:
        """Answer a GET."""
        if self.path == "/health":
            self._send(200, {"ok": True})
        elif found := re.fullmatch(r"/v1/checks/(\w+)", self.path):
            self._answer(lambda: self.desk.status(found[1]))
        else:
            self._send(404, no("unknown", "Nothing is here."))

    def do_POST(self) -> None:
        """Answer a POST."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(413, no("too_long", "That is too long."))
            return
        body = json.loads(self.rfile.read(length) or b"{}")
        if self.path == "/faults":
            with self.desk.lock:
                self.desk.faults = FAULTS | body
            self._send(200, self.desk.faults)
        elif self.path == "/v1/checks":
            self._answer(lambda: self.desk.begin(body))
        else:
            self._send(404, no("unknown", "Nothing is here."))

    def _answer(self, do: Callable[[], tuple[int, dict[str, Any]]]) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.desk.key}":
            self._send(401, no("bad_key", "The key is not known."))
            return
        time.sleep(float(self.desk.faults["slow_seconds"]))
        status, answer = do()
        if broken := self.desk.spoilt():
            status, answer = broken, no("broken", "Something broke.")
        self._send(status, answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def handler(desk: Desk) -> type[Handler]:
    """Make what answers connections at a desk."""
    return type("At", (Handler,), {"desk": desk})
