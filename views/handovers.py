"""What follows a sale: an apartment becomes a unit of an estate, or the sale is taken back."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.text import N_
from core.work import Work
from models.billing import Invoice, InvoiceStatus
from models.bookings import Booking, BookingInvoice, BookingStatus
from models.estate import Estate
from models.people import Party
from models.sales import Apartment, ApartmentStatus
from services import handovers, sale_withdrawals
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.waiting import Waiting, facts


def hand_over(  # noqa: PLR0913, PLR0917  # what a handover asks
    work: Work,
    row_id: UUID,
    estate_id: UUID,
    number: str,
    since: date,
    lives: bool,  # noqa: FBT001
) -> object:
    """Make the unit of a sold apartment, owned by who bought it."""
    return handovers.hand_over(work, row_id, estate_id, number, since, lives=lives)


def _not_sold(row: Any) -> str:
    sold = row.status is BookingStatus.approved
    return "" if sold else N_("It is handed over when its booking is approved and paid in full.")


def _in_doubt(_at_hand: Any) -> Any:
    """Sold apartments of which an invoice asks for money (again)."""
    asked = facts(
        Booking.id,
        Booking.number,
        Booking.status_at,
        who=Party.name,
        about=Apartment.name,
        amount=Booking.remaining_amount,  # type: ignore[attr-defined]
        currency=Booking.currency,
    ).join(Party, Party.id == Booking.customer_id)
    due = (
        select(BookingInvoice.booking_id)
        .join(Invoice, Invoice.id == BookingInvoice.invoice_id)
        .where(Invoice.status.in_((InvoiceStatus.issued, InvoiceStatus.partly_paid)))
    )
    return (
        asked.join(Apartment, Apartment.id == Booking.original_id)
        .where(
            Booking.id.in_(due),
            Booking.status == BookingStatus.approved,
            Apartment.status == ApartmentStatus.sold,
        )
        .order_by(Booking.status_at)
    )


SALE_IN_DOUBT = Waiting(
    "take_back_sale", N_("Sold, and not paid any more: %(name)s"), "alert-triangle", _in_doubt
)
TAKE_BACK = Act(
    sale_withdrawals.ask_to_take_back,
    N_("Take the sale back"),
    verb="take_back_sale",
    icon="arrow-back-up",
    tone="danger",
    money=True,
    bulk=False,
    unless=_not_sold,
    inputs=(Input("reason", N_("Reason"), Kind.long, length=400),),
    confirm=N_("The apartment is booked again, and its buyer does not own it any more."),
    done=N_("The sale is being taken back. Paid again, the apartment is sold again."),
)
HAND_OVER = Act(
    hand_over,
    N_("Hand over"),
    icon="key",
    right=("unit", "write"),
    bulk=False,
    unless=_not_sold,
    inputs=(
        Input("estate_id", N_("Estate"), Kind.relation, target=Estate),
        Input(
            "number",
            N_("Number of the unit"),
            length=40,
            required=False,
            hint=N_("Without one it keeps the name of the apartment."),
        ),
        Input("since", N_("Owned since"), Kind.day),
        Input("lives", N_("The buyer lives there, too"), Kind.yesno, required=False),
    ),
    done=N_("The apartment is a unit now, and its buyer owns it."),
)
