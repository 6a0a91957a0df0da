"""Texts as a provider takes them: each number judged for itself, and all kept."""

import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

BODY_BYTES_MAX = 64 * 1024
KEPT_MOST = 500
FAULTS: dict[str, Any] = {
    "slow_seconds": 0.0,
    "status": 0,
    "garbage": False,
    "calls": 0,
    "codes": {},
    "silent": [],
}
"""Wait before answers; answer this HTTP status, or no JSON (`calls` times, 0: always); answer a
number with a code of one's own; leave numbers out of the answer, though their text is taken."""
WORDS = {
    100: "Processed",
    101: "Success",
    102: "Queued",
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}


@dataclass
class Tower:
    """All texts that were taken, newest last; in a file, too, where there is a folder."""

    user: str
    key: str
    folder: Path | None = None
    kept: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, Any] = field(default_factory=lambda: dict(FAULTS))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Read what was kept before."""
        if self.folder and self._file.exists():
            self.kept = [json.loads(line) for line in self._file.read_text().splitlines()]

    @property
    def _file(self) -> Path:
        assert self.folder
        return self.folder / "texts.jsonl"

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Take a text for each number, and say what becomes of it."""
        with self.lock:
            numbers = [each.strip() for each in form.get("to", "").split(",")]
            rows = [self._one(number, form) for number in numbers if number]
        good = sum(row["statusCode"] in {100, 101, 102} for row in rows)
        shown = [row for row in rows if row["number"] not in self.faults["silent"]]
        says = f"Sent to {good}/{len(rows)} Total Cost: KES {good * 0.8:.4f}"
        return {"SMSMessageData": {"Message": says, "Recipients": shown}}

    def _one(self, number: str, form: dict[str, str]) -> dict[str, Any]:
        code = self.faults["codes"].get(number, 101)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
            code = 403
        good = code in {100, 101, 102}
        key = f"ATXid_{secrets.token_hex(8)}" if good else "None"
        if good:
            self._keep(
                {
                    "id": key,
                    "to": number,
                    "from": form.get("from", ""),
                    "message": form.get("message", ""),
                    "received_at": time.time(),
                }
            )
        return {
            "statusCode": code,
            "number": number,
            "status": WORDS[code],
            "cost": "KES 0.8000" if good else "0",
            "messageId": key,
        }

    def _keep(self, text: dict[str, Any]) -> None:
        self.kept = [*self.kept, text][-KEPT_MOST:]
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as file:
                file.write(json.dumps(text) + "\n")

    def spoilt(self) -> tuple[int, bool]:
        """Give the status that this answer is replaced by, and whether it is garbage."""
        with self.lock:
            status, garbage = int(self.faults["status"]), bool(self.faults["garbage"])
            if (status or garbage) and self.faults["calls"]:
                self.faults["calls"] -= 1
                if not self.faults["calls"]:
                    self.faults |= {"status": 0, "garbage": False}
            return status, garbage


class Handler(BaseHTTPRequestHandler):
    """One connection to a tower."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    tower: ClassVar[Tower]

    def log_message(self, *_: object) -> None:
        """Keep quiet: texts hold codes."""

    def do_GET(self) -> None:
        """Answer a GET."""
        asked = urlsplit(self.path)
        if asked.path == "/health":
            self._send(200, {"ok": True})
        elif asked.path == "/texts":
            query = dict(parse_qsl(asked.query))
            with self.tower.lock:
                found = [
                    each for each in self.tower.kept if query.get("to", each["to"]) in each["to"]
                ]
            self._send(200, {"texts": found[::-1][: int(query.get("limit", "50"))]})
        else:
            self._send(404, {})

    def do_POST(self) -> None:
        """Answer a POST."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(413, {})
            return
        body = self.rfile.read(length)
        if self.path == "/faults":
            with self.tower.lock:
                self.tower.faults = FAULTS | json.loads(body or b"{}")
            self._send(200, self.tower.faults)
        elif self.path == "/version1/messaging":
            self._take(body)
        else:
            self._send(404, {})

    def _take(self, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        tower = self.tower
        if (self.headers.get("apiKey"), form.get("username")) != (tower.key, tower.user):
            self._write(401, b"The supplied authentication is invalid", "text/plain")
            return
        if not form.get("to") or not form.get("message"):
            self._write(400, b"Must have to and message in your request", "text/plain")
            return
        status, garbage = tower.spoilt()
        # What is answered late was taken in time: whoever did not wait cannot know.
        answer = tower.take(form) if not status else {}
        time.sleep(float(tower.faults["slow_seconds"]))
        if garbage:
            self._write(201, b'{"SMSMessageData": {"Recip', "application/json")
        else:
            self._send(status or 201, answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        self._write(status, json.dumps(answer).encode(), "application/json")

    def _write(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def handler(tower: Tower) -> type[Handler]:
    """Make what answers connections at a tower."""
    return type("At", (Handler,), {"tower": tower})
