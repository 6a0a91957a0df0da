"""Paying invoices by themselves, out of a wallet: within a limit, after credit, never twice."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select

from core.db import uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.autopay import Autopay, AutopayRun, RunOutcome
from models.billing import Invoice
from models.payments import Allocation, PaymentIntent
from models.wallet_orders import OrderStatus
from models.wallets import Wallet
from services import (
    billing,
    credit,
    ledger,
    payments,
    wallet_orders,
    wallet_pins,
    wallets,
)
from services.events import Fact, emit
from services.wallet_orders import Ask

TRIES = (0, 1, 3, 7)
"""Days after the first try on which it is tried again while the wallet has too little."""
MOST = 500
WAITS = timedelta(days=3)
"""How long a payment that somebody has begun is waited for, before the wallet pays."""


@dataclass(frozen=True)
class AutopayFailed(Fact, type="autopay.failed", table="autopay"):
    """An invoice was not paid by itself: the wallet had too little, or may not pay."""

    autopay_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    again_on: date | None


@dataclass(frozen=True)
class AutopayPaidInPart(Fact, type="autopay.paid_in_part", table="autopay"):
    """An invoice was paid by itself up to the limit; `rest` is still due."""

    autopay_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    rest: Decimal
    currency: str


def of(work: Work, wallet_id: UUID) -> Autopay | None:
    """Give what the owner of a wallet has agreed to, if it is in force."""
    query = select(Autopay).where(Autopay.wallet_id == wallet_id, Autopay.active)
    return work.session.scalar(query)


def agree(work: Work, wallet_id: UUID, pin: str, most: Decimal | None, days_before: int) -> Autopay:
    """Let a wallet pay its owner's invoices from today on; again, on other terms.

    The caller commits also when the PIN is refused, or nothing is counted.

    Raises:
        As `wallet_pins.prove`. BadInput: the terms make no sense.

    """
    wallet_pins.prove(work, wallet_id, pin)
    wallet = found(work, Wallet, wallet_id)
    if most is not None and exact(most, wallet.currency, "most") <= 0:
        raise BadInput(N_("The limit is more than zero."), field="most")
    if not 0 <= days_before <= 28:
        raise BadInput(N_("It pays on the day, or up to 28 days before."), field="days_before")
    query = select(Autopay).where(Autopay.wallet_id == wallet_id).with_for_update()
    row, today = work.session.scalar(query), ledger.business_date(work)
    if row is None:
        row = Autopay(
            organization_id=work.scope.home(),
            party_id=wallet.party_id,
            wallet_id=wallet.id,
            currency=wallet.currency,
            since=today,
            created_at=work.now,
        )
        work.session.add(row)
    elif not row.active:
        row.since = today
    row.active, row.stopped_at = True, None
    row.most, row.days_before = most, days_before
    row.agreed_by_id = work.scope.profile_id
    work.session.flush()
    return row


def stop(work: Work, wallet_id: UUID) -> None:
    """Stop at once; what was paid stays paid. Stopping twice changes nothing."""
    query = select(Autopay).where(Autopay.wallet_id == wallet_id, Autopay.active)
    row = work.session.scalar(query.with_for_update())
    if row is not None:
        row.active, row.stopped_at = False, work.now
        work.session.flush()


def due(work: Work) -> list[tuple[UUID, UUID]]:
    """List what may be to be paid now: (agreement, invoice)."""
    today = ledger.business_date(work)
    query = (
        select(Autopay.id, Invoice.id)
        .join(Invoice, (Invoice.party_id == Autopay.party_id))
        .where(
            Autopay.active,
            Invoice.currency == Autopay.currency,
            Invoice.status.in_(billing.OPEN),
            Invoice.due_on >= Autopay.since,
            Invoice.due_on - Autopay.days_before <= today,
            ~select(AutopayRun.id)
            .where(
                AutopayRun.invoice_id == Invoice.id,
                (AutopayRun.outcome == RunOutcome.paid)
                | (AutopayRun.attempt >= len(TRIES))
                | (AutopayRun.tried_on == today),
            )
            .exists(),
            ~_under_way(work, Invoice.id).exists(),
        )
        .order_by(Invoice.due_on, Invoice.id)
    )
    asked = (
        (autopay_id, invoice_id)
        for autopay_id, invoice_id in work.session.execute(query)
        if _attempt(work, invoice_id, today) is not None
    )
    return list(islice(asked, MOST))


def pay(work: Work, autopay_id: UUID, invoice_id: UUID) -> AutopayRun | None:
    """Pay an invoice once for its due day, credit first; None where it is not the time.

    At most `most` leaves in all, over all tries, and credit only together with what the wallet
    adds. While another payment of it is under way it waits. Who stops at the same instant waits
    here, or this does: what was stopped pays nothing.
    """
    agreed = locked(work, Autopay, autopay_id)
    invoice = locked(work, Invoice, invoice_id)
    today = ledger.business_date(work)
    attempt = _attempt(work, invoice_id, today)
    waits = work.session.scalar(_under_way(work, invoice.id).limit(1)) is not None
    if not agreed.active or invoice.status not in billing.OPEN or attempt is None or waits:
        return None
    assert invoice.due_on
    run = AutopayRun(
        id=uuid7(),
        organization_id=agreed.organization_id,
        party_id=agreed.party_id,
        autopay_id=agreed.id,
        invoice_id=invoice.id,
        due_on=invoice.due_on,
        attempt=attempt,
        tried_on=today,
        currency=agreed.currency,
        outcome=RunOutcome.refused,
    )
    due = invoice.total - invoice.paid_amount
    room = due if agreed.most is None else min(due, agreed.most - _gone(work, invoice.id))
    at_hand = max(credit.available(work, agreed.party_id, agreed.currency), Decimal(0))
    run.credit = max(min(room, at_hand), Decimal(0))
    run.amount = max(room - run.credit, Decimal(0))
    if wallets.available(work, agreed.wallet_id) < run.amount:
        run.credit, run.outcome = Decimal(0), RunOutcome.short
    else:
        if run.credit:
            credit.use(work, invoice.id, run.credit, once=f"autopay:{run.id}")
        run.outcome = _take(work, agreed, run) if run.amount else RunOutcome.paid
    work.session.add(run)
    work.session.flush()
    if run.outcome is not RunOutcome.paid:
        _tell(work, run, invoice)
    elif due > run.credit + run.amount:
        rest = due - run.credit - run.amount
        said = (invoice.id, run.party_id, invoice.number or "", rest, run.currency)
        emit(work, AutopayPaidInPart(run.autopay_id, *said))
    return run


def _gone(work: Work, invoice_id: UUID) -> Decimal:
    """Sum what earlier tries have paid of an invoice."""
    paid = case((AutopayRun.outcome == RunOutcome.paid, AutopayRun.amount), else_=0)
    query = select(func.coalesce(func.sum(AutopayRun.credit + paid), 0)).where(
        AutopayRun.invoice_id == invoice_id
    )
    return Decimal(work.session.scalar(query) or 0)


def _under_way(work: Work, invoice_id: Any) -> Select[Any]:
    """Select payments of an invoice that may still come in: begun lately, and not ended."""
    return (
        select(Allocation.id)
        .join(PaymentIntent, PaymentIntent.id == Allocation.intent_id)
        .where(
            Allocation.invoice_id == invoice_id,
            PaymentIntent.status.in_(payments.ASKED),
            PaymentIntent.created_at > work.now - WAITS,
        )
    )


def _take(work: Work, agreed: Autopay, run: AutopayRun) -> RunOutcome:
    try:
        order = wallet_orders.pay(
            work,
            Ask(agreed.wallet_id, None, f"autopay:{run.id}"),
            [run.invoice_id],
            {run.invoice_id: run.amount},
        )
    except Refused:
        return RunOutcome.refused
    run.order_id = order.id
    done = wallet_orders.carry_out(work, order.id)
    return RunOutcome.paid if done.status is OrderStatus.done else RunOutcome.refused


def _tell(work: Work, run: AutopayRun, invoice: Invoice) -> None:
    later = TRIES[run.attempt] if run.attempt < len(TRIES) else None
    first = run.tried_on - timedelta(days=TRIES[run.attempt - 1])
    emit(
        work,
        AutopayFailed(
            run.autopay_id,
            invoice.id,
            run.party_id,
            invoice.number or "",
            run.amount,
            run.currency,
            first + timedelta(days=later) if later is not None else None,
        ),
    )


def _attempt(work: Work, invoice_id: UUID, today: date) -> int | None:
    """Number the try of today; None where it was paid, is too early, or was tried enough."""
    query = (
        select(AutopayRun).where(AutopayRun.invoice_id == invoice_id).order_by(AutopayRun.attempt)
    )
    runs = work.session.scalars(query).all()
    if not runs:
        return 1
    if any(each.outcome is RunOutcome.paid for each in runs) or len(runs) >= len(TRIES):
        return None
    again = runs[0].tried_on + timedelta(days=TRIES[len(runs)])
    return len(runs) + 1 if today >= again else None
