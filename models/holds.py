"""Holds: money that is authorised and not yet posted."""

from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Currency
from core.flow import Flow
from core.scope import Record, keyed
from core.text import N_
from models.ledger import Account


class HoldStatus(StrEnum):
    """What became of money that was set aside."""

    held = auto()
    captured = auto()
    released = auto()
    expired = auto()


HOLD_FLOW = Flow(
    start=HoldStatus.held,
    moves={
        "capture": ({HoldStatus.held}, HoldStatus.captured),
        "release": ({HoldStatus.held}, HoldStatus.released),
        "expire": ({HoldStatus.held}, HoldStatus.expired),
    },
    labels={
        HoldStatus.held: N_("Held"),
        HoldStatus.captured: N_("Taken"),
        HoldStatus.released: N_("Released"),
        HoldStatus.expired: N_("Expired"),
    },
    meanings={
        HoldStatus.held: "waiting",
        HoldStatus.captured: "good",
        HoldStatus.released: "over",
        HoldStatus.expired: "over",
    },
)


class Hold(Record):
    """Money of a guarded account that is set aside for a posting to come, until `expires_at`.

    `key` names the business fact, so that it is held once. `amount` is in the account's currency.
    """

    __tablename__ = "ledger_hold"
    __table_args__ = keyed(
        ForeignKeyConstraint(
            ["organization_id", "account_id", "currency"],
            ["account.organization_id", "account.id", "account.currency"],
        ),
        UniqueConstraint("organization_id", "key"),
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_ledger_hold_account", "organization_id", "account_id"),
        Index(
            "ix_ledger_hold_due",
            "organization_id",
            "expires_at",
            postgresql_where=text("status = 'held'"),
        ),
    )

    account_id: Mapped[UUID]
    currency: Mapped[Currency]
    amount: Mapped[Amount]
    key: Mapped[str] = mapped_column(String(160))
    memo: Mapped[str] = mapped_column(String(200), server_default="")
    status: Mapped[HoldStatus] = mapped_column(default=HOLD_FLOW.start)
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(
        primaryjoin="foreign(Hold.account_id) == Account.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.memo or self.key
