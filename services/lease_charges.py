"""What a lease is charged outside of rent runs: its deposit, and its first periods."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from core.db import refusing, uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, found
from models.billing import Invoice, InvoiceStatus
from models.chart import DEPOSITS_HELD, RENTAL_INCOME
from models.estate import Unit
from models.leasing import Lease
from models.rents import ChargeKind, ExtraKind, LeaseCharge, LeaseExtra, LeaseRent, RentCause
from services import billing, credit_notes, ledger, rents
from services.billing import Line
from services.rents import Period


class ChargedAlready(Refused):
    """The lease was charged for that."""

    code = "charged_already"
    says = N_("The lease was charged for that already.")


ONCE = {"uq_lease_charge_once": ChargedAlready()}


def begin_rents(work: Work, lease: Lease) -> None:
    """Write down the rent that was agreed, and its steps; again, nothing."""
    known = select(LeaseRent.since).where(LeaseRent.lease_id == lease.id)
    there = set(work.session.scalars(known))
    agreed = [(lease.since, lease.rent, RentCause.agreed)]
    agreed += [
        (day, amount, RentCause.step)
        for day, amount in rents.read_steps(lease.increase_steps, lease.currency)
        if day > lease.since
    ]
    work.session.add_all(
        LeaseRent(
            organization_id=lease.organization_id,
            lease_id=lease.id,
            since=day,
            amount=amount,
            cause=cause,
        )
        for day, amount, cause in agreed
        if day not in there
    )
    work.session.flush()


def rent_on(work: Work, lease: Lease, day: date) -> Decimal:
    """Give the rent of a period that begins on a day."""
    query = (
        select(LeaseRent.amount)
        .where(LeaseRent.lease_id == lease.id, LeaseRent.since <= day)
        .order_by(LeaseRent.since.desc())
        .limit(1)
    )
    return work.session.scalar(query) or lease.rent


def foresee(work: Work, lease: Lease, through: date) -> list[tuple[Period, Decimal]]:
    """Reckon the first periods of a lease, written or not, and charge nothing."""
    return [
        (each, rents.part_of(lease.rent, each, lease.proration, lease.currency))
        for each in rents.periods(lease.since, lease.due_day, through, lease.until)
    ]


def ask_deposit(work: Work, lease: Lease) -> Invoice | None:
    """Ask for the deposit, which is owed back from then on; None where there is none.

    Raises:
        ChargedAlready: it was asked for.

    """
    if not lease.deposit:
        return None
    unit = found(work, Unit, lease.unit_id)
    line = Line(f"Deposit, {unit.number}", lease.deposit, DEPOSITS_HELD)
    invoice = _issue(work, lease, f"Deposit, lease {lease.number}", [line], lease.since)
    _note(work, lease, invoice, Period(lease.since, lease.since, 1), ChargeKind.deposit, line)
    return invoice


def ask_first(work: Work, lease: Lease, through: date) -> list[Invoice]:
    """Ask for the periods that have begun by a day, the first at least, each by an invoice.

    Raises:
        ChargedAlready: one of them was asked for.

    """
    made = []
    start = lease.next_on or lease.since
    for period in rents.periods(start, lease.due_day, max(through, start), lease.until):
        made.append(_ask(work, lease, period))
        lease.next_on = period.last + timedelta(days=1)
    work.session.flush()
    return made


def take_back(work: Work, invoice_ids: Sequence[UUID], reason: str) -> None:
    """Undo invoices of a lease: void, or where money was paid, by a credit note; once."""
    for invoice_id in invoice_ids:
        invoice = found(work, Invoice, invoice_id)
        if invoice.status in (InvoiceStatus.void, InvoiceStatus.rejected):
            continue
        if invoice.paid_amount:
            once = f"lease:{invoice.id}:undone"
            credit_notes.write(work, invoice.id, invoice.total, reason, once=once)
        else:
            billing.void(work, invoice.id, reason)
        rows = select(LeaseCharge).where(
            LeaseCharge.invoice_id == invoice.id, LeaseCharge.void.is_(False)
        )
        for row in work.session.scalars(rows):
            row.void = True
    work.session.flush()


def _ask(work: Work, lease: Lease, period: Period) -> Invoice:
    """Ask for the rent of a period with what comes with it, by one invoice."""
    number = found(work, Unit, lease.unit_id).number
    said = f"{period.first} \N{EN DASH} {period.last}, {number}"
    amount = rent_on(work, lease, period.first)
    gross = rents.part_of(amount, period, lease.proration, lease.currency)
    extras = _extras(work, lease, period.first)
    off = sum(
        (
            rents.part_of(each.amount, period, lease.proration, lease.currency)
            for each in extras
            if each.kind is ExtraKind.concession
        ),
        Decimal(0),
    )
    rent = Line(f"Rent {said}", gross, RENTAL_INCOME, discount=min(off, gross))
    lines = [(lease.id, ChargeKind.rent, rent)]
    for each in extras:
        if each.kind is ExtraKind.extra:
            part = rents.part_of(each.amount, period, lease.proration, lease.currency)
            lines.append((each.id, ChargeKind.extra, Line(f"{each.title} {said}", part, each.code)))
    invoice = _issue(work, lease, f"Rent {said}", [line for *_, line in lines], period.first)
    for item_id, kind, line in lines:
        _note(work, lease, invoice, period, kind, line, item_id)
    return invoice


def _issue(work: Work, lease: Lease, subject: str, lines: Sequence[Line], begins: date) -> Invoice:
    invoice = billing.draft(
        work,
        lease.party_id,
        lease.currency,
        subject,
        lines,
        unit_id=lease.unit_id,
        lease_id=lease.id,
    )
    due = max(begins, ledger.business_date(work)) + timedelta(days=lease.due_days)
    return billing.issue(work, invoice.id, due)


def _note(  # noqa: PLR0913, PLR0917  # what a charge consists of
    work: Work,
    lease: Lease,
    invoice: Invoice,
    period: Period,
    kind: ChargeKind,
    line: Line,
    item_id: UUID | None = None,
) -> None:
    row = LeaseCharge(
        id=uuid7(),
        organization_id=lease.organization_id,
        lease_id=lease.id,
        period_on=period.first,
        period_until=period.last,
        kind=kind,
        item_id=item_id or lease.id,
        says=line.description[:200],
        code=line.code,
        gross=line.unit_price,
        discount=line.discount,
        invoice_id=invoice.id,
    )
    with refusing(work.session, ONCE):
        work.session.add(row)
        work.session.flush()


def _extras(work: Work, lease: Lease, day: date) -> Sequence[LeaseExtra]:
    query = select(LeaseExtra).where(
        LeaseExtra.lease_id == lease.id,
        LeaseExtra.since <= day,
        or_(LeaseExtra.until.is_(None), LeaseExtra.until >= day),
    )
    return work.session.scalars(query.order_by(LeaseExtra.id)).all()
