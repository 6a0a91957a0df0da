"""Paying invoices by themselves, out of a wallet or by a saved card: in a limit, after credit.

Never twice: a card is charged by a payment like any other, and the next try waits for its end.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select

from core.db import uuid7
from core.errors import Refused
from core.work import Work, found, locked
from models.autopay import Autopay, AutopayRun, RunOutcome
from models.billing import Invoice, PaymentMethod
from models.payments import Allocation, IntentStatus, PaymentIntent
from models.saved_ways import SavedWay
from models.wallet_orders import OrderStatus
from services import (
    billing,
    credit,
    ledger,
    payments,
    saved_ways,
    wallet_orders,
    wallets,
)
from services.events import Fact, emit
from services.payments import Part
from services.wallet_orders import Ask

TRIES = (0, 1, 3, 7)
"""Days after the first try on which it is tried again while the wallet has too little."""
MOST = 500
WAITS = timedelta(days=3)
"""How long a payment that somebody has begun is waited for, before the wallet pays."""
PAYER_WANTED = "authentication_required"
"""What providers say of a charge that the payer's bank wants the payer to confirm."""
AGAIN = (IntentStatus.failed, IntentStatus.expired)
"""What a charge ends in that is tried again. Who gives it up does not want that either."""


@dataclass(frozen=True)
class AutopayFailed(Fact, type="autopay.failed", table="autopay"):
    """An invoice was not paid by itself: wallet or `card` had too little, or may not pay."""

    autopay_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    again_on: date | None
    card: str


@dataclass(frozen=True)
class AutopayPaidInPart(Fact, type="autopay.paid_in_part", table="autopay"):
    """An invoice was paid by itself up to the limit; `rest` is still due."""

    autopay_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    rest: Decimal
    currency: str
    card: str


@dataclass(frozen=True)
class AutopayNeedsPayer(Fact, type="autopay.payer_wanted", table="autopay"):
    """A card was not charged, as its bank wants the payer to confirm it. It is not tried again."""

    autopay_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    card: str


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
    adds; before a card is charged credit is used at once. While another payment of it is under way
    it waits. Who stops at the same instant waits here, or this does: what was stopped pays nothing.
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
    if agreed.wallet_id and wallets.available(work, agreed.wallet_id) < run.amount:
        run.credit, run.outcome = Decimal(0), RunOutcome.short
    else:
        if run.credit:
            credit.use(work, invoice.id, run.credit, once=f"autopay:{run.id}")
        run.outcome = _take(work, agreed, run) if run.amount else RunOutcome.paid
    work.session.add(run)
    work.session.flush()
    if run.outcome in {RunOutcome.short, RunOutcome.refused}:
        _tell(work, run, invoice)
    elif run.outcome is RunOutcome.paid and due > run.credit + run.amount:
        _tell_rest(work, run, invoice, due - run.credit - run.amount)
    return run


def charge_ended(work: Work, intent_id: UUID) -> None:
    """Tell the payer what became of a charge of their card that they were not there for."""
    run = work.session.scalar(select(AutopayRun).where(AutopayRun.intent_id == intent_id))
    if run is None:
        return
    intent, invoice = found(work, PaymentIntent, intent_id), found(work, Invoice, run.invoice_id)
    rest = invoice.total - invoice.paid_amount
    if intent.status in payments.OVER:
        if invoice.status in billing.OPEN and rest:
            _tell_rest(work, run, invoice, rest)
    elif intent.failure_code == PAYER_WANTED:
        said = (invoice.id, run.party_id, invoice.number or "", run.amount, run.currency)
        emit(work, AutopayNeedsPayer(run.autopay_id, *said, _card(work, run)))
    elif intent.status in AGAIN:
        _tell(work, run, invoice)


def _gone(work: Work, invoice_id: UUID) -> Decimal:
    """Sum what earlier tries have paid of an invoice."""
    came = (AutopayRun.outcome == RunOutcome.paid) | PaymentIntent.status.in_(payments.OVER)
    paid = case((came, AutopayRun.amount), else_=0)
    query = (
        select(func.coalesce(func.sum(AutopayRun.credit + paid), 0))
        .outerjoin(PaymentIntent, PaymentIntent.id == AutopayRun.intent_id)
        .where(AutopayRun.invoice_id == invoice_id)
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
    if agreed.wallet_id is None:
        return _charge(work, agreed, run)
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


def _charge(work: Work, agreed: Autopay, run: AutopayRun) -> RunOutcome:
    """Begin a payment for which a worker charges the card; what comes of it is heard later."""
    assert agreed.saved_way_id
    way = found(work, SavedWay, agreed.saved_way_id)
    if way.revoked_at is not None:
        return RunOutcome.refused
    try:
        intent = payments.begin(
            work,
            [Part(run.invoice_id, run.amount)],
            PaymentMethod.card,
            provider=way.provider,
            again=True,
            saved_way_id=way.id,
        )
    except Refused:
        return RunOutcome.refused
    run.intent_id = intent.id
    return RunOutcome.begun


def _tell_rest(work: Work, run: AutopayRun, invoice: Invoice, rest: Decimal) -> None:
    said = (invoice.id, run.party_id, invoice.number or "", rest, run.currency)
    emit(work, AutopayPaidInPart(run.autopay_id, *said, _card(work, run)))


def _card(work: Work, run: AutopayRun) -> str:
    return saved_ways.named(work, found(work, Autopay, run.autopay_id).saved_way_id)


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
            _card(work, run),
        ),
    )


def _attempt(work: Work, invoice_id: UUID, today: date) -> int | None:
    """Number the try of today; None where it was paid, is too early, or was tried enough."""
    query = (
        select(AutopayRun, PaymentIntent.status, PaymentIntent.failure_code)
        .outerjoin(PaymentIntent, PaymentIntent.id == AutopayRun.intent_id)
        .where(AutopayRun.invoice_id == invoice_id)
        .order_by(AutopayRun.attempt)
    )
    runs = work.session.execute(query).all()
    if not runs:
        return 1
    if len(runs) >= len(TRIES) or any(_over(*each) for each in runs):
        return None
    again = runs[0][0].tried_on + timedelta(days=TRIES[len(runs)])
    return len(runs) + 1 if today >= again else None


def _over(run: AutopayRun, status: IntentStatus | None, code: str | None) -> bool:
    """Tell whether nothing more is tried: it was paid, may yet be, or its payer has to be there."""
    if run.outcome is not RunOutcome.begun:
        return run.outcome is RunOutcome.paid
    return status not in AGAIN or code == PAYER_WANTED
