"""Invoices that a wallet pays by itself: in its limit, credit first, once, until stopped."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work import Work
from models.autopay import Autopay, AutopayRun, RunOutcome
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import RENTAL_INCOME
from models.payments import PaymentIntent
from models.wallets import Wallet
from services import (
    autopay,
    autopay_terms,
    billing,
    credit,
    credit_notes,
    invariants,
    ledger,
    payments,
    top_ups,
    wallets,
)
from services.billing import Line
from services.payments import Outcome, Part
from tests import make, stories
from tests.services.test_races import AT_ONCE, race
from workers import autopay as job

pytestmark = pytest.mark.req("S2.19", "S2.20", "S2.23", "S2.24")


def wallet(work: Work, amount: str) -> Wallet:
    row = wallets.open_for(work, make.party(work).id)
    return fill(work, row, amount)


def fill(work: Work, row: Wallet, amount: str) -> Wallet:
    filled = top_ups.begin(
        work, row.id, Decimal(amount), PaymentMethod.bank_transfer, key=f"k{amount}{work.now}"
    )
    payments.settle(work, filled.id, Outcome("succeeded", filled.amount, "KES"))
    return row


def agreed(work: Work, row: Wallet, most: str = "", days_before: int = 0) -> Autopay:
    made = Autopay(
        organization_id=work.scope.home(),
        party_id=row.party_id,
        wallet_id=row.id,
        currency=row.currency,
        most=Decimal(most) if most else None,
        days_before=days_before,
        since=ledger.business_date(work),
        active=True,
    )
    work.session.add(made)
    work.session.flush()
    return made


def issued(work: Work, row: Wallet, total: str, due_in: int = 0) -> Invoice:
    line = Line("Rent", Decimal(total), RENTAL_INCOME)
    draft = billing.draft(work, row.party_id, "KES", "Rent", [line])
    return billing.issue(work, draft.id, ledger.business_date(work) + timedelta(days=due_in))


def run(work: Work) -> list[RunOutcome]:
    """Pay what is due by itself; gives what came of each try."""
    made = [autopay.pay(work, *pair) for pair in autopay.due(work)]
    return [each.outcome for each in made if each]


def later(work: Work, days: int) -> Work:
    return work.at(work.now + timedelta(days=days))


def test_an_invoice_is_paid_on_its_day_or_before_up_to_the_limit_and_once(work: Work) -> None:
    row = wallet(work, "500")
    agreed(work, row, most="150", days_before=2)
    small, large = issued(work, row, "100", 5), issued(work, row, "400", 3)
    old = issued(work, row, "9", -1)

    told = [run(later(work, day)) for day in range(7)]

    assert [len(each) for each in told] == [0, 1, 0, 1, 0, 0, 0]
    assert [each.paid_amount for each in (small, large, old)] == [Decimal(100), Decimal(150), 0]
    assert wallets.available(work, row.id) == 250
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_credit_pays_first_and_the_wallet_the_rest(work: Work) -> None:
    row = wallet(work, "500")
    agreed(work, row, most="80")
    paid = issued(work, row, "30", 9)
    payments.record(work, [Part(paid.id)], PaymentMethod.cash)
    credit_notes.write(work, paid.id, Decimal(30), "Taken back")
    asked = issued(work, row, "100")

    assert run(work) == [RunOutcome.paid]

    assert asked.paid_amount == 80
    assert credit.available(work, row.party_id, "KES") == 0
    assert wallets.available(work, row.id) == 450


def test_too_little_is_told_and_tried_again_three_times_in_a_week(work: Work) -> None:
    row = wallet(work, "10")
    agreed(work, row)
    asked = issued(work, row, "100")

    told = {day: each for day in range(12) if (each := run(later(work, day)))}
    assert told == {day: [RunOutcome.short] for day in (0, 1, 3, 7)}
    other = issued(work, row, "50", 20)
    assert run(later(work, 20)) == [RunOutcome.short]
    fill(work, row, "60")

    assert run(later(work, 21)) == [RunOutcome.paid]
    assert (other.status, asked.status) == (InvoiceStatus.paid, InvoiceStatus.issued)


def test_what_is_stopped_pays_nothing(work: Work) -> None:
    row = wallet(work, "500")
    terms = agreed(work, row)
    asked = issued(work, row, "100")

    autopay_terms.stop(work, row.id)

    assert autopay.due(work) == []
    assert autopay.pay(work, terms.id, asked.id) is None
    assert asked.status is InvoiceStatus.issued


def test_many_jobs_at_once_pay_once(app: Flask, session: Session, home: UUID) -> None:
    with stories.unit(session, home) as work:
        row = wallet(work, "500")
        terms, asked = agreed(work, row).id, issued(work, row, "100").id
        row_id = row.id

    said = race(app, home, lambda work: autopay.pay(work, terms, asked))

    assert said == [""] * AT_ONCE
    job.run()
    with stories.unit(session, home) as work:
        assert wallets.available(work, row_id) == 400
        assert work.session.scalar(select(func.count()).select_from(AutopayRun)) == 1
        by_wallet = select(func.count()).where(PaymentIntent.method == PaymentMethod.wallet)
        assert work.session.scalar(by_wallet) == 1
    assert invariants.broken(session) == {}
