"""A top-up that a line was matched with by mistake comes out of the wallet again, by a job."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from core.work import Work
from models.bank_statements import BankLine, BankLineStatus, BankMatch
from models.billing import PaymentMethod
from models.chart import BANK, WALLET_BALANCES
from models.events import Event
from models.payments import IntentStatus, PaymentIntent
from models.wallets import Transaction
from services import (
    bank_matching,
    bank_undoing,
    ledger,
    top_ups,
    wallet_orders,
    wallets,
)
from services.billing import ReasonNeeded
from services.wallet_orders import Ask
from tests import make
from tests.purses import in_it
from tests.services.test_bank_matching import moved, taken

pytestmark = pytest.mark.req("S2.26", "S1.48")


def mistaken(work: Work) -> tuple[BankLine, PaymentIntent]:
    """Match a line with the top-up of somebody whose money it is not."""
    wallet = wallets.open_for(work, make.party(work).id)
    intent = top_ups.begin(work, wallet.id, Decimal(900), PaymentMethod.bank_transfer)
    (line,) = taken(work, moved(work, "900"))
    bank_matching.with_payment(work, line.id, intent.id)
    return line, intent


def test_a_top_up_is_taken_out_of_the_wallet_and_its_line_waits_again(work: Work) -> None:
    line, intent = mistaken(work)
    assert intent.wallet_id

    bank_undoing.undo_all(work, line.id, "Another's money")

    assert (intent.status, line.status) == (IntentStatus.reversed, BankLineStatus.unmatched)
    assert in_it(work, intent.wallet_id) == 0
    assert ledger.balance(work, BANK, "KES") == 0
    assert ledger.balance(work, WALLET_BALANCES, "KES") == 0
    assert wallets.flaw(work, intent.wallet_id) == ""
    rows = work.session.scalars(select(Transaction.title).order_by(Transaction.id))
    assert list(rows) == ["Top-up", "Top-up taken back"]


def test_what_has_left_the_wallet_stays_and_is_told(work: Work) -> None:
    line, intent = mistaken(work)
    assert intent.wallet_id
    other = wallets.open_for(work, make.party(work).id, "the.other")
    order = wallet_orders.transfer(work, Ask(intent.wallet_id, None, "x"), other.name, Decimal(1))
    wallet_orders.carry_out(work, order.id)
    match_id = work.session.scalars(select(BankMatch.id)).one()

    bank_undoing.undo_asked(work, match_id, "Another's money")

    assert (intent.status, line.status) == (IntentStatus.succeeded, BankLineStatus.matched)
    assert in_it(work, intent.wallet_id) == Decimal(899)
    told = select(Event.data).where(Event.type == "bank_line.undo_refused")
    assert "went back" in work.session.scalars(told).one()["reason"]


def test_nobody_asks_without_a_reason(work: Work) -> None:
    line, _intent = mistaken(work)
    with pytest.raises(ReasonNeeded):
        bank_undoing.undo_all(work, line.id, " ")
