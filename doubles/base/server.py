"""Providers over HTTP: one handler for all counters of a process, and what faults do to answers."""

import argparse
import json
import logging
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from doubles.base import notices, pages
from doubles.base.counter import Counter, Request
from doubles.base.faults import Faults

BODY_BYTES_MAX = 64 * 1024


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server_version = "Double"
    sys_version = ""
    counters: ClassVar[Mapping[str, Counter]]
    """By the first part of the path; the one called '' takes all that has no other."""

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
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(413, b"", "text/plain")
            return
        body = self.rfile.read(int(length))
        if parts.path == "/health":
            self._send(200, b"ok", "text/plain")
            return
        first, _, rest = parts.path.lstrip("/").partition("/")
        counter = self.counters.get(first)
        path = f"/{rest}" if counter else parts.path
        counter = counter or self.counters.get("")
        if counter is None:
            self._send(404, b"", "text/plain")
            return
        query = dict(parse_qsl(parts.query))
        request = Request(method, path, query, dict(self.headers), body)
        if page := re.fullmatch(counter.page, path):
            self._page(counter, request, page[1])
        else:
            self._api(counter, request)

    def _page(self, counter: Counter, request: Request, reference: str) -> None:
        status, content, row = counter.visit(request, reference)
        extra = {"Content-Security-Policy": pages.policy(row), "Referrer-Policy": "no-referrer"}
        if status == 303:
            extra["Location"] = content
        self._send(status, content.encode(), "text/html; charset=utf-8", extra)

    def _api(self, counter: Counter, request: Request) -> None:
        (status, answer), spoilt = counter.answer(request)
        content = json.dumps(answer).encode()
        if spoilt:
            self._send_spoilt(counter, status, content)
        else:
            self._send(status, content, "application/json")

    def _send_spoilt(self, counter: Counter, status: int, content: bytes) -> None:
        faults = counter.faults
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
            self._send(200, json.dumps(counter.trouble()).encode(), "application/json")
        else:
            self._send(status, content, "application/json", faults=faults)

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        extra: dict[str, str] | None = None,
        *,
        faults: Faults | None = None,
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
        self._write(head + content, faults or Faults())

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


def serve(name: str, port: int, opened: Callable[[str], Mapping[str, Counter]]) -> None:
    """Serve the counters that `opened` gives for an address until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format=f"{name}: %(message)s")
    stop = threading.Event()
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        Handler.counters = opened(address)
        senders = [
            threading.Thread(target=notices.run, args=(each, stop))
            for each in Handler.counters.values()
        ]
        for each in senders:
            each.start()
        # `shutdown` waits for the loop that this handler interrupts: it needs a thread of its own.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        sys.stdout.write(f"{name}: listening on {address}\n")
        sys.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            for each in senders:
                each.join()


def options(name: str, description: str, **defaults: str) -> argparse.Namespace:
    """Read the options of a double, each also from the environment as `<NAME>_<OPTION>`."""
    env = os.environ.get  # noqa: TID251 - a process of its own, without our config.py
    parser = argparse.ArgumentParser(f"doubles.{name}", description=description)
    for option, default in defaults.items():
        variable = f"{name}_{option}".upper()
        parser.add_argument(f"--{option.replace('_', '-')}", default=env(variable, default))
    return parser.parse_args()
