"""Admin screens: invoices."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from core import db
from core.text import N_
from core.work import Work, found
from models.billing import Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.credit import CreditNote, CreditUse
from models.payments import Allocation
from services import cheques, credit, credit_notes, invoicing, payments, write_offs
from services.credit_notes import Share
from services.payments import Part
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.words import money, number
from views.web.person import actor


def issue(work: Work, row_id: UUID, due_on: date | None) -> object:
    """Ask for the money."""
    return invoicing.issue(work, row_id, due_on)


def record(  # noqa: PLR0913, PLR0917  # the inputs of the act
    work: Work,
    row_id: UUID,
    amount: Decimal,
    method: str,
    note: str,
    again: bool,  # noqa: FBT001
) -> object:
    """Record money that came in for one invoice."""
    part = [Part(row_id, amount)]
    return payments.record(work, part, PaymentMethod(method), note, again=again)


def take_cheque(  # noqa: PLR0913, PLR0917  # what stands on a cheque
    work: Work, row_id: UUID, amount: Decimal, number: str, bank: str, written_on: date, note: str
) -> object:
    """Take a cheque as payment of an invoice."""
    return cheques.receive(work, [Part(row_id, amount)], number, bank, written_on, note)


def begin_transfer(work: Work, row_id: UUID, amount: Decimal, again: bool) -> object:  # noqa: FBT001
    """Note that a bank transfer for an invoice is on its way."""
    return payments.begin(work, [Part(row_id, amount)], PaymentMethod.bank_transfer, again=again)


def take_back(work: Work, row_id: UUID, amount: Decimal, reason: str) -> object:
    """Take back so much of an invoice, tax included."""
    return credit_notes.write(work, row_id, amount, reason)


def take_back_lines(
    work: Work, row_id: UUID, lines: dict[UUID, dict[str, Decimal]], reason: str
) -> object:
    """Take back chosen lines of an invoice, by how many or how much."""
    return credit_notes.write_shares(work, row_id, _shares(lines), reason)


def reckon_lines(
    work: Work, row_id: UUID, lines: dict[UUID, dict[str, Decimal]], reason: str
) -> str:
    """Say what the chosen lines come to."""
    total = sum(credit_notes.reckon(work, row_id, _shares(lines)).values(), Decimal(0))
    currency = found(work, Invoice, row_id).currency
    said: str = _("The credit note comes to %(sum)s, tax included.", sum=money(total, currency))
    return said


def creditable(row: Invoice) -> list[dict[str, object]]:
    """Describe what is left of each line, for a form."""
    return [
        {
            "value": str(each.line_id),
            "label": each.description,
            "note": _(
                "%(count)s for %(whole)s; %(left)s are left",
                count=number(each.quantity.normalize()),
                whole=money(each.whole, row.currency),
                left=money(each.gross, row.currency),
            ),
        }
        for each in credit_notes.left(Work(db.session(), actor()), row.id)
        if each.gross > 0
    ]


def _shares(lines: dict[UUID, dict[str, Decimal]]) -> dict[UUID, Share]:
    return {line: Share(**given) for line, given in lines.items()}


def use_credit(work: Work, row_id: UUID, amount: Decimal) -> object:
    """Pay by what the customer has to their credit."""
    return credit.use(work, row_id, amount)


def written_off(row: Invoice) -> str:
    """Say what agreeing has brought about."""
    if row.status is InvoiceStatus.written_off:
        return N_("What was unpaid is written off.")
    return N_("You have agreed. Whoever else has to is told; until then it is still asked for.")


REASON = Input("reason", N_("Reason"), Kind.long, length=400)
AMOUNT = Input(
    "amount",
    N_("Amount"),
    Kind.money,
    start=lambda row: row.total - row.paid_amount,
)
AGAIN = Input(
    "again",
    N_("It is meant once more, though one like it was made a short time ago"),
    Kind.yesno,
    required=False,
)


def _open(row: Invoice) -> str:
    due = row.status in (InvoiceStatus.issued, InvoiceStatus.partly_paid)
    return "" if due else N_("Nothing is due on it.")


def _holds(row: Invoice) -> str:
    return "" if row.status in invoicing.NO_LONGER else N_("It was neither rejected nor voided.")


def _uncredited(row: Any) -> str:
    if row.status not in credit_notes.CREDITED:
        return N_("Only what was issued, and holds, is credited.")
    return "" if row.credited_amount < row.total else N_("All of it is taken back.")


def _papers(row: Invoice) -> list[dict[str, str]]:
    pdf = {"label": _("Invoice as PDF"), "url": url_for("PapersView.invoice", pk=row.id)}
    if row.status is not InvoiceStatus.draft:
        return [pdf] if row.number else []
    change = {"label": _("Change the draft"), "icon": "pencil"}
    pdf["label"] = _("Preview as PDF")
    return [{**change, "url": url_for("InvoiceDraftsView.edit", pk=row.id)}, pdf]


def _unpaid(row: Invoice) -> str:
    return N_("Something was paid on it already.") if row.paid_amount else ""


INVOICE = Screen(
    Invoice,
    title=N_("Invoices"),
    one=N_("Invoice"),
    sentence=N_("What customers owe, what they have paid, and what is still due."),
    menu=N_("Money"),
    counted=True,
    columns="number status party subject total due_amount due_on",
    more="unit paid_amount issued_at",
    search="number subject party.name",
    filters="status party unit instalment.booking total due_on issued_at payment_method",
    acts=(
        Act(
            record,
            N_("Record payment"),
            icon="cash",
            verb="record_payment",
            right=("payment_intent", "record"),
            money=True,
            move="pay",
            unless=_open,
            bulk=False,
            inputs=(
                AMOUNT,
                Input(
                    "method",
                    N_("Payment method"),
                    Kind.text,
                    value="cash",
                    choices={"cash": N_("Cash"), "bank_transfer": N_("Bank transfer")},
                ),
                Input("note", N_("Note"), length=400, required=False),
                AGAIN,
            ),
            done=N_("The payment is in the ledger, and the customer's receipt is on its way."),
        ),
        Act(
            take_cheque,
            N_("Take a cheque"),
            icon="writing",
            right=("payment_intent", "record"),
            money=True,
            move="pay",
            unless=_open,
            bulk=False,
            inputs=(
                AMOUNT,
                Input("number", N_("Number of the cheque"), length=20),
                Input("bank", N_("Bank"), length=120),
                Input("written_on", N_("Day on the cheque"), Kind.day),
                Input("note", N_("Note"), length=400, required=False),
            ),
            done=N_("The cheque is in the register: carry it to the bank."),
        ),
        Act(
            begin_transfer,
            N_("Await bank transfer"),
            icon="building-bank",
            move="pay",
            right=("payment_intent", "record"),
            money=True,
            unless=_open,
            bulk=False,
            inputs=(AMOUNT, AGAIN),
            done=N_("Confirm the transfer when it stands on the bank's statement."),
        ),
        Act(
            issue,
            N_("Issue invoice"),
            move="issue",
            icon="send",
            money=True,
            bulk=False,
            inputs=(
                Input(
                    "due_on",
                    N_("Due on"),
                    Kind.day,
                    required=False,
                    hint=N_("Empty means after the organization's usual days."),
                ),
            ),
            done=N_("The invoice has its number, and stays as it is from now on."),
        ),
        Act(
            invoicing.void,
            N_("Void invoice"),
            move="void",
            icon="ban",
            tone="danger",
            inputs=(REASON,),
            money=True,
            unless=_unpaid,
            confirm=N_("Nobody will be asked for it any more. Its number stays used."),
            done=N_("The invoice is void."),
        ),
        Act(
            invoicing.reject,
            N_("Reject invoice"),
            move="reject",
            icon="x",
            tone="danger",
            inputs=(REASON,),
            money=True,
            unless=_unpaid,
            confirm=N_("The invoice is marked as not holding."),
            done=N_("The invoice is rejected."),
        ),
        Act(
            invoicing.ask_again,
            N_("Ask again"),
            icon="refresh",
            right=("invoice", "issue"),
            money=True,
            unless=_holds,
            bulk=False,
            confirm=N_("Another invoice takes its place, with a number of its own."),
            done=N_("The new invoice is issued, and the customer is told."),
        ),
        Act(
            take_back,
            N_("Write credit note"),
            verb="credit",
            icon="receipt-refund",
            money=True,
            unless=_uncredited,
            bulk=False,
            inputs=(
                Input(
                    "amount",
                    N_("Amount, tax included"),
                    Kind.money,
                    start=lambda row: row.total - row.credited_amount,
                ),
                REASON,
            ),
            confirm=N_("What the invoice no longer asks for of it is the customer's credit."),
            done=N_("The credit note has its number, and the customer is told."),
        ),
        Act(
            take_back_lines,
            N_("Credit chosen lines"),
            verb="credit_lines",
            right=("invoice", "credit"),
            icon="list-check",
            money=True,
            unless=_uncredited,
            bulk=False,
            inputs=(
                Input(
                    "lines",
                    N_("Lines"),
                    Kind.shares,
                    offers=creditable,
                    hint=N_("How many of what was sold, or an amount with its tax."),
                ),
                REASON,
            ),
            preview=reckon_lines,
            done=N_("The credit note has its number, and the customer is told."),
        ),
        Act(
            use_credit,
            N_("Use credit"),
            icon="coins",
            money=True,
            move="pay",
            unless=_open,
            bulk=False,
            inputs=(AMOUNT,),
            done=N_("The customer's credit has paid it."),
        ),
        Act(
            write_offs.write_off,
            N_("Write off"),
            move="write_off",
            icon="eraser",
            tone="danger",
            inputs=(REASON,),
            money=True,
            governs=write_offs.WRITE_OFF,
            confirm=N_("What is unpaid becomes a loss of the organization."),
            done=N_("What was unpaid is written off."),
            outcome=written_off,
        ),
    ),
    labels={
        "instalment.booking": N_("Booking"),
        "instalment.booking.original": N_("Apartment"),
    },
    groups=(
        Group(
            N_("Invoice"),
            "party instalment.booking instalment.booking.original subject due_on issued_at paid_at"
            " payment_method reason",
        ),
    ),
    figures="total paid_amount due_amount due_on",
    related=(
        Related(
            InvoiceLine,
            "invoice_id",
            N_("Lines"),
            "description quantity unit_price discount tax_amount gross_amount",
            order="position",
            labels={
                "quantity": N_("Quantity"),
                "unit_price": N_("Unit price"),
                "gross_amount": N_("Amount"),
            },
        ),
        Related(Allocation, "invoice_id", N_("Payments"), "intent amount"),
        Related(CreditNote, "invoice_id", N_("Credit notes"), "number total reason issued_at"),
        Related(CreditUse, "invoice_id", N_("Credit used"), "note amount used_at"),
    ),
    presets=(
        Preset(N_("Pending"), "status=issued&status=partly_paid"),
        Preset(N_("Drafts"), "status=draft"),
        Preset(N_("Paid"), "status=paid"),
    ),
    programs="currency payment_method paid_at reason",
    own="number status subject total paid_amount due_amount currency due_on issued_at paid_at"
    " payment_method reason",
    add_page="InvoiceDraftsView.new",
    add_verb="draft",
    print_links=_papers,
    empty=N_("Invoices are drafted with a booking, or written here by hand."),
    drawing="money",
)
SCREENS = [INVOICE]
