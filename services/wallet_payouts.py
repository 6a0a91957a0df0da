"""Money that leaves a wallet for an account outside: set aside first, taken when it was paid out.

Nobody can take back what a bank has sent. So the money is held before anybody is asked to send it,
and leaves the wallet when they say that it went; or it is free again.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core import box
from core.errors import BadInput, Refused
from core.flow import IllegalMove
from core.text import N_
from core.work import Work, found, locked
from models.people import Party
from models.wallet_orders import ORDER_FLOW, Channel, Order, OrderKind, OrderStatus
from models.wallets import RecordType, Transaction, TransactionType, Wallet
from services import holds, postings, wallet_movements, ways
from services.billing import ReasonNeeded
from services.events import Fact, emit
from services.wallet_movements import Movement, Side

LASTS = timedelta(days=30)
"""After so long without a payment the money is its owner's again."""
KNOWN = timedelta(days=3650)
"""What a provider may be sending is held until it has said what became of it."""
PATIENCE = timedelta(days=1)
"""After so long people may say themselves what became of what a provider was asked to send."""
NOBODY_PAID = N_("It was not paid out in time. The money is in your wallet again.")


@dataclass(frozen=True)
class PayoutAsked(Fact, type="wallet.payout_asked", table="wallet_order"):
    """Money is set aside, and has to be sent to an account outside."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    kind: OrderKind
    channel: Channel
    amount: Decimal
    currency: str


class ByProvider(Refused):
    """A provider was asked to send it, and may have."""

    code = "payout_by_provider"
    says = N_("The provider sends this by itself. After a day without its word you can settle it.")


@dataclass(frozen=True)
class PayoutBegun(Fact, type="wallet.payout_begun", table="wallet_order"):
    """Money is set aside, and a provider is asked to send it."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    provider: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletWithdrawn(Fact, type="wallet.withdrawn", table="wallet_order"):
    """Money has left for an account outside."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    kind: OrderKind
    channel: Channel
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class PayoutFailed(Fact, type="wallet.payout_failed", table="wallet_order"):
    """Money could not be sent and is in the wallet again; `reason` is for its owner."""

    order_id: UUID
    wallet_id: UUID
    party_id: UUID
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True)
class AccountRevealed(Fact, type="wallet.account_revealed", table="wallet_order"):
    """Somebody of the staff read a whole account number."""

    order_id: UUID
    wallet_id: UUID


@dataclass(frozen=True, slots=True)
class Destination:
    """An account outside: whose, where. `number` is an account's, or a phone's in mobile money."""

    channel: Channel
    number: str
    name: str
    bank_name: str = ""
    bank_code: str = ""


def address(order: Order, where: Destination, number: str) -> None:
    """Say where the money of an order goes; its number is kept masked, and locked."""
    order.channel, order.account_name = where.channel, where.name.strip()[:120]
    order.bank_name, order.bank_code = where.bank_name.strip()[:120], where.bank_code.strip()[:40]
    order.account_number = wallet_movements.masked(number)
    locked_at = f"wallet_order:account_locked:{order.id}"
    order.account_locked = wallet_movements.lock_number(number, locked_at)


def set_aside(work: Work, order: Order, wallet: Wallet) -> None:
    """Hold what is to be paid out: by a provider, where one sends it, else by hand.

    The caller has locked the wallet.
    """
    assert order.channel
    if order.kind is OrderKind.withdrawal and order.channel is Channel.mobile_money:
        number = account_of(order)
        order.provider, _phone = ways.paying_out(work, order.amount, order.currency, number)
    key, until = f"wallet_order:{order.id}", work.now + (KNOWN if order.provider else LASTS)
    memo = f"To be paid out of wallet {wallet.name}"
    hold = holds.place(work, wallet.account_id, order.amount, key, until, memo=memo)
    ORDER_FLOW.check(order, "set_aside")
    order.hold_id = hold.id
    ORDER_FLOW.move(order, "set_aside")
    if order.provider:
        order.check_at = work.now
        about = (order.id, wallet.id, wallet.party_id, order.provider)
        emit(work, PayoutBegun(*about, order.amount, order.currency))
    else:
        ask_staff(work, order, wallet)


def ask_staff(work: Work, order: Order, wallet: Wallet) -> None:
    """Have people send what is set aside."""
    assert order.channel
    emit(
        work,
        PayoutAsked(
            order.id,
            wallet.id,
            wallet.party_id,
            order.kind,
            order.channel,
            order.amount,
            order.currency,
        ),
    )


def paid_out(work: Work, order_id: UUID, reference: str = "", recharge_pin: str = "") -> Order:
    """Say that money was sent; `reference` is the bank's or the provider's.

    `recharge_pin` is what the biller of a prepaid bill gave for it, as a meter or phone takes it.

    Raises:
        IllegalMove: it is not on its way out.
        BadInput: the recharge PIN is none, or this is no bill.
        ByProvider: a provider was asked a short time ago.

    """
    pin = _checked(recharge_pin)
    order = locked(work, Order, order_id)
    _by_hand(work, order)
    return sent(work, order, reference, pin)


def sent(work: Work, order: Order, reference: str, pin: str = "") -> Order:
    """Take out of a wallet what has left for an account outside; the order is locked."""
    wallet = locked(work, Wallet, order.wallet_id)
    _on_its_way(order)
    assert order.hold_id
    assert order.channel
    if pin and order.kind is not OrderKind.bill:
        raise BadInput(N_("Only a bill brings a recharge PIN."), field="recharge_pin")
    recipe = postings.wallet_paid_out(order, wallet, order.channel)
    entry = holds.capture(work, order.hold_id, recipe)
    order.reference, order.check_at = reference[:120], None
    wallet_movements.record(work, wallet, entry, order.amount, movement(work, order, pin))
    ORDER_FLOW.move(order, "finish")
    order.done_at = work.now
    emit(
        work,
        WalletWithdrawn(
            order.id,
            wallet.id,
            wallet.party_id,
            order.kind,
            order.channel,
            order.amount,
            order.currency,
        ),
    )
    return order


def not_paid(work: Work, order_id: UUID, reason: str = "") -> Order:
    """Say that money could not be sent: it is in the wallet again.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: it is not on its way out.
        ByProvider: a provider was asked a short time ago.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    order = locked(work, Order, order_id)
    _by_hand(work, order)
    return unsent(work, order, reason)


def unsent(work: Work, order: Order, reason: str) -> Order:
    """Give back what could not be sent; the order is locked."""
    wallet = locked(work, Wallet, order.wallet_id)
    _on_its_way(order)
    assert order.hold_id
    order.check_at = None
    holds.release(work, order.hold_id)
    ORDER_FLOW.move(order, "fail")
    order.failure, order.done_at = reason[:400], work.now
    wallet_movements.write_failed(work, wallet, order.amount, movement(work, order), "not_paid_out")
    emit(
        work,
        PayoutFailed(
            order.id, wallet.id, wallet.party_id, order.amount, order.currency, order.failure
        ),
    )
    return order


def lapse(work: Work, order_id: UUID) -> None:
    """Give up what nobody has paid out in time: its hold has ended."""
    order = locked(work, Order, order_id)
    if order.status is OrderStatus.set_aside:
        unsent(work, order, NOBODY_PAID)


def reveal(work: Work, order_id: UUID) -> str:
    """Give the whole account number that money goes to, and note who read it."""
    order = found(work, Order, order_id)
    emit(work, AccountRevealed(order.id, order.wallet_id))
    return account_of(order)


def account_of(order: Order) -> str:
    """Unlock the number of the account that money goes to."""
    if not order.account_locked:
        return ""
    return box.unlock(order.account_locked, f"wallet_order:account_locked:{order.id}")


def recharge_pin(work: Work, order: Order) -> str:
    """Give what the biller of a prepaid bill gave for the money, whole; nothing without."""
    query = select(Transaction).where(
        Transaction.wallet_id == order.wallet_id,
        Transaction.session_id == str(order.id),
        Transaction.recharge_pin_locked != "",
    )
    moved = work.session.scalar(query)
    return wallet_movements.recharge_pin(moved) if moved else ""


def movement(work: Work, order: Order, pin: str = "") -> Movement:
    """Say what a payout is, as it is written among the movements."""
    bill = order.kind is OrderKind.bill
    payer = found(work, Party, found(work, Wallet, order.wallet_id).party_id)
    return Movement(
        N_("Bill") if bill else N_("Withdrawal"),
        TransactionType.bill_payment if bill else TransactionType.inter_bank_transfer,
        RecordType.debit,
        Side(account_of(order), order.account_name, order.bank_code, order.bank_name),
        processor=order.provider or (order.channel.value if order.channel else ""),
        reference=order.reference or str(order.id),
        narration=order.note,
        recharge_pin=pin,
        about={"order": str(order.id), "reference": order.reference},
        more={
            "session_id": str(order.id),
            "customer_address": payer.address if bill else "",
            "customer_reference": order.item_code,
            "biller_id": order.biller_id,
            "biller_name": order.biller_name,
            "item_name": order.item_name,
            "item_code": order.item_code,
        },
    )


def _checked(pin: str) -> str:
    """Guard a recharge PIN, which billers write in groups of digits."""
    plain = re.sub(r"[ -]", "", pin)
    if plain and not (plain.isascii() and plain.isalnum() and 8 <= len(plain) <= 40):
        raise BadInput(N_("A recharge PIN has 8 to 40 digits or letters."), field="recharge_pin")
    return plain


def _by_hand(work: Work, order: Order) -> None:
    """Refuse what a provider may be sending just now."""
    if order.provider and (order.called_at is None or work.now < order.called_at + PATIENCE):
        raise ByProvider


def _on_its_way(order: Order) -> None:
    """Refuse what was not set aside yet, or is over."""
    if order.status is not OrderStatus.set_aside:
        raise IllegalMove(status=ORDER_FLOW.labels[order.status])
