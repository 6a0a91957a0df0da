"""Run the card provider: `python -m doubles.card --port 9101 --data FOLDER`.

Each option is also read from the environment (CARD_PORT, CARD_DATA, CARD_KEY, CARD_SECRET,
CARD_LIFETIME_SECONDS). Port 0 takes a free one. The first line on standard output tells the
address.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from doubles.card import notices
from doubles.card.books import Books
from doubles.card.faults import Faults
from doubles.card.server import Handler, Shop


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = _options()
    logging.basicConfig(level=logging.INFO, format="card: %(message)s")
    books, faults, stop = Books(wanted.data, wanted.lifetime_seconds), Faults(), threading.Event()
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", wanted.port), Handler) as server:
        address = wanted.address or f"http://127.0.0.1:{server.server_port}"
        Handler.shop = Shop(books, faults, wanted.key, address)
        sender = threading.Thread(target=notices.run, args=(books, faults, wanted.secret, stop))
        sender.start()
        # `shutdown` waits for the loop that this handler interrupts: it needs a thread of its own.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        sys.stdout.write(f"card: listening on http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            sender.join()


def _options() -> argparse.Namespace:
    env = os.environ.get  # noqa: TID251 - a process of its own, without our config.py
    parser = argparse.ArgumentParser("doubles.card", description="A card provider for tests.")
    parser.add_argument("--port", type=int, default=env("CARD_PORT", "9101"))
    parser.add_argument("--data", type=Path, default=env("CARD_DATA", ".makao/card"))
    parser.add_argument("--key", default=env("CARD_KEY", "card-test-key"))
    parser.add_argument("--secret", default=env("CARD_SECRET", "card-test-secret"))
    parser.add_argument("--address", default=env("CARD_ADDRESS", ""), help="as payers see it")
    parser.add_argument(
        "--lifetime-seconds", type=float, default=env("CARD_LIFETIME_SECONDS", "1800")
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
