"""Paying by itself: the limit holds over all tries, and another payment is waited for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.work import Work
from models.autopay import AutopayRun, RunOutcome
from models.billing import PaymentMethod
from models.events import Event
from models.wallets import Wallet
from services import autopay, credit, credit_notes, payments, wallets
from services.payments import Part
from tests.services.test_autopay import agreed, fill, issued, later, run, wallet

pytestmark = pytest.mark.req("S2.19", "S2.20", "S2.23")


def credited(work: Work, row: Wallet, amount: str) -> None:
    """Give the owner of a wallet so much to their credit."""
    paid = issued(work, row, amount, 30)
    payments.record(work, [Part(paid.id)], PaymentMethod.cash)
    credit_notes.write(work, paid.id, Decimal(amount), "Taken back")


def test_at_most_the_limit_leaves_over_all_tries_and_the_rest_is_told(work: Work) -> None:
    row = wallet(work, "10")
    agreed(work, row, most="100")
    credited(work, row, "50")
    asked = issued(work, row, "150")

    assert run(work) == [RunOutcome.short]
    assert asked.paid_amount == 0
    assert credit.available(work, row.party_id, "KES") == 50
    fill(work, row, "300")
    assert run(later(work, 1)) == [RunOutcome.paid]

    assert asked.paid_amount == 100
    assert wallets.available(work, row.id) == 260
    told = select(Event.data).where(Event.type == "autopay.paid_in_part")
    assert [Decimal(each["rest"]) for each in work.session.scalars(told)] == [Decimal(50)]


def test_while_another_payment_is_under_way_the_wallet_waits(work: Work) -> None:
    row = wallet(work, "500")
    terms = agreed(work, row)
    asked = issued(work, row, "100")
    payments.begin(work, [Part(asked.id)], PaymentMethod.bank_transfer)

    assert run(work) == []
    assert autopay.pay(work, terms.id, asked.id) is None
    assert asked.paid_amount == 0
    assert run(later(work, 4)) == [RunOutcome.paid]


def test_invoices_that_were_tried_enough_hold_up_no_later_one(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autopay, "MOST", 2)
    row = wallet(work, "5")
    terms = agreed(work, row)
    for _ in range(3):
        tried = issued(work, row, "100")
        for attempt in (1, 2, 3, 4):
            work.session.add(
                AutopayRun(
                    organization_id=row.organization_id,
                    party_id=row.party_id,
                    autopay_id=terms.id,
                    invoice_id=tried.id,
                    due_on=tried.due_on,
                    attempt=attempt,
                    tried_on=(work.now - timedelta(days=5 - attempt)).date(),
                    currency="KES",
                    outcome=RunOutcome.short,
                )
            )
        work.session.flush()
    asked = issued(work, row, "5")

    assert autopay.due(work) == [(terms.id, asked.id)]
