"""Run the providers: `python -m doubles.providers --port 9104 --data FOLDER`.

Each option is also read from the environment (PROVIDERS_PORT, PROVIDERS_DATA ...). Port 0 takes a
free one. The first line on standard output tells the address; Stripe is at `<address>/stripe`, and
so on. `--public` is the shop's address: notices go to `<public>/webhooks/<provider>`.
"""

from collections.abc import Mapping
from pathlib import Path

from doubles.base import server
from doubles.base.books import Books
from doubles.base.counter import Counter
from doubles.flutterwave.counter import FlutterwaveCounter
from doubles.mpesa.counter import MpesaCounter
from doubles.paystack.counter import PaystackCounter
from doubles.stripe.counter import StripeCounter

COUNTERS: tuple[type[Counter], ...] = (
    StripeCounter,
    PaystackCounter,
    FlutterwaveCounter,
    MpesaCounter,
)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    wanted = server.options(
        "providers",
        "Providers of payments for tests.",
        port="9104",
        data=".makao/providers",
        key="provider-test-key",
        secret="provider-test-secret",  # noqa: S106 - nobody's
        public="",
        lifetime_seconds="1800",
        settle_seconds="2",
    )

    def opened(address: str) -> Mapping[str, Counter]:
        lasts, settles = float(wanted.lifetime_seconds), float(wanted.settle_seconds)
        return {
            kind.name: kind(
                Books(Path(wanted.data), kind.name, lasts, settles),
                wanted.key,
                wanted.secret,
                f"{address}/{kind.name}",
                f"{wanted.public}/webhooks/{kind.name}" if wanted.public else "",
            )
            for kind in COUNTERS
        }

    server.serve("providers", int(wanted.port), opened)


if __name__ == "__main__":
    main()
