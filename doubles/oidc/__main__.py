"""Run a provider of identities: `python -m doubles.oidc --port 9105`.

It speaks OpenID Connect: discovery, authorize (a page where one types who one is), token, keys and
userinfo, with PKCE. Each option is also read from the environment (OIDC_PORT, OIDC_CLIENT,
OIDC_SECRET). Port 0 takes a free one. The first line on standard output tells the address. Faults
are switched on by `PUT /_/faults`, with the names of doubles/oidc/provider.py.
"""

import json
import signal
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from doubles.base.server import options
from doubles.oidc.provider import Answer, Provider

BODY_BYTES_MAX = 64 * 1024


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    provider: ClassVar[Provider]
    timeout = 60

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
        """Keep quiet: addresses hold codes."""

    def _answer(self, method: str) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self._send(Answer(413))
            return
        body, parts = self.rfile.read(int(length)), urlsplit(self.path)
        if method == "PUT" and parts.path == "/_/faults":
            self.provider.faults = set(json.loads(body))
            self._send(Answer(200, "{}"))
            return
        given = dict(parse_qsl(parts.query)) | dict(parse_qsl(body.decode(errors="replace")))
        authorization = self.headers.get("Authorization", "")
        self._send(self.provider.answer(method, parts.path, given, authorization))

    def _send(self, answer: Answer) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        kind = "application/json" if content.startswith(b"{") else "text/html; charset=utf-8"
        heads = {"Content-Type": kind, "Content-Length": str(len(content))}
        if answer.location:
            heads["Location"] = answer.location
        for name, value in heads.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = options(
        "oidc",
        "A provider of identities for tests.",
        port="9105",
        data="",
        client="makao",
        secret="oidc-test-secret",  # noqa: S106 - nobody's
    )
    with ThreadingHTTPServer(("127.0.0.1", int(wanted.port)), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        Handler.provider = Provider(address, wanted.client, wanted.secret)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        sys.stdout.write(f"oidc: listening on {address}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
