"""What the books have already is suggested for lines of the bank, and many are accepted at once."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from core.work import Work
from models.bank_statements import BankAccount, BankLine, BankLineStatus
from models.billing import PaymentMethod
from models.chart import BANK, BANK_CHARGES, CASH
from services import (
    balances,
    bank_matching,
    bank_suggestions,
    bank_undoing,
    ledger,
    payments,
    postings,
    refunds,
)
from services.ledger import Leg
from services.payments import Part
from tests import make
from tests.services.test_bank_matching import account, issued, moved, taken

pytestmark = pytest.mark.req("S2.26", "S2.57")


def entered(work: Work, amount: str, memo: str, days_ago: int = 0, other: str = CASH) -> UUID:
    legs = [Leg(BANK, Decimal(amount)), Leg(other, -Decimal(amount))]
    where = balances.books(work, "main")
    on = ledger.business_date(work) - timedelta(days=days_ago)
    return ledger.post(work, postings.entered_by_hand(make.party(work).id, where, on, memo, legs))


def kept(work: Work) -> BankAccount:
    return work.session.query(BankAccount).one()


def test_an_entry_of_the_same_amount_and_near_in_time_is_suggested(work: Work) -> None:
    transfer = entered(work, "-40", "Transfer to savings", days_ago=2)
    arrived = entered(work, "75", "From the till", days_ago=1)
    entered(work, "-90", "Long ago", days_ago=30)
    out, came, old, none = taken(
        work, moved(work, "-40"), moved(work, "75"), moved(work, "-90"), moved(work, "-41")
    )

    assert [each.suggested_entry_id for each in (out, came, old, none)] == [
        transfer,
        arrived,
        None,
        None,
    ]
    assert (out.suggestion, out.score) == ("Transfer to savings", 50)
    before = ledger.balance(work, BANK, "KES")
    bank_matching.accept(work, out.id)
    assert out.status is BankLineStatus.matched
    assert ledger.balance(work, BANK, "KES") == before


def test_alike_fees_are_one_each_and_others_of_one_amount_are_told_apart(work: Work) -> None:
    fees = {entered(work, "-50", "Bank fee", other=BANK_CHARGES) for _ in range(2)}
    rent, wage = entered(work, "-900", "Rent of the office"), entered(work, "-900", "Wages")
    lines = taken(
        work,
        moved(work, "-50", "a"),
        moved(work, "-50", "b"),
        moved(work, "-50", "c"),
        moved(work, "-900", says="WAGES November"),
        moved(work, "-900", "x", says="standing order"),
    )

    found = [each.suggested_entry_id for each in lines]
    assert set(found[:3]) == {*fees, None}
    assert found[3:] == [wage, rent]


def test_two_that_fit_as_well_are_not_suggested(work: Work) -> None:
    entered(work, "-900", "Rent of the office")
    entered(work, "-900", "Wages")
    (line,) = taken(work, moved(work, "-900", says="standing order"))

    assert (line.suggestion, line.suggested_entry_id) == ("", None)


def test_a_payment_that_was_recorded_is_found_and_what_was_taken_back_is_not(work: Work) -> None:
    asked = issued(work, "70", "Ann")
    paid = payments.record(work, [Part(asked.id)], PaymentMethod.bank_transfer)
    gone = entered(work, "33", "A mistake")
    ledger.reverse(work, gone, "x:reversed", "x")
    back = refunds.request(work, paid.id, Decimal(20), "once", "")
    refunds.settle(work, back.id)
    came, wrong, out = taken(work, moved(work, "70"), moved(work, "33"), moved(work, "-20"))

    assert (came.suggested_intent_id, came.suggested_entry_id) == (paid.id, None)
    assert wrong.suggestion == ""
    assert out.suggested_entry_id == ledger.entry_with(work, f"refund:{back.id}")
    for each in (came, out):
        bank_matching.accept(work, each.id)
    assert {came.status, out.status} == {BankLineStatus.matched}


def test_what_is_in_the_books_later_is_found_when_looked_for_again(work: Work) -> None:
    (line,) = taken(work, moved(work, "-40"))
    assert line.suggestion == ""
    entry = entered(work, "-40", "Paid by hand")

    assert bank_suggestions.look_again(work, kept(work).id) == 1
    assert line.suggested_entry_id == entry
    bank_matching.accept(work, line.id)
    assert bank_suggestions.look_again(work, kept(work).id) == 0
    bank_undoing.undo_all(work, line.id, "Not this one")
    assert bank_suggestions.look_again(work, kept(work).id) == 1


def test_all_that_is_sure_enough_is_accepted_at_once_but_for_what_holds_no_more(
    work: Work,
) -> None:
    account(work)
    same = [entered(work, f"-{n}0", f"Payout {n}") for n in (1, 2, 3)]
    far = entered(work, "-70", "Far away", days_ago=6)
    lines = taken(work, *(moved(work, f"-{n}0") for n in (1, 2, 3, 7)))
    assert [each.suggested_entry_id for each in lines] == [*same, far]
    ledger.reverse(work, same[1], "x:reversed", "x")

    done = bank_matching.accept_sure(work, kept(work).id, 50)

    assert (done.matched, done.left) == (2, 1)
    statuses = [work.session.get_one(BankLine, each.id).status for each in lines]
    assert statuses == [
        BankLineStatus.matched,
        BankLineStatus.unmatched,
        BankLineStatus.matched,
        BankLineStatus.unmatched,
    ]
