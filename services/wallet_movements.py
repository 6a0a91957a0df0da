"""Movements of wallets: money in and out, posted and written down in one transaction.

A wallet's balance is that of its account in the ledger. Each movement that is written takes its
place in the wallet's chain; whoever moves money locks the wallets first, in the order of their ids.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core import box
from core.db import refusing, uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from models.chart import WALLET_BALANCES
from models.payments import PaymentIntent, Refund
from models.wallets import (
    RecordType,
    Transaction,
    TransactionStatus,
    TransactionType,
    Wallet,
)
from services import ledger, organizations, postings
from services.events import Fact, emit
from services.holds import NotEnough
from services.postings import Applied

MASK = "\N{BULLET}" * 4


class NotActive(Refused):
    """Nothing leaves a wallet that is frozen, and nothing moves in one that is closed."""

    code = "wallet_not_active"
    says = N_("This wallet is frozen or closed. Ask us what to do.")


class OverCap(Refused):
    """More would be in it than it may hold."""

    code = "wallet_over_cap"
    says = N_("That is more than the wallet may hold.")


REFUSALS = {
    "ck_account_not_overdrawn": NotEnough(field="amount"),
    "ck_account_within_cap": OverCap(field="amount"),
    "wallet_is_open": NotActive(),
}
"""What the database says of a movement that cannot be."""


@dataclass(frozen=True)
class WalletToppedUp(Fact, type="wallet.topped_up", table="wallet"):
    """Money came in through a provider or a bank."""

    wallet_id: UUID
    party_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletTopUpDiverted(Fact, type="wallet.top_up_diverted", table="wallet"):
    """Money came in that the wallet may not hold; it is the party's credit."""

    wallet_id: UUID
    party_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletTopUpTakenBack(Fact, type="wallet.top_up_taken_back", table="wallet"):
    """Money was put into a wallet by mistake, and is out of it again."""

    wallet_id: UUID
    party_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletPaid(Fact, type="wallet.paid", table="wallet"):
    """Invoices were paid from a wallet."""

    wallet_id: UUID
    party_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class WalletRefunded(Fact, type="wallet.refunded", table="wallet"):
    """What was paid from a wallet came back to it."""

    wallet_id: UUID
    party_id: UUID
    refund_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class NumbersRevealed(Fact, type="wallet.numbers_revealed", table="wallet_transaction"):
    """Somebody of the staff read the whole account numbers of a movement."""

    transaction_id: UUID
    wallet_id: UUID


@dataclass(frozen=True, slots=True)
class Side:
    """An account at one end of a movement. `number` is whole; it is masked when it is written."""

    number: str = ""
    name: str = ""
    bank_code: str = ""
    bank_name: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """What is written of money that moved, or did not, beside the amount. `other` is the far end.

    `recharge_pin` is whole: what a biller gives for money, as a meter takes it. `about` is what the
    processor said, and `more` are further fields of the transaction by their names.
    """

    title: str
    type: TransactionType
    record: RecordType
    other: Side = field(default_factory=Side)
    processor: str = "wallet"
    reference: str = ""
    narration: str = ""
    recharge_pin: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


def receive_intent(work: Work, intent: PaymentIntent, applied: Applied) -> None:
    """Post a payment that a wallet makes or takes in. `applied` of it has paid invoices.

    What it may not hold, as its cap is reached or it is closed, becomes the party's credit: the
    money has come, whatever we think of it.
    """
    assert intent.wallet_id
    wallet = locked(work, Wallet, intent.wallet_id)
    if intent.method is PaymentMethod.wallet:
        movement = Movement(
            N_("Payment of invoices"),
            TransactionType.bill_payment,
            RecordType.debit,
            Side(name=organizations.home(work).name),
            reference=intent.number,
        )
        entry = ledger.post(work, postings.payment_succeeded(intent, applied))
        record(work, wallet, entry, intent.amount, movement)
        told = WalletPaid(wallet.id, wallet.party_id, intent.id, intent.amount, intent.currency)
        emit(work, told)
        return
    movement = Movement(
        N_("Top-up"),
        TransactionType.inter_bank_transfer,
        RecordType.credit,
        Side(name=PAYMENT_METHOD_LABELS[intent.method]),
        processor=intent.provider,
        reference=intent.number,
        about=_said(intent),
        more={"session_id": intent.reference or ""},
    )
    about = (wallet.id, wallet.party_id, intent.id, intent.amount, intent.currency)
    try:
        with refusing(work.session, REFUSALS):
            recipe = postings.payment_succeeded(intent, applied, rest=WALLET_BALANCES)
            entry = ledger.post(work, recipe)
            record(work, wallet, entry, intent.amount - sum(applied.values()), movement)
    except (OverCap, NotActive) as refusal:
        ledger.post(work, postings.payment_succeeded(intent, applied))
        write_failed(work, wallet, intent.amount, movement, refusal.code)
        emit(work, WalletTopUpDiverted(*about))
    else:
        emit(work, WalletToppedUp(*about))


def take_back(work: Work, refund: Refund, wallet_id: UUID) -> None:
    """Post a refund to the wallet that had paid.

    Raises:
        OverCap: it may not hold so much any more.
        NotActive: it is closed.

    """
    wallet = locked(work, Wallet, wallet_id)
    movement = Movement(
        N_("Refund"),
        TransactionType.local_transfer,
        RecordType.credit,
        Side(name=organizations.home(work).name),
    )
    with refusing(work.session, REFUSALS):
        entry = ledger.post(work, postings.refund_paid(refund, PaymentMethod.wallet))
        record(work, wallet, entry, refund.amount, movement)
    emit(
        work,
        WalletRefunded(wallet.id, wallet.party_id, refund.id, refund.amount, refund.currency),
    )


def take_out(work: Work, intent: PaymentIntent, entry_id: UUID, amount: Decimal) -> None:
    """Write that a top-up was taken back: it had been put into the wrong wallet, say."""
    assert intent.wallet_id
    wallet = found(work, Wallet, intent.wallet_id)
    movement = Movement(
        N_("Top-up taken back"),
        TransactionType.inter_bank_transfer,
        RecordType.debit,
        Side(name=PAYMENT_METHOD_LABELS[intent.method]),
        processor=intent.provider,
        reference=intent.number,
    )
    record(work, wallet, entry_id, amount, movement)
    about = (wallet.id, wallet.party_id, intent.id, amount, intent.currency)
    emit(work, WalletTopUpTakenBack(*about))


def record(
    work: Work, wallet: Wallet, entry_id: UUID, amount: Decimal, movement: Movement
) -> Transaction:
    """Write a movement that was posted. The database gives it its place in the chain."""
    row = _row(work, wallet, amount, movement)
    row.entry_id, row.response_code = entry_id, "00"
    row.balance_after = work.session.scalar(select(Wallet.balance).where(Wallet.id == wallet.id))
    work.session.add(row)
    work.session.flush()
    return row


def write_failed(
    work: Work, wallet: Wallet, amount: Decimal, movement: Movement, code: str
) -> Transaction:
    """Write that money was to move and did not."""
    row = _row(work, wallet, amount, movement, TransactionStatus.failed)
    row.response_code = code[:40]
    work.session.add(row)
    work.session.flush()
    return row


def reveal(work: Work, transaction_id: UUID) -> str:
    """Give the whole numbers of a movement, from and to, and note that somebody read them.

    A recharge PIN stands behind them.
    """
    row = found(work, Transaction, transaction_id)
    emit(work, NumbersRevealed(row.id, row.wallet_id))
    ends = " \N{RIGHTWARDS ARROW} ".join(
        _whole(row, name) or "\N{EN DASH}"
        for name in ("debit_account_locked", "credit_account_locked")
    )
    pin = recharge_pin(row)
    return f"{ends} \N{MIDDLE DOT} {pin}" if pin else ends


def recharge_pin(row: Transaction) -> str:
    """Give the whole recharge PIN of a movement, which is its owner's to read; nothing without."""
    return _whole(row, "recharge_pin_locked")


def number_of(wallet: Wallet) -> str:
    """Give the account number of a wallet: ten digits."""
    return f"{wallet.id.int % 10**10:010d}"


def masked(number: str) -> str:
    """Leave the last four of a number that tells whose money it is."""
    shown = number[-4:] if len(number) > 7 else ""
    return f"{MASK}{shown}" if number else ""


def lock_number(number: str, place: str) -> str:
    """Keep a number so that only who may see it whole does. `place` is `table:column:id`."""
    return box.lock(number, place) if number else ""


def _whole(row: Transaction, column: str) -> str:
    kept = getattr(row, column)
    return box.unlock(kept, f"wallet_transaction:{column}:{row.id}") if kept else ""


def _said(intent: PaymentIntent) -> dict[str, Any]:
    """Keep what the processor calls the payment, and who it says has paid, masked."""
    said = {"reference": intent.reference, "receipt": intent.receipt, "phone": masked(intent.phone)}
    return {name: value for name, value in said.items() if value}


def _row(
    work: Work,
    wallet: Wallet,
    amount: Decimal,
    movement: Movement,
    status: TransactionStatus = TransactionStatus.success,
) -> Transaction:
    row_id = uuid7()
    own = Side(number_of(wallet), wallet.name)
    out = movement.record is RecordType.debit
    debit, credit = (own, movement.other) if out else (movement.other, own)
    place = "wallet_transaction:{}:" + str(row_id)
    return Transaction(
        id=row_id,
        organization_id=work.scope.home(),
        wallet_id=wallet.id,
        party_id=wallet.party_id,
        status=status,
        type=movement.type,
        record_type=movement.record,
        title=movement.title,
        processor=movement.processor,
        payment_reference=movement.reference,
        narration=movement.narration[:200],
        reference=f"WT{row_id.hex[:24].upper()}",
        categories=[movement.type.value],
        currency=wallet.currency,
        amount=amount,
        debit_account_number=masked(debit.number),
        debit_account_locked=lock_number(debit.number, place.format("debit_account_locked")),
        debit_account_name=debit.name,
        credit_account_number=masked(credit.number),
        credit_account_locked=lock_number(credit.number, place.format("credit_account_locked")),
        credit_account_name=credit.name,
        destination_bank_code=credit.bank_code,
        destination_bank_name=credit.bank_name,
        recharge_pin=masked(movement.recharge_pin),
        recharge_pin_locked=lock_number(movement.recharge_pin, place.format("recharge_pin_locked")),
        processor_data=movement.about,
        happened_at=work.now,
        **movement.more,
    )
