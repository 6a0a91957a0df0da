"""Withdrawals that a provider sends: asked for once a key, and settled by what it says.

No provider is called from here. A job claims a withdrawal, asks the provider outside any
transaction, and hands the outcome to `settled`, which may be called twice with the same one.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, found, locked
from models.wallet_orders import Order, OrderStatus
from models.wallets import Wallet
from services import wallet_payouts
from services.events import Fact, emit
from services.payments import AGAIN, LEASE, Outcome


@dataclass(frozen=True)
class PayoutUnclear(Fact, type="wallet.payout_unclear", table="wallet_order"):
    """A provider says that it has sent what was given back meanwhile: somebody has to look."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    amount: Decimal
    currency: str


def claim(work: Work, order_id: UUID) -> Order | None:
    """Take a withdrawal that its provider should be asked for now; None if somebody else has.

    The caller commits before it calls the provider, and asks with the same key each time. If it
    dies, the withdrawal falls due again.
    """
    order = locked(work, Order, order_id)
    if order.check_at is None or order.check_at > work.now:
        return None
    if order.status is not OrderStatus.set_aside:
        order.check_at = None
        return None
    order.attempts += 1
    order.check_at = work.now + LEASE
    return order


def call_once(work: Work, order: Order, notice_hash: bytes) -> None:
    """Note that the provider is called; word of it comes to a secret address."""
    order.called_at, order.notice_hash = order.called_at or work.now, notice_hash


def by_hand(work: Work, order_id: UUID) -> Order:
    """Leave to people what no provider was ever asked for, as none is set up (any more)."""
    order = locked(work, Order, order_id)
    assert order.called_at is None
    order.provider, order.check_at = "", None
    work.session.flush()
    wallet_payouts.ask_staff(work, order, found(work, Wallet, order.wallet_id))
    return order


def asked(work: Work, order_id: UUID, sent_as: str = "", *, never_called: bool = False) -> Order:
    """Note what the provider calls it, if it said so, and ask again a little later."""
    order = locked(work, Order, order_id)
    if never_called:
        order.called_at = None
    if order.check_at is not None:
        order.sent_as = sent_as or order.sent_as
        order.check_at = work.now + AGAIN[min(max(order.attempts, 1), len(AGAIN)) - 1]
    return order


def settled(work: Work, order_id: UUID, outcome: Outcome) -> Order:
    """Take up what the provider says became of a withdrawal; said again it changes nothing."""
    order = locked(work, Order, order_id)
    order.check_at = None
    went = outcome.state == "succeeded"
    if order.status is OrderStatus.set_aside:
        if went:
            return wallet_payouts.sent(work, order, outcome.receipt or order.sent_as or "")
        return wallet_payouts.unsent(work, order, outcome.reason)
    if went and order.status is OrderStatus.failed:
        wallet = found(work, Wallet, order.wallet_id)
        about = (order.id, wallet.id, wallet.party_id, order.amount, order.currency)
        emit(work, PayoutUnclear(*about))
    return order


def due(work: Work, most: int = 50) -> list[UUID]:
    """List the withdrawals of which a provider should be asked."""
    query = select(Order.id).where(Order.check_at <= work.now).order_by(Order.check_at)
    return list(work.session.scalars(query.limit(most)))
