"""What the owner of a wallet asks for with their PIN, and carrying it out.

Members of the portal only write down what they want: the database takes it in the transaction in
which their PIN was right. A job then moves the money, or says why it does not move.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.billing import Invoice, PaymentMethod
from models.wallet_orders import ORDER_FLOW, Channel, Order, OrderKind, OrderStatus
from models.wallets import RecordType, TransactionType, Wallet, WalletStatus
from services import (
    billing,
    ledger,
    organizations,
    payments,
    postings,
    wallet_movements,
    wallet_payouts,
    wallet_pins,
    wallets,
)
from services.events import Fact, emit
from services.holds import NotEnough
from services.payments import NotDue, Outcome, Part
from services.wallet_movements import REFUSALS, Movement, NotActive, Side
from services.wallet_payouts import Destination


class NoSuchWallet(Refused):
    """Nobody here has a wallet of that name, in that currency."""

    code = "no_such_wallet"
    status = 422
    says = N_("There is no wallet of that name in your currency. Ask for its name again.")


class NoTransfers(Refused):
    """The organization does not let money be sent from wallet to wallet."""

    code = "no_transfers"
    says = N_("Sending money to other wallets is switched off here.")


class OrderKeyReused(Refused):
    """The form was sent before, filled in otherwise."""

    code = "order_key_reused"
    says = N_("This form was sent before with other values. Load the page again.")


@dataclass(frozen=True)
class WalletTransferred(Fact, type="wallet.transferred", table="wallet_order"):
    """Money went from one wallet to another."""

    order_id: UUID
    wallet_id: UUID
    to_wallet_id: UUID
    party_id: UUID
    to_party_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletOrderFailed(Fact, type="wallet.order_failed", table="wallet_order"):
    """What somebody asked of their wallet was not made; `reason` is a message id."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    kind: OrderKind
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, of which wallet: its PIN, and the key of the form that was filled in.

    Without a PIN it is a job that asks for the owner: from anybody else the database takes none.
    """

    wallet_id: UUID
    pin: str | None
    key: str


def pay(
    work: Work,
    ask: Ask,
    invoice_ids: Sequence[UUID],
    amounts: Mapping[UUID, Decimal] | None = None,
) -> Order:
    """Ask to pay all that is due on invoices of one's own, or `amounts` of it.

    Raises:
        As `wallet_pins.prove`. NotDue: nothing is due on one. NotEnough, NotActive.

    """
    _prove(work, ask)
    again = _earlier(work, ask.wallet_id, ask.key)
    if again is not None and set(again.parts) == {str(each) for each in invoice_ids}:
        return again
    parts = amounts or _due_on(work, invoice_ids)
    if not parts:
        raise NotDue
    order = new(work, ask, OrderKind.payment, sum(parts.values(), Decimal(0)))
    order.parts = {str(each): str(amount) for each, amount in sorted(parts.items())}
    return place(work, order)


def transfer(work: Work, ask: Ask, to: str, amount: Decimal, note: str = "") -> Order:
    """Ask to send money to the wallet of a name.

    Raises:
        As `wallet_pins.prove`. NoSuchWallet, NoTransfers, NotEnough, NotActive, BadInput.

    """
    _prove(work, ask)
    target = receiver(work, ask.wallet_id, to)
    order = new(work, ask, OrderKind.transfer, amount)
    order.to_wallet_id, order.note = target.id, note[:200]
    return place(work, order)


def withdraw(work: Work, ask: Ask, amount: Decimal, where: Destination) -> Order:
    """Ask for money to be paid out to an account outside.

    Raises:
        As `wallet_pins.prove`. NotEnough, NotActive; BadInput: it is less than the organization
        pays out, or the account is not told.

    """
    _prove(work, ask)
    least = Decimal(organizations.setting(work, "wallet.least_withdrawal"))
    if amount < least:
        raise BadInput(N_("The least that is paid out is %(least)s."), field="amount", least=least)
    number = where.number.replace(" ", "")
    if not 4 <= len(number) <= 34 or not number.lstrip("+").isalnum():
        raise BadInput(N_("Write the number of the account, or of the phone."), field="number")
    if not where.name.strip() or (where.channel is Channel.bank and not where.bank_name.strip()):
        raise BadInput(N_("Say whose account it is, and at which bank."), field="name")
    order = new(work, ask, OrderKind.withdrawal, amount)
    wallet_payouts.address(order, where, number)
    return place(work, order)


def receiver(work: Work, wallet_id: UUID, name: str) -> wallets.Known:
    """Find the wallet that somebody means to send to.

    Raises:
        NoTransfers, NoSuchWallet.

    """
    if not organizations.setting(work, "wallet.transfers"):
        raise NoTransfers
    mine = found(work, Wallet, wallet_id)
    target = wallets.known(work, name)
    if target is None or target.currency != mine.currency or target.status == "closed":
        raise NoSuchWallet(field="to")
    if target.id == mine.id:
        raise BadInput(N_("That is this wallet itself."), field="to")
    return target


def due(work: Work, most: int = 50) -> Sequence[UUID]:
    """List the orders to carry out."""
    query = select(Order.id).where(Order.status == OrderStatus.requested)
    return work.session.scalars(query.order_by(Order.id).limit(most)).all()


def carry_out(work: Work, order_id: UUID) -> Order:
    """Move the money that was asked for, or say why it does not move; again, nothing happens."""
    order = locked(work, Order, order_id)
    if order.status is not OrderStatus.requested:
        return order
    try:
        with refusing(work.session, REFUSALS):
            _DO[order.kind](work, order)
    except Refused as refusal:
        fail(work, order, refusal)
    return order


def fail(work: Work, order: Order, refusal: Refused) -> None:
    """Say that an order was not carried out."""
    wallet = found(work, Wallet, order.wallet_id)
    ORDER_FLOW.move(order, "fail")
    order.failure, order.done_at = refusal.says[:400], work.now
    failed = _FAILED.get(order.kind)
    movement = failed(order) if failed else wallet_payouts.movement(work, order)
    wallet_movements.write_failed(work, wallet, order.amount, movement, refusal.code)
    emit(
        work,
        WalletOrderFailed(
            order.id,
            wallet.id,
            wallet.party_id,
            order.kind,
            order.amount,
            order.currency,
            order.failure,
        ),
    )


def _due_on(work: Work, invoice_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Say what is due on invoices; refuse those that ask for nothing (NotDue)."""
    wanted = set(invoice_ids)
    query = select(Invoice.id, Invoice.total - Invoice.paid_amount).where(
        Invoice.id.in_(wanted), Invoice.status.in_(billing.OPEN)
    )
    due: dict[UUID, Decimal] = {row[0]: row[1] for row in work.session.execute(query)}
    if set(due) != wanted:
        raise NotDue
    return due


def _pay(work: Work, order: Order) -> None:
    """Pay invoices; the payment and the wallet emit what came of it."""
    wallet = _usable(work, order.wallet_id)
    parts = [Part(UUID(each), Decimal(amount)) for each, amount in order.parts.items()]
    intent = payments.begin(work, parts, PaymentMethod.wallet, again=True)
    if intent.party_id != wallet.party_id or intent.amount != order.amount:
        raise NotDue
    intent.wallet_id = wallet.id
    work.session.flush()
    payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))
    ORDER_FLOW.move(order, "finish")
    order.intent_id, order.done_at = intent.id, work.now


def _transfer(work: Work, order: Order) -> None:
    assert order.to_wallet_id
    # Both at once, in the order of their ids: who sends in a ring waits, and nobody for ever.
    both = {
        each: locked(work, Wallet, each) for each in sorted([order.wallet_id, order.to_wallet_id])
    }
    sender, to = both[order.wallet_id], both[order.to_wallet_id]
    _usable(work, sender.id)
    if to.status is WalletStatus.closed or to.currency != sender.currency:
        raise NoSuchWallet
    entry = ledger.post(work, postings.wallet_transferred(order, sender, to))
    wallet_movements.record(work, sender, entry, order.amount, _sent(order, to))
    came = Movement(
        N_("From another wallet"),
        TransactionType.local_transfer,
        RecordType.credit,
        Side(wallet_movements.number_of(sender), sender.name),
        reference=str(order.id),
        narration=order.note,
    )
    wallet_movements.record(work, to, entry, order.amount, came)
    ORDER_FLOW.move(order, "finish")
    order.done_at = work.now
    emit(
        work,
        WalletTransferred(
            order.id, sender.id, to.id, sender.party_id, to.party_id, order.amount, order.currency
        ),
    )


def _pay_out(work: Work, order: Order) -> None:
    wallet_payouts.set_aside(work, order, _usable(work, order.wallet_id))


_DO: Mapping[OrderKind, Callable[[Work, Order], None]] = {
    OrderKind.payment: _pay,
    OrderKind.transfer: _transfer,
    OrderKind.withdrawal: _pay_out,
    OrderKind.bill: _pay_out,
}


def _sent(order: Order, to: Wallet | None = None) -> Movement:
    return Movement(
        N_("To another wallet"),
        TransactionType.local_transfer,
        RecordType.debit,
        Side(wallet_movements.number_of(to), to.name) if to else Side(),
        reference=str(order.id),
        narration=order.note,
    )


def _paid(order: Order) -> Movement:
    return Movement(
        N_("Payment of invoices"),
        TransactionType.bill_payment,
        RecordType.debit,
        reference=str(order.id),
    )


_FAILED: Mapping[OrderKind, Callable[[Order], Movement]] = {
    OrderKind.payment: _paid,
    OrderKind.transfer: _sent,
}


def _usable(work: Work, wallet_id: UUID) -> Wallet:
    wallet = locked(work, Wallet, wallet_id)
    if wallet.status is not WalletStatus.active:
        raise NotActive
    return wallet


def _prove(work: Work, ask: Ask) -> None:
    if ask.pin is not None:
        wallet_pins.prove(work, ask.wallet_id, ask.pin)


def new(work: Work, ask: Ask, kind: OrderKind, amount: Decimal) -> Order:
    """Check what can be checked before: the database judges once more when the money moves."""
    wallet = found(work, Wallet, ask.wallet_id)
    if wallet.status is not WalletStatus.active:
        raise NotActive
    if exact(amount, wallet.currency) <= 0:
        raise BadInput(N_("Write an amount above zero."), field="amount")
    return Order(
        id=uuid7(),
        organization_id=work.scope.home(),
        wallet_id=wallet.id,
        kind=kind,
        amount=exact(amount, wallet.currency),
        currency=wallet.currency,
        key=ask.key[:160],
        asked_by_id=work.scope.profile_id,
        created_at=work.now,
    )


def place(work: Work, order: Order) -> Order:
    """Write an order once per key: pressed twice, or on two pages, it is the same one."""
    earlier = _earlier(work, order.wallet_id, order.key)
    if earlier is None:
        if wallets.available(work, order.wallet_id) < order.amount:
            raise NotEnough(field="amount")
        taken = {"uq_wallet_order_organization_id_wallet_id_key": OrderKeyReused()}
        try:
            with refusing(work.session, taken):
                work.session.add(order)
                work.session.flush()
        except OrderKeyReused:
            earlier = _earlier(work, order.wallet_id, order.key)
            if earlier is None:
                raise
        else:
            return order
    asked = ("kind", "amount", "to_wallet_id", "account_number", "parts", "note")
    if any(getattr(earlier, each) != (getattr(order, each) or _BLANK.get(each)) for each in asked):
        raise OrderKeyReused
    return earlier


_BLANK: Mapping[str, Any] = {"account_number": "", "parts": {}, "note": ""}


def _earlier(work: Work, wallet_id: UUID, key: str) -> Order | None:
    query = select(Order).where(Order.wallet_id == wallet_id, Order.key == key[:160])
    return work.session.scalar(query)
