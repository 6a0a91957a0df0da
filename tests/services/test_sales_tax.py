"""Prices of apartments that contain a tax: what is asked for, moved, given back and earned."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.db import broken_constraint
from core.money import rounded, split
from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from models.billing import Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.bookings import Booking
from models.chart import (
    CONTRACT_LIABILITY,
    CUSTOMER_CREDIT,
    FORFEITED,
    RECEIVABLE,
    REFUNDS_PAYABLE,
    SALES_REVENUE,
    TAX_PAYABLE,
    WRITE_OFFS,
)
from models.credit import CreditNote
from models.sales import Project
from models.taxes import Tax, TaxRate
from services import (
    billing,
    booking_ends,
    bookings,
    choices,
    credit,
    credit_notes,
    instalments,
    invariants,
    invoicing,
    ledger,
    payments,
    prices,
    reversals,
    sale_withdrawals,
    tax_reports,
    taxes,
)
from services.balances import Books
from services.payments import Part
from services.prices import Item
from services.taxes import Levy
from tests import make, stories
from tests.services.test_bookings import Sale, held, invoices, plan_of_thirds, sale
from tests.services.test_tax_invoices import tax
from tests.stories import PRICE, Story
from workers import sagas as saga_jobs

__all__ = ["sale"]
pytestmark = pytest.mark.req("S3.18", "S3.19", "S2.25")
VAT = Decimal(16)


def of_whole(total: Decimal, percent: Decimal = VAT) -> Decimal:
    return rounded(total * percent / (100 + percent), "KES")


def taxed(work: Work, *rates: tuple[str, str], included: bool = False) -> Tax:
    """Let the organization's sales contain a tax."""
    row = tax(work, *rates, included=included)
    row.in_sales = True
    taxes.check(work, row)
    work.session.flush()
    return row


def lines(work: Work, booking: Booking) -> list[InvoiceLine]:
    """The lines of a booking's invoices that hold, in the order of its instalments."""
    ids = [
        (link.position, link.invoice_id)
        for link in instalments.links(work, booking.id)
        if work.session.get_one(Invoice, link.invoice_id).status
        not in (InvoiceStatus.void, InvoiceStatus.rejected)
    ]
    found: list[InvoiceLine] = []
    for _position, invoice_id in sorted(ids):
        query = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)
        found += work.session.scalars(
            query.order_by(InvoiceLine.position).execution_options(populate_existing=True)
        ).all()
    return found


def balance(work: Work, *codes: str) -> list[Decimal]:
    return [ledger.balance(work, code, "KES") for code in codes]


@given(
    total=st.decimals("0.03", "99999999.99", places=2),
    percents=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    rate=st.decimals("0.5", "27", places=1),
)
def test_the_taxes_of_instalments_sum_to_the_tax_of_the_whole(
    total: Decimal, percents: list[int], rate: Decimal
) -> None:
    levy, before, sums = Levy(UUID(int=1), rate, included=True), Decimal(0), Decimal(0)
    for part in split(total, [Decimal(each) for each in percents], "KES"):
        mine = taxes.reckon(levy, part, "KES", before)
        assert abs(mine - part * rate / (100 + rate)) <= Decimal("0.01")
        before, sums = before + part, sums + mine
    assert sums == taxes.reckon(levy, total, "KES") == of_whole(total, rate)


def test_instalments_carry_the_tax_that_is_in_the_price_and_add_nothing(
    work: Work, sale: Sale
) -> None:
    taxed(work)  # on other invoices it is added
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)
    bookings.confirm(work, booking.id)

    parts = lines(work, booking)
    assert sum(each.gross_amount for each in parts) == booking.total == Decimal(11650000)
    assert sum(each.tax_amount for each in parts) == of_whole(booking.total)
    assert [each.taxed_after for each in parts] == [
        Decimal(0),
        parts[0].gross_amount,
        parts[0].gross_amount + parts[1].gross_amount,
    ]
    asked = parts[0].gross_amount + parts[1].gross_amount  # the third waits for its milestone
    charged = parts[0].tax_amount + parts[1].tax_amount
    assert balance(work, RECEIVABLE, CONTRACT_LIABILITY, TAX_PAYABLE) == [
        asked,
        charged - asked,
        -charged,
    ]
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_a_booking_in_one_sum_carries_it_line_by_line(work: Work, sale: Sale) -> None:
    taxed(work, included=True)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_addons(work, booking.id, {sale.strong_cooling.id: 1, sale.lighting.id: 7})
    bookings.confirm(work, booking.id)

    parts = lines(work, booking)
    assert len(parts) == 4
    assert sum(each.tax_amount for each in parts) == of_whole(booking.total)
    assert ledger.balance(work, TAX_PAYABLE, "KES") == -of_whole(booking.total)


def test_a_project_may_contain_another_tax_or_none_to_pay(work: Work, sale: Sale) -> None:
    taxed(work)
    free = tax(work, ("2020-01-01", "0"), code="EXEMPT")
    work.session.execute(update(Project).values(tax_id=free.id))
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    bookings.confirm(work, booking.id)

    assert {each.tax_id for each in lines(work, booking)} == {free.id}
    assert ledger.balance(work, TAX_PAYABLE, "KES") == 0


def test_what_sales_contain_has_a_rate_and_is_one(work: Work) -> None:
    new = Tax(organization_id=work.scope.home(), code="NEW", name="New", account="2010")
    new.included, new.active, new.in_sales = False, True, True
    with pytest.raises(taxes.NoRate):
        taxes.check(work, new)
    taxed(work)
    second = tax(work, code="B")
    second.in_sales = True
    with pytest.raises(DBAPIError) as refusal:
        work.session.flush()
    assert broken_constraint(refusal.value) == "uq_tax_one_in_sales"
    work.session.rollback()


def test_the_rate_is_that_of_the_day_of_issue_and_a_part_keeps_its_tax(
    work: Work, sale: Sale
) -> None:
    later = (work.now + timedelta(days=9)).date()
    row = taxed(work, ("2020-01-01", "16"), (later.isoformat(), "18"))
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)
    bookings.confirm(work, booking.id)
    then = work.at(work.now + timedelta(days=10))
    instalments.reach_milestone(then, plan.id, 3)
    row.in_sales = False  # those who have confirmed keep it
    work.session.flush()
    first = invoices(work, booking)[0]
    invoicing.reject(then, first.id, "wrong name")
    again = invoicing.ask_again(then, first.id)

    percents = [(each.tax_percent, each.tax_included) for each in lines(work, booking)]
    assert percents == [(Decimal(each), True) for each in (18, 16, 18)]
    assert again.total == first.total
    work.session.commit()
    assert invariants.broken(work.session) == {}


@pytest.mark.req("S3.32", "S3.44")
@pytest.mark.parametrize("how", ["draft", "issued", "in parts", "draft in parts"])
def test_a_new_price_moves_the_taxes_as_if_it_had_been_chosen_so(
    work: Work, sale: Sale, how: str
) -> None:
    taxed(work)
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_addons(work, booking.id, {sale.lighting.id: 3})
    if "parts" in how:
        choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)
    if "draft" not in how:
        bookings.confirm(work, booking.id)

    for item, row, price in (
        (Item.package, sale.golden, "1250000.07"),
        (Item.addon, sale.lighting, "12750.11"),
        (Item.apartment, sale.apartment, "10400000.55"),
    ):
        prices.change(work, item, row.id, Decimal(price))

    parts = lines(work, booking)
    assert sum(each.gross_amount for each in parts) == booking.total
    assert sum(each.tax_amount for each in parts) == of_whole(booking.total)
    levy = taxes.in_sales(work, sale.apartment.project_id, ledger.business_date(work))
    meant = [
        line
        for position in range(1, 4 if "parts" in how else 2)
        for line in instalments.lines_at(work, booking, position, levy)
    ]
    assert [(each.unit_price, each.taxed_after, each.tax_amount) for each in parts] == [
        (line.unit_price, line.after, line.tax("KES")) for line in meant
    ]
    asked = [row for row in invoices(work, booking) if row.status is InvoiceStatus.issued]
    owed = sum((each.total for each in asked), Decimal(0))
    charged = sum(each.tax_amount for each in parts if each.invoice_id in {i.id for i in asked})
    assert balance(work, RECEIVABLE, CONTRACT_LIABILITY, TAX_PAYABLE) == [
        owed,
        charged - owed,
        -charged,
    ]
    work.session.commit()
    assert invariants.broken(work.session) == {}


@pytest.mark.req("S3.32")
def test_the_last_part_takes_what_is_left_also_where_the_first_is_not_asked_for(
    work: Work, sale: Sale
) -> None:
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)
    bookings.confirm(work, booking.id)
    first = invoices(work, booking)[0]
    invoicing.reject(work, first.id, "wrong name")

    prices.change(work, Item.package, sale.golden.id, Decimal("1250000.01"))
    invoicing.ask_again(work, first.id)

    live = lines(work, booking)
    assert [each.gross_amount for each in live] == [
        amount for _step, amount in instalments.parts(work, booking)
    ]


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    with stories.unit(session, home) as work:
        taxed(work)
    return stories.confirmed(session, home, refund_percent=Decimal(90))


def report(work: Work) -> tax_reports.Report:
    where = Books(ledger.book_called(work), "main", "KES")
    return tax_reports.between(work, where, date(2020, 1, 1), date(2999, 1, 1))


@pytest.mark.req("S3.41", "S2.04")
@pytest.mark.parametrize(
    ("paid", "percent"),
    [
        (PRICE, "90"),
        (Decimal("333333.33"), "90"),
        (PRICE, "100"),
        (PRICE, "0"),
        (Decimal("0.01"), "33.33"),
        (Decimal("999999.99"), "0"),
    ],
)
def test_what_goes_back_goes_with_its_tax_and_what_is_kept_stays_taxed(
    story: Story, paid: Decimal, percent: str
) -> None:
    story.pay(paid)
    with story.work() as work:
        work.session.execute(update(Project).values(refund_percent=Decimal(percent)))
        booking_ends.cancel(work, story.booking_id, "moved away")
    saga_jobs.advance_all(story.home)

    back = rounded(paid * Decimal(percent) / 100, "KES")
    kept = paid - back
    with story.work() as work:
        owed = report(work)
        assert owed.owed == owed.in_ledger
        assert abs(owed.owed - of_whole(kept)) <= Decimal("0.01")
        assert balance(work, CONTRACT_LIABILITY, RECEIVABLE, WRITE_OFFS) == [0, 0, 0]
        assert balance(work, REFUNDS_PAYABLE, FORFEITED, TAX_PAYABLE) == [
            -back,
            owed.owed - kept,
            -owed.owed,
        ]
        notes = work.session.scalars(select(CreditNote)).all()
        assert [note.total for note in notes] == ([PRICE - kept] if kept < PRICE else [])
    assert invariants.broken(story.session) == {}


@pytest.mark.req("S3.41")
def test_what_credit_had_paid_is_credit_again(story: Story) -> None:
    with story.work() as work:
        over = [billing.Line("Keys", Decimal(300000), SALES_REVENUE)]
        other = billing.issue(work, billing.draft(work, story.customer_id, "KES", "x", over).id)
        payments.record(work, [Part(other.id)], PaymentMethod.cash)
        credit_notes.write(work, other.id, Decimal(300000), "not needed")
        first = instalments.links(work, story.booking_id)[0].invoice_id
        credit.use(work, first, Decimal(300000))
    story.pay(Decimal(100000))
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    saga_jobs.advance_all(story.home)

    with story.work() as work:
        assert credit.available(work, story.customer_id, "KES") == Decimal(270000)
        assert balance(work, REFUNDS_PAYABLE, CONTRACT_LIABILITY, CUSTOMER_CREDIT) == [
            -Decimal(90000),
            0,
            -Decimal(270000),
        ]
        assert report(work).owed == report(work).in_ledger
    assert invariants.broken(story.session) == {}


def test_only_what_is_not_tax_is_earned_and_taken_back(story: Story) -> None:
    intent_id = story.pay()
    story.approve()
    with story.work() as work:
        booking_ends.settle(work, story.booking_id)
    net = PRICE - of_whole(PRICE)
    with story.work() as work:
        assert balance(work, SALES_REVENUE, CONTRACT_LIABILITY, TAX_PAYABLE) == [
            -net,
            0,
            -of_whole(PRICE),
        ]
        reversals.take_back(work, intent_id, "bounced")
    with story.work() as work:
        assert sale_withdrawals.doubt(work, story.booking_id)
        assert balance(work, SALES_REVENUE, CONTRACT_LIABILITY) == [0, -net]
    assert invariants.broken(story.session) == {}


def test_an_instalment_is_credited_by_nobody_but_the_end_of_its_booking(
    story: Story, app: Flask
) -> None:
    story.pay()
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
        first = instalments.links(work, story.booking_id)[0].invoice_id
    saga_jobs.advance_all(story.home)
    with story.work() as work, pytest.raises(credit_notes.OfABooking):
        credit_notes.write(work, first, Decimal(1), "by hand")
    door = db.door()
    profile = make.user(door)
    with story.work() as work:
        make.member(work, profile, "Admin")
    key = make.key(door, profile)
    told = Scope(story.home, key=key, everywhere=True)
    wrong = text(
        "INSERT INTO credit_note (id, organization_id, number, invoice_id, party_id, currency,"
        " reason, once, issued_at) SELECT gen_random_uuid(), organization_id, 'X', invoice_id,"
        " party_id, currency, 'x', 'x', now() FROM credit_note LIMIT 1"
    )
    with Session(app.extensions["engines"]["web"]) as session, seeing(session, told):
        with pytest.raises(DBAPIError) as refusal:
            session.execute(wrong)
        assert broken_constraint(refusal.value) == "credit_note_of_booking"


@pytest.mark.req("S5.47")
@pytest.mark.parametrize("paid", ["0", "1000"])
def test_a_buyer_confirms_and_cancels_what_is_taxed_under_all_locks(
    session: Session, home: UUID, app: Flask, paid: str
) -> None:
    with stories.unit(session, home) as work:
        taxed(work)
    story = stories.held(session, home)
    door = db.door()
    profile = make.user(door)
    with story.work() as work:
        make.member(work, profile, "Buyer", party_id=story.customer_id)
    told = Scope(
        home, key=make.key(door, profile), parties=frozenset({story.customer_id}), actor="user:x"
    )
    web = Session(app.extensions["engines"]["web"])
    with web, seeing(web, told), unit_of_work(web, Actor("user", str(profile))) as work:
        bookings.confirm(work, story.booking_id)
    if Decimal(paid):
        story.pay(Decimal(paid))
    web = Session(app.extensions["engines"]["web"])
    with web, seeing(web, told), unit_of_work(web, Actor("user", str(profile))) as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    saga_jobs.advance_all(story.home)

    with story.work() as work:
        assert report(work).owed == report(work).in_ledger
        assert balance(work, RECEIVABLE, WRITE_OFFS, CONTRACT_LIABILITY) == [0, 0, 0]
    assert invariants.broken(session) == {}


def test_a_rate_that_a_sale_was_charged_by_stays(story: Story) -> None:
    with story.work() as work:
        rate = work.session.scalars(select(TaxRate)).one()
        with pytest.raises(DBAPIError):
            work.session.execute(update(TaxRate).where(TaxRate.id == rate.id).values(percent=1))
        work.session.rollback()
