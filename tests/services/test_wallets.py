"""Wallets: money in, money out, and what the database refuses whoever asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.db import broken_constraint
from core.errors import BadInput
from core.flow import IllegalMove
from core.scope import Scope, seeing
from core.work import Actor, Work, clock, unit_of_work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import BANK, CUSTOMER_CREDIT, WALLET_BALANCES
from models.events import Event
from models.payments import PaymentIntent
from models.wallets import (
    Channel,
    Order,
    OrderStatus,
    RecordType,
    Transaction,
    TransactionStatus,
    TransactionType,
    Wallet,
    WalletStatus,
)
from services import (
    billing,
    ledger,
    organizations,
    payments,
    refunds,
    sign_in,
    top_ups,
    wallet_orders,
    wallet_payouts,
    wallet_pins,
    wallets,
)
from services.billing import Line, ReasonNeeded
from services.holds import NotEnough
from services.payments import NotDue, Outcome
from services.wallet_movements import NotActive
from services.wallet_orders import Ask, NoSuchWallet, NoTransfers, OrderKeyReused
from services.wallet_payouts import Destination
from services.wallet_pins import NoPin, PinLocked, PinTooEasy, WrongPin
from services.wallets import NotEmpty
from tests import make

PIN = "2580"
BANKED = Destination(Channel.bank, "0123456789", "Wanjiku Kamau", "Equity", "68")


@dataclass
class Owner:
    """Somebody with a wallet and a PIN, who signs in to the portal."""

    home: UUID
    profile_id: UUID
    party_id: UUID
    wallet_id: UUID
    key: str

    def ask(self, key: str = "", pin: str = PIN) -> Ask:
        return Ask(self.wallet_id, pin, key or str(uuid4()))


def an_owner(session: Session, home: UUID, amount: str = "1000") -> Owner:
    """Make one, with so much in their wallet."""
    door = db.door()
    with seeing(session, Scope(home, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        party_id = make.party(work, name="Wanjiku Kamau").id
        profile_id = make.user(door)
        make.member(work, profile_id, "Buyer", party_id=party_id)
        wallet = wallets.open_for(work, party_id)
        wallet_id = wallet.id
        session.commit()
        if Decimal(amount):
            fill(work, wallet_id, amount)
        session.commit()
    wallet_pins.choose(
        door, profile_id, wallet_id, PIN, password=make.PASSWORD, code="", now=clock()
    )
    door.commit()
    return Owner(home, profile_id, party_id, wallet_id, make.key(door, profile_id, home))


def fill(work: Work, wallet_id: UUID, amount: str) -> PaymentIntent:
    intent = top_ups.begin(work, wallet_id, Decimal(amount), PaymentMethod.bank_transfer)
    return payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


@pytest.fixture
def owner(session: Session, home: UUID) -> Owner:
    return an_owner(session, home)


@pytest.fixture
def web(app: object, owner: Owner) -> Iterator[Session]:
    """A session as the portal has it, with the owner's own secret."""
    with Session(app.extensions["engines"]["web"]) as session:  # type: ignore[attr-defined]
        yield session


def as_owner(web: Session, owner: Owner) -> Work:
    return Work(web, Actor("user", str(owner.profile_id)))


class Portal:
    """What the owner does on the web, each time in a transaction of its own."""

    def __init__(self, web: Session, owner: Owner) -> None:
        self.web, self.owner = web, owner
        self.scope = Scope(
            owner.home, owner.profile_id, frozenset({"Buyer"}), frozenset({owner.party_id}),
            owner.key, f"user:{owner.profile_id}",
        )  # fmt: skip

    def do(self, act: object, *args: object, **given: object) -> UUID:
        with seeing(self.web, self.scope):
            with unit_of_work(self.web, Actor("user", str(self.owner.profile_id))) as work:
                row_id: UUID = act(work, *args, **given).id  # type: ignore[operator]
            return row_id

    def sql(self, statement: str, **given: object) -> None:
        with seeing(self.web, self.scope):
            try:
                self.web.execute(text(statement), given)
                self.web.commit()
            finally:
                self.web.rollback()


@pytest.fixture
def portal(web: Session, owner: Owner) -> Portal:
    return Portal(web, owner)


def in_it(work: Work, wallet_id: UUID) -> Decimal:
    query = select(Wallet.balance).where(Wallet.id == wallet_id)
    return work.session.scalar(query) or Decimal(0)


def an_invoice(work: Work, party_id: UUID, amount: str) -> UUID:
    line = Line("Water", Decimal(amount), "4400")
    invoice = billing.draft(work, party_id, "KES", "Water in March", [line])
    billing.issue(work, invoice.id)
    work.session.commit()
    return invoice.id


def rows(work: Work, wallet_id: UUID) -> list[Transaction]:
    query = select(Transaction).where(Transaction.wallet_id == wallet_id).order_by(Transaction.id)
    return list(work.session.scalars(query))


def told(work: Work, kind: str) -> list[Event]:
    return list(work.session.scalars(select(Event).where(Event.type == kind)))


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
    assert len(told(work, "wallet.topped_up")) == 1


@pytest.mark.req("S1.50")
def test_what_a_wallet_may_not_hold_becomes_credit(work: Work, owner: Owner) -> None:
    fill(work, owner.wallet_id, "499000")
    fill(work, owner.wallet_id, "0.01")

    assert in_it(work, owner.wallet_id) == 500_000
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", owner.party_id) == Decimal("-0.01")
    assert rows(work, owner.wallet_id)[-1].status is TransactionStatus.failed
    assert len(told(work, "wallet.top_up_diverted")) == 1


@pytest.mark.req("S1.41", "S1.42", "S1.56")
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


@pytest.mark.req("S1.78")
def test_a_pin_is_hashed_tried_and_locked(work: Work, owner: Owner, portal: Portal) -> None:
    for _ in range(4):
        with pytest.raises(WrongPin):
            _try(portal, "9999")
    with pytest.raises(PinLocked):
        _try(portal, "9999")
    with pytest.raises(PinLocked):
        _try(portal, PIN)

    (event,) = told(work, "wallet.pin_locked")
    assert event.data["wallet_id"] == str(owner.wallet_id)
    door = db.door()
    wallet_pins.choose(
        door, owner.profile_id, owner.wallet_id, "1357", password=make.PASSWORD, code="",
        now=clock(),
    )  # fmt: skip
    door.commit()
    portal.do(wallet_orders.withdraw, owner.ask(pin="1357"), Decimal(200), BANKED)


def _try(portal: Portal, pin: str) -> None:
    """Ask with a PIN, and keep what the database has counted, as views do."""
    with seeing(portal.web, portal.scope):
        try:
            work = as_owner(portal.web, portal.owner)
            wallet_orders.withdraw(work, portal.owner.ask(pin=pin), Decimal(200), BANKED)
        finally:
            portal.web.commit()


@pytest.mark.req("S1.78")
def test_the_pin_is_nowhere_and_is_not_chosen_without_the_password(
    work: Work, owner: Owner, superuser: Engine
) -> None:
    with superuser.connect() as connection:
        kept = connection.execute(
            text("SELECT to_jsonb(p)::text FROM wallet_pin AS p")
        ).scalar_one()
    assert PIN not in kept
    door = db.door()
    with pytest.raises(sign_in.WrongCredentials):
        _choose(owner, PIN, "no")
    door.commit()
    for easy in ("1234", "0000", "98765", "12", "12345678", "12a4"):
        with pytest.raises(PinTooEasy):
            _choose(owner, easy, make.PASSWORD)
    for table in ("wallet_pin",):
        with pytest.raises(DBAPIError):
            work.session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        work.session.rollback()


def _choose(owner: Owner, pin: str, password: str) -> None:
    wallet_pins.choose(
        db.door(),
        owner.profile_id,
        owner.wallet_id,
        pin,
        password=password,
        code="",
        now=clock(),
    )


def test_nobody_spends_without_a_pin(session: Session, work: Work, app: object) -> None:
    other = an_owner(session, work.scope.home(), "500")
    with Session(app.extensions["engines"]["owner"]) as past:  # type: ignore[attr-defined]
        past.execute(text("DELETE FROM wallet_pin"))
        past.commit()
    with Session(app.extensions["engines"]["web"]) as web, pytest.raises(NoPin):  # type: ignore[attr-defined]
        Portal(web, other).do(wallet_orders.withdraw, other.ask(), Decimal(200), BANKED)


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


ATTEMPTS = {
    "a status": "UPDATE wallet SET status = 'frozen'",
    "a checksum": "UPDATE wallet SET checksum = ''",
    "a balance": "UPDATE account SET balance = -99999 WHERE code = '2500'",
    "an order without a PIN": "INSERT INTO wallet_order (id, organization_id, wallet_id, kind,"
    " status, amount, currency, key, channel, asked_by_id) SELECT gen_random_uuid(),"
    " organization_id, id, 'withdrawal', 'requested', 5, 'KES', 'x', 'bank', acting_profile()"
    " FROM wallet",
    "to pay by itself": "INSERT INTO autopay (id, organization_id, party_id, wallet_id, currency,"
    " since, agreed_by_id) SELECT gen_random_uuid(), organization_id, party_id, id, 'KES',"
    " current_date, acting_profile() FROM wallet",
    "an order that is done": "UPDATE wallet_order SET status = 'done'",
    "a PIN": "SELECT set_wallet_pin(:profile, :wallet, '', '', now(), gen_random_uuid(),"
    " gen_random_uuid())",
    "to read PINs": "SELECT * FROM wallet_pin",
    "a movement": "INSERT INTO wallet_transaction (id, organization_id, wallet_id, party_id,"
    " processor, status, title, type, reference, currency, amount, record_type, happened_at)"
    " SELECT gen_random_uuid(), organization_id, id, party_id, 'x', 'failed', 'x',"
    " 'saving', 'x', 'KES', 5, 'credit', now() FROM wallet",
    "to spend": "SELECT ledger_post(gen_random_uuid(), :home, (SELECT id FROM book WHERE"
    " name = 'main'), 'x', 'x', 'wallet', :wallet, current_date, now(), NULL, 'KES',"
    " ARRAY['2500', '1010'], ARRAY['liability', 'asset'], ARRAY[:party, NULL]::uuid[],"
    " ARRAY[5, -5]::numeric[], gen_random_uuid(), 'x', gen_random_uuid())",
    "another's wallet": "SELECT open_wallet(:home, gen_random_uuid(), :other, 'mine.now', 'KES',"
    " now(), gen_random_uuid(), 'x', gen_random_uuid())",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_member_of_the_portal_cannot_write(
    work: Work, owner: Owner, portal: Portal, attempt: str
) -> None:
    portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    other = make.party(work).id
    work.session.commit()
    given = {
        "home": owner.home, "wallet": owner.wallet_id, "party": owner.party_id, "other": other,
        "profile": owner.profile_id,
    }  # fmt: skip
    with pytest.raises(DBAPIError) as refusal:
        portal.sql(ATTEMPTS[attempt], **given)
    assert getattr(refusal.value.orig, "sqlstate", "") == "42501"


def test_a_proof_holds_for_one_transaction(owner: Owner, portal: Portal) -> None:
    portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    with pytest.raises(DBAPIError):
        portal.sql(ATTEMPTS["an order without a PIN"])


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
