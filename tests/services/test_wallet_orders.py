"""What owners ask of their wallets: invoices paid, money sent, and what is refused."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.payments import PaymentIntent
from models.wallet_orders import OrderStatus
from models.wallets import RecordType, TransactionStatus, TransactionType
from services import (
    ledger,
    organizations,
    payments,
    refunds,
    top_ups,
    wallet_orders,
    wallets,
)
from services.holds import NotEnough
from services.payments import NotDue
from services.wallet_orders import NoSuchWallet, NoTransfers, OrderKeyReused
from tests import make
from tests.purses import BANKED, Owner, Portal, an_invoice, in_it, owner, portal, rows, told, web

__all__ = ["owner", "portal", "web"]


@pytest.mark.req("S1.42")
def test_invoices_are_paid_from_a_wallet_without_a_page_of_a_provider(
    work: Work, owner: Owner, portal: Portal
) -> None:
    invoice_id = an_invoice(work, owner.party_id, "300")
    order_id = portal.do(wallet_orders.pay, owner.ask("once"), [invoice_id])
    again = portal.do(wallet_orders.pay, owner.ask("once"), [invoice_id])
    assert order_id == again

    order = wallet_orders.carry_out(work, order_id)

    assert order.status is OrderStatus.done
    assert work.session.get_one(Invoice, invoice_id).status is InvoiceStatus.paid
    assert in_it(work, owner.wallet_id) == 700
    intent = work.session.get_one(PaymentIntent, order.intent_id)
    assert (intent.method, intent.status) == (PaymentMethod.wallet, "succeeded")
    assert rows(work, owner.wallet_id)[-1].type is TransactionType.bill_payment
    assert wallet_orders.carry_out(work, order_id) is order
    assert len(told(work, "payment.succeeded")) == 2
    assert portal.do(wallet_orders.pay, owner.ask("once"), [invoice_id]) == order_id


def test_what_was_paid_from_a_wallet_goes_back_to_it(
    work: Work, owner: Owner, portal: Portal
) -> None:
    order_id = portal.do(wallet_orders.pay, owner.ask(), [an_invoice(work, owner.party_id, "300")])
    order = wallet_orders.carry_out(work, order_id)
    assert order.intent_id

    # What is owed back was made a debt by whoever cancels; here by hand.
    ledger.post(work, _owed_back(owner.party_id, "100"))
    refunds.request(work, order.intent_id, Decimal(100), "once", "too much")

    assert in_it(work, owner.wallet_id) == 800
    assert len(told(work, "wallet.refunded")) == 1
    assert wallets.flaw(work, owner.wallet_id) == ""


def _owed_back(party_id: UUID, amount: str) -> ledger.Recipe:
    legs = [ledger.Leg("4400", Decimal(amount)), ledger.Leg("2200", -Decimal(amount), party_id)]
    return ledger.Recipe("owed", "Owed back", "party", party_id, "KES", legs)


@pytest.mark.req("S1.59", "S1.61")
def test_money_is_sent_to_another_wallet_by_its_name(
    session: Session, work: Work, owner: Owner, portal: Portal
) -> None:
    other = wallets.open_for(work, make.party(work, name="Brian").id, "brian")
    work.session.commit()
    order_id = portal.do(wallet_orders.transfer, owner.ask(), "Brian ", Decimal("250.50"), "Rent")

    wallet_orders.carry_out(work, order_id)

    assert (in_it(work, owner.wallet_id), in_it(work, other.id)) == (
        Decimal("749.50"),
        Decimal("250.50"),
    )
    sent, came = rows(work, owner.wallet_id)[-1], rows(work, other.id)[-1]
    assert (sent.type, came.type) == (TransactionType.local_transfer,) * 2
    assert (sent.record_type, came.record_type) == (RecordType.debit, RecordType.credit)
    assert sent.entry_id == came.entry_id
    assert (sent.credit_account_name, came.debit_account_name) == ("brian", "wanjiku.kamau")
    assert (sent.narration, came.narration) == ("Rent", "Rent")
    assert len(told(work, "wallet.transferred")) == 1


def test_money_is_sent_only_where_a_wallet_takes_it(
    work: Work, owner: Owner, portal: Portal
) -> None:
    other = wallets.open_for(work, make.party(work).id, "shut")
    wallets.open_for(work, make.party(work).id, "dollars", "USD")
    wallets.close(work, other.id, "gone")
    work.session.commit()
    for name in ("nobody", "shut", "dollars"):
        with pytest.raises(NoSuchWallet):
            portal.do(wallet_orders.transfer, owner.ask(), name, Decimal(1))
    with pytest.raises(BadInput):
        portal.do(wallet_orders.transfer, owner.ask(), "wanjiku.kamau", Decimal(1))
    for amount in ("0", "-5", "0.001", "NaN"):
        wallets.open_for(work, make.party(work).id, f"w{amount.lower()}xx".replace("-", "m"))
        work.session.commit()
        with pytest.raises(BadInput):
            portal.do(wallet_orders.transfer, owner.ask(), "w0xx", Decimal(amount))
    organizations.change_setting(work, "wallet.transfers", value=False)
    work.session.commit()
    with pytest.raises(NoTransfers):
        portal.do(wallet_orders.transfer, owner.ask(), "w0xx", Decimal(1))


@pytest.mark.req("S1.50", "S1.57")
def test_what_is_not_there_is_not_spent(work: Work, owner: Owner, portal: Portal) -> None:
    with pytest.raises(NotEnough):
        portal.do(wallet_orders.withdraw, owner.ask(), Decimal("1000.01"), BANKED)
    # Two that were asked for while both could be: the second is refused where the money moves.
    first, second = (
        portal.do(wallet_orders.withdraw, owner.ask(), Decimal(600), BANKED) for _ in range(2)
    )
    wallet_orders.carry_out(work, first)
    order = wallet_orders.carry_out(work, second)

    assert (order.status, order.failure) == (OrderStatus.failed, NotEnough.says)
    row = rows(work, owner.wallet_id)[-1]
    assert (row.status, row.response_code) == (TransactionStatus.failed, "not_enough_money")
    assert len(told(work, "wallet.order_failed")) == 1


def test_an_invoice_that_was_paid_meanwhile_is_not_paid_again(
    work: Work, owner: Owner, portal: Portal
) -> None:
    invoice_id = an_invoice(work, owner.party_id, "300")
    order_id = portal.do(wallet_orders.pay, owner.ask(), [invoice_id])
    payments.record(work, [payments.Part(invoice_id)], PaymentMethod.cash)

    assert wallet_orders.carry_out(work, order_id).failure == NotDue.says
    assert in_it(work, owner.wallet_id) == 1000


def test_the_invoice_of_somebody_else_is_not_paid(work: Work, owner: Owner, portal: Portal) -> None:
    other = an_invoice(work, make.party(work).id, "300")
    with pytest.raises(NotDue):
        portal.do(wallet_orders.pay, owner.ask(), [other])


def test_a_form_that_was_filled_in_otherwise_is_another_one(
    work: Work, owner: Owner, portal: Portal
) -> None:
    portal.do(wallet_orders.withdraw, owner.ask("k"), Decimal(200), BANKED)
    with pytest.raises(OrderKeyReused):
        portal.do(wallet_orders.withdraw, owner.ask("k"), Decimal(300), BANKED)


def test_staff_does_not_pay_from_a_wallet(work: Work, owner: Owner) -> None:
    invoice_id = an_invoice(work, owner.party_id, "300")
    with pytest.raises(BadInput):
        payments.record(work, [payments.Part(invoice_id)], PaymentMethod.wallet)
    for method in (PaymentMethod.cash, PaymentMethod.wallet):
        with pytest.raises(BadInput):
            top_ups.begin(work, owner.wallet_id, Decimal(5), method)
    for amount in ("0", "-1"):
        with pytest.raises(BadInput):
            top_ups.begin(work, owner.wallet_id, Decimal(amount), PaymentMethod.card)
