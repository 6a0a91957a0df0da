"""Run the provider of texts: `python -m doubles.sms --port 9107`.

Options are also read from the environment (SMS_PORT, SMS_USER, SMS_KEY). Port 0 takes a free one;
the first line on standard output tells the address. Faults are set with `POST /faults`, what it has
taken is read with `GET /texts`.
"""

import signal
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path

from doubles.base import server
from doubles.sms.tower import Tower, handler


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = server.options(
        "sms",
        "A provider of text messages for tests.",
        port="9107",
        data="",
        user="sandbox",
        key="sms-test-key",
    )
    tower = Tower(wanted.user, wanted.key, Path(wanted.data) if wanted.data else None)
    with ThreadingHTTPServer(("127.0.0.1", int(wanted.port)), handler(tower)) as http:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=http.shutdown).start())
        sys.stdout.write(f"sms: listening on http://127.0.0.1:{http.server_port}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            http.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
