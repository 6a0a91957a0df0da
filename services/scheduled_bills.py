"""Bills of one's own: written by their owner, reminded of, agreed to, and paid from their wallet.

Their owner says how far it goes by itself. What the database takes from them it takes with the PIN
of the wallet; the money itself is moved by a job, as with every order of a wallet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core import box
from core.db import uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.bills import Bill, Every
from models.scheduled_bills import (
    DUE_FLOW,
    OFFSETS,
    DueStatus,
    Mode,
    ScheduledBill,
    ScheduledPayment,
    UserConfiguration,
)
from models.wallet_orders import Channel
from models.wallets import Wallet
from services import bills, ledger, wallet_bills, wallet_movements, wallet_pins
from services.events import Fact, emit
from services.holds import NotEnough
from services.wallet_bills import Biller
from services.wallet_movements import NotActive
from services.wallet_orders import Ask
from services.wallet_payouts import Destination

AGAIN = (timedelta(days=1), timedelta(days=2), timedelta(days=4))
"""How long until it is tried again, where there was not enough money; afterwards it is given up."""
AHEAD = timedelta(days=31)
"""How long before it is due a payment is written down: the longest reminder, and a day."""

ANSWERED = timedelta(days=31)
"""How long after it was due somebody may still agree to pay what is not paid by itself."""


@dataclass(frozen=True)
class ScheduledBillReminded(Fact, type="scheduled_bill.reminded", table="scheduled_payment"):
    """The owner of a bill was told that it is due in some `days`, and what happens then."""

    payment_id: UUID
    bill_id: UUID
    party_id: UUID
    title: str
    amount: Decimal
    currency: str
    due_on: date
    days: int
    mode: Mode


@dataclass(frozen=True)
class ScheduledBillStatusChanged(
    Fact, type="scheduled_bill.status_changed", table="scheduled_payment"
):
    """A due time of a bill was agreed to, left out, ordered or paid."""

    payment_id: UUID
    bill_id: UUID
    old: DueStatus
    new: DueStatus


@dataclass(frozen=True)
class ScheduledBillFailed(Fact, type="scheduled_bill.failed", table="scheduled_payment"):
    """A bill was not paid; it is tried again on `again_on`, or given up. `reason` is a message."""

    payment_id: UUID
    bill_id: UUID
    party_id: UUID
    title: str
    amount: Decimal
    currency: str
    reason: str
    again_on: date | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the owner of a bill writes of it."""

    title: str
    amount: Decimal
    biller: str
    customer_number: str
    channel: Channel
    bank_name: str
    number: str
    every: Every
    first_on: date
    mode: Mode
    remind_days: Sequence[int]


def add(work: Work, wallet_id: UUID, wish: Wish, pin: str | None = None) -> ScheduledBill:
    """Write a bill down. That it is paid by itself takes the PIN of the wallet.

    Raises:
        As `wallet_pins.prove`. BadInput: something is missing or cannot be.

    """
    wallet = found(work, Wallet, wallet_id)
    if wish.mode is Mode.pay and pin is not None:
        wallet_pins.prove(work, wallet_id, pin)
    number = _checked(work, wallet, wish)
    bill_id = uuid7()
    bill = ScheduledBill(
        id=bill_id,
        organization_id=wallet.organization_id,
        party_id=wallet.party_id,
        wallet_id=wallet.id,
        title=wish.title.strip()[:120],
        amount=exact(wish.amount, wallet.currency),
        currency=wallet.currency,
        biller_name=wish.biller.strip()[:120],
        customer_number=wish.customer_number.strip()[:80],
        channel=wish.channel,
        bank_name=wish.bank_name.strip()[:120],
        account_number=wallet_movements.masked(number),
        account_locked=box.lock(number, _place(bill_id)),
        every=wish.every,
        first_on=wish.first_on,
        mode=wish.mode,
        remind_days=_offsets(wish.remind_days),
        created_at=work.now,
    )
    work.session.add(bill)
    work.session.flush()
    return bill


def change(  # noqa: PLR0913  # what may be changed
    work: Work,
    bill_id: UUID,
    mode: Mode,
    remind_days: Sequence[int],
    *,
    active: bool,
    pin: str | None = None,
) -> ScheduledBill:
    """Say what is done by itself from now on, or stop a bill. What it is about stays as it is.

    Raises:
        As `wallet_pins.prove`, where it is to be paid by itself from now on.

    """
    bill = locked(work, ScheduledBill, bill_id)
    by_itself = active and mode is Mode.pay
    if by_itself and (bill.mode, bill.active) != (mode, active) and pin is not None:
        wallet_pins.prove(work, bill.wallet_id, pin)
    bill.mode, bill.remind_days, bill.active = mode, _offsets(remind_days), active
    work.session.flush()
    return bill


def approve(work: Work, payment_id: UUID, pin: str | None = None) -> ScheduledPayment:
    """Agree to pay a bill once: when it is due, or at once where that day is past.

    Raises:
        As `wallet_pins.prove`. IllegalMove: it is being paid, was, or was left out.

    """
    payment = locked(work, ScheduledPayment, payment_id)
    if pin is not None:
        wallet_pins.prove(work, found(work, ScheduledBill, payment.bill_id).wallet_id, pin)
    _move(work, payment, "approve")
    payment.tries, payment.try_at, payment.failure = 0, None, ""
    work.session.flush()
    return payment


def skip(work: Work, payment_id: UUID) -> ScheduledPayment:
    """Leave a bill out this once.

    Raises:
        IllegalMove: it is being paid, or was.

    """
    payment = locked(work, ScheduledPayment, payment_id)
    _move(work, payment, "skip")
    payment.try_at = None
    work.session.flush()
    return payment


def write_down(work: Work) -> int:
    """Write down what falls due soon, and what an outage has missed, each once; says how many.

    What fell due while a bill was stopped is not written down.
    """
    today, count = ledger.business_date(work), 0
    for bill in work.session.scalars(select(ScheduledBill).where(ScheduledBill.active)):
        known = set(
            work.session.scalars(
                select(ScheduledPayment.due_on).where(ScheduledPayment.bill_id == bill.id)
            )
        )
        told = Bill(every=bill.every, first_on=bill.first_on, until=None)
        for day in bills.periods(told, today + AHEAD, bill.since):
            if day in known:
                continue
            row = {"organization_id": bill.organization_id, "bill_id": bill.id, "due_on": day}
            work.session.add(ScheduledPayment(id=uuid7(), **row, created_at=work.now))
            count += 1
    work.session.flush()
    return count


def due(work: Work) -> list[UUID]:
    """List the payments of which somebody is to be told, or which are to be made now."""
    today = ledger.business_date(work)
    query = (
        select(ScheduledPayment.id)
        .join(ScheduledBill, ScheduledBill.id == ScheduledPayment.bill_id)
        .where(
            ScheduledBill.active,
            ScheduledPayment.status.in_((DueStatus.waiting, DueStatus.approved)),
            ScheduledPayment.due_on <= today + AHEAD,
        )
        .order_by(ScheduledPayment.due_on, ScheduledPayment.id)
    )
    return list(work.session.scalars(query))


def look_after(work: Work, payment_id: UUID) -> None:
    """Remind of a payment, or order it, as its owner wants it; done twice it changes nothing.

    One that nobody answered to is left out after a while, or it would be asked about for ever.
    """
    payment = locked(work, ScheduledPayment, payment_id)
    bill = locked(work, ScheduledBill, payment.bill_id)
    if not bill.active or payment.status not in (DueStatus.waiting, DueStatus.approved):
        return
    today = ledger.business_date(work)
    by_itself = bill.mode is Mode.pay and payment.due_on >= bill.since
    agreed = by_itself or payment.status is DueStatus.approved
    if not agreed and payment.due_on + ANSWERED < today:
        _move(work, payment, "skip")
        return
    _remind(work, bill, payment, (payment.due_on - today).days)
    if agreed and payment.due_on <= today and (payment.try_at or work.now) <= work.now:
        _order(work, bill, payment)


def ended(work: Work, order_id: UUID, reason: str = "") -> None:
    """Take up how the order of a payment ended: paid, or, with a reason, not."""
    query = select(ScheduledPayment.id).where(ScheduledPayment.order_id == order_id)
    payment_id = work.session.scalar(query)
    if payment_id is None:
        return
    payment = locked(work, ScheduledPayment, payment_id)
    if payment.status is not DueStatus.ordered:
        return
    if not reason:
        _move(work, payment, "pay")
        return
    _give_up(work, found(work, ScheduledBill, payment.bill_id), payment, reason)


def configuration(work: Work) -> UserConfiguration:
    """Find what the person at hand wants done by itself; unless they said, the usual."""
    assert work.scope.profile_id
    query = select(UserConfiguration).where(UserConfiguration.profile_id == work.scope.profile_id)
    kept = work.session.scalar(query)
    return kept or UserConfiguration(bill_mode=Mode.ask, remind_days=[3, 1], push_notices=True)


def configure(
    work: Work, mode: Mode, remind_days: Sequence[int], *, push: bool
) -> UserConfiguration:
    """Say how new bills of one's own begin, and whether one is told by push notices."""
    row = configuration(work)
    assert work.scope.profile_id
    row.profile_id, row.organization_id = work.scope.profile_id, work.scope.home()
    row.bill_mode, row.remind_days, row.push_notices = mode, _offsets(remind_days), push
    work.session.add(row)
    work.session.flush()
    return row


def _remind(work: Work, bill: ScheduledBill, payment: ScheduledPayment, days: int) -> None:
    """Tell once for each day that was chosen; of those that were missed only the last."""
    reached = [each for each in bill.remind_days if each >= days and each not in payment.reminded]
    if not reached:
        return
    payment.reminded = sorted({*payment.reminded, *reached})
    if bill.mode is Mode.pay and payment.tries:
        return
    emit(
        work,
        ScheduledBillReminded(
            payment.id,
            bill.id,
            bill.party_id,
            bill.title,
            bill.amount,
            bill.currency,
            payment.due_on,
            days,
            bill.mode,
        ),
    )


def _order(work: Work, bill: ScheduledBill, payment: ScheduledPayment) -> None:
    ask = Ask(bill.wallet_id, None, f"scheduled_payment:{payment.id}:order:{payment.orders}")
    number = box.unlock(bill.account_locked, _place(bill.id))
    where = Destination(bill.channel, number, bill.biller_name, bill.bank_name)
    biller = Biller(bill.biller_name, bill.title, bill.customer_number)
    try:
        with work.session.begin_nested():
            order = wallet_bills.pay(work, ask, bill.amount, where, biller)
    except (NotEnough, NotActive) as refusal:
        _not_enough(work, bill, payment, refusal)
        return
    payment.order_id, payment.orders = order.id, payment.orders + 1
    _move(work, payment, "order")


def _not_enough(
    work: Work, bill: ScheduledBill, payment: ScheduledPayment, refusal: Refused
) -> None:
    """Try again after a while, and say so; after the last time give it up."""
    if payment.tries >= len(AGAIN):
        _give_up(work, bill, payment, refusal.says)
        return
    payment.try_at = work.now + AGAIN[payment.tries]
    payment.tries += 1
    payment.failure = refusal.says
    again = payment.try_at.astimezone(ledger.zone(work)).date()
    emit(work, _failed(bill, payment, refusal.says, again))


def _give_up(work: Work, bill: ScheduledBill, payment: ScheduledPayment, reason: str) -> None:
    _move(work, payment, "fail")
    payment.try_at, payment.failure = None, reason[:400]
    emit(work, _failed(bill, payment, reason, None))


def _failed(
    bill: ScheduledBill, payment: ScheduledPayment, reason: str, again: date | None
) -> ScheduledBillFailed:
    about = (payment.id, bill.id, bill.party_id, bill.title, bill.amount, bill.currency)
    return ScheduledBillFailed(*about, reason, again)


def _checked(work: Work, wallet: Wallet, wish: Wish) -> str:
    """Guard what was written; gives the number of the account without blanks."""
    number = wish.number.replace(" ", "")
    if not wish.title.strip():
        raise BadInput(N_("Give it a title."), field="title")
    if exact(wish.amount, wallet.currency) <= 0:
        raise BadInput(N_("Write an amount above zero."), field="amount")
    if not wish.biller.strip():
        raise BadInput(N_("Say who is paid."), field="biller")
    if not 4 <= len(number) <= 34 or not number.lstrip("+").isalnum():
        raise BadInput(N_("Write the number of the account, or of the phone."), field="number")
    if wish.first_on < ledger.business_date(work):
        raise BadInput(N_("That day is over. Choose today or a later one."), field="first_on")
    return number


def _offsets(days: Sequence[int]) -> list[int]:
    if any(each not in OFFSETS for each in days):
        raise BadInput(N_("Choose one of those that are offered."), field="remind_days")
    return sorted(set(days))


def _place(bill_id: UUID) -> str:
    return f"scheduled_bill:account_locked:{bill_id}"


def _move(work: Work, payment: ScheduledPayment, name: str) -> None:
    old = payment.status
    DUE_FLOW.move(payment, name)
    emit(work, ScheduledBillStatusChanged(payment.id, payment.bill_id, old, payment.status))
