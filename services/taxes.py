"""Taxes: which rate is in force on a day, and how much of an amount it is."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import inspect, select

from core.errors import BadInput, Refused
from core.money import rounded
from core.text import N_
from core.work import Work, found
from models.billing import InvoiceLine
from models.chart import MAIN, OF_A_PARTY, AccountType, Book, LedgerAccount
from models.taxes import Tax, TaxRate


class NoRate(Refused):
    """A tax has no rate yet on the day of the invoice."""

    code = "tax_without_rate"
    status = 422
    says = N_("%(tax)s has no rate on that day. Add one that begins earlier.")


@dataclass(frozen=True, slots=True)
class Levy:
    """A tax at its rate of a day; `included` where prices contain it."""

    tax_id: UUID
    percent: Decimal
    included: bool


def check(work: Work, row: Tax) -> None:
    """Make sure that what is collected can be booked.

    Raises:
        BadInput: the account is no liability of the organization's own chart.

    """
    row.code, row.account = (row.code or "").strip(), (row.account or "").strip()
    if _moved(work, row):
        said = N_("Lines of invoices carry it already: end this tax, and add another.")
        raise BadInput(said, field="account")
    kind = work.session.scalar(
        select(LedgerAccount.type)
        .join(Book, Book.id == LedgerAccount.book_id)
        .where(Book.name == MAIN, LedgerAccount.code == row.account, LedgerAccount.active)
    )
    if kind is not AccountType.liability or row.account in OF_A_PARTY:
        said = N_("Write the code of an account for what you owe, like 2010.")
        raise BadInput(said, field="account")


def _moved(work: Work, row: Tax) -> bool:
    """Whether the account of a tax is another now, which lines of invoices carry already."""
    if not inspect(row).attrs.account.history.deleted:
        return False
    carried = select(InvoiceLine.id).where(InvoiceLine.tax_id == row.id).limit(1)
    with work.session.no_autoflush:
        return work.session.scalar(carried) is not None


def in_force(work: Work, tax_id: UUID, on: date) -> Levy:
    """Give a tax at the rate that is in force on a day.

    Raises:
        NoRate: none has begun by then.
        NotFound: there is no such tax.

    """
    tax = found(work, Tax, tax_id)
    query = (
        select(TaxRate.percent)
        .where(TaxRate.tax_id == tax_id, TaxRate.begins_on <= on)
        .order_by(TaxRate.begins_on.desc())
    )
    percent = work.session.scalar(query.limit(1))
    if percent is None:
        raise NoRate(tax=tax.name, field="lines")
    return Levy(tax.id, percent, tax.included)


def reckon(levy: Levy | None, base: Decimal, currency: str) -> Decimal:
    """Say how much tax is on a line, or in it: half up, in the decimals of the currency.

    The database reckons the same, and refuses what differs.
    """
    if levy is None:
        return Decimal(0)
    whole = 100 + levy.percent if levy.included else Decimal(100)
    return rounded(base * levy.percent / whole, currency)


def offered(work: Work) -> list[Tax]:
    """List the taxes that a line may carry."""
    return list(work.session.scalars(select(Tax).where(Tax.active).order_by(Tax.code)))
