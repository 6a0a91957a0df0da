"""Money that leaves a wallet for an account outside."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from core.errors import BadInput
from core.flow import IllegalMove
from core.work import Work
from models.chart import BANK
from models.people import Party
from models.wallet_orders import Channel, Order, OrderStatus
from models.wallets import RecordType, TransactionStatus, TransactionType
from services import (
    ledger,
    wallet_bills,
    wallet_movements,
    wallet_orders,
    wallet_payouts,
    wallets,
)
from services.billing import ReasonNeeded
from services.wallet_bills import Biller
from services.wallet_payouts import Destination
from tests.purses import BANKED, Owner, Portal, in_it, owner, portal, rows, told, web

__all__ = ["owner", "portal", "web"]


@pytest.mark.req("S1.54", "S1.62")
def test_a_withdrawal_is_held_paid_out_and_then_taken(
    work: Work, owner: Owner, portal: Portal
) -> None:
    order_id = portal.do(wallet_orders.withdraw, owner.ask(), Decimal(400), BANKED)
    order = wallet_orders.carry_out(work, order_id)

    assert order.status is OrderStatus.set_aside
    assert in_it(work, owner.wallet_id) == 1000
    assert wallets.available(work, owner.wallet_id) == 600
    assert (order.account_number, wallet_payouts.reveal(work, order_id)) == (
        "\N{BULLET}" * 4 + "6789",
        "0123456789",
    )
    before = ledger.balance(work, BANK, "KES")
    wallet_payouts.paid_out(work, order_id, "EQ-77")

    assert in_it(work, owner.wallet_id) == 600
    assert ledger.balance(work, BANK, "KES") == before - 400
    row = rows(work, owner.wallet_id)[-1]
    assert (row.credit_account_number, row.credit_account_name) == (
        "\N{BULLET}" * 4 + "6789",
        "Wanjiku Kamau",
    )
    assert (row.destination_bank_name, row.destination_bank_code) == ("Equity", "68")
    assert row.payment_reference == "EQ-77"
    assert "0123456789" not in row.credit_account_locked
    with pytest.raises(IllegalMove):
        wallet_payouts.paid_out(work, order_id, "twice")


def test_a_withdrawal_that_fails_is_free_again(work: Work, owner: Owner, portal: Portal) -> None:
    order_id = portal.do(wallet_orders.withdraw, owner.ask(), Decimal(400), BANKED)
    with pytest.raises(IllegalMove):
        wallet_payouts.paid_out(work, order_id, "too early")
    wallet_orders.carry_out(work, order_id)
    with pytest.raises(ReasonNeeded):
        wallet_payouts.not_paid(work, order_id, " ")

    wallet_payouts.not_paid(work, order_id, "The bank does not know this account.")

    assert wallets.available(work, owner.wallet_id) == in_it(work, owner.wallet_id) == 1000
    assert rows(work, owner.wallet_id)[-1].status is TransactionStatus.failed
    assert len(told(work, "wallet.payout_failed")) == 1
    wallet_payouts.lapse(work, order_id)


def test_a_withdrawal_names_an_account_and_is_worth_the_while(
    work: Work, owner: Owner, portal: Portal
) -> None:
    wrong = (
        Destination(Channel.bank, "12", "A", "B"),
        Destination(Channel.bank, "0123456789", "A"),
        Destination(Channel.mobile_money, "+254700555111", " "),
    )
    for each in wrong:
        with pytest.raises(BadInput):
            portal.do(wallet_orders.withdraw, owner.ask(), Decimal(400), each)
    with pytest.raises(BadInput):
        portal.do(wallet_orders.withdraw, owner.ask(), Decimal(99), BANKED)


def test_holds_that_run_out_give_the_money_back(work: Work, owner: Owner, portal: Portal) -> None:
    from workers import wallets as job  # noqa: PLC0415  # a job, which services know nothing of

    order_id = portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    order = wallet_orders.carry_out(work, order_id)
    later = work.at(work.now + timedelta(days=31))
    from services import holds  # noqa: PLC0415

    assert order.hold_id
    holds.expire(later, order.hold_id)
    (event,) = [e for e in told(work, "ledger_hold.placed") if e.subject_id == order.hold_id]
    closed = [e for e in told(work, "ledger_hold.closed") if e.subject_id == order.hold_id]
    job.hold_ended(later, closed[0])

    assert work.session.get_one(Order, order_id).status is OrderStatus.failed
    assert wallets.available(work, owner.wallet_id) == 1000
    assert event


def a_bill(work: Work, owner: Owner) -> UUID:
    """A prepaid bill that is on its way out."""
    where = Destination(Channel.mobile_money, "0700555999", "Kenya Power")
    biller = Biller("Kenya Power", "Prepaid power", "METER-4471")
    asked = wallet_bills.pay(work, owner.ask(pin=None), Decimal(400), where, biller)
    wallet_orders.carry_out(work, asked.id)
    return asked.id


@pytest.mark.req("S1.54", "S1.55", "S1.56", "S1.58", "S1.60", "S1.62")
def test_a_prepaid_bill_brings_a_recharge_pin_that_only_its_owner_sees(
    work: Work, owner: Owner, portal: Portal
) -> None:
    work.session.get_one(Party, owner.party_id).address = "12 Acacia Road, Nairobi"
    order_id = a_bill(work, owner)
    for wrong in ("1234", "12345678901\N{ARABIC-INDIC DIGIT ONE}"):
        with pytest.raises(BadInput):
            wallet_payouts.paid_out(work, order_id, "KP-1", wrong)

    order = wallet_payouts.paid_out(work, order_id, "KP-1", "4455 6677-8899 0011")

    row = rows(work, owner.wallet_id)[-1]
    assert (row.record_type, row.record_type.number) == (RecordType.debit, 1)
    assert (row.type, row.type.number) == (TransactionType.bill_payment, 4)
    assert (row.biller_name, row.item_name, row.item_code) == (
        "Kenya Power",
        "Prepaid power",
        "METER-4471",
    )
    assert (row.customer_reference, row.customer_address) == (
        "METER-4471",
        "12 Acacia Road, Nairobi",
    )
    assert row.recharge_pin == "\N{BULLET}" * 4 + "0011"
    assert "4455667788990011" not in row.recharge_pin_locked
    assert wallet_payouts.recharge_pin(work, order) == "4455667788990011"
    assert wallet_movements.reveal(work, row.id).endswith("4455667788990011")
    assert len(told(work, "wallet.numbers_revealed")) == 1


def test_what_is_no_prepaid_bill_brings_none(work: Work, owner: Owner, portal: Portal) -> None:
    order_id = portal.do(wallet_orders.withdraw, owner.ask(), Decimal(400), BANKED)
    order = wallet_orders.carry_out(work, order_id)
    with pytest.raises(BadInput):
        wallet_payouts.paid_out(work, order_id, "EQ-1", "4455667788990011")

    wallet_payouts.paid_out(work, a_bill(work, owner), "KP-2")

    last = rows(work, owner.wallet_id)[-1]
    assert (last.recharge_pin, last.recharge_pin_locked) == ("", "")
    assert wallet_payouts.recharge_pin(work, order) == ""
