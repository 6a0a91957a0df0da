"""Invoices and credit notes on paper, in the organization's own style."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.text import N_
from core.work import Work, found
from models.billing import Invoice, InvoiceLine
from models.credit import CreditNote, CreditNoteLine
from models.organizations import Organization
from models.paper_styles import PaperKind, PaperStyle
from models.people import Party
from models.taxes import Tax
from services import instalments, ledger, organizations, paper_styles, papers
from services.papers import NotYet, Paper, Pen

Row = dict[str, str]


def invoice(work: Work, invoice_id: UUID, pen: Pen) -> Paper:
    """Write an issued invoice: what for, how much, by when, and where to pay.

    Raises:
        NotYet: it was never issued.

    """
    row = found(work, Invoice, invoice_id)
    if row.number is None or row.issued_at is None:
        raise NotYet
    return _invoice(work, row, pen, row.number, pen.day(papers.local(row.issued_at, _home(work))))


def draft(work: Work, invoice_id: UUID, pen: Pen) -> Paper:
    """Write a draft as it would be: it says so where the number will stand."""
    row = found(work, Invoice, invoice_id)
    return _invoice(work, row, pen, pen.say(N_("Draft")), "")


def credit_note(work: Work, note_id: UUID, pen: Pen) -> Paper:
    """Write a credit note: of which invoice, what is taken back, and why."""
    note = found(work, CreditNote, note_id)
    asked = found(work, Invoice, note.invoice_id)
    lines = (
        select(CreditNoteLine, InvoiceLine, Tax.name)
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .outerjoin(Tax, Tax.id == InvoiceLine.tax_id)
        .where(CreditNoteLine.credit_note_id == note.id)
        .order_by(InvoiceLine.position)
    )
    found_lines = work.session.execute(lines).all()
    rows = [
        _line(
            pen,
            note.currency,
            line.description,
            Decimal(1),
            part.net_amount,
            Decimal(0),
            part.net_amount,
        )
        for part, line, _tax in found_lines
    ]
    taxes = _taxes(
        pen, [(line, tax, part.tax_amount) for part, line, tax in found_lines], added=True
    )
    sums = _sums(pen, note.currency, note.total, taxes, Decimal(0), pen.say(N_("Credited")))
    issued = pen.day(papers.local(note.issued_at, _home(work)))
    data: dict[str, Any] = {
        "title": pen.say(N_("Credit note")),
        "number": note.number,
        "issued": issued,
        "due": "",
        "reference": asked.number or "",
        "customer": papers.customer(found(work, Party, note.party_id)),
        "subject": {"name": note.reason},
        "lines": rows,
        "totals": sums,
        "payment": [],
    }
    return _styled(work, PaperKind.credit_note, pen, data, note.number, issued)


def sample(work: Work, kind: PaperKind, pen: Pen) -> Paper:
    """Write an example of a paper, to see what a style looks like."""
    home, today = _home(work), ledger.business_date(work)
    currency, net, tax = home.currency, Decimal(25_000), Decimal(4_000)
    label = pen.say(N_("Value added tax")) + " 16 %"
    note = kind is PaperKind.credit_note
    last = N_("Credited") if note else N_("To pay")
    number = "CN-000123" if note else "INV-000123"
    data: dict[str, Any] = {
        "title": pen.say(N_("Credit note") if note else N_("Invoice")),
        "number": number,
        "issued": pen.day(today),
        "due": "" if note else pen.day(today + timedelta(days=14)),
        "customer": {"name": pen.say(N_("A customer")), "lines": []},
        "subject": {"name": pen.say(N_("An example"))},
        "lines": [
            _line(pen, currency, pen.say(N_("Service charge")), Decimal(1), net, Decimal(0), net)
        ],
        "totals": _sums(pen, currency, net + tax, {label: tax}, Decimal(0), pen.say(last)),
        "payment": [] if note else papers.bank(work, number, pen),
    }
    return _styled(work, kind, pen, data, number, pen.day(today))


def _invoice(work: Work, row: Invoice, pen: Pen, number: str, issued: str) -> Paper:
    query = (
        select(InvoiceLine, Tax.name)
        .outerjoin(Tax, Tax.id == InvoiceLine.tax_id)
        .where(InvoiceLine.invoice_id == row.id)
        .order_by(InvoiceLine.position)
    )
    lines = work.session.execute(query).all()
    taxes = _taxes(pen, [(line, tax, line.tax_amount) for line, tax in lines])
    discount = sum((line.discount for line, _tax in lines), Decimal(0))
    data: dict[str, Any] = {
        "title": pen.say(N_("Invoice")),
        "number": number,
        "issued": issued,
        "due": pen.day(row.due_on),
        "customer": papers.customer(found(work, Party, row.party_id)),
        "subject": {"name": row.subject},
        "lines": [
            _line(
                pen,
                row.currency,
                instalments.in_words(line.description, line.position, pen.say),
                line.quantity,
                line.unit_price,
                line.discount,
                line.amount - line.discount,
            )
            for line, _tax in lines
        ],
        "totals": _sums(pen, row.currency, row.total, taxes, discount, pen.say(N_("To pay"))),
        "payment": papers.bank(work, row.number or "", pen),
    }
    return _styled(work, PaperKind.invoice, pen, data, number, issued)


def _taxes(
    pen: Pen, parts: Sequence[tuple[InvoiceLine, str | None, Decimal]], *, added: bool = False
) -> dict[str, Decimal]:
    """Sum up taxes by name and rate; one that prices contain is said to be in them."""
    sums: dict[str, Decimal] = {}
    for line, tax, amount in parts:
        if tax:
            label = f"{tax} {pen.number((line.tax_percent or Decimal(0)).normalize())} %"
            if line.tax_included and not added:
                label = pen.say(N_("of which {tax}")).replace("{tax}", label)
            sums[label] = sums.get(label, Decimal(0)) + amount
    return sums


def _line(  # noqa: PLR0913, PLR0917  # the columns of a line
    pen: Pen,
    currency: str,
    description: str,
    quantity: Decimal,
    price: Decimal,
    discount: Decimal,
    amount: Decimal,
) -> Row:
    return {
        "description": description,
        "quantity": pen.number(quantity.normalize()),
        "unit_price": pen.money(price, currency),
        "discount": pen.money(-discount, currency) if discount else "",
        "amount": pen.money(amount, currency),
    }


def _sums(  # noqa: PLR0913, PLR0917  # what stands under the lines
    pen: Pen,
    currency: str,
    total: Decimal,
    taxes: dict[str, Decimal],
    discount: Decimal,
    last: str,
) -> list[dict[str, Any]]:
    """Write discount and taxes, if there are any, and the sum."""
    rows: list[dict[str, Any]] = []
    if discount:
        label = pen.say(N_("Discount, taken off above"))
        rows.append({"label": label, "amount": pen.money(-discount, currency)})
    rows += [{"label": name, "amount": pen.money(tax, currency)} for name, tax in taxes.items()]
    whole = pen.money(total, currency, code=True)
    return [*rows, {"label": last, "amount": whole, "strong": True}]


def _styled(  # noqa: PLR0913, PLR0917  # what every such paper has
    work: Work, kind: PaperKind, pen: Pen, data: dict[str, Any], number: str, issued: str
) -> Paper:
    """Put the organization's texts and colour around the facts."""
    home, style = _home(work), paper_styles.of(work, kind)
    total = str(data["totals"][-1]["amount"])
    facts = {
        "number": number,
        "total": total,
        "due": str(data["due"]),
        "customer": str(data["customer"]["name"]),
        "organization": home.name,
    }
    whole = papers.letterhead(work, home, pen) | data | {"accent": style.accent}
    whole["title"] = _text(style, "heading", facts)[0] if style.heading else data["title"]
    whole["opening"] = _text(style, "opening", facts)
    whole["notes"] = _text(style, "closing", facts)
    whole["organization"] = dict(whole["organization"]) | {
        "registration": paper_styles.filled(style.foot, facts)
    }
    if not style.show_logo:
        whole["organization"].pop("logo", None)
    if not style.show_bank:
        whole["payment"] = []
    return Paper("invoice", papers.titled(whole), number, total, issued, whole)


def _text(style: PaperStyle, name: str, facts: dict[str, str]) -> Sequence[str]:
    return papers.filled(paper_styles.filled(getattr(style, name), facts))


def _home(work: Work) -> Organization:
    return organizations.home(work)
