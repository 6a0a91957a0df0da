"""Bank statements: taken in once, matched once by the one path for money in, undone, reconciled."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.work import Work
from models.bank_statements import BankAccount, BankLine, BankLineStatus, BankRule, RuleTest
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import BANK, BANK_CHARGES, CUSTOMER_CREDIT, RECEIVABLE, RENTAL_INCOME
from models.payments import IntentStatus, PaymentIntent
from services import (
    bank_matching,
    bank_reconciliation,
    bank_statements,
    bank_suggestions,
    bank_undoing,
    billing,
    credit,
    invariants,
    ledger,
    payments,
)
from services.bank_statements import File, Movement
from services.billing import Line
from services.payments import Part
from tests import make, stories
from tests.services.test_races import AT_ONCE, race

pytestmark = pytest.mark.req("S2.26", "S2.57")


def account(work: Work) -> BankAccount:
    row = BankAccount(
        organization_id=work.scope.home(),
        name="Equity",
        book_id=ledger.book_called(work),
        code=BANK,
        currency="KES",
        columns={},
    )
    bank_statements.check_account(work, row)
    work.session.add(row)
    work.session.flush()
    return row


def issued(work: Work, total: str, name: str = "") -> Invoice:
    party = make.party(work, **({"name": name} if name else {}))
    line = Line("Rent", Decimal(total), RENTAL_INCOME)
    return billing.issue(work, billing.draft(work, party.id, "KES", "Rent", [line]).id)


def moved(
    work: Work, amount: str, payer: str = "", reference: str = "", says: str = ""
) -> Movement:
    day = ledger.business_date(work)
    return Movement(day, Decimal(amount), payer, reference, says, f"{payer}{reference}{amount}")


def taken(work: Work, *movements: Movement, opening: str = "0") -> list[BankLine]:
    """Take a statement of these lines in; gives its lines in their order."""
    kept = work.session.query(BankAccount).one_or_none() or account(work)
    closing = Decimal(opening) + sum(each.amount for each in movements)
    digest = "".join(each.key for each in movements)[:64]
    file = File("march.csv", digest, movements, "KES", Decimal(opening), closing)
    row = bank_statements.take_in(work, kept.id, file)
    bank_suggestions.suggest(work, kept.id, "KES")
    query = select(BankLine).where(BankLine.statement_id == row.id).order_by(BankLine.id)
    return list(work.session.scalars(query))


def balances(work: Work, *codes: str) -> Sequence[Decimal]:
    return [ledger.balance(work, code, "KES") for code in codes]


def numbers(*amounts: str) -> Sequence[Decimal]:
    return [Decimal(each) for each in amounts]


def test_the_same_file_or_line_twice_adds_nothing(work: Work) -> None:
    first = moved(work, "100", "Ann")
    taken(work, first)
    with pytest.raises(bank_statements.FileKnown):
        taken(work, first)

    (new,) = taken(work, first, moved(work, "7", "Bob"), opening="0")

    assert new.amount == 7
    assert work.session.scalar(select(func.count()).select_from(BankLine)) == 2
    with pytest.raises(DBAPIError), work.session.begin_nested():
        work.session.execute(text("UPDATE bank_line SET amount = 1"))


def test_a_file_whose_balances_do_not_add_up_or_of_another_currency_is_refused(work: Work) -> None:
    kept, line = account(work), moved(work, "100")
    file = File("x", "x", [line], "KES", Decimal(0), Decimal(99))
    with pytest.raises(bank_statements.BalancesDiffer):
        bank_statements.take_in(work, kept.id, file)
    with pytest.raises(bank_statements.AnotherAccount):
        bank_statements.take_in(work, kept.id, File("x", "x", [line], "EUR"))
    ahead = Movement(date(2199, 1, 1), Decimal(1), "", "", "", "x")
    with pytest.raises(bank_statements.AnotherAccount):
        bank_statements.take_in(work, kept.id, File("x", "x", [ahead]))


def test_number_amount_and_payer_suggest_what_a_line_is(work: Work) -> None:
    ann, bob, cid = (
        issued(work, "100", name) for name in ("Ann Otieno", "Bob Kamau", "Cid Mwangi")
    )
    awaited = payments.begin(work, [Part(cid.id)], PaymentMethod.bank_transfer)
    rule = BankRule(organization_id=work.scope.home(), name="Charges", pattern="bank*fee")
    rule.code, rule.test, rule.most = BANK_CHARGES, RuleTest.like, Decimal(50)
    work.session.add(rule)
    lines = taken(
        work,
        moved(work, "100", "BOB KAMAU"),
        moved(work, "40", "Somebody", f"rent {ann.number}"),
        moved(work, "100", "", awaited.number),
        moved(work, "-30", says="Bank monthly fee"),
        moved(work, "-60", says="Bank monthly fee"),
        moved(work, "100", "Nobody"),
    )

    assert [each.suggestion for each in lines] == [
        bob.number,
        ann.number,
        awaited.number,
        "Charges",
        "",
        "",
    ]
    for each in lines[:4]:
        bank_matching.accept(work, each.id)
    with pytest.raises(bank_matching.NothingSuggested):
        bank_matching.accept(work, lines[4].id)
    assert [each.paid_amount for each in (ann, bob, cid)] == numbers("40", "100", "100")
    assert awaited.status is IntentStatus.succeeded
    assert balances(work, BANK, BANK_CHARGES, RECEIVABLE) == numbers("210", "30", "60")
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_a_line_pays_several_invoices_and_what_is_left_is_credit(work: Work) -> None:
    first = issued(work, "100")
    line = Line("Rent", Decimal(50), RENTAL_INCOME)
    second = billing.issue(work, billing.draft(work, first.party_id, "KES", "x", [line]).id)
    (row,) = taken(work, moved(work, "170"))

    bank_matching.with_invoices(work, row.id, [first.id, second.id])
    assert (row.status, row.matched_amount) == (BankLineStatus.part, Decimal(150))
    bank_matching.with_account(work, row.id, CUSTOMER_CREDIT, first.party_id)

    assert row.status is BankLineStatus.matched
    assert credit.available(work, first.party_id, "KES") == 20
    with pytest.raises(bank_matching.MatchedAlready):
        bank_matching.with_account(work, row.id, BANK_CHARGES)


def test_a_match_that_is_undone_reopens_its_invoice_and_can_be_made_again(work: Work) -> None:
    asked = issued(work, "100")
    (row,) = taken(work, moved(work, "100", "", asked.number or ""))
    bank_matching.accept(work, row.id)
    assert asked.status is InvoiceStatus.paid

    bank_undoing.undo_all(work, row.id, "Another's money")

    assert (asked.status, asked.paid_amount) == (InvoiceStatus.issued, Decimal(0))
    assert (row.status, row.matched_amount) == (BankLineStatus.unmatched, Decimal(0))
    assert balances(work, BANK, RECEIVABLE) == numbers("0", "100")
    work.session.commit()
    assert invariants.broken(work.session) == {}
    bank_matching.accept(work, row.id)
    assert asked.status is InvoiceStatus.paid


def test_a_payment_that_was_recorded_before_is_found_once(work: Work) -> None:
    asked = issued(work, "100")
    known = payments.record(work, [Part(asked.id)], PaymentMethod.bank_transfer)
    one, two = taken(work, moved(work, "100", "a"), moved(work, "100", "b"))

    bank_matching.with_payment(work, one.id, known.id)

    with pytest.raises(bank_matching.MatchedAlready):
        bank_matching.with_payment(work, two.id, known.id)
    assert balances(work, BANK) == numbers("100")
    bank_undoing.undo_all(work, one.id, "The other one")
    assert known.status is IntentStatus.succeeded
    bank_matching.with_payment(work, two.id, known.id)


def test_many_who_accept_a_line_at_once_pay_once(app: Flask, session: Session, home: UUID) -> None:
    with stories.unit(session, home) as work:
        asked = issued(work, "100").id
        number = work.session.get_one(Invoice, asked).number
        (row,) = taken(work, moved(work, "100", "", number or ""))
        row_id = row.id

    said = race(app, home, lambda work: bank_matching.accept(work, row_id))

    assert said.count("") == 1
    with stories.unit(session, home) as work:
        assert balances(work, BANK, RECEIVABLE) == numbers("100", "0")
        assert work.session.scalar(select(func.count()).select_from(PaymentIntent)) == 1
    assert len(said) == AT_ONCE
    assert invariants.broken(session) == {}


def test_bank_and_book_agree_when_what_is_open_on_either_side_is_told(work: Work) -> None:
    yesterday = work.at(work.now - timedelta(days=1))
    asked, other = issued(yesterday, "100"), issued(yesterday, "55")
    early, _charge = taken(
        work,
        moved(work, "100", "", asked.number or ""),
        moved(work, "-5", says="fee"),
        opening="1000",
    )
    payments.record(work, [Part(other.id)], PaymentMethod.bank_transfer)
    bank_matching.accept(work, early.id)
    today = ledger.business_date(work)
    kept = work.session.query(BankAccount).one()

    told = bank_reconciliation.on(work, kept.id, today)

    assert (told.bank, told.book, told.before) == (Decimal(1095), Decimal(155), Decimal(1000))
    assert [each.amount for each in told.not_in_book] == [Decimal(-5)]
    assert [each.amount for each in told.not_at_bank] == [Decimal(55)]
    assert (told.explained, told.unexplained) == (Decimal(1095), Decimal(0))
    bank_undoing.undo_all(work, early.id, "A slip")
    again = bank_reconciliation.on(work, kept.id, today)
    assert (again.book, again.unexplained) == (Decimal(55), Decimal(0))
