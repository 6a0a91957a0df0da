"""Wallets: money that a party keeps here, and what moved."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.ledger import Account
from models.people import Party


class WalletStatus(StrEnum):
    """What may be done with a wallet. Nothing leaves one that is frozen."""

    active = auto()
    frozen = auto()
    closed = auto()


WALLET_FLOW = Flow(
    start=WalletStatus.active,
    moves={
        "freeze": ({WalletStatus.active}, WalletStatus.frozen),
        "unfreeze": ({WalletStatus.frozen}, WalletStatus.active),
        "close": ({WalletStatus.active, WalletStatus.frozen}, WalletStatus.closed),
        "reopen": ({WalletStatus.closed}, WalletStatus.active),
    },
    labels={
        WalletStatus.active: N_("Active"),
        WalletStatus.frozen: N_("Frozen"),
        WalletStatus.closed: N_("Closed"),
    },
    meanings={
        WalletStatus.active: "good",
        WalletStatus.frozen: "needs",
        WalletStatus.closed: "over",
    },
)


def _of_account(value: Any, account_id: Any) -> Any:
    """Read a figure of the wallet's account: there is no other place that says it."""
    query = select(value).where(Account.id == account_id).correlate_except(Account)
    return column_property(query.scalar_subquery(), deferred=True)


class Wallet(PartyScoped, Record):
    """A party's money here: its account in the ledger, which alone says how much there is.

    `name` is how others send to it. `checksum` is the last link of the chain over its movements,
    the first of which has position 1; the database writes both.
    """

    __tablename__ = "wallet"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        ForeignKeyConstraint(
            ["organization_id", "account_id", "currency"],
            ["account.organization_id", "account.id", "account.currency"],
        ),
        UniqueConstraint("organization_id", "account_id"),
        UniqueConstraint("organization_id", "party_id", "id"),
        UniqueConstraint(
            "organization_id", "name", info={"says": N_("That wallet name is taken.")}
        ),
        CheckConstraint(
            "name ~ '^[a-z0-9][a-z0-9.-]{2,39}$'",
            "name_is_plain",
            info={
                "says": N_(
                    "A wallet name has 3 to 40 small letters, digits, full stops or hyphens."
                )
            },
        ),
        Index("ix_wallet_party", "organization_id", "party_id"),
        Index("ix_wallet_status", "organization_id", "status", "id"),
    )

    name: Mapped[str] = mapped_column(String(40))
    party_id: Mapped[UUID]
    account_id: Mapped[UUID] = mapped_column()
    currency: Mapped[Currency]
    status: Mapped[WalletStatus] = mapped_column(default=WALLET_FLOW.start)
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    status_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    position: Mapped[int] = mapped_column(server_default="0")
    checksum: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))

    balance: Mapped[Decimal] = _of_account(-Account.balance, account_id)
    held: Mapped[Decimal] = _of_account(Account.held, account_id)
    cap: Mapped[Decimal | None] = _of_account(Account.cap, account_id)
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Wallet.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class WalletPin(OrganizationScoped, Base):
    """What a person proves with that they may spend from a wallet. Only the database reads it.

    `digest` is the SHA-256 of the scrypt of the PIN with `salt`. `proved_in` is the transaction in
    which it was last given rightly: in that one its holder may ask for money to move.
    """

    __tablename__ = "wallet_pin"
    __table_args__ = (
        same_organization("wallet_id", "wallet"),
        UniqueConstraint("organization_id", "wallet_id", "profile_id"),
        CheckConstraint("tries BETWEEN 0 AND 5", "tries_are_few"),
    )

    wallet_id: Mapped[UUID]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    proved_in: Mapped[str] = mapped_column(String(20), server_default="")
    set_at: Mapped[datetime]


class TransactionStatus(StrEnum):
    """Whether the money moved."""

    success = auto()
    failed = auto()


class TransactionType(StrEnum):
    """What kind of movement it is; their numbers are those that banks' programs know."""

    local_transfer = auto()
    inter_bank_transfer = auto()
    air_time = auto()
    bill_payment = auto()
    card_request = auto()
    saving = auto()

    @property
    def number(self) -> int:
        """Give the number it has outside, from 1."""
        return list(TransactionType).index(self) + 1


class RecordType(StrEnum):
    """Whether money left the wallet or came in."""

    debit = auto()
    credit = auto()

    @property
    def number(self) -> int:
        """Give the number it has outside, from 1."""
        return list(RecordType).index(self) + 1


TRANSACTION_TYPE_LABELS = {
    TransactionType.local_transfer: N_("Transfer inside"),
    TransactionType.inter_bank_transfer: N_("Transfer to or from a bank"),
    TransactionType.air_time: N_("Airtime"),
    TransactionType.bill_payment: N_("Payment of a bill"),
    TransactionType.card_request: N_("Card request"),
    TransactionType.saving: N_("Saving"),
}
RECORD_TYPE_LABELS = {RecordType.debit: N_("Out"), RecordType.credit: N_("In")}
TRANSACTION_STATUS_LABELS = {
    TransactionStatus.success: N_("Success"),
    TransactionStatus.failed: N_("Failed"),
}
TRANSACTION_MEANINGS = {TransactionStatus.success: "good", TransactionStatus.failed: "stopped"}


class Transaction(PartyScoped, OrganizationScoped, Base):
    """One movement of a wallet, or one that failed; written once, never changed.

    `position` and `checksum` are its link in the wallet's chain, of what succeeded alone. Account
    numbers and the recharge PIN are kept twice: masked, as all may read them, and locked in a box.
    """

    __tablename__ = "wallet_transaction"
    __table_args__ = keyed(
        ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
        ),
        same_organization("entry_id", "journal_entry"),
        UniqueConstraint("organization_id", "reference"),
        UniqueConstraint("organization_id", "wallet_id", "entry_id"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("fee >= 0", "fee_not_negative"),
        CheckConstraint(
            "CASE status WHEN 'success' THEN entry_id IS NOT NULL"
            " WHEN 'failed' THEN entry_id IS NULL ELSE true END",
            "success_has_an_entry",
        ),
        Index("ix_wallet_transaction_wallet", "organization_id", "wallet_id", "id"),
    )

    wallet_id: Mapped[UUID]
    party_id: Mapped[UUID]
    processor: Mapped[str] = mapped_column(String(40))
    processor_data: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), default=dict
    )
    status: Mapped[TransactionStatus]
    title: Mapped[str] = mapped_column(String(200))
    categories: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))
    customer_reference: Mapped[str] = mapped_column(String(80), server_default="")
    debit_account_number: Mapped[str] = mapped_column(String(40), server_default="")
    debit_account_locked: Mapped[str] = mapped_column(String(400), server_default="")
    debit_account_name: Mapped[str] = mapped_column(String(120), server_default="")
    destination_bank_code: Mapped[str] = mapped_column(String(40), server_default="")
    destination_bank_name: Mapped[str] = mapped_column(String(120), server_default="")
    credit_account_number: Mapped[str] = mapped_column(String(40), server_default="")
    credit_account_locked: Mapped[str] = mapped_column(String(400), server_default="")
    credit_account_name: Mapped[str] = mapped_column(String(120), server_default="")
    type: Mapped[TransactionType]
    reference: Mapped[str] = mapped_column(String(80))
    session_id: Mapped[str] = mapped_column(String(120), server_default="")
    payment_reference: Mapped[str] = mapped_column(String(120), server_default="")
    narration: Mapped[str] = mapped_column(String(200), server_default="")
    currency: Mapped[Currency]
    biller_id: Mapped[str] = mapped_column(String(80), server_default="")
    biller_name: Mapped[str] = mapped_column(String(120), server_default="")
    item_name: Mapped[str] = mapped_column(String(120), server_default="")
    item_code: Mapped[str] = mapped_column(String(80), server_default="")
    amount: Mapped[Amount]
    fee: Mapped[Decimal | None] = mapped_column(Account.balance.type)
    response_code: Mapped[str] = mapped_column(String(40), server_default="")
    record_type: Mapped[RecordType]
    recharge_pin: Mapped[str] = mapped_column(String(40), server_default="")
    recharge_pin_locked: Mapped[str] = mapped_column(String(400), server_default="")
    customer_address: Mapped[str] = mapped_column(String(400), server_default="")
    entry_id: Mapped[UUID | None]
    balance_after: Mapped[Decimal | None] = mapped_column(Account.balance.type)
    position: Mapped[int | None]
    checksum: Mapped[bytes | None] = mapped_column(LargeBinary)
    happened_at: Mapped[datetime]

    wallet: Mapped[Wallet] = relationship(
        primaryjoin="foreign(Transaction.wallet_id) == Wallet.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Transaction.party_id) == Party.id", lazy="raise_on_sql", viewonly=True
    )

    def __str__(self) -> str:
        return self.title
