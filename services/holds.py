"""Holds: money of a guarded account that is authorised now and posted later, or given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.holds import HOLD_FLOW, Hold, HoldStatus
from models.ledger import Account
from services import ledger
from services.events import Fact, emit
from services.ledger import Recipe


class NotEnough(Refused):
    """The account does not hold so much that is free."""

    code = "not_enough_money"
    says = N_("There is not enough money in it.")


@dataclass(frozen=True)
class HoldPlaced(Fact, type="ledger_hold.placed", table="ledger_hold"):
    """Money was set aside until `expires_at`."""

    hold_id: UUID
    account_id: UUID
    amount: Decimal
    currency: str
    expires_at: datetime


@dataclass(frozen=True)
class HoldClosed(Fact, type="ledger_hold.closed", table="ledger_hold"):
    """What was set aside was taken, released, or its time was over (`new`)."""

    hold_id: UUID
    account_id: UUID
    new: HoldStatus


def place(  # noqa: PLR0913  # what a hold consists of
    work: Work, account_id: UUID, amount: Decimal, key: str, expires_at: datetime, *, memo: str = ""
) -> Hold:
    """Set money of a guarded account aside, once per key. `amount` is in the account's currency.

    Raises:
        NotEnough: that much is not free.
        BadInput: more decimals than the currency has.

    """
    earlier = work.session.scalar(select(Hold).where(Hold.key == key))
    if earlier is not None:
        return earlier
    account = work.session.get_one(Account, account_id)
    hold = Hold(
        id=uuid7(),
        organization_id=work.scope.home(),
        account_id=account_id,
        currency=account.currency,
        amount=exact(amount, account.currency),
        key=key,
        memo=memo[:200],
        expires_at=expires_at,
        created_at=work.now,
    )
    with refusing(work.session, {"ck_account_not_overdrawn": NotEnough()}):
        work.session.add(hold)
        work.session.flush()
    emit(work, HoldPlaced(hold.id, account_id, hold.amount, hold.currency, expires_at))
    return hold


def capture(work: Work, hold_id: UUID, recipe: Recipe) -> UUID:
    """Take what was set aside: the hold ends and the entry is posted, both or neither.

    Raises:
        IllegalMove: it was released, or its time is over.
        As `ledger.post`.

    """
    _close(work, locked(work, Hold, hold_id), "capture")
    return ledger.post(work, recipe)


def release(work: Work, hold_id: UUID) -> Hold:
    """Give back what was set aside; again, or after it was taken, nothing changes."""
    hold = locked(work, Hold, hold_id)
    if HOLD_FLOW.allows(hold.status, "release"):
        _close(work, hold, "release")
    return hold


def due(work: Work, most: int = 500) -> Sequence[UUID]:
    """List the holds whose time is over."""
    query = (
        select(Hold.id)
        .where(Hold.status == HoldStatus.held, Hold.expires_at <= work.now)
        .order_by(Hold.expires_at)
        .limit(most)
    )
    return work.session.scalars(query).all()


def expire(work: Work, hold_id: UUID) -> None:
    """End a hold whose time is over; one that was taken in the last moment stays taken."""
    hold = locked(work, Hold, hold_id)
    if HOLD_FLOW.allows(hold.status, "expire") and hold.expires_at <= work.now:
        _close(work, hold, "expire")


def _close(work: Work, hold: Hold, move: str) -> None:
    HOLD_FLOW.move(hold, move)
    hold.closed_at = work.now
    work.session.flush()
    emit(work, HoldClosed(hold.id, hold.account_id, hold.status))
