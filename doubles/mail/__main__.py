"""Run the mailbox: `python -m doubles.mail --port 9125 --http-port 9126 --data FOLDER`.

Each option is also read from the environment (MAIL_PORT, MAIL_HTTP_PORT, MAIL_DATA). Port 0 takes
a free one. The first line on standard output tells both addresses.

    GET    /mails?to=&limit=&offset=    newest first
    GET    /mails/<id>                  with text, html, headers, attachments
    GET    /mails/<id>/attachments/<n>  the bytes
    DELETE /mails                       empties the box

Addresses that begin with `never@` are refused for good (550), with `later@` for now (451).
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from doubles.mail.box import Box

MAIL_BYTES_MAX = 32 * 1024 * 1024


class Doorman:
    """What the SMTP server asks when mail comes."""

    def __init__(self, box: Box) -> None:
        """Keep mail in this box."""
        self._box = box

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take every address but those that stand for trouble."""
        if address.startswith("never@"):
            return "550 There is no such mailbox"
        if address.startswith("later@"):
            return "451 The mailbox is busy, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail before saying yes."""
        content = envelope.original_content or b""
        recipients = [str(address) for address in envelope.rcpt_tos]
        await asyncio.to_thread(self._box.keep, str(envelope.mail_from), recipients, content)
        return "250 Kept"


class Reader(BaseHTTPRequestHandler):
    """The JSON side."""

    timeout = 30
    box: ClassVar[Box]

    def do_GET(self) -> None:
        """Show mails."""
        address = urlsplit(self.path)
        if address.path == "/health":
            self._send(200, {})
        elif address.path == "/mails":
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            limit, offset = query.get("limit", "50"), query.get("offset", "0")
            if not (re.fullmatch(r"[0-9]{1,6}", limit) and re.fullmatch(r"[0-9]{1,6}", offset)):
                self._send(400, {"error": "limit and offset are numbers"})
            else:
                self._send(200, self.box.newest(query.get("to", ""), int(limit), int(offset)))
        elif found := re.fullmatch(r"/mails/([0-9]{1,18})", address.path):
            mail = self.box.one(int(found[1]))
            self._send(200 if mail else 404, mail or {"error": "there is no such mail"})
        elif found := re.fullmatch(r"/mails/([0-9]{1,18})/attachments/([0-9]{1,4})", address.path):
            self._send_attachment(self.box.attachment(int(found[1]), int(found[2])))
        else:
            self._send(404, {"error": "there is nothing here"})

    def do_DELETE(self) -> None:
        """Empty the box."""
        if self.path == "/mails":
            self.box.empty()
        self._send(200 if self.path == "/mails" else 404, {})

    def log_message(self, *_: object) -> None:
        """Keep quiet: addresses are personal."""

    def _send_attachment(self, found: tuple[str, bytes] | None) -> None:
        if found is None:
            self._send(404, {"error": "there is no such attachment"})
            return
        name = f"attachment; filename*=UTF-8''{quote(found[0], safe='')}"
        self._write(200, found[1], "application/octet-stream", name)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        self._write(status, json.dumps(answer).encode(), "application/json", "inline")

    def _write(self, status: int, content: bytes, kind: str, disposition: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Disposition", disposition)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)


async def serve(wanted: argparse.Namespace) -> None:
    """Serve both sides until SIGTERM or Ctrl-C."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    box = Box(wanted.data)
    doorman = Doorman(box)
    smtp = await loop.create_server(
        lambda: SMTP(doorman, data_size_limit=MAIL_BYTES_MAX, enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        wanted.port,
    )
    Reader.box = box
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", wanted.http_port), Reader) as reader:
        thread = threading.Thread(target=reader.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        port = smtp.sockets[0].getsockname()[1]
        sys.stdout.write(
            f"mail: listening on smtp://127.0.0.1:{port} http://127.0.0.1:{reader.server_port}\n"
        )
        sys.stdout.flush()
        await stop.wait()
        smtp.close()
        reader.shutdown()
        thread.join()


def main() -> None:
    """Read the options and serve."""
    env = os.environ.get  # noqa: TID251 - a process of its own, without our config.py
    parser = argparse.ArgumentParser("doubles.mail", description="A mailbox for tests.")
    parser.add_argument("--port", type=int, default=env("MAIL_PORT", "9125"))
    parser.add_argument("--http-port", type=int, default=env("MAIL_HTTP_PORT", "9126"))
    parser.add_argument("--data", type=Path, default=env("MAIL_DATA", ".makao/mail"))
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
