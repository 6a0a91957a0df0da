"""Wallets of the demo: of the buyer and of the resident, used for half a year."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core import db
from core.db import uuid7
from core.work import Work, clock, found
from models.autopay import Autopay
from models.billing import PaymentMethod
from models.bills import Every
from models.scheduled_bills import Mode
from models.wallet_orders import Channel, Order
from models.wallets import Wallet
from services import (
    ledger,
    payments,
    scheduled_bills,
    top_ups,
    wallet_orders,
    wallet_payouts,
    wallet_pins,
    wallets,
)
from services.payments import Outcome
from services.scheduled_bills import Wish
from services.wallet_orders import Ask
from services.wallet_payouts import Destination

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
    _schedule(at, theirs, now)
    return mine, theirs


def _schedule(at: At, wallet_id: UUID, now: datetime) -> None:
    """Let the resident have electricity paid each month, and be asked about water in three days."""
    began = now - timedelta(days=75)
    with at(began) as work:
        _bill(work, wallet_id, "Electricity", 2_400, Mode.pay, began.date() + timedelta(days=1))
    for month in range(3):
        with at(began + timedelta(days=2 + 31 * month)) as work:
            _look_after(work, f"KP-{4410 + month}")
    with at(now - timedelta(days=1)) as work:
        _bill(work, wallet_id, "Water", 1_150, Mode.ask, now.date() + timedelta(days=3))
        scheduled_bills.write_down(work)


def _bill(  # noqa: PLR0913, PLR0917  # what a bill consists of
    work: Work, wallet_id: UUID, title: str, amount: int, mode: Mode, first_on: date
) -> None:
    wish = Wish(
        title,
        Decimal(amount),
        f"{title} Company",
        "44-7120",
        Channel.mobile_money,
        "",
        "+254 700 555 340",
        Every.month,
        first_on,
        mode,
        [3, 1],
    )
    scheduled_bills.add(work, wallet_id, wish)


def _look_after(work: Work, reference: str) -> None:
    """Do at once what the clock, a job and an accountant do."""
    scheduled_bills.write_down(work)
    for payment_id in scheduled_bills.due(work):
        scheduled_bills.look_after(work, payment_id)
    for order_id in wallet_orders.due(work):
        wallet_orders.carry_out(work, order_id)
        wallet_payouts.paid_out(work, order_id, reference)
        scheduled_bills.ended(work, order_id)


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
