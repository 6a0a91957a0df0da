"""The card provider's double and our own web, both listening, for tests of money on the wire."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, select, text
from werkzeug.serving import make_server

from adapters.payments import Checkout
from models.payments import IntentStatus, PaymentIntent, Refund
from tests.doubles.cards import KEY, SECRET, Card, card_provider
from tests.stories import Story
from workers import payments, refunds


@dataclass
class Till:
    """Both sides of card payments."""

    app: Flask
    card: Card
    superuser: Engine

    def make_due(self) -> None:
        """Let the time pass until everything is asked again."""
        with self.superuser.connect() as door:
            for table in ("payment_intent", "refund"):
                door.execute(
                    text(f"UPDATE {table} SET check_at = now() WHERE check_at IS NOT NULL")  # noqa: S608
                )

    def turn(self, times: int = 1) -> None:
        """Do what the schedule does, so many times, with the time passing in between."""
        for _ in range(times):
            self.make_due()
            payments.ask_due()
            refunds.send_back_due()

    def page(self, story: Story, intent_id: UUID) -> Checkout:
        """Give the page that the payer is sent to, as the provider's client knows it."""
        intent = story.intent(intent_id)
        assert intent.reference
        assert intent.expires_at
        return Checkout(intent.reference, intent.pay_url, intent.expires_at)

    def agrees(self, story: Story) -> None:
        """Check that the provider's books and our rows say the same, reference by reference."""
        books = self.card.books()
        captured = {each["intent_id"]: Decimal(each["amount"]) / 100 for each in books["captures"]}
        refunded = {each["reference"]: Decimal(each["amount"]) / 100 for each in books["refunds"]}
        with story.work() as work:
            moved = (
                IntentStatus.succeeded,
                IntentStatus.partly_refunded,
                IntentStatus.refunded,
            )
            query = select(PaymentIntent).where(
                PaymentIntent.provider == "card", PaymentIntent.status.in_(moved)
            )
            ours = {str(each.id): each.amount for each in work.session.scalars(query)}
            sent = select(Refund).where(Refund.reference.is_not(None))
            back = {each.reference: each.amount for each in work.session.scalars(sent)}
        assert ours == captured
        assert back == refunded


@contextmanager
def till(app: Flask, superuser: Engine, folder: Path, public: str = "") -> Iterator[Till]:
    """Run the double and our web side by side; `public` is an address to give instead of ours."""
    with card_provider(folder) as card, listening(app) as address:
        given = {
            "CARD_PROVIDER_URL": card.address,
            "CARD_PROVIDER_KEY": KEY,
            "CARD_WEBHOOK_SECRET": SECRET,
            "PUBLIC_URL": public or address,
        }
        kept = {name: app.config[name] for name in given}
        app.config.update(given)
        try:
            yield Till(app, card, superuser)
        finally:
            app.config.update(kept)


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve the application on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
