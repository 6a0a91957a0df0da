"""The double-entry ledger: accounts, entries and their signed postings.

Only the database function `ledger_post` writes here; entries and postings are never changed.
"""

from datetime import date, datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.scope import OrganizationScoped, keyed, same_organization
from core.text import N_
from models.chart import AccountType, Book, LedgerAccount
from models.estate import Unit
from models.people import Party


class Account(OrganizationScoped, Base):
    """What one party owes or is owed, in one line of the chart. Positive is a debit balance.

    An account without a party is one which everything touches (cash, income). It keeps no balance:
    each posting would wait there for the row of the last. Its balance is the sum of its postings.

    One that is `guarded` is money kept for its holder (a wallet, a deposit): what it owes them,
    less what is `held` for postings that are to come, never falls below zero nor grows beyond
    `cap`, in the posting itself. It is a liability, so its balance is a credit.
    """

    __tablename__ = "account"
    __table_args__ = (
        same_organization("party_id", "party"),
        same_organization("book_id", "book"),
        ForeignKeyConstraint(
            ["organization_id", "book_id", "code", "type"],
            [
                "ledger_account.organization_id",
                "ledger_account.book_id",
                "ledger_account.code",
                "ledger_account.type",
            ],
            name="fk_account_in_chart",
            info={"says": N_("The chart has no such account.")},
        ),
        UniqueConstraint("organization_id", "id", "currency"),
        UniqueConstraint("organization_id", "book_id", "holder_id", "code", "currency"),
        CheckConstraint("(party_id IS NULL) = (balance IS NULL)", "balance_of_a_party"),
        CheckConstraint("held >= 0 AND (held = 0 OR guarded)", "held_where_guarded"),
        CheckConstraint(
            "NOT guarded OR balance + held <= 0",
            "not_overdrawn",
            info={"says": N_("There is not enough money in it.")},
        ),
        CheckConstraint(
            "cap IS NULL OR balance + cap >= 0",
            "within_cap",
            info={"says": N_("That is more than it may hold.")},
        ),
        Index("ix_account_party", "organization_id", "party_id"),
    )

    book_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(20))
    type: Mapped[AccountType]
    party_id: Mapped[UUID | None]
    currency: Mapped[Currency]
    balance: Mapped[Amount | None]
    guarded: Mapped[bool] = mapped_column(server_default=text("false"))
    held: Mapped[Amount] = mapped_column(server_default="0")
    cap: Mapped[Amount | None]
    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Account.party_id) == Party.id", viewonly=True, lazy="raise_on_sql"
    )
    holder_id: Mapped[UUID] = mapped_column(
        Computed("coalesce(party_id, organization_id)", persisted=True)
    )
    """The party, or the organization itself: one index finds both kinds of account."""

    book: Mapped[Book] = relationship(
        primaryjoin="foreign(Account.book_id) == Book.id", viewonly=True, lazy="raise_on_sql"
    )
    ledger_account: Mapped[LedgerAccount] = relationship(
        primaryjoin="and_(foreign(Account.book_id) == LedgerAccount.book_id,"
        " foreign(Account.code) == LedgerAccount.code)",
        viewonly=True,
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.code


class Entry(OrganizationScoped, Base):
    """One business fact in money. `key` names the fact, so posting it twice posts it once.

    `booked_on` is the business date in the organization's zone. `digest` covers the entry and its
    postings with `salt`; the sealer writes `seal_id` and `position` once, nothing else changes.
    """

    __tablename__ = "journal_entry"
    __table_args__ = keyed(
        same_organization("book_id", "book"),
        same_organization("reverses_id", "journal_entry"),
        UniqueConstraint("organization_id", "key"),
        Index(
            "uq_journal_entry_reverses",
            "organization_id",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index("ix_journal_entry_source", "organization_id", "source_id"),
        Index("ix_journal_entry_day", "organization_id", "book_id", "booked_on"),
        Index("ix_journal_entry_unsealed", "id", postgresql_where=text("seal_id IS NULL")),
    )

    organization_id: Mapped[UUID] = mapped_column()  # without a key: that of the book is enough
    book_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(160))
    memo: Mapped[str] = mapped_column(String(200))
    source_table: Mapped[str] = mapped_column(String(63))
    source_id: Mapped[UUID]
    actor: Mapped[str] = mapped_column(String(80))
    booked_on: Mapped[date]
    posted_at: Mapped[datetime]
    reverses_id: Mapped[UUID | None]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    seal_id: Mapped[UUID | None] = mapped_column(ForeignKey("seal.id"))
    position: Mapped[int | None]

    postings: Mapped[list["Posting"]] = relationship(
        primaryjoin="foreign(Posting.entry_id) == Entry.id", viewonly=True, lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.memo


class Posting(OrganizationScoped, Base):
    """Debit when positive, credit when negative. Those of an entry sum to zero per currency.

    `unit_id` says which unit of an estate it is about, where it is about one.
    """

    __tablename__ = "posting"
    __table_args__ = (
        same_organization("entry_id", "journal_entry"),
        ForeignKeyConstraint(
            ["organization_id", "account_id", "currency"],
            ["account.organization_id", "account.id", "account.currency"],
        ),
        same_organization("unit_id", "unit"),
        CheckConstraint("amount <> 0", "amount_not_zero"),
        Index("ix_posting_entry", "organization_id", "entry_id"),
        Index(
            "ix_posting_unit",
            "organization_id",
            "unit_id",
            postgresql_where=text("unit_id IS NOT NULL"),
        ),
        Index("ix_posting_account", "organization_id", "account_id", postgresql_include=["amount"]),
    )

    organization_id: Mapped[UUID] = mapped_column()  # without a key: that of the entry is enough
    entry_id: Mapped[UUID]
    account_id: Mapped[UUID]
    currency: Mapped[Currency]
    amount: Mapped[Amount]
    unit_id: Mapped[UUID | None]

    entry: Mapped[Entry] = relationship(
        primaryjoin="foreign(Posting.entry_id) == Entry.id", viewonly=True, lazy="raise_on_sql"
    )
    account: Mapped[Account] = relationship(
        primaryjoin="foreign(Posting.account_id) == Account.id", viewonly=True, lazy="raise_on_sql"
    )
    unit: Mapped[Unit | None] = relationship(
        primaryjoin="foreign(Posting.unit_id) == Unit.id", viewonly=True, lazy="raise_on_sql"
    )


class Span(StrEnum):
    """How long a rolled-up total is about."""

    day = auto()
    month = auto()


class LedgerTotal(OrganizationScoped, Base):
    """What was debited and credited to a line of the chart on one day, or in one month.

    Of sealed entries alone: whoever seals them adds them here in the same transaction, so that no
    posting waits for such a row. Those not yet sealed are added when the totals are read.
    `postings` counts them; amounts are in `currency`.
    """

    __tablename__ = "ledger_total"
    __table_args__ = (
        same_organization("book_id", "book"),
        UniqueConstraint(
            "organization_id",
            "book_id",
            "currency",
            "span",
            "begins_on",
            "code",
            name="uq_ledger_total_span",
        ),
    )

    organization_id: Mapped[UUID] = mapped_column()  # without a key: that of the book is enough
    book_id: Mapped[UUID]
    currency: Mapped[Currency]
    span: Mapped[Span]
    begins_on: Mapped[date]
    code: Mapped[str] = mapped_column(String(20))
    debit: Mapped[Amount]
    credit: Mapped[Amount]
    postings: Mapped[int] = mapped_column(BigInteger)
