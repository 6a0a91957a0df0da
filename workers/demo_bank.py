"""The bank of the demo: a statement with matched and unmatched lines, and cheques, one bounced."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, clock
from models.bank_statements import BankAccount, BankLine, BankRule
from models.billing import Invoice
from models.chart import BANK, BANK_CHARGES, ESTATE_DUES
from services import (
    bank_matching,
    bank_statements,
    bank_suggestions,
    billing,
    cheques,
    free_invoices,
    ledger,
)
from services.bank_statements import File, Movement
from services.free_invoices import Head, Typed
from services.payments import Part

At = Callable[[datetime], AbstractContextManager[Work]]


def play(at: At, resident_id: UUID, currency: str) -> None:
    """Take two cheques, of which one bounces, and last week's statement of the bank."""
    now = clock()
    with at(now - timedelta(days=25)) as work:
        good, bad = (_charged(work, resident_id, currency, what) for what in ("Gate", "Borehole"))
        today = ledger.business_date(work)
        kept = cheques.receive(work, [Part(good)], "000417", "Equity Bank", today)
        back = cheques.receive(work, [Part(bad)], "000418", "Equity Bank", today)
        kept_id, back_id = kept.id, back.id
    with at(now - timedelta(days=23)) as work:
        cheques.deposit(work, kept_id)
        cheques.deposit(work, back_id)
    with at(now - timedelta(days=20)) as work:
        cheques.clear(work, kept_id)
        cheques.bounce(work, back_id, "Refer to drawer", Decimal(500))
    with at(now - timedelta(hours=4)) as work:
        _statement(work, currency)


def _charged(work: Work, party_id: UUID, currency: str, what: str) -> UUID:
    head = Head(party_id, currency, f"{what}, share of the repair")
    row = free_invoices.write(work, head, [Typed("Share", "1", "3400", ESTATE_DUES)])
    return billing.issue(work, row.id, ledger.business_date(work) + timedelta(days=7)).id


def _statement(work: Work, currency: str) -> None:
    home, today = work.scope.home(), ledger.business_date(work)
    account = BankAccount(
        organization_id=home,
        name="Equity Bank, current account",
        number="0480199",
        book_id=ledger.book_called(work),
        code=BANK,
        currency=currency,
        columns={},
    )
    rule = BankRule(organization_id=home, name="Bank charges", pattern="charge", code=BANK_CHARGES)
    work.session.add_all([account, rule])
    work.session.flush()
    due = work.session.scalars(
        select(Invoice)
        .where(Invoice.status.in_(billing.OPEN), Invoice.currency == currency)
        .order_by(Invoice.issued_at.desc())
        .limit(2)
    ).all()
    told = [
        (5, Decimal(-350), "", "", "Monthly charge"),
        *((3, each.total - each.paid_amount, "", each.number or "", "") for each in due),
        (2, Decimal(4200), "M. Achieng", "", "School fees, wrong account?"),
        (1, Decimal(-18500), "Kenya Power", "9920113", "Electricity of the common areas"),
    ]
    moved = [
        Movement(today - timedelta(days=days), amount, payer, reference, says, f"demo-{number}")
        for number, (days, amount, payer, reference, says) in enumerate(told)
    ]
    opening = ledger.balance(work, BANK, currency, on=today - timedelta(days=6))
    closing = opening + sum((each.amount for each in moved), Decimal(0))
    digest = hashlib.sha256(str(account.id).encode()).hexdigest()
    file = File("statement-of-the-week.csv", digest, moved, currency, opening, closing)
    bank_statements.take_in(work, account.id, file)
    bank_suggestions.suggest(work, account.id, currency)
    found = select(BankLine.id).where(BankLine.suggestion != "").order_by(BankLine.booked_on)
    for line_id in work.session.scalars(found.limit(2)).all():
        bank_matching.accept(work, line_id)
