"""Late fees: what is charged on invoices that are not paid in time, never on a fee itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_

from core.db import uuid7
from core.errors import BadInput
from core.money import exact, is_currency, rounded
from core.text import N_
from core.work import Work, locked
from models.billing import Invoice, InvoiceLine
from models.chart import LATE_FEES
from models.dunning import LateFee, LateFeeKind, LateFeeRule
from models.estate import Unit
from services import billing, ledger, organizations
from services.billing import Line
from services.events import Fact, emit

MOST = 500
TIER = re.compile(r"(\d{1,3}) days?: (\d{1,2}(?:\.\d{1,4})?|100) ?%")


@dataclass(frozen=True)
class LateFeeCharged(Fact, type="late_fee.charged", table="late_fee"):
    """A fee was charged on an invoice that is late."""

    late_fee_id: UUID
    invoice_id: UUID
    fee_invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee that would be charged today: on which invoice, how many days late, how much."""

    invoice_id: UUID
    rule_id: UUID
    days: int
    amount: Decimal
    currency: str


def check(_work: Work, row: LateFeeRule) -> None:
    """Make sure that a rule charges something.

    Raises:
        BadInput: the currency is none, or what its kind needs is missing.

    """
    row.currency = (row.currency or "").strip().upper()
    if not is_currency(row.currency):
        raise BadInput(N_("That is no currency: write its code, like KES."), field="currency")
    row.amount = exact(Decimal(row.amount or 0), row.currency)
    row.percent = Decimal(row.percent or 0)
    if row.kind is LateFeeKind.fixed and row.amount <= 0:
        raise BadInput(N_("A fixed fee needs an amount."), field="amount")
    if row.kind in (LateFeeKind.percent, LateFeeKind.daily) and row.percent <= 0:
        raise BadInput(N_("Say how many percent."), field="percent")
    if row.kind is LateFeeKind.tiered and not read_tiers(row.tiers or ""):
        raise BadInput(N_("Write the steps, like 10 days: 2 %."), field="tiers")


def read_tiers(text: str) -> list[tuple[int, Decimal]]:
    """Read steps as people write them, one a line: `10 days: 2 %`. Gives days and percents.

    Raises:
        BadInput: a line cannot be read, or days or percents do not grow.

    """
    tiers = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = TIER.fullmatch(line)
        if found is None:
            raise BadInput(N_("Write the steps, like 10 days: 2 %."), field="tiers")
        tiers.append((int(found[1]), Decimal(found[2])))
    for before, after in pairwise(tiers):
        if after[0] <= before[0] or after[1] < before[1]:
            raise BadInput(N_("Steps grow in days and in percent."), field="tiers")
    return tiers


def foresee(work: Work, most: int = MOST) -> list[Fee]:
    """Reckon the fees that would be charged today, and charge none."""
    today = ledger.business_date(work)
    fees = []
    for rule in work.session.scalars(select(LateFeeRule).where(LateFeeRule.active)).all():
        for invoice in _late(work, rule, today):
            fee = _fee(work, rule, invoice, today)
            if fee is not None:
                fees.append(fee)
            if len(fees) >= most:
                return fees
    return fees


def charge(work: Work, invoice_id: UUID) -> LateFee | None:
    """Charge the fee that is due on an invoice today, by one of its own; else, or again, None.

    The fee falls due after the organization's usual days.
    """
    invoice, today = locked(work, Invoice, invoice_id), ledger.business_date(work)
    rule = _rule(work, invoice)
    fee = _fee(work, rule, invoice, today) if rule and invoice.status in billing.OPEN else None
    if rule is None or fee is None or _is_fee(work, invoice.id):
        return None
    line = Line(f"Late fee on invoice {invoice.number}", fee.amount, LATE_FEES)
    subject = f"Late fee, {fee.days} days, invoice {invoice.number}"
    about = {"unit_id": invoice.unit_id, "lease_id": invoice.lease_id}
    asked = billing.draft(work, invoice.party_id, invoice.currency, subject, [line], **about)
    days = organizations.setting(work, "invoice.due_days")
    billing.issue(work, asked.id, today + timedelta(days=days))
    row = LateFee(
        id=uuid7(),
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        fee_invoice_id=asked.id,
        rule_id=rule.id,
        charged_on=today,
        days=fee.days,
        amount=fee.amount,
        currency=invoice.currency,
    )
    work.session.add(row)
    work.session.flush()
    emit(
        work,
        LateFeeCharged(
            row.id,
            invoice.id,
            asked.id,
            invoice.party_id,
            invoice.number or "",
            fee.amount,
            invoice.currency,
        ),
    )
    return row


def _rule(work: Work, invoice: Invoice) -> LateFeeRule | None:
    """Find the rule for an invoice: that of its lease, else of its estate, else the general one."""
    there = select(Unit.estate_id).where(Unit.id == invoice.unit_id).scalar_subquery()
    of_lease = LateFeeRule.lease_id == invoice.lease_id if invoice.lease_id else false()
    of_estate = and_(LateFeeRule.estate_id == there, LateFeeRule.lease_id.is_(None))
    general = and_(LateFeeRule.estate_id.is_(None), LateFeeRule.lease_id.is_(None))
    query = select(LateFeeRule).where(
        LateFeeRule.active,
        LateFeeRule.currency == invoice.currency,
        or_(of_lease, of_estate, general),
    )
    closest = (LateFeeRule.lease_id.nulls_last(), LateFeeRule.estate_id.nulls_last())
    return work.session.scalar(query.order_by(*closest).limit(1))


def _concerns(rule: LateFeeRule) -> ColumnElement[bool]:
    """Say which invoices a rule is for: it leaves alone what a closer one is for."""
    if rule.lease_id:
        return Invoice.lease_id == rule.lease_id
    closer = select(LateFeeRule.id).where(
        LateFeeRule.lease_id == Invoice.lease_id,
        LateFeeRule.active,
        LateFeeRule.currency == rule.currency,
    )
    if rule.estate_id:
        there = select(Unit.id).where(Unit.estate_id == rule.estate_id)
        return and_(Invoice.unit_id.in_(there), ~closer.exists())
    own = and_(
        LateFeeRule.estate_id == Unit.estate_id,
        LateFeeRule.active,
        LateFeeRule.currency == rule.currency,
    )
    theirs = select(Unit.id).join(LateFeeRule, own).where(Unit.id == Invoice.unit_id)
    return and_(~theirs.exists(), ~closer.exists())


def _late(work: Work, rule: LateFeeRule, today: date) -> Iterator[Invoice]:
    """Give the late invoices of a rule that may bear a fee today, page by page."""
    last: Invoice | None = None
    while page := _page(work, rule, today, last):
        yield from page
        last = page[-1]


def _page(work: Work, rule: LateFeeRule, today: date, last: Invoice | None) -> Sequence[Invoice]:
    fees = select(InvoiceLine.id).where(
        InvoiceLine.invoice_id == Invoice.id, InvoiceLine.code == LATE_FEES
    )
    query = (
        select(Invoice)
        .where(
            Invoice.currency == rule.currency,
            Invoice.status.in_(billing.OPEN),
            Invoice.due_on < today - timedelta(days=rule.grace_days),
            ~fees.exists(),
            ~_charged(rule, today).exists(),
            _concerns(rule),
        )
        .order_by(Invoice.due_on, Invoice.id)
        .limit(MOST)
    )
    if last is not None:
        query = query.where(tuple_(Invoice.due_on, Invoice.id) > (last.due_on, last.id))
    return work.session.scalars(query).all()


def _charged(rule: LateFeeRule, today: date) -> Select[Any]:
    """Select the fees after which an invoice bears no other today."""
    charged = select(LateFee.id).where(LateFee.invoice_id == Invoice.id)
    if rule.kind in (LateFeeKind.fixed, LateFeeKind.percent):
        return charged
    return charged.where(LateFee.charged_on > today - timedelta(days=rule.every_days))


def _is_fee(work: Work, invoice_id: UUID) -> bool:
    query = select(InvoiceLine.id).where(
        InvoiceLine.invoice_id == invoice_id, InvoiceLine.code == LATE_FEES
    )
    return work.session.scalar(query.limit(1)) is not None


def _fee(work: Work, rule: LateFeeRule, invoice: Invoice, today: date) -> Fee | None:
    """Reckon the fee of today. Days count from the first one after the days of grace."""
    if invoice.due_on is None:
        return None
    days = (today - invoice.due_on).days - rule.grace_days
    charged, last = work.session.execute(
        select(func.coalesce(func.sum(LateFee.amount), 0), func.max(LateFee.charged_on)).where(
            LateFee.invoice_id == invoice.id
        )
    ).one()
    if days <= 0 or (last is not None and (today - last).days < rule.every_days):
        return None
    base = invoice.total - invoice.paid_amount
    once = {LateFeeKind.fixed: rule.amount, LateFeeKind.percent: base * rule.percent / 100}
    if rule.kind in once:
        amount = Decimal(0) if charged else once[rule.kind]
    elif rule.kind is LateFeeKind.daily:
        fresh = (today - last).days if last else days
        amount = base * rule.percent / 100 * fresh
    else:
        amount = base * _tier(rule, days) / 100 - charged
    cap = invoice.total * rule.cap_percent / 100 - charged
    amount = rounded(min(amount, cap), invoice.currency)
    if amount <= 0:
        return None
    return Fee(invoice.id, rule.id, days, amount, invoice.currency)


def _tier(rule: LateFeeRule, days: int) -> Decimal:
    reached = [percent for since, percent in read_tiers(rule.tiers) if days >= since]
    return max(reached, default=Decimal(0))
