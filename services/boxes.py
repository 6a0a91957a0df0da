"""What is kept locked (core/box.py), and locking it anew when the key has changed.

Movements of wallets are not among them: they are never changed, so that the key which locked them
has to stay in SECRET_KEYS_BEFORE.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core import box
from core.work import Work
from models.onboarding import Application, Identifier
from models.saved_ways import SavedWay
from models.scheduled_bills import ScheduledBill
from models.wallet_orders import Order


@dataclass(frozen=True, slots=True)
class Box:
    """A column of a table that is kept locked; with a digest to find the same text by, maybe."""

    kind: Any
    column: str
    place: str
    blind: Callable[[Any], str] | None = None


BOXES = (
    Box(Identifier, "locked", "party_identifier:locked", lambda row: f"identifier:{row.kind}"),
    Box(Application, "identity_locked", "application:identity"),
    Box(ScheduledBill, "account_locked", "scheduled_bill:account_locked"),
    Box(Order, "account_locked", "wallet_order:account_locked"),
    Box(SavedWay, "token_locked", "saved_way:token_locked"),
)


def relock(work: Work, which: Box, after: UUID, most: int = 200) -> UUID | None:
    """Lock the next texts with the present key; gives the last row looked at, None at the end.

    Running it again from anywhere does no harm: what is locked with the present key stays.

    Raises:
        ValueError: one is locked with a key that is not known.

    """
    kind = which.kind
    query = (
        select(kind)
        .where(kind.id > after, getattr(kind, which.column) != "")
        .order_by(kind.id)
        .limit(most)
        .with_for_update()
    )
    rows = work.session.scalars(query).all()
    for row in rows:
        held = getattr(row, which.column)
        if not box.current(held):
            place = f"{which.place}:{row.id}"
            plain = box.unlock(held, place)
            setattr(row, which.column, box.lock(plain, place))
            if which.blind is not None:
                row.blind = box.blind(plain, which.blind(row))
    work.session.flush()
    return rows[-1].id if rows else None
