"""Bank statements: accounts at banks, what their statements say, and what of it is matched."""

from datetime import date, datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency, Json, Name
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.chart import Book
from models.payments import PaymentIntent
from models.people import Party


class BankAccount(Record):
    """An account at a bank, and the line of a book's chart that says the same.

    `columns` tells how its CSV files are read (adapters/bank_files.py).
    """

    __tablename__ = "bank_account"
    __table_args__ = keyed(
        same_organization("book_id", "book"),
        UniqueConstraint(
            "organization_id",
            "book_id",
            "code",
            "currency",
            info={"says": N_("Another bank account stands for this line of the chart.")},
        ),
    )

    name: Mapped[Name]
    number: Mapped[str] = mapped_column(String(40), server_default="")
    book_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(20))
    currency: Mapped[Currency]
    columns: Mapped[Json]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    book: Mapped[Book] = relationship(
        primaryjoin="foreign(BankAccount.book_id) == Book.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class BankStatement(Record):
    """A file of a bank that was taken in: each file once an account, by its SHA-256.

    `opening` and `closing` are balances before the first and after the last line, in the account's
    currency, where the bank tells them. `lines` were new, `known` had come before.
    """

    __tablename__ = "bank_statement"
    __table_args__ = keyed(
        same_organization("bank_account_id", "bank_account"),
        UniqueConstraint(
            "organization_id",
            "bank_account_id",
            "sha256",
            info={"says": N_("This file was taken in before.")},
        ),
        CheckConstraint("begins_on <= ends_on", "begins_before_it_ends"),
    )

    bank_account_id: Mapped[UUID]
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    opening: Mapped[Amount | None]
    closing: Mapped[Amount | None]
    currency: Mapped[Currency]
    lines: Mapped[int]
    known: Mapped[int]

    bank_account: Mapped[BankAccount] = relationship(
        primaryjoin="foreign(BankStatement.bank_account_id) == BankAccount.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.file_name


class BankLineStatus(StrEnum):
    """Whether what a line says is in the books."""

    unmatched = auto()
    part = auto()
    matched = auto()


BANK_LINE_FLOW = Flow(
    start=BankLineStatus.unmatched,
    moves={
        "match_part": ({BankLineStatus.unmatched, BankLineStatus.part}, BankLineStatus.part),
        "match": ({BankLineStatus.unmatched, BankLineStatus.part}, BankLineStatus.matched),
        "undo": ({BankLineStatus.part, BankLineStatus.matched}, BankLineStatus.unmatched),
    },
    labels={
        BankLineStatus.unmatched: N_("Not matched"),
        BankLineStatus.part: N_("Partly matched"),
        BankLineStatus.matched: N_("Matched"),
    },
    meanings={
        BankLineStatus.unmatched: "needs",
        BankLineStatus.part: "waiting",
        BankLineStatus.matched: "good",
    },
)


class BankLine(OrganizationScoped, Base):
    """One movement on a bank account. Positive came in. `key` is the bank's id of it, or a digest.

    What the bank said never changes; `matched_amount` and `status` are kept by the database.
    """

    __tablename__ = "bank_line"
    __table_args__ = keyed(
        same_organization("bank_account_id", "bank_account"),
        same_organization("statement_id", "bank_statement"),
        same_organization("suggested_invoice_id", "invoice"),
        same_organization("suggested_intent_id", "payment_intent"),
        same_organization("suggested_rule_id", "bank_rule"),
        same_organization("suggested_entry_id", "journal_entry"),
        UniqueConstraint("organization_id", "bank_account_id", "key"),
        Index("ix_bank_line_statement", "organization_id", "statement_id"),
        Index("ix_bank_line_day", "organization_id", "bank_account_id", "booked_on"),
        Index(
            "ix_bank_line_open",
            "organization_id",
            "id",
            postgresql_where=text("status <> 'matched'"),
        ),
        CheckConstraint("amount <> 0", "amount_not_zero"),
        CheckConstraint(
            "matched_amount = 0 OR sign(matched_amount) = sign(amount)"
            " AND abs(matched_amount) <= abs(amount)",
            "matched_within_amount",
            info={"says": N_("More is matched than the line moved.")},
        ),
    )

    bank_account_id: Mapped[UUID]
    statement_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(100))
    booked_on: Mapped[date]
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    payer: Mapped[str] = mapped_column(String(400), server_default="")
    reference: Mapped[str] = mapped_column(String(400), server_default="")
    description: Mapped[str] = mapped_column(String(400), server_default="")
    status: Mapped[BankLineStatus] = mapped_column(default=BANK_LINE_FLOW.start)
    matched_amount: Mapped[Amount] = mapped_column(server_default="0")
    suggestion: Mapped[str] = mapped_column(String(200), server_default="")
    """What it was found to be, in words; nothing where nothing fits well enough."""
    suggested_invoice_id: Mapped[UUID | None]
    suggested_intent_id: Mapped[UUID | None]
    suggested_rule_id: Mapped[UUID | None]
    suggested_entry_id: Mapped[UUID | None]
    score: Mapped[int] = mapped_column(server_default="0")

    bank_account: Mapped[BankAccount] = relationship(
        primaryjoin="foreign(BankLine.bank_account_id) == BankAccount.id", lazy="raise_on_sql"
    )
    statement: Mapped[BankStatement] = relationship(
        primaryjoin="foreign(BankLine.statement_id) == BankStatement.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.payer or self.description


class BankMatch(OrganizationScoped, Base):
    """What of a line was found to be: a payment of ours, an account of the chart, or an entry.

    `amount` has the line's sign. One that is undone says when; its entry is reversed.
    """

    __tablename__ = "bank_match"
    __table_args__ = keyed(
        same_organization("line_id", "bank_line"),
        same_organization("intent_id", "payment_intent"),
        same_organization("party_id", "party"),
        same_organization("entry_id", "journal_entry"),
        Index("ix_bank_match_entry", "organization_id", "entry_id"),
        Index("ix_bank_match_line", "organization_id", "line_id"),
        Index(
            "uq_bank_match_intent",
            "organization_id",
            "intent_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
            info={"says": N_("This payment is matched already.")},
        ),
        CheckConstraint("amount <> 0", "amount_not_zero"),
        CheckConstraint(
            "num_nonnulls(intent_id, code) = 1 OR num_nonnulls(intent_id, code) = 0 AND NOT booked",
            "is_one_thing",
        ),
    )

    line_id: Mapped[UUID]
    intent_id: Mapped[UUID | None]
    code: Mapped[str | None] = mapped_column(String(20))
    party_id: Mapped[UUID | None]
    entry_id: Mapped[UUID]
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    booked: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether matching has posted it; a payment that was in the books before is only found."""
    cleared: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Whether matching has cleared the cheque that paid."""
    matched_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    line: Mapped[BankLine] = relationship(
        primaryjoin="foreign(BankMatch.line_id) == BankLine.id", viewonly=True, lazy="raise_on_sql"
    )
    intent: Mapped[PaymentIntent | None] = relationship(
        primaryjoin="foreign(BankMatch.intent_id) == PaymentIntent.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(BankMatch.party_id) == Party.id", viewonly=True, lazy="raise_on_sql"
    )


class RuleTest(StrEnum):
    """How a rule compares its text, in small letters; `*` in `like` stands for anything."""

    contains = auto()
    equals = auto()
    like = auto()


class BankRule(Record):
    """What lines of some kind are: those whose texts hold `pattern`, within amounts.

    They go to the account `code`, or pay what `party_id` owes. The first that fits counts.
    """

    __tablename__ = "bank_rule"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        CheckConstraint(
            "(code = '') <> (party_id IS NULL)",
            "is_one_thing",
            info={"says": N_("Name an account or a customer, and not both.")},
        ),
        CheckConstraint(
            "btrim(pattern) <> ''", "has_pattern", info={"says": N_("Say what the line says.")}
        ),
        CheckConstraint(
            "least <= most", "least_below_most", info={"says": N_("The least is above the most.")}
        ),
    )

    name: Mapped[Name]
    position: Mapped[int] = mapped_column(server_default="10")
    test: Mapped[RuleTest] = mapped_column(server_default=RuleTest.contains)
    pattern: Mapped[str] = mapped_column(String(120))
    least: Mapped[Amount | None]
    most: Mapped[Amount | None]
    code: Mapped[str] = mapped_column(String(20), server_default="")
    party_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(BankRule.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name
