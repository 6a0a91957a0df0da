"""Admin screens: invoices."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from core.text import N_
from core.work import Work
from models.billing import Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.payments import Allocation
from services import billing, invoicing, payments
from services.payments import Part
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen


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


def begin_transfer(work: Work, row_id: UUID, amount: Decimal, again: bool) -> object:  # noqa: FBT001
    """Note that a bank transfer for an invoice is on its way."""
    return payments.begin(work, [Part(row_id, amount)], PaymentMethod.bank_transfer, again=again)


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
            billing.write_off,
            N_("Write off"),
            move="write_off",
            icon="eraser",
            tone="danger",
            inputs=(REASON,),
            money=True,
            confirm=N_("What is unpaid becomes a loss of the organization."),
            done=N_("What was unpaid is written off."),
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
            "description quantity unit_price amount",
            order="position",
            labels={"quantity": N_("Quantity"), "unit_price": N_("Unit price")},
        ),
        Related(Allocation, "invoice_id", N_("Payments"), "intent amount"),
    ),
    presets=(
        Preset(N_("Pending"), "status=issued&status=partly_paid"),
        Preset(N_("Drafts"), "status=draft"),
        Preset(N_("Paid"), "status=paid"),
    ),
    programs="currency payment_method paid_at reason",
    own="number status subject total paid_amount due_amount currency due_on issued_at paid_at"
    " payment_method reason",
    empty=N_("Invoices are drafted with a booking and issued when it is confirmed."),
    drawing="money",
)
SCREENS = [INVOICE]
