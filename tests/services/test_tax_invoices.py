"""Invoices with tax and discount, credit notes, credit that pays, and what nobody will pay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import broken_constraint
from core.errors import BadInput
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import (
    CUSTOMER_CREDIT,
    RECEIVABLE,
    RENTAL_INCOME,
    TAX_PAYABLE,
    WRITE_OFFS,
)
from models.taxes import Tax, TaxRate
from services import (
    ageing,
    balances,
    billing,
    credit,
    credit_notes,
    free_invoices,
    invariants,
    ledger,
    payments,
    tax_reports,
    taxes,
    write_offs,
)
from services.free_invoices import Head, Typed
from services.payments import Part
from tests import make, stories
from tests.services.test_races import AT_ONCE, race

pytestmark = pytest.mark.req("S3.18", "S3.19", "S3.45", "S2.25")


def tax(
    work: Work,
    *rates: tuple[str, str],
    code: str = "VAT",
    included: bool = False,
) -> Tax:
    """A tax with its rates: the day from which each is in force, and its percent."""
    row = Tax(organization_id=work.scope.home(), code=code, name="Value added tax", account="2010")
    row.included, row.active = included, True
    taxes.check(work, row)
    work.session.add(row)
    work.session.flush()
    for begins_on, percent in rates or (("2020-01-01", "16"),):
        work.session.add(
            TaxRate(
                organization_id=row.organization_id,
                tax_id=row.id,
                begins_on=date.fromisoformat(begins_on),
                percent=Decimal(percent),
            )
        )
    work.session.flush()
    return row


def line(price: str, tax_: Tax | None = None, quantity: str = "1", off: str = "") -> Typed:
    return Typed(
        "Service charge", quantity, price, RENTAL_INCOME, off, str(tax_.id) if tax_ else ""
    )


def draft(work: Work, *lines: Typed, off: str = "", party: UUID | None = None) -> Invoice:
    head = Head(party or make.party(work).id, "KES", "March", None, off)
    return free_invoices.write(work, head, lines)


def issued(work: Work, *lines: Typed, party: UUID | None = None) -> Invoice:
    return billing.issue(work, draft(work, *lines, party=party).id)


def booked(work: Work, *codes: str) -> list[Decimal]:
    return [ledger.balance(work, code, "KES") for code in codes]


def numbers(*amounts: str) -> Sequence[Decimal]:
    return [Decimal(each) for each in amounts]


def test_tax_is_added_to_a_price_or_taken_out_of_it_half_up_by_line(work: Work) -> None:
    vat, within = tax(work), tax(work, code="VATIN", included=True)

    row = issued(work, line("33.33", vat, "1.5"), line("116", within), line("10.03", vat, "3"))

    # 49.995 is 50.00, with 8.00; 16.00 of 116 are tax; 30.09 with 4.8144
    assert row.total == Decimal("58.00") + Decimal(116) + Decimal("34.90")
    assert booked(work, RECEIVABLE, RENTAL_INCOME, TAX_PAYABLE) == numbers(
        "208.90", "-180.09", "-28.81"
    )
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_a_discount_comes_off_a_line_and_off_the_whole_before_tax(work: Work) -> None:
    vat = tax(work)
    row = draft(work, line("100", vat, off="10%"), line("10", off="5.00"), off="9.50")

    assert row.total == Decimal("81.00") + Decimal("12.96") + Decimal("4.50")
    again = free_invoices.typed_of(work, row)
    assert [each.discount for each in again] == ["19.00", "5.50"]
    for off, field in (("96.01", "discount"), ("120%", "discount"), ("1e3", "discount")):
        with pytest.raises(BadInput) as refusal:
            draft(work, line("100", off="10%"), line("10", off="5"), off=off)
        assert refusal.value.field == field
    with pytest.raises(BadInput):
        draft(work, line("100", off="100.01"))


def test_a_draft_that_is_issued_later_has_the_rate_of_that_day(work: Work) -> None:
    today = ledger.business_date(work)
    row = draft(work, line("100", tax(work, ("2020-01-01", "16"), (str(today), "18"))))
    assert row.total == 118
    new = TaxRate(organization_id=row.organization_id, begins_on=today + timedelta(days=1))
    new.tax_id, new.percent = work.session.query(Tax).one().id, Decimal(20)
    work.session.add(new)
    work.session.flush()

    later = billing.issue(work.at(work.now + timedelta(days=2)), row.id)

    assert later.total == 120
    broken = "UPDATE tax_rate SET percent = 5 WHERE percent = 20"
    with pytest.raises(DBAPIError) as refused, work.session.begin_nested():
        work.session.execute(text(broken))
    assert broken_constraint(refused.value) == "tax_rate_stays"


@pytest.mark.parametrize(
    "change",
    [
        "tax_amount = tax_amount + 0.01",
        "tax_percent = 0",
        "tax_included = true",
        "tax_id = NULL",
        "discount = amount + 1",
    ],
)
def test_the_database_reckons_the_tax_itself(work: Work, change: str) -> None:
    draft(work, line("100", tax(work)))

    with pytest.raises(DBAPIError) as refused:
        work.session.execute(text(f"UPDATE invoice_line SET {change}"))  # noqa: S608

    assert str(broken_constraint(refused.value)).startswith("ck_invoice_line_")


def test_a_credit_note_takes_back_a_part_and_what_is_left_with_its_tax(work: Work) -> None:
    vat = tax(work)
    row = issued(work, line("100", vat), line("50"))
    payments.record(work, [Part(row.id, Decimal(120))], PaymentMethod.cash)

    first = credit_notes.write(work, row.id, Decimal("33.20"), "Too much", once="a")
    assert credit_notes.write(work, row.id, Decimal(1), "Too much", once="a") is first
    assert (first.number, first.total) == ("CN-000001", Decimal("33.20"))
    assert (row.status, row.paid_amount) == (InvoiceStatus.partly_paid, Decimal("153.20"))
    rest = credit_notes.write(work, row.id, Decimal("132.80"), "All of it")

    assert (row.status, row.paid_amount) == (InvoiceStatus.paid, Decimal(166))
    assert booked(work, RECEIVABLE, RENTAL_INCOME, TAX_PAYABLE) == numbers("0", "0", "0")
    # 12.80 were still asked for: the rest of the second note was paid, and is credit.
    assert credit.available(work, row.party_id, "KES") == Decimal(120)
    with pytest.raises(credit_notes.MoreThanInvoiced):
        credit_notes.write(work, row.id, Decimal("0.01"), "More")
    assert rest.number == "CN-000002"
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_notes_raced_never_take_back_more_than_was_invoiced(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        row_id = issued(work, line("100", tax(work))).id

    said = race(app, home, lambda work: credit_notes.write(work, row_id, Decimal(50), "x"))

    assert sorted(said) == ["", "", *["more_than_invoiced"] * (AT_ONCE - 2)]
    with stories.unit(session, home) as work:
        assert booked(work, RECEIVABLE, CUSTOMER_CREDIT) == numbers("16", "0")
    assert invariants.broken(session) == {}


def test_a_draft_and_an_instalment_are_not_credited(session: Session, home: UUID) -> None:
    story = stories.confirmed(session, home)
    with story.work() as work:
        row = draft(work, line("100"))
        with pytest.raises(credit_notes.NotCredited):
            credit_notes.write(work, row.id, Decimal(1), "x")
        instalment = work.session.query(Invoice).filter(Invoice.number.is_not(None)).one()
        with pytest.raises(credit_notes.OfABooking):
            credit_notes.write(work, instalment.id, Decimal(1), "x")


@pytest.mark.req("S2.26")
def test_credit_that_many_use_at_once_is_used_once(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        paid = issued(work, line("100"))
        payments.record(work, [Part(paid.id)], PaymentMethod.cash)
        credit_notes.write(work, paid.id, Decimal(100), "Taken back")
        new = issued(work, line("500"), party=paid.party_id).id
        party = paid.party_id

    said = race(app, home, lambda work: credit.use(work, new, Decimal(60)))

    assert sorted(said) == ["", *["not_so_much_credit"] * (AT_ONCE - 1)]
    with stories.unit(session, home) as work:
        assert credit.available(work, party, "KES") == 40
        assert work.session.get_one(Invoice, new).paid_amount == 60
    assert invariants.broken(session) == {}


def test_what_is_written_off_is_a_loss_that_those_agree_to_whom_the_rule_names(work: Work) -> None:
    row = issued(work, line("100", tax(work)))
    alone = text("UPDATE invoice SET status = 'written_off' WHERE id = :id")
    with pytest.raises(DBAPIError), work.session.begin_nested():
        work.session.execute(alone, {"id": row.id})
    with pytest.raises(billing.ReasonNeeded):
        write_offs.write_off(work, row.id, " ")

    write_offs.write_off(work, row.id, "Moved away")

    assert row.status is InvoiceStatus.written_off
    assert booked(work, RECEIVABLE, RENTAL_INCOME, TAX_PAYABLE, WRITE_OFFS) == numbers(
        "0", "-100", "-16", "116"
    )
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_the_tax_report_and_the_ages_of_debts_follow(work: Work) -> None:
    vat, party = tax(work), make.party(work).id
    row = issued(work, line("100", vat), party=party)
    gone = issued(work, line("1000", vat), party=party)
    billing.void(work, gone.id, "A slip")
    credit_notes.write(work, row.id, Decimal(58), "Half")
    where, today = balances.books(work), ledger.business_date(work)

    told = tax_reports.between(work, where, today, today)

    (charged,) = told.taxes
    assert (charged.tax, charged.back_tax, told.owed) == (Decimal(176), Decimal(168), Decimal(8))
    assert told.owed == told.in_ledger
    aged = ageing.receivables(work, where, today)
    assert [debt.amount for debt in aged.debts] == [Decimal(58)]
    assert aged.in_ledger == 58


def test_the_account_of_a_tax_that_lines_carry_stays(work: Work) -> None:
    row = tax(work)
    row.account = "2015"
    with pytest.raises(BadInput):
        taxes.check(work, row)  # no such account, but free to change
    work.session.refresh(row)
    line = billing.Line("x", Decimal(100), RENTAL_INCOME)
    party_id = make.party(work).id
    billing.draft(
        work,
        party_id,
        "KES",
        "x",
        [replace(line, levy=taxes.in_force(work, row.id, date(2026, 1, 1)))],
    )
    with pytest.raises(DBAPIError) as broken, work.session.begin_nested():
        work.session.execute(text("UPDATE tax SET account = '2200'"))
    assert broken_constraint(broken.value) == "tax_keeps_its_account"


@pytest.mark.parametrize("account", [CUSTOMER_CREDIT, "2500", "2200"])
def test_tax_is_owed_on_no_account_of_a_party(work: Work, account: str) -> None:
    row = tax(work)
    row.account = account

    with pytest.raises(BadInput):
        taxes.check(work, row)
