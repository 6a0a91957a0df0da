"""Instalments: how the total of a booking is asked for, as drafts first and then as invoices."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, func, select

from core.db import uuid7
from core.errors import BadInput, Refused
from core.money import split
from core.text import N_
from core.work import Work, found, locked
from models.billing import Invoice, InvoiceLine, InvoiceStatus
from models.bookings import (
    LIVE,
    Booking,
    BookingAddon,
    BookingInvoice,
    BookingStatus,
    InstalmentPlan,
    InstalmentStep,
)
from models.sales import Addon, Apartment, Package, Project
from services import billing, ledger, organizations, taxes
from services.billing import Line
from services.postings import UNEARNED
from services.taxes import Levy

NOT_ASKED = (InvoiceStatus.rejected, InvoiceStatus.void, InvoiceStatus.written_off)
STEP = re.compile(
    r"(?P<percent>\d{1,3}(\.\d{1,4})?) ?%? +((?P<now>now)|after (?P<days>\d{1,4}) days?"
    r"|on (?P<day>\d{4}-\d\d-\d\d)|at (?P<milestone>\S.{0,79}))"
)


def draft(work: Work, booking: Booking) -> None:
    """Write the drafts for a booking's total anew. Without a package there are none yet.

    The tax that the prices contain is the project's of now.

    Raises:
        NoRate: it has none yet.

    """
    _drop_drafts(work, booking)
    if booking.package_id is None or booking.total <= 0:
        return
    subject = _subject(work, booking)
    project_id = found(work, Apartment, booking.original_id).project_id
    levy = taxes.in_sales(work, project_id, ledger.business_date(work))
    for position, (step, _amount) in enumerate(parts(work, booking), 1):
        lines = lines_at(work, booking, position, levy)
        invoice = billing.draft(work, booking.customer_id, booking.currency, subject, lines)
        invoice.payment_method = booking.payment_method
        work.session.add(
            BookingInvoice(
                id=uuid7(),
                organization_id=booking.organization_id,
                booking_id=booking.id,
                invoice_id=invoice.id,
                position=position,
                milestone=step.milestone if step else "",
            )
        )
    work.session.flush()


def issue(work: Work, booking: Booking) -> None:
    """Issue the drafts, but for those whose milestone is not reached."""
    today = ledger.business_date(work)
    standard = organizations.setting(work, "invoice.due_days")
    steps = {step.position: step for step in _steps(work, booking.plan_id)}
    for link in links(work, booking.id):
        step = steps.get(link.position)
        if step is None:
            billing.issue(work, link.invoice_id, today + timedelta(days=standard))
        elif due := due_on(step, today):
            billing.issue(work, link.invoice_id, due)


@dataclass(frozen=True, slots=True)
class Step:
    """A share of the total in percent, due after days, on a day, or at a milestone."""

    percent: Decimal
    days: int | None = None
    due_on: date | None = None
    milestone: str = ""


def read_steps(text: str) -> list[Step]:
    """Read steps as people write them, one a line.

    `10 now`, `30 after 60 days`, `30 on 2027-03-01`, `30 at Handover`.

    Raises:
        BadInput: a line cannot be read; it says which.

    """
    steps = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        match = STEP.fullmatch(line.strip())
        step = _step(match) if match else None
        if step is None:
            said = N_("Line %(number)s cannot be read. Write it like “30 after 60 days”.")
            raise BadInput(said, field="steps", number=number)
        steps.append(step)
    return steps


def _step(match: re.Match[str]) -> Step | None:
    try:
        due_on = date.fromisoformat(match["day"]) if match["day"] else None
    except ValueError:  # the 30th of February
        return None
    days = 0 if match["now"] else int(match["days"]) if match["days"] else None
    return Step(Decimal(match["percent"]), days, due_on, match["milestone"] or "")


class PlanInUse(Refused):
    """Somebody has agreed to the steps of a plan."""

    code = "plan_in_use"
    says = N_(
        "%(count)s bookings are paid in the steps of this plan, so it stays as it is. Make another"
        " plan for the bookings to come."
    )


def set_steps(work: Work, plan_id: UUID, steps: Sequence[Step]) -> None:
    """Say how a plan divides the total, while nobody has chosen it.

    Raises:
        BadInput: the steps do not add up to 100 percent.
        PlanInUse: bookings that go on are paid by it.

    """
    plan = locked(work, InstalmentPlan, plan_id)
    using = select(func.count()).where(
        Booking.plan_id == plan.id, Booking.status.in_((BookingStatus.pending, *LIVE))
    )
    if count := work.session.scalar(using):
        raise PlanInUse(count=count)
    if sum(step.percent for step in steps) != 100:
        raise BadInput(N_("The steps of a plan add up to 100 percent."), field="steps")
    work.session.execute(delete(InstalmentStep).where(InstalmentStep.plan_id == plan.id))
    work.session.add_all(
        InstalmentStep(
            id=uuid7(),
            organization_id=plan.organization_id,
            plan_id=plan.id,
            position=position,
            percent=step.percent,
            days=step.days,
            due_on=step.due_on,
            milestone=step.milestone,
        )
        for position, step in enumerate(steps, 1)
    )
    work.session.flush()


def reach_milestone(work: Work, plan_id: UUID, position: int) -> int:
    """Issue the invoices of all bookings that wait for this milestone of a plan. Returns how many.

    Bookings confirmed later ask for it at once. Reaching it twice issues nothing twice.

    Raises:
        BadInput: the plan has no such step, or it is due by the calendar.

    """
    plan = locked(work, InstalmentPlan, plan_id)
    query = select(InstalmentStep).where(
        InstalmentStep.plan_id == plan.id, InstalmentStep.position == position
    )
    step = work.session.scalar(query)
    if step is None or not step.milestone:
        raise BadInput(N_("That step waits for no milestone."), field="position")
    step.reached_at = step.reached_at or work.now
    waiting = (
        select(BookingInvoice.invoice_id)
        .join(Booking, Booking.id == BookingInvoice.booking_id)
        .join(Invoice, Invoice.id == BookingInvoice.invoice_id)
        .where(
            Booking.plan_id == plan.id,
            Booking.confirmed_at.is_not(None),
            BookingInvoice.position == position,
            Invoice.status == InvoiceStatus.draft,
        )
        .order_by(BookingInvoice.invoice_id)
    )
    due = ledger.business_date(work) + timedelta(
        days=organizations.setting(work, "invoice.due_days")
    )
    ids = work.session.scalars(waiting).all()
    for invoice_id in ids:
        billing.issue(work, invoice_id, due)
    return len(ids)


def links(work: Work, booking_id: UUID) -> list[BookingInvoice]:
    """List a booking's invoices in the order of its instalments, replaced ones included."""
    query = (
        select(BookingInvoice)
        .where(BookingInvoice.booking_id == booking_id)
        .order_by(BookingInvoice.position, BookingInvoice.id)
    )
    return list(work.session.scalars(query))


def paid(work: Work, booking_id: UUID) -> Decimal:
    """Sum what was paid on a booking's invoices, in its currency. Remaining is total minus this."""
    query = (
        select(func.coalesce(func.sum(Invoice.paid_amount), 0))
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == booking_id)
    )
    return Decimal(work.session.scalar(query) or 0)


def tax(work: Work, booking_id: UUID) -> Decimal:
    """Sum the taxes in a booking's invoices that hold."""
    query = (
        select(func.coalesce(func.sum(InvoiceLine.tax_amount), 0))
        .join(BookingInvoice, BookingInvoice.invoice_id == InvoiceLine.invoice_id)
        .join(Invoice, Invoice.id == BookingInvoice.invoice_id)
        .where(BookingInvoice.booking_id == booking_id, Invoice.status.not_in(NOT_ASKED))
    )
    return Decimal(work.session.scalar(query) or 0)


def _drop_drafts(work: Work, booking: Booking) -> None:
    drafts = (
        select(BookingInvoice.invoice_id)
        .join(Invoice, Invoice.id == BookingInvoice.invoice_id)
        .where(BookingInvoice.booking_id == booking.id, Invoice.status == InvoiceStatus.draft)
    )
    ids = work.session.scalars(drafts).all()
    work.session.execute(delete(BookingInvoice).where(BookingInvoice.invoice_id.in_(ids)))
    work.session.execute(delete(Invoice).where(Invoice.id.in_(ids)))


def _steps(work: Work, plan_id: UUID | None) -> list[InstalmentStep]:
    if plan_id is None:
        return []
    query = (
        select(InstalmentStep)
        .where(InstalmentStep.plan_id == plan_id)
        .order_by(InstalmentStep.position)
    )
    return list(work.session.scalars(query))


def parts(work: Work, booking: Booking) -> list[tuple[InstalmentStep | None, Decimal]]:
    """Divide the total by the plan; the last step takes the remainder."""
    steps = _steps(work, booking.plan_id)
    if not steps:
        return [(None, booking.total)]
    amounts = split(booking.total, [step.percent for step in steps], booking.currency)
    return list(zip(steps, amounts, strict=True))


def due_on(step: InstalmentStep, today: date) -> date | None:
    """Say when a step is due; None while its milestone is not reached."""
    if step.days is not None:
        return today + timedelta(days=step.days)
    if step.due_on is not None:
        return max(step.due_on, today)
    return today if step.reached_at else None


def _line(step: InstalmentStep, position: int, amount: Decimal) -> Line:
    percent = f"{step.percent.normalize():f}"
    label = f"Instalment {position} ({percent} %)" + (
        f": {step.milestone}" if step.milestone else ""
    )
    return Line(label, amount, UNEARNED)


def lines_at(work: Work, booking: Booking, position: int, levy: Levy | None = None) -> list[Line]:
    """Write what the invoice at a position of a booking asks for: all of it, or a step's share."""
    shares = parts(work, booking)
    step, amount = shares[position - 1]
    if step is None:
        return _taxed(lines_of(work, booking), levy, Decimal(0), booking.currency)
    before = sum((each for _step, each in shares[: position - 1]), Decimal(0))
    return _taxed([_line(step, position, amount)], levy, before, booking.currency)


def _taxed(lines: list[Line], levy: Levy | None, before: Decimal, currency: str) -> list[Line]:
    """Have lines carry the tax that is in their prices, after what is asked for `before` them."""
    if levy is None:
        return lines
    taxed = []
    for line in lines:
        taxed.append(replace(line, levy=levy, after=before))
        before += line.price(currency)
    return taxed


def lines_of(work: Work, booking: Booking) -> list[Line]:
    """Write the whole booking line by line."""
    original = found(work, Apartment, booking.original_id)
    code = UNEARNED
    apartment = f"Apartment {original.name}"
    lines = [Line(apartment, booking.base_price, code, item_id=original.id)]
    if booking.package_id:
        name = f"Package {found(work, Package, booking.package_id).name}"
        lines.append(Line(name, booking.package_price, code, item_id=booking.package_id))
    query = (
        select(Addon.id, Addon.name, BookingAddon.price_per_unit, BookingAddon.units)
        .join(Addon, Addon.id == BookingAddon.addon_id)
        .where(BookingAddon.booking_id == booking.id)
        .order_by(Addon.name)
    )
    lines.extend(
        Line(row.name, row.price_per_unit, code, Decimal(row.units), row.id)
        for row in work.session.execute(query)
    )
    return lines


PHRASES = (
    (
        1,
        re.compile(r"Instalment (?P<position>\d+) \((?P<percent>[\d.]+) %\): (?P<milestone>.+)"),
        N_("Instalment %(position)s (%(percent)s %%): %(milestone)s"),
    ),
    (
        1,
        re.compile(r"Instalment (?P<position>\d+) \((?P<percent>[\d.]+) %\)"),
        N_("Instalment %(position)s (%(percent)s %%)"),
    ),
    (1, re.compile(r"Apartment (?P<name>.+)"), N_("Apartment %(name)s")),
    (2, re.compile(r"Package (?P<name>.+)"), N_("Package %(name)s")),
    (1, re.compile(r"Late fee on invoice (?P<number>\S+)"), N_("Late fee on invoice %(number)s")),
    (
        1,
        re.compile(r"Fee for cheque (?P<number>\d+) that was not paid"),
        N_("Fee for cheque %(number)s that was not paid"),
    ),
)
"""What we write on the first lines of an invoice, to be read in the language of who reads."""


def in_words(description: str, position: int, say: Callable[[str], str]) -> str:
    """Say a line of a booking's invoice in another language; names stay as they are."""
    for place, pattern, says in PHRASES:
        if place == position and (match := pattern.fullmatch(description)):
            return say(says) % match.groupdict()
    return description


def _subject(work: Work, booking: Booking) -> str:
    original = found(work, Apartment, booking.original_id)
    if original.project_id is None:
        return f"{original.name}, {booking.number}"
    return f"{original.name}, {found(work, Project, original.project_id).name}, {booking.number}"
