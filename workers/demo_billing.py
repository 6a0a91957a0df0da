"""Invoices of the demo that were written by hand: with tax, with a credit note, and a draft."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core.work import Work, clock
from models.billing import Invoice, PaymentMethod
from models.chart import ESTATE_DUES, RENTAL_INCOME, TAX_PAYABLE
from models.paper_styles import PaperKind, PaperStyle
from models.taxes import Tax, TaxRate
from services import billing, credit, credit_notes, free_invoices, payments
from services.free_invoices import Head, Typed
from services.payments import Part

At = Callable[[datetime], AbstractContextManager[Work]]


def play(at: At, resident_id: UUID, currency: str, tax_id: UUID) -> None:
    """Charge the resident each month, take a part back once, and use what is to their credit."""
    now = clock()
    with at(now - timedelta(days=120)) as work:
        _style(work)
    dues = Typed("Service charge", "1", "12500", ESTATE_DUES, "", str(tax_id))
    shop = Typed("Rent of a parking space", "1", "6000", RENTAL_INCOME, "10%", str(tax_id))
    with at(now - timedelta(days=75)) as work:
        first = _issued(work, Head(resident_id, currency, "Service charge, two months ago"), dues)
        payments.record(work, [Part(first)], PaymentMethod.bank_transfer)
    with at(now - timedelta(days=70)) as work:
        credit_notes.write(work, first, Decimal(2900), "The pump was out for a week")
    with at(now - timedelta(days=40)) as work:
        second = _issued(
            work, Head(resident_id, currency, "Service charge, last month"), dues, shop
        )
        credit.use(work, second, Decimal(2900))
    with at(now - timedelta(days=6)) as work:
        _issued(work, Head(resident_id, currency, "Service charge, this month"), dues, shop)
    with at(now - timedelta(hours=5)) as work:
        head = Head(resident_id, currency, "Repair of a window", None, "5%")
        free_invoices.write(work, head, [Typed("Glass and work", "1.5", "3350", ESTATE_DUES)])


def tax(work: Work) -> UUID:
    """Add the tax that invoices carry, with its rates; returns its id."""
    home = work.scope.home()
    row = Tax(organization_id=home, code="VAT", name="Value added tax", account=TAX_PAYABLE)
    work.session.add(row)
    work.session.flush()
    for begins_on, percent in ((date(2020, 4, 1), 14), (date(2021, 1, 1), 16)):
        rate = TaxRate(organization_id=home, tax_id=row.id, begins_on=begins_on)
        rate.percent = Decimal(percent)
        work.session.add(rate)
    work.session.flush()
    return row.id


def _style(work: Work) -> None:
    work.session.add(
        PaperStyle(
            organization_id=work.scope.home(),
            kind=PaperKind.invoice,
            heading="Tax invoice",
            accent="#1d4ed8",
            closing="Please name {number} when you pay. Thank you, {organization}.",
            foot="PIN P051234567X",
        )
    )


def _issued(work: Work, head: Head, *lines: Typed) -> UUID:
    row: Invoice = free_invoices.write(work, head, lines)
    due = (work.now + timedelta(days=14)).date()
    return billing.issue(work, row.id, due).id
