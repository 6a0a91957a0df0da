"""Wallets: what is in them, what they may hold, and how they are proved, frozen and closed."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import broken_constraint
from core.errors import BadInput
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.billing import PaymentMethod
from models.chart import BANK, CUSTOMER_CREDIT, WALLET_BALANCES
from models.wallets import (
    RecordType,
    TransactionStatus,
    TransactionType,
    Wallet,
    WalletStatus,
)
from services import (
    asking,
    ledger,
    organizations,
    payments,
    top_ups,
    wallet_orders,
    wallet_payouts,
    wallets,
)
from services.billing import ReasonNeeded
from services.payments import Outcome
from services.wallet_movements import NotActive
from services.wallets import NotEmpty
from tests import make
from tests.purses import BANKED, Owner, Portal, fill, in_it, owner, portal, rows, told, web

__all__ = ["owner", "portal", "web"]


@pytest.mark.req("S1.48", "S1.49")
def test_a_party_has_one_wallet_in_a_currency_called_after_it(work: Work) -> None:
    party_id = make.party(work, name="Amina Wanjiru").id
    first, again = (wallets.open_for(work, party_id).id for _ in range(2))
    other = wallets.open_for(work, make.party(work, name="Amina Wanjiru").id)

    row = work.session.get_one(Wallet, first)
    assert first == again
    assert (row.name, other.name) == ("amina.wanjiru", "amina.wanjiru.2")
    assert (in_it(work, first), row.cap) == (Decimal(0), Decimal(500_000))
    assert row.status is WalletStatus.active
    assert [each.data["name"] for each in told(work, "wallet.opened")] == [row.name, other.name]


def test_two_wallets_have_no_name_in_common(work: Work) -> None:
    wallets.open_for(work, make.party(work).id, "home.savings")
    for name in ("home.savings", "No Capitals", "ab"):
        with pytest.raises(BadInput):
            wallets.open_for(work, make.party(work).id, name)


def test_the_cap_of_a_new_wallet_is_the_organization_s(work: Work) -> None:
    plain = wallets.open_for(work, make.party(work).id)
    organizations.change_setting(work, "wallet.cap", 1234)
    capped = wallets.open_for(work, make.party(work).id)

    assert plain.cap == organizations.SETTINGS["wallet.cap"].default
    assert capped.cap == 1234


@pytest.mark.req("S1.42", "S1.43", "S1.53", "S1.55", "S1.57", "S1.59", "S1.60")
def test_what_is_topped_up_is_in_the_wallet_and_written_down(work: Work, owner: Owner) -> None:
    assert in_it(work, owner.wallet_id) == 1000
    assert ledger.balance(work, WALLET_BALANCES, "KES", owner.party_id) == -1000
    (row,) = rows(work, owner.wallet_id)
    assert (row.type, row.record_type) == (TransactionType.inter_bank_transfer, RecordType.credit)
    assert (row.type.number, row.record_type.number) == (2, 2)
    assert row.amount == row.balance_after == 1000
    assert row.status is TransactionStatus.success
    assert (row.processor, row.response_code) == ("bank_transfer", "00")
    assert row.payment_reference.startswith("PAY-")
    assert row.party_id == owner.party_id
    assert (row.title, row.categories) == ("Top-up", ["inter_bank_transfer"])
    assert (row.reference[:2], len(row.reference), row.currency) == ("WT", 26, "KES")
    assert len(told(work, "wallet.topped_up")) == 1


@pytest.mark.req("S1.41", "S1.43", "S1.53", "S1.55")
def test_what_the_processor_said_stands_beside_the_movement(work: Work, owner: Owner) -> None:
    intent = top_ups.begin(
        work, owner.wallet_id, Decimal(250), PaymentMethod.mobile_money, phone="+254700555123"
    )
    asking.asked(work, intent.id, "ws_CO_1", "", None)
    payments.settle(work, intent.id, Outcome("succeeded", receipt="QK7"))

    row = rows(work, owner.wallet_id)[-1]
    assert (row.processor, row.session_id, row.payment_reference) == (
        "mpesa",
        "ws_CO_1",
        intent.number,
    )
    assert row.processor_data == {
        "reference": "ws_CO_1",
        "receipt": "QK7",
        "phone": "\N{BULLET}" * 4 + "5123",
    }


@pytest.mark.req("S1.59", "S1.60")
def test_kinds_of_movements_have_the_numbers_that_banks_programs_know() -> None:
    assert {each.value: each.number for each in TransactionType} == {
        "local_transfer": 1,
        "inter_bank_transfer": 2,
        "air_time": 3,
        "bill_payment": 4,
        "card_request": 5,
        "saving": 6,
    }
    assert {each.value: each.number for each in RecordType} == {"debit": 1, "credit": 2}


@pytest.mark.req("S1.50")
def test_what_a_wallet_may_not_hold_becomes_credit(work: Work, owner: Owner) -> None:
    fill(work, owner.wallet_id, "499000")
    fill(work, owner.wallet_id, "0.01")

    assert in_it(work, owner.wallet_id) == 500_000
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", owner.party_id) == Decimal("-0.01")
    assert rows(work, owner.wallet_id)[-1].status is TransactionStatus.failed
    assert len(told(work, "wallet.top_up_diverted")) == 1


@pytest.mark.req("S1.49", "S1.50")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE wallet_transaction SET amount = amount + 1 WHERE position = 1", "was changed"),
        ("UPDATE posting SET amount = amount * 2", "was changed"),
        ("DELETE FROM wallet_transaction WHERE position = 2", "missing"),
        ("UPDATE wallet SET checksum = ''", "missing"),
        ("UPDATE account SET balance = balance - 5 WHERE code = '2500'", "balance"),
    ],
)
def test_a_wallet_that_was_changed_behind_our_back_is_frozen(
    session: Session, owner: Owner, superuser: Engine, change: str, says: str
) -> None:
    with seeing(session, Scope(owner.home, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        fill(work, owner.wallet_id, "5")
        assert wallets.inspect(work, owner.wallet_id) == ""
        session.commit()
        with superuser.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text(change))
            connection.execute(text("RESET session_replication_role"))

        assert says in wallets.inspect(work, owner.wallet_id)

        session.commit()
        assert work.session.get_one(Wallet, owner.wallet_id).status is WalletStatus.frozen
        assert len(told(work, "wallet.mismatch")) == len(told(work, "wallet.frozen")) == 1
        wallets.inspect(work, owner.wallet_id)
        assert len(told(work, "wallet.mismatch")) == 1


def test_nothing_leaves_a_frozen_wallet_but_what_was_on_its_way(
    work: Work, owner: Owner, portal: Portal
) -> None:
    leaving, late = (
        portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED) for _ in range(2)
    )
    wallet_orders.carry_out(work, leaving)
    wallets.freeze(work, owner.wallet_id, "Their phone was stolen.")
    work.session.commit()

    with pytest.raises(NotActive):
        portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    assert wallet_orders.carry_out(work, late).failure == NotActive.says
    wallet_payouts.paid_out(work, leaving, "x")
    assert in_it(work, owner.wallet_id) == 800
    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        ledger.post(work, _spent(owner.party_id))
    assert broken_constraint(breach.value) == "wallet_is_open"

    wallets.unfreeze(work, owner.wallet_id, "Found.")
    assert len(told(work, "wallet.frozen")) == 1


def _spent(party_id: UUID) -> ledger.Recipe:
    legs = [ledger.Leg(WALLET_BALANCES, Decimal(1), party_id), ledger.Leg(BANK, Decimal(-1))]
    return ledger.Recipe("spent", "Spent", "party", party_id, "KES", legs)


def test_a_wallet_is_closed_when_it_is_empty(work: Work, owner: Owner) -> None:
    with pytest.raises(ReasonNeeded):
        wallets.close(work, owner.wallet_id)
    with pytest.raises(NotEmpty):
        wallets.close(work, owner.wallet_id, "They moved away.")
    empty = wallets.open_for(work, make.party(work).id)
    waiting = top_ups.begin(work, empty.id, Decimal(7), PaymentMethod.bank_transfer)

    wallets.close(work, empty.id, "They moved away.")

    # What comes too late is their credit.
    payments.confirm_transfer(work, waiting.id)
    assert in_it(work, empty.id) == 0
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", empty.party_id) == -7
    with pytest.raises(NotActive):
        top_ups.begin(work, empty.id, Decimal(7), PaymentMethod.card)
    wallets.reopen(work, empty.id, "They are back.")
    fill(work, empty.id, "7")
    assert in_it(work, empty.id) == 7
