"""What moved in a wallet, as its owner reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import case, func, select

from core.work import Work
from models.wallet_orders import Order, OrderStatus
from models.wallets import RecordType, Transaction, TransactionStatus
from services import ledger


@dataclass(frozen=True, slots=True)
class Statement:
    """Movements between two days, the newest first, and the balances at both ends."""

    before: Decimal
    after: Decimal
    rows: Sequence[Transaction]


def latest(work: Work, wallet_id: UUID, most: int) -> Sequence[Transaction]:
    """List the last movements."""
    query = select(Transaction).where(Transaction.wallet_id == wallet_id)
    return work.session.scalars(query.order_by(Transaction.id.desc()).limit(most)).all()


def under_way(work: Work, wallet_id: UUID) -> Sequence[Order]:
    """List what was asked for and is not done."""
    open_ones = (OrderStatus.requested, OrderStatus.set_aside)
    query = select(Order).where(Order.wallet_id == wallet_id, Order.status.in_(open_ones))
    return work.session.scalars(query.order_by(Order.id.desc()).limit(50)).all()


def between(work: Work, wallet_id: UUID, since: date, until: date, most: int) -> Statement:
    """Tell what moved from the first day through the last, in the organization's zone."""
    begins, ends = _midnight(work, since), _midnight(work, until + timedelta(days=1))
    mine = Transaction.wallet_id == wallet_id
    inside = (Transaction.happened_at >= begins, Transaction.happened_at < ends)
    query = select(Transaction).where(mine, *inside).order_by(Transaction.id.desc()).limit(most)
    return Statement(
        _balance(work, wallet_id, begins),
        _balance(work, wallet_id, ends),
        work.session.scalars(query).all(),
    )


def today(work: Work) -> date:
    """Give the day that it is where the organization is."""
    return ledger.business_date(work)


def _midnight(work: Work, day: date) -> datetime:
    return datetime.combine(day, time.min, ledger.zone(work))


def _balance(work: Work, wallet_id: UUID, at: datetime) -> Decimal:
    """Sum what had moved by an instant."""
    signed = case(
        (Transaction.record_type == RecordType.credit, Transaction.amount),
        else_=-Transaction.amount,
    )
    query = select(func.coalesce(func.sum(signed), 0)).where(
        Transaction.wallet_id == wallet_id,
        Transaction.status == TransactionStatus.success,
        Transaction.happened_at < at,
    )
    return Decimal(work.session.scalar(query) or 0)
