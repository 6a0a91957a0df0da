"""Wallets of the demo: of the buyer and of the resident, used for half a year."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core import db
from core.db import uuid7
from core.work import Work, clock, found
from models.autopay import Autopay
from models.billing import PaymentMethod
from models.wallets import Channel, Order, Wallet
from services import ledger, payments, top_ups, wallet_orders, wallet_payouts, wallet_pins, wallets
from services.payments import Outcome
from services.wallet_orders import Ask, Destination

At = Callable[[datetime], AbstractContextManager[Work]]
PIN = "2580"
"""The PIN of all wallets of the demo."""
MONTHS = 6


def play(at: At, buyer_id: UUID, resident_id: UUID) -> tuple[UUID, UUID]:
    """Let the resident send the buyer a share each month; gives the two wallets."""
    now = clock()
    began = now - timedelta(days=30 * MONTHS)
    with at(began) as work:
        buyers, residents = (wallets.open_for(work, each) for each in (buyer_id, resident_id))
        mine, theirs, name = buyers.id, residents.id, buyers.name
    for month in range(MONTHS):
        day = began + timedelta(days=30 * month)
        with at(day) as work:
            _fill(work, theirs, Decimal(18_000 + 500 * month))
        with at(day + timedelta(days=2)) as work:
            share = Decimal(4_250)
            order = wallet_orders.transfer(work, _ask(theirs), name, share, "Water and borehole")
            wallet_orders.carry_out(work, order.id)
        if month % 2:
            with at(day + timedelta(days=9)) as work:
                wallet_payouts.paid_out(work, _withdraw(work, mine).id, f"EQ-{7210 + month}")
    with at(now - timedelta(hours=3)) as work:
        _withdraw(work, theirs)
        _pays_by_itself(work, theirs, resident_id)
    return mine, theirs


def choose_pin(profile_id: UUID, wallet_id: UUID, password: str) -> None:
    """Set the PIN of the demo."""
    door, given = db.door(), {"password": password, "code": ""}
    wallet_pins.choose(door, profile_id, wallet_id, PIN, now=clock(), **given)
    door.commit()


def _pays_by_itself(work: Work, wallet_id: UUID, party_id: UUID) -> None:
    """Let the resident's wallet pay invoices of up to 20,000 two days before they are due."""
    agreed = Autopay(
        organization_id=work.scope.home(),
        party_id=party_id,
        wallet_id=wallet_id,
        currency=found(work, Wallet, wallet_id).currency,
        most=Decimal(20_000),
        days_before=2,
        since=ledger.business_date(work),
        created_at=work.now,
    )
    work.session.add(agreed)
    work.session.flush()


def _fill(work: Work, wallet_id: UUID, amount: Decimal) -> None:
    intent = top_ups.begin(work, wallet_id, amount, PaymentMethod.bank_transfer)
    payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


def _withdraw(work: Work, wallet_id: UUID) -> Order:
    where = Destination(Channel.bank, "0480193847562", "Equity account", "Equity Bank", "68")
    order = wallet_orders.withdraw(work, _ask(wallet_id), Decimal(5_000), where)
    return wallet_orders.carry_out(work, order.id)


def _ask(wallet_id: UUID) -> Ask:
    """A job asks; the key only has to be another each time."""
    return Ask(wallet_id, None, str(uuid7()))
