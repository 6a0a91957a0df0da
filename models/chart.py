"""Books and their charts of accounts: what postings are summed up under."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Currency, Name
from core.scope import Record, keyed, same_organization
from core.text import N_


class AccountType(StrEnum):
    """The five kinds of accounts; assets and expenses grow by debits, the others by credits."""

    asset = auto()
    liability = auto()
    equity = auto()
    income = auto()
    expense = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger account of a new chart; `parent` is the code of the one it stands under."""

    code: str
    name: str
    type: AccountType
    parent: str = ""


_ASSET, _LIABILITY = AccountType.asset, AccountType.liability
_INCOME, _EXPENSE = AccountType.income, AccountType.expense
CHART = {
    line.code: line
    for line in (
        Line("10", N_("Cash and bank"), _ASSET),
        Line("1000", N_("Cash"), _ASSET, "10"),
        Line("1010", N_("Bank"), _ASSET, "10"),
        Line("1020", N_("Card clearing"), _ASSET, "10"),
        Line("1030", N_("Mobile money"), _ASSET, "10"),
        Line("1040", N_("Cheques in hand"), _ASSET, "10"),
        Line("12", N_("Receivables"), _ASSET),
        Line("1200", N_("Accounts receivable"), _ASSET, "12"),
        Line("1210", N_("Due from owners"), _ASSET, "12"),
        Line("1220", N_("Disputed payments"), _ASSET, "12"),
        Line("1300", N_("Prepaid expenses"), _ASSET, "12"),
        Line("15", N_("Fixed assets"), _ASSET),
        Line("1500", N_("Furniture and equipment"), _ASSET, "15"),
        Line("1590", N_("Accumulated depreciation"), _ASSET, "15"),
        Line("20", N_("Payables"), _LIABILITY),
        Line("2000", N_("Accounts payable"), _LIABILITY, "20"),
        Line("2010", N_("Tax payable"), _LIABILITY, "20"),
        Line("2050", N_("Due to owners"), _LIABILITY, "20"),
        Line("2090", N_("Accrued expenses"), _LIABILITY, "20"),
        Line("21", N_("Customers"), _LIABILITY),
        Line("2100", N_("Contract liabilities"), _LIABILITY, "21"),
        Line("2200", N_("Refunds payable"), _LIABILITY, "21"),
        Line("2300", N_("Customer credit"), _LIABILITY, "21"),
        Line("24", N_("Held for others"), _LIABILITY),
        Line("2400", N_("Deposits held"), _LIABILITY, "24"),
        Line("2500", N_("Wallet balances"), _LIABILITY, "24"),
        Line("30", N_("Equity"), AccountType.equity),
        Line("3000", N_("Capital"), AccountType.equity, "30"),
        Line("3100", N_("Retained earnings"), AccountType.equity, "30"),
        Line("3900", N_("Opening balances"), AccountType.equity, "30"),
        Line("40", N_("Sales"), _INCOME),
        Line("4000", N_("Apartment sales"), _INCOME, "40"),
        Line("4100", N_("Forfeited deposits"), _INCOME, "40"),
        Line("42", N_("Property income"), _INCOME),
        Line("4200", N_("Rental income"), _INCOME, "42"),
        Line("4300", N_("Estate dues"), _INCOME, "42"),
        Line("4400", N_("Utilities charged on"), _INCOME, "42"),
        Line("4500", N_("Late fees"), _INCOME, "42"),
        Line("4600", N_("Management fees"), _INCOME, "42"),
        Line("4800", N_("Discounts allowed"), _INCOME, "42"),
        Line("4900", N_("Other income"), _INCOME, "42"),
        Line("50", N_("Running the properties"), _EXPENSE),
        Line("5000", N_("Repairs and maintenance"), _EXPENSE, "50"),
        Line("5100", N_("Utilities"), _EXPENSE, "50"),
        Line("5200", N_("Security"), _EXPENSE, "50"),
        Line("5300", N_("Cleaning and gardens"), _EXPENSE, "50"),
        Line("5400", N_("Salaries"), _EXPENSE, "50"),
        Line("5500", N_("Insurance"), _EXPENSE, "50"),
        Line("58", N_("Cost of money"), _EXPENSE),
        Line("5800", N_("Payment fees"), _EXPENSE, "58"),
        Line("5810", N_("Chargebacks"), _EXPENSE, "58"),
        Line("5820", N_("Bank charges"), _EXPENSE, "58"),
        Line("5900", N_("Write-offs"), _EXPENSE, "58"),
    )
}
"""The chart that a new book begins with; administrators may add to it and rename."""
CASH, BANK, CARD_CLEARING, MOBILE_MONEY = "1000", "1010", "1020", "1030"
CHEQUES, RECEIVABLE, DUE_FROM_OWNERS, DISPUTED = "1040", "1200", "1210", "1220"
PAYABLE, TAX_PAYABLE, DUE_TO_OWNERS = "2000", "2010", "2050"
CONTRACT_LIABILITY, REFUNDS_PAYABLE, CUSTOMER_CREDIT = "2100", "2200", "2300"
DEPOSITS_HELD, WALLET_BALANCES, RETAINED_EARNINGS = "2400", "2500", "3100"
SALES_REVENUE, FORFEITED, RENTAL_INCOME, ESTATE_DUES = "4000", "4100", "4200", "4300"
UTILITIES_CHARGED, LATE_FEES, DISCOUNTS_ALLOWED = "4400", "4500", "4800"
OTHER_INCOME = "4900"
PAYMENT_FEES, CHARGEBACKS, BANK_CHARGES, WRITE_OFFS = "5800", "5810", "5820", "5900"
FOLLOWS_DOCUMENTS = frozenset({RECEIVABLE, WALLET_BALANCES})
"""What invoices and wallets say, line by line: nobody writes there by hand."""
OF_A_PARTY = frozenset(
    {
        *(RECEIVABLE, DUE_FROM_OWNERS, PAYABLE, DUE_TO_OWNERS, CONTRACT_LIABILITY),
        *(REFUNDS_PAYABLE, CUSTOMER_CREDIT, DEPOSITS_HELD, WALLET_BALANCES),
    }
)
"""What is always somebody's."""
MAIN, TRUST = "main", "trust"
"""The books of every organization: its own, and that of money which it holds for others."""


class BookKind(StrEnum):
    """Whose money a book is about."""

    own = auto()
    trust = auto()
    group = auto()


class Book(Record):
    """A set of accounts that balances in itself.

    Each organization has one of its own called `main`, and one called `trust` for owners' money and
    deposits; each savings group has one. Nothing is posted on or before the day `closed_through`,
    which the database keeps as the end of the last closed period.
    """

    __tablename__ = "book"
    __table_args__ = keyed(UniqueConstraint("organization_id", "name"))

    name: Mapped[Name]
    kind: Mapped[BookKind] = mapped_column(server_default=BookKind.own)
    closed_through: Mapped[date | None]

    def __str__(self) -> str:
        return self.name


class LedgerAccount(Record):
    """A line of a book's chart of accounts: what postings are summed up under.

    Those with `system` are named in the recipes of services/postings.py: they may be renamed and
    moved, but keep code and type. One with a `currency` takes no other. One that others stand under
    is a heading. What is not `active` is not offered any more.
    """

    __tablename__ = "ledger_account"
    __table_args__ = keyed(
        same_organization("book_id", "book"),
        same_organization("parent_id", "ledger_account"),
        UniqueConstraint(
            "organization_id",
            "book_id",
            "code",
            info={"says": N_("The chart has an account with this code.")},
        ),
        UniqueConstraint("organization_id", "book_id", "code", "type"),
        CheckConstraint(
            "code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$'",
            "code_is_plain",
            info={"says": N_("A code has up to 20 digits or plain letters, like 4300.")},
        ),
        CheckConstraint(
            "parent_id <> id",
            "not_its_own_parent",
            info={"says": N_("An account does not stand under itself.")},
        ),
        CheckConstraint("active OR NOT system", "system_stays"),
    )

    book_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[Name]
    type: Mapped[AccountType]
    parent_id: Mapped[UUID | None]
    currency: Mapped[Currency | None]
    system: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    note: Mapped[str] = mapped_column(String(400), server_default="")

    book: Mapped[Book] = relationship(
        primaryjoin="foreign(LedgerAccount.book_id) == Book.id", lazy="raise_on_sql"
    )
    parent: Mapped["LedgerAccount | None"] = relationship(
        primaryjoin="foreign(LedgerAccount.parent_id) == remote(LedgerAccount.id)",
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
