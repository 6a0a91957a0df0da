from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.errors import BadInput
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import Booking
from models.events import AuditEntry
from models.ledger import Entry
from services import bookings, choices, instalments, ledger, payments, prices
from services.payments import Part
from services.prices import Item
from tests import make
from tests.services.test_bookings import Sale, confirmed, held, invoices, plan_of_thirds, sale

__all__ = ["sale"]
NEW = Decimal("1300000.00")


@pytest.mark.req("S3.32", "S3.44")
def test_a_new_price_of_a_package_moves_totals_and_drafts(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    before = booking.total

    done = prices.change(work, Item.package, sale.golden.id, NEW)

    assert (done.moving, done.difference, done.reissued) == (1, Decimal(50000), 0)
    assert booking.total == before + 50000
    (draft,) = invoices(work, booking)
    assert (draft.total, draft.status) == (booking.total, InvoiceStatus.draft)


@pytest.mark.req("S3.32", "S3.44")
def test_an_issued_unpaid_invoice_is_voided_and_issued_anew(work: Work, sale: Sale) -> None:
    booking = confirmed(work, sale)
    (old,) = invoices(work, booking)

    done = prices.change(work, Item.package, sale.golden.id, NEW)

    assert done.reissued == 1
    gone, new = invoices(work, booking)
    assert (gone.id, gone.status, gone.number) == (old.id, InvoiceStatus.void, "INV-000001")
    assert (new.status, new.number, new.total) == (
        InvoiceStatus.issued,
        "INV-000002",
        booking.total,
    )
    assert new.replaces_id == gone.id
    assert ledger.balance(work, "1200", "KES", sale.customer.id) == booking.total
    following = make.party(work)
    assert following  # the next number follows without a gap
    assert work.session.scalar(select(func.count()).select_from(Entry)) == 3


@pytest.mark.req("S3.32")
def test_a_plan_is_divided_anew_to_the_last_cent(work: Work, sale: Sale) -> None:
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)
    bookings.confirm(work, booking.id)

    prices.change(work, Item.package, sale.golden.id, Decimal("1250000.01"))

    live = [each for each in invoices(work, booking) if each.status is not InvoiceStatus.void]
    expected = [total for _, total in instalments.parts(work, booking)]
    assert sum(each.total for each in live) == booking.total
    assert sorted(each.total for each in live) == sorted(expected)


@pytest.mark.req("S3.32")
def test_an_add_on_moves_by_its_units_and_an_apartment_by_its_base_price(
    work: Work, sale: Sale
) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.silver.id)
    choices.choose_addons(work, booking.id, {sale.cooling.id: 3})
    before = booking.total

    added = prices.change(work, Item.addon, sale.cooling.id, Decimal("98501.00"))
    raised = prices.change(work, Item.apartment, sale.apartment.id, Decimal("10400010.00"))

    assert (added.difference, raised.difference) == (Decimal(3), Decimal(10))
    assert booking.total == before + 13
    (draft,) = invoices(work, booking)
    assert draft.total == booking.total


@pytest.mark.req("S3.32")
@pytest.mark.parametrize("why", ["under review", "paid in part", "another package"])
def test_who_is_further_on_or_has_paid_keeps_the_price(work: Work, sale: Sale, why: str) -> None:
    booking = confirmed(work, sale)
    item = sale.silver.id if why == "another package" else sale.golden.id
    if why == "under review":
        bookings.submit(work, booking.id)
    elif why == "paid in part":
        (invoice,) = invoices(work, booking)
        payments.record(work, [Part(invoice.id, Decimal(1))], PaymentMethod.cash)
    before = booking.total

    done = prices.change(work, Item.package, item, NEW)

    assert (done.moving, done.locked) == (0, 0 if why == "another package" else 1)
    assert booking.total == before
    assert invoices(work, booking)[0].status is not InvoiceStatus.void


@pytest.mark.req("S3.32", "S5.40")
def test_the_audit_trail_has_a_row_for_each_booking_that_moved(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    prices.change(work, Item.package, sale.golden.id, NEW)
    work.session.flush()

    rows = select(AuditEntry).where(
        AuditEntry.row_id == booking.id, AuditEntry.changed.contains(["package_price"])
    )
    last = work.session.scalars(rows.order_by(AuditEntry.at.desc())).first()
    assert last is not None
    assert (last.before or {})["package_price"] != (last.after or {})["package_price"]
    assert last.actor == "test:1"


@pytest.mark.parametrize("price", ["-1", "0.001", "NaN", "1e16"])
def test_a_price_that_cannot_be_is_refused(work: Work, sale: Sale, price: str) -> None:
    with pytest.raises((BadInput, ArithmeticError)):
        prices.change(work, Item.package, sale.golden.id, Decimal(price))


def test_a_preview_changes_nothing(work: Work, sale: Sale) -> None:
    booking = confirmed(work, sale)
    total = booking.total

    seen = prices.preview(work, Item.package, sale.golden.id, NEW)

    assert (seen.moving, seen.reissued, seen.difference) == (1, 1, Decimal(50000))
    assert booking.total == total
    assert work.session.scalar(select(func.count()).select_from(Invoice)) == 1
    assert work.session.scalars(select(Booking.package_price)).one() == sale.golden.price
