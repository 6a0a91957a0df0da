"""Cheques: taken once, carried to the bank, cleared there, or back without money."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.errors import BadInput
from core.flow import IllegalMove
from core.work import Work
from models.billing import Invoice, InvoiceStatus
from models.chart import BANK, CHEQUES, OTHER_INCOME, RECEIVABLE, RENTAL_INCOME
from models.cheques import ChequeStatus
from models.payments import IntentStatus, PaymentIntent
from services import billing, cheques, invariants, ledger, refunds, reversals
from services.billing import Line
from services.payments import Part
from tests import make
from tests.services.test_tax_invoices import booked, numbers

pytestmark = pytest.mark.req("S2.19", "S2.22", "S2.24")


def issued(work: Work, total: str = "100") -> Invoice:
    line = Line("Rent", Decimal(total), RENTAL_INCOME)
    draft = billing.draft(work, make.party(work).id, "KES", "Rent", [line])
    return billing.issue(work, draft.id)


def taken(work: Work, invoice: Invoice, **other: Any) -> Any:
    today = ledger.business_date(work)
    said: dict[str, Any] = {"number": "000123", "bank": "Equity  Bank", "written_on": today} | other
    return cheques.receive(work, [Part(invoice.id)], **said)


def test_a_cheque_pays_is_in_hand_and_then_at_the_bank(work: Work) -> None:
    asked = issued(work)

    row = taken(work, asked)

    assert (row.bank, asked.status) == ("Equity Bank", InvoiceStatus.paid)
    assert booked(work, CHEQUES, BANK, RECEIVABLE) == numbers("100", "0", "0")
    cheques.deposit(work, row.id)
    cheques.clear(work, row.id)
    assert row.status is ChequeStatus.cleared
    assert booked(work, CHEQUES, BANK) == numbers("0", "100")
    with pytest.raises(IllegalMove):
        cheques.clear(work, row.id)


@pytest.mark.parametrize("how_far", ["received", "deposited", "cleared"])
def test_a_cheque_that_bounces_reopens_its_invoice_and_may_cost_a_fee(
    work: Work, how_far: str
) -> None:
    asked = issued(work)
    row = taken(work, asked)
    if how_far == "deposited":
        cheques.deposit(work, row.id)
    elif how_far == "cleared":
        cheques.clear(work, row.id)
    with pytest.raises(billing.ReasonNeeded):
        cheques.bounce(work, row.id, " ")

    cheques.bounce(work, row.id, "No funds", Decimal(25))

    assert (row.status, asked.status, asked.paid_amount) == (
        ChequeStatus.bounced,
        InvoiceStatus.issued,
        Decimal(0),
    )
    assert work.session.get_one(PaymentIntent, row.intent_id).status is IntentStatus.reversed
    assert booked(work, CHEQUES, BANK, RECEIVABLE, OTHER_INCOME) == numbers("0", "0", "125", "-25")
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_the_same_cheque_is_taken_once_and_what_stands_on_it_must_be_likely(work: Work) -> None:
    asked, today = issued(work), ledger.business_date(work)
    line = Line("Rent", Decimal(7), RENTAL_INCOME)
    other = billing.issue(work, billing.draft(work, asked.party_id, "KES", "x", [line]).id)
    taken(work, asked)
    with pytest.raises(cheques.ChequeTaken):
        taken(work, other)
    for wrong in (
        {"number": "12a"},
        {"number": ""},
        {"bank": " "},
        {"written_on": today - timedelta(days=200)},
    ):
        with pytest.raises(BadInput):
            taken(work, other, **{"number": "7"} | wrong)


def test_what_was_refunded_or_came_by_itself_is_not_taken_back(work: Work) -> None:
    row = taken(work, issued(work))
    refunds.request(work, row.intent_id, Decimal(10), "once", "too much")

    with pytest.raises(reversals.GoesBack):
        cheques.bounce(work, row.id, "No funds")
