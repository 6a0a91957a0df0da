"""Top-ups of wallets: what came in stays in the wallet, and is not paid back beside it."""

from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint, uuid7
from core.work import Work
from models.billing import PaymentMethod
from models.chart import BANK, CUSTOMER_CREDIT, RENTAL_INCOME, WALLET_BALANCES
from models.payments import PaymentIntent, Refund, RefundStatus
from models.wallets import Wallet
from services import billing, ledger, refunds, top_ups, wallet_orders, wallets
from services.refunds import NoCredit, NotRefundable
from services.wallet_movements import OverCap
from services.wallet_orders import Ask
from tests import make
from tests.purses import fill, in_it

pytestmark = pytest.mark.req("S1.48", "S2.20")


def purse(work: Work, amount: str = "") -> Wallet:
    wallet = wallets.open_for(work, make.party(work).id)
    if amount:
        fill(work, wallet.id, amount)
    return wallet


def over(work: Work, intent: PaymentIntent) -> Decimal:
    figure = PaymentIntent.unapplied_amount  # type: ignore[attr-defined]
    query = select(figure).where(PaymentIntent.id == intent.id)
    return work.session.scalar(query) or Decimal(0)


def test_what_filled_a_wallet_is_not_left_over_of_its_payment(work: Work) -> None:
    wallet = purse(work)
    intent = fill(work, wallet.id, "900")

    assert over(work, intent) == 0
    with pytest.raises(NoCredit):
        refunds.return_credit(work, intent.id)
    with pytest.raises(NotRefundable):
        refunds.request(work, intent.id, Decimal(900), "by another way", "no")
    assert work.session.scalars(select(Refund)).all() == []
    assert in_it(work, wallet.id) == Decimal(900)
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES") == 0


def test_what_a_wallet_could_not_hold_goes_back_once(work: Work) -> None:
    wallet = purse(work, "499999")
    intent = fill(work, wallet.id, "900")

    assert over(work, intent) == Decimal(900)
    assert refunds.return_credit(work, intent.id).amount == Decimal(900)
    with pytest.raises(NoCredit):
        refunds.return_credit(work, intent.id)
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES") == 0
    assert ledger.balance(work, WALLET_BALANCES, "KES") == -499999


def test_the_database_takes_no_refund_of_what_is_in_a_wallet(work: Work) -> None:
    intent = fill(work, purse(work).id, "900")
    statement = text(
        "INSERT INTO refund (id, organization_id, intent_id, party_id, key, amount, currency,"
        " reason, status, attempts, created_at) VALUES (:id, :home, :intent, :party, 'mine', 1,"
        " 'KES', '', 'requested', 0, now())"
    )
    values = {"id": uuid7(), "home": work.scope.home(), "intent": intent.id}

    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        work.session.execute(statement, values | {"party": intent.party_id})

    assert broken_constraint(broken.value) == "refund_within_credit"


def test_what_a_wallet_may_not_take_back_is_paid_by_hand(work: Work) -> None:
    wallet = purse(work, "400000")
    line = billing.Line("Rent", Decimal(1000), RENTAL_INCOME)
    asked = billing.issue(work, billing.draft(work, wallet.party_id, "KES", "Rent", [line]).id)
    order = wallet_orders.pay(work, Ask(wallet.id, None, "x"), [asked.id])
    paid = wallet_orders.carry_out(work, order.id).intent_id
    assert paid
    fill(work, wallet.id, "100900")
    refund = refunds.request(work, paid, Decimal(1000), "back", "Cancelled")
    assert refund.status is RefundStatus.requested
    before = ledger.balance(work, BANK, "KES")

    refunds.settle(work, refund.id)

    assert work.session.get_one(Refund, refund.id).status.value == "succeeded"
    assert ledger.balance(work, BANK, "KES") == before - 1000
    assert in_it(work, wallet.id) == Decimal(499_900)


def test_a_provider_is_not_asked_for_more_than_the_wallet_may_hold(work: Work) -> None:
    wallet = purse(work, "499999")

    with pytest.raises(OverCap):
        top_ups.begin(work, wallet.id, Decimal(2), PaymentMethod.card)
    assert top_ups.begin(work, wallet.id, Decimal(1), PaymentMethod.card).amount == 1
