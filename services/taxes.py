"""Taxes: which rate is in force on a day, and how much of an amount it is."""

from dataclasses import dataclass, replace
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
from models.sales import Project
from models.taxes import Tax, TaxRate
from services import ledger


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
    """Make sure that what is collected can be booked, and that what prices contain has a rate.

    Raises:
        BadInput: the account is no liability of the organization's own chart.
        NoRate: sales are to contain it, and it has no rate yet.

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
    if row.in_sales:
        with work.session.no_autoflush:
            _check_rate(work, row, "in_sales")


def check_in_prices(work: Work, tax_id: UUID | None) -> None:
    """Make sure that a tax which prices are to contain has a rate.

    Raises:
        NoRate: it has none yet.

    """
    if tax_id:
        _check_rate(work, found(work, Tax, tax_id), "tax")


def _check_rate(work: Work, tax: Tax, field: str) -> None:
    today = ledger.business_date(work)
    begun = select(TaxRate.id).where(TaxRate.tax_id == tax.id, TaxRate.begins_on <= today)
    if work.session.scalar(begun.limit(1)) is None:
        raise NoRate(tax=tax.name, field=field)


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


def in_sales(work: Work, project_id: UUID | None, on: date) -> Levy | None:
    """Give the tax that the prices of a project contain, or of an apartment without one.

    What a buyer sees is what they pay, so it is in the price even where other invoices add it.

    Raises:
        NoRate: it has none yet on that day.

    """
    own = select(Project.tax_id).where(Project.id == project_id)
    standard = select(Tax.id).where(Tax.in_sales)
    tax_id = (project_id and work.session.scalar(own)) or work.session.scalar(standard)
    return within_price(work, tax_id, on) if tax_id else None


def within_price(work: Work, tax_id: UUID, on: date) -> Levy:
    """Give a tax at the rate of a day as prices contain it.

    Raises:
        As `in_force`.

    """
    return replace(in_force(work, tax_id, on), included=True)


def carried(work: Work, invoice_id: UUID) -> UUID | None:
    """Name the tax that the lines of a booking's invoice carry, if they carry one."""
    query = select(InvoiceLine.tax_id).where(
        InvoiceLine.invoice_id == invoice_id, InvoiceLine.tax_id.is_not(None)
    )
    return work.session.scalar(query.limit(1))


def reckon(
    levy: Levy | None, base: Decimal, currency: str, after: Decimal | None = None
) -> Decimal:
    """Say how much tax is on a line, or in it: half up, in the decimals of the currency.

    Of a part of a price it is what the parts up to this one contain, less what those before it did.
    The database reckons the same, and refuses what differs.
    """
    if levy is None:
        return Decimal(0)
    whole = 100 + levy.percent if levy.included else Decimal(100)
    before = after or Decimal(0)
    reached = rounded((before + base) * levy.percent / whole, currency)
    return reached - rounded(before * levy.percent / whole, currency)


def offered(work: Work) -> list[Tax]:
    """List the taxes that a line may carry."""
    return list(work.session.scalars(select(Tax).where(Tax.active).order_by(Tax.code)))
