"""Each provider's double and our own web, both listening, for tests of money on the wire."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from flask import Flask
from sqlalchemy import Engine, select, text

from adapters import providers
from adapters.payments import Checkout
from models.payments import IntentStatus, PaymentIntent, Refund
from services import instalments, invariants, payments, ways
from services.payments import Part
from tests.doubles.kits import PHONE, Kind, Kit, kit
from tests.stories import Story
from tests.workers.providers import listening
from workers import disputes, refunds
from workers import payments as money

AMOUNT = Decimal(200_000)
MOVED = (IntentStatus.succeeded, IntentStatus.partly_refunded, IntentStatus.refunded)


@dataclass
class Counter:
    """Both sides of payments by one provider."""

    app: Flask
    kit: Kit
    superuser: Engine
    story: Story

    @property
    def name(self) -> str:
        return self.kit.kind.name

    def begin(self, amount: Decimal = AMOUNT, *, again: bool = False) -> UUID:
        """Mean to pay a part of the first invoice."""
        way = ways.WAYS[self.name]
        with self.story.work() as work:
            first = instalments.links(work, self.story.booking_id)[0].invoice_id
            intent = payments.begin(
                work,
                [Part(first, amount)],
                way.method,
                provider=self.name,
                phone=PHONE if way.phone else "",
                again=again,
            )
            return intent.id

    def opened(self) -> UUID:
        intent_id = self.begin()
        money.ask(self.story.home, str(intent_id))
        if self.intent(intent_id).reference is None:  # a token of an earlier test's till
            self.turn()
        return intent_id

    def ask(self, intent_id: UUID) -> None:
        money.ask(self.story.home, str(intent_id))

    def pay(self, intent_id: UUID, act: str = "pay") -> httpx.Response:
        intent = self.intent(intent_id)
        assert intent.reference, intent.failure
        return self.kit.act(Checkout(intent.reference, intent.pay_url, None), act)

    def intent(self, intent_id: UUID) -> PaymentIntent:
        return self.story.intent(intent_id)

    def status(self, intent_id: UUID) -> IntentStatus:
        return self.intent(intent_id).status

    def pass_time(self) -> None:
        """Let the time pass until everything is asked again."""
        with self.superuser.connect() as door:
            for table in ("payment_intent", "refund"):
                door.execute(
                    text(f"UPDATE {table} SET check_at = now() WHERE check_at IS NOT NULL")  # noqa: S608
                )

    def turn(self, times: int = 1) -> None:
        """Do what the schedule does, so many times, with the time passing in between."""
        for _ in range(times):
            self.pass_time()
            money.ask_due()
            refunds.send_back_due()
            disputes.look_into_due()

    def turn_until(self, true: Callable[[], bool], seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while not true() and time.monotonic() < end:
            self.turn()
            time.sleep(0.2)
        assert true()

    def until(self, intent_id: UUID, wanted: IntentStatus) -> None:
        self.turn_until(lambda: self.status(intent_id) is wanted)

    def all_is_well(self) -> None:
        """Check that the provider's books and our rows say the same, and what is always true."""
        books = self.kit.books()
        with self.story.work() as work:
            query = select(PaymentIntent).where(
                PaymentIntent.provider == self.name, PaymentIntent.status.in_(MOVED)
            )
            ours = {each.reference: each.amount for each in work.session.scalars(query)}
            sent = select(Refund.amount).where(Refund.succeeded_at.is_not(None))
            back = sum(work.session.scalars(sent), Decimal(0))
        taken = {each["reference"]: Decimal(each["amount"]) / 100 for each in books["captures"]}
        assert ours == taken
        assert back == Decimal(books["refunded"].get("KES", 0)) / 100
        assert invariants.broken(self.story.session) == {}


@contextmanager
def serving(
    app: Flask, superuser: Engine, folder: Path, kind: Kind, story: Story
) -> Iterator[Counter]:
    """Run the double and our web side by side; our client gives up sooner than in earnest."""
    with listening(app) as public, kit(kind, folder, public) as running:
        given = {**kind.settings(running.address), "PUBLIC_URL": public}
        kept = {name: app.config[name] for name in given}
        app.config.update(given)
        maker: Any = providers.MAKERS[kind.name]
        made, maker.configured = maker.configured, lambda _: running.provider
        try:
            yield Counter(app, running, superuser, story)
        finally:
            maker.configured = made
            app.config.update(kept)
