"""Owners of wallets, with money in them, a PIN, and a sign-in to the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work, clock, unit_of_work
from models.billing import PaymentMethod
from models.events import Event
from models.payments import PaymentIntent
from models.wallet_orders import Channel
from models.wallets import Transaction, Wallet
from services import (
    billing,
    payments,
    top_ups,
    wallet_pins,
    wallets,
)
from services.billing import Line
from services.payments import Outcome
from services.wallet_orders import Ask
from services.wallet_payouts import Destination
from tests import make

PIN = "2580"
BANKED = Destination(Channel.bank, "0123456789", "Wanjiku Kamau", "Equity", "68")


@dataclass
class Owner:
    """Somebody with a wallet and a PIN, who signs in to the portal."""

    home: UUID
    profile_id: UUID
    party_id: UUID
    wallet_id: UUID
    key: str

    def ask(self, key: str = "", pin: str | None = PIN) -> Ask:
        return Ask(self.wallet_id, pin, key or str(uuid4()))


def an_owner(session: Session, home: UUID, amount: str = "1000") -> Owner:
    """Make one, with so much in their wallet."""
    door = db.door()
    with seeing(session, Scope(home, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        party_id = make.party(work, name="Wanjiku Kamau").id
        profile_id = make.user(door)
        make.member(work, profile_id, "Buyer", party_id=party_id)
        wallet = wallets.open_for(work, party_id)
        wallet_id = wallet.id
        session.commit()
        if Decimal(amount):
            fill(work, wallet_id, amount)
        session.commit()
    wallet_pins.choose(
        door, profile_id, wallet_id, PIN, password=make.PASSWORD, code="", now=clock()
    )
    door.commit()
    return Owner(home, profile_id, party_id, wallet_id, make.key(door, profile_id, home))


def fill(work: Work, wallet_id: UUID, amount: str) -> PaymentIntent:
    intent = top_ups.begin(work, wallet_id, Decimal(amount), PaymentMethod.bank_transfer)
    return payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


@pytest.fixture
def owner(session: Session, home: UUID) -> Owner:
    return an_owner(session, home)


@pytest.fixture
def web(app: object, owner: Owner) -> Iterator[Session]:
    """A session as the portal has it, with the owner's own secret."""
    with Session(app.extensions["engines"]["web"]) as session:  # type: ignore[attr-defined]
        yield session


def as_owner(web: Session, owner: Owner) -> Work:
    return Work(web, Actor("user", str(owner.profile_id)))


class Portal:
    """What the owner does on the web, each time in a transaction of its own."""

    def __init__(self, web: Session, owner: Owner) -> None:
        self.web, self.owner = web, owner
        self.scope = Scope(
            owner.home, owner.profile_id, frozenset({"Buyer"}), frozenset({owner.party_id}),
            owner.key, f"user:{owner.profile_id}",
        )  # fmt: skip

    def do(self, act: object, *args: object, **given: object) -> UUID:
        with seeing(self.web, self.scope):
            with unit_of_work(self.web, Actor("user", str(self.owner.profile_id))) as work:
                row_id: UUID = act(work, *args, **given).id  # type: ignore[operator]
            return row_id

    def sql(self, statement: str, **given: object) -> None:
        with seeing(self.web, self.scope):
            try:
                self.web.execute(text(statement), given)
                self.web.commit()
            finally:
                self.web.rollback()


@pytest.fixture
def portal(web: Session, owner: Owner) -> Portal:
    return Portal(web, owner)


def in_it(work: Work, wallet_id: UUID) -> Decimal:
    query = select(Wallet.balance).where(Wallet.id == wallet_id)
    return work.session.scalar(query) or Decimal(0)


def an_invoice(work: Work, party_id: UUID, amount: str) -> UUID:
    line = Line("Water", Decimal(amount), "4400")
    invoice = billing.draft(work, party_id, "KES", "Water in March", [line])
    billing.issue(work, invoice.id)
    work.session.commit()
    return invoice.id


def rows(work: Work, wallet_id: UUID) -> list[Transaction]:
    query = select(Transaction).where(Transaction.wallet_id == wallet_id).order_by(Transaction.id)
    return list(work.session.scalars(query))


def told(work: Work, kind: str) -> list[Event]:
    return list(work.session.scalars(select(Event).where(Event.type == kind)))
