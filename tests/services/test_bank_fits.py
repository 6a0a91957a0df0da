"""Bank lines: matched with what moved on their own account and in their own book, once."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint
from core.errors import BadInput
from core.work import Work
from models.bank_statements import BankAccount, BankLine, BankLineStatus, BankMatch
from models.billing import InvoiceStatus, PaymentMethod
from models.chart import BANK, CASH, CHEQUES, RECEIVABLE, TRUST
from models.cheques import Cheque, ChequeStatus
from models.payments import IntentStatus
from services import (
    balances,
    bank_matching,
    bank_reconciliation,
    bank_statements,
    bank_undoing,
    cheques,
    invariants,
    ledger,
    payments,
    postings,
)
from services.bank_statements import File, Movement
from services.ledger import Leg
from services.payments import Part
from tests import make
from tests.services.test_bank_matching import account, issued, moved, numbers, taken
from tests.services.test_bank_matching import balances as booked

pytestmark = pytest.mark.req("S2.26", "S2.57")


def in_trust(work: Work) -> BankAccount:
    row = account(work)
    row.book_id = ledger.book_called(work, TRUST)
    work.session.flush()
    return row


def entered(work: Work, amount: str, day: date | None = None) -> UUID:
    """An entry by hand on the bank's account: so much came in, or went out."""
    legs = [Leg(BANK, Decimal(amount)), Leg(CASH, -Decimal(amount))]
    where = balances.books(work, "main")
    on = day or ledger.business_date(work)
    return ledger.post(work, postings.entered_by_hand(make.party(work).id, where, on, "x", legs))


def test_money_of_the_trust_account_is_no_payment_of_the_own_book(work: Work) -> None:
    in_trust(work)
    asked = issued(work, "100")
    awaited = payments.begin(work, [Part(asked.id)], PaymentMethod.bank_transfer)
    paid = payments.record(work, [Part(issued(work, "70").id)], PaymentMethod.bank_transfer)
    line, other = taken(work, moved(work, "100", "", awaited.number), moved(work, "70"))

    assert line.suggestion == ""
    for each, intent in ((line, awaited), (other, paid)):
        with pytest.raises(bank_matching.NoSuchPart):
            bank_matching.with_payment(work, each.id, intent.id)
    assert booked(work, BANK) == numbers("70")
    with pytest.raises(bank_matching.EntryDoesNotFit):
        bank_matching.with_entry(work, line.id, ledger.entry_with(work, f"payment:{paid.id}"))


def test_money_that_was_booked_out_already_is_matched_and_not_booked_again(work: Work) -> None:
    paid_out, wrong = entered(work, "-40"), entered(work, "-41")
    line, again = taken(work, moved(work, "-40", "x"), moved(work, "-40", "y"))
    with pytest.raises(bank_matching.EntryDoesNotFit):
        bank_matching.with_entry(work, line.id, wrong)

    bank_matching.with_entry(work, line.id, paid_out)

    assert line.status is BankLineStatus.matched
    assert booked(work, BANK) == numbers("-81")
    with pytest.raises(bank_matching.MatchedAlready):
        bank_matching.with_entry(work, again.id, paid_out)
    bank_undoing.undo_all(work, line.id, "The other one")
    assert booked(work, BANK) == numbers("-81")
    bank_matching.with_entry(work, again.id, paid_out)


def test_what_was_taken_back_is_no_line_of_the_bank(work: Work) -> None:
    entry = entered(work, "40")
    ledger.reverse(work, entry, "x:reversed", "x")
    (line,) = taken(work, moved(work, "40"))

    with pytest.raises(bank_matching.EntryDoesNotFit):
        bank_matching.with_entry(work, line.id, entry)


def test_the_database_takes_no_match_with_what_moved_something_else(work: Work) -> None:
    entry = entered(work, "39")
    (line,) = taken(work, moved(work, "40"))
    match = bank_matching._new(work, line, Decimal(40), entry)

    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        work.session.add(match)
        work.session.flush()

    assert broken_constraint(broken.value) == "bank_match_fits"


def cheque(work: Work, **given: date) -> Cheque:
    today = ledger.business_date(work)
    asked = issued(work, "100")
    return cheques.receive(work, [Part(asked.id)], "123", "KCB", given.get("written_on", today))


def test_a_match_that_is_undone_takes_back_the_clearing_of_its_cheque(work: Work) -> None:
    row = cheque(work)
    (line,) = taken(work, moved(work, "100"))
    for _ in range(2):
        bank_matching.with_payment(work, line.id, row.intent_id)
        assert (row.status, booked(work, BANK, CHEQUES)) == (
            ChequeStatus.cleared,
            numbers("100", "0"),
        )
        bank_undoing.undo_all(work, line.id, "A slip")
        assert (row.status.value, booked(work, BANK, CHEQUES)) == (
            "deposited",
            numbers("0", "100"),
        )
    cheques.clear(work, row.id)
    assert booked(work, BANK, CHEQUES) == numbers("100", "0")
    cheques.bounce(work, row.id, "No funds")
    assert booked(work, BANK, CHEQUES) == numbers("0", "0")
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_a_cheque_that_had_cleared_by_itself_stays_so_when_a_match_is_undone(work: Work) -> None:
    row = cheque(work)
    cheques.clear(work, row.id)
    (line,) = taken(work, moved(work, "100"))
    bank_matching.with_payment(work, line.id, row.intent_id)
    bank_undoing.undo_all(work, line.id, "A slip")

    assert (row.status, booked(work, BANK)) == (ChequeStatus.cleared, numbers("100"))


def test_a_cheque_that_bounces_lets_its_line_wait_again(work: Work) -> None:
    row = cheque(work)
    came, _back = taken(work, moved(work, "100"), moved(work, "-100"))
    bank_matching.with_payment(work, came.id, row.intent_id)
    cheques.bounce(work, row.id, "No funds")
    work.session.refresh(came)

    assert came.status is BankLineStatus.unmatched
    told = bank_reconciliation.on(work, came.bank_account_id, ledger.business_date(work))
    assert (told.bank, told.book, told.unexplained) == (Decimal(0), Decimal(0), Decimal(0))


def test_a_cheque_clears_on_its_own_day_or_later_and_not_before_it_came(work: Work) -> None:
    today = ledger.business_date(work)
    later = cheque(work, written_on=today + timedelta(days=9))
    for act in (cheques.deposit, cheques.clear):
        with pytest.raises(BadInput):
            act(work, later.id)
    old = cheques.receive(
        work, [Part(issued(work, "5").id)], "9", "KCB", today - timedelta(days=30)
    )
    with pytest.raises(BadInput):
        cheques.clear(work, old.id, today - timedelta(days=1))
    said = text("UPDATE cheque SET status = 'cleared', cleared_on = :day WHERE id = :id")
    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        work.session.execute(said, {"day": today, "id": later.id})
    assert broken_constraint(broken.value) == "cheque_not_before_its_day"


def test_a_cheque_that_the_bank_paid_before_it_was_written_down_clears_when_it_was(
    work: Work,
) -> None:
    today = ledger.business_date(work)
    row = cheque(work, written_on=today - timedelta(days=9))
    early = Movement(today - timedelta(days=3), Decimal(100), "", "", "", "early")
    (line,) = taken(work, early)

    bank_matching.with_payment(work, line.id, row.intent_id)

    assert row.cleared_on == today


@pytest.mark.parametrize("says", ["{invoice}", "{payment}", ""])
def test_a_transfer_that_was_announced_comes_in_by_the_line_that_pays_its_invoice(
    work: Work, says: str
) -> None:
    asked = issued(work, "100", "Ann Otieno")
    awaited = payments.begin(work, [Part(asked.id)], PaymentMethod.bank_transfer)
    text_of_it = says.format(invoice=asked.number, payment=awaited.number)
    (line,) = taken(work, moved(work, "100", "Ann Otieno", text_of_it))

    assert line.suggestion
    bank_matching.accept(work, line.id)

    assert (awaited.status, asked.status) == (IntentStatus.succeeded, InvoiceStatus.paid)
    assert work.session.scalars(select(BankMatch.intent_id)).all() == [awaited.id]
    assert booked(work, BANK, RECEIVABLE) == numbers("100", "0")


def test_lines_of_the_same_days_in_another_format_are_asked_about(work: Work) -> None:
    today = ledger.business_date(work)
    taken(work, moved(work, "100", "Ann"), moved(work, "7", "Bob"))
    kept = work.session.query(BankAccount).one()
    other = [
        Movement(today, Decimal(100), "", "", "ANN OTIENO", "id:A1"),
        Movement(today, Decimal(55), "", "", "CID", "id:A2"),
    ]
    file = File("april.ofx", "other", other)

    with pytest.raises(bank_statements.LooksKnown) as asked:
        bank_statements.take_in(work, kept.id, file)

    assert asked.value.values == {"count": 1}
    assert len(work.session.scalars(select(BankLine)).all()) == 2
    assert bank_statements.take_in(work, kept.id, file, beside=True).lines == 2


def test_the_same_amount_twice_on_a_day_is_no_doubt_where_the_file_tells_both(work: Work) -> None:
    first = moved(work, "100", "Ann")
    taken(work, first)

    assert len(taken(work, first, moved(work, "100", "Bob"))) == 1


@pytest.mark.parametrize("code", [RECEIVABLE, CHEQUES, "2010"])
def test_no_account_that_documents_keep_is_one_of_a_bank(work: Work, code: str) -> None:
    row = BankAccount(
        organization_id=work.scope.home(),
        name="x",
        book_id=ledger.book_called(work),
        code=code,
        currency="KES",
        columns={},
    )
    with pytest.raises(BadInput):
        bank_statements.check_account(work, row)
