"""Run the card provider: `python -m doubles.card --port 9101 --data FOLDER`.

Each option is also read from the environment (CARD_PORT, CARD_DATA, CARD_KEY, CARD_SECRET,
CARD_LIFETIME_SECONDS). Port 0 takes a free one. The first line on standard output tells the
address.
"""

from collections.abc import Mapping
from pathlib import Path

from doubles.base import server
from doubles.base.books import Books
from doubles.base.counter import Counter
from doubles.card.counter import CardCounter


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = server.options(
        "card",
        "A card provider for tests.",
        port="9101",
        data=".makao/card",
        key="card-test-key",
        secret="card-test-secret",  # noqa: S106 - nobody's
        address="",
        lifetime_seconds="1800",
    )

    def opened(address: str) -> Mapping[str, Counter]:
        books = Books(Path(wanted.data), "card", float(wanted.lifetime_seconds))
        return {"": CardCounter(books, wanted.key, wanted.secret, wanted.address or address)}

    server.serve("card", int(wanted.port), opened)


if __name__ == "__main__":
    main()
