"""Run the provider of checks: `python -m doubles.kyc --port 9105`.

Options are also read from the environment (KYC_PORT, KYC_KEY, KYC_SECRET ...). Port 0 takes a free
one; the first line on standard output tells the address. A person whose name holds "Refused" fails,
"Unclear" is unclear, "Never" is never answered; all others pass after `--settle-seconds`.
"""

import signal
import sys
import threading
from http.server import ThreadingHTTPServer

from doubles.base import server
from doubles.kyc.desk import Desk, handler


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = server.options(
        "kyc",
        "A provider of checks for tests.",
        port="9105",
        data="",  # keeps nothing: all doubles take it
        key="kyc-test-key",
        secret="kyc-test-secret",  # noqa: S106 - nobody's
        settle_seconds="2",
    )
    desk = Desk(wanted.key, wanted.secret, float(wanted.settle_seconds))
    with ThreadingHTTPServer(("127.0.0.1", int(wanted.port)), handler(desk)) as http:
        stop = threading.Event()
        sender = threading.Thread(target=desk.send_all, args=(stop,), daemon=True)
        sender.start()
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=http.shutdown).start())
        sys.stdout.write(f"kyc: listening on http://127.0.0.1:{http.server_port}\n")
        sys.stdout.flush()
        try:
            http.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            sender.join()


if __name__ == "__main__":
    main()
