"""What happens to the money of a sale: earned, or given back. Written for an accountant to read.

Until the buyer owns, what they paid is a liability of the contract (services/postings.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from models.bookings import Booking
from models.chart import (
    CONTRACT_LIABILITY,
    CUSTOMER_CREDIT,
    FORFEITED,
    REFUNDS_PAYABLE,
    SALES_REVENUE,
    WRITE_OFFS,
)
from services.ledger import Leg, Recipe


def earned_key(booking_id: UUID) -> str:
    """Name the entry of a sale. Sold again after it was taken back it is numbered on."""
    return f"booking:{booking_id}:earned"


@dataclass(frozen=True, slots=True)
class Ended:
    """What the paid invoices of a booking that ended leave in the books.

    `liability` is what the contract owes still, `taxes` what of each tax is taken back, `losses`
    the tax of what was written off, which is no loss where it is not owed.
    """

    liability: Decimal
    taxes: Mapping[str, Decimal]
    losses: Decimal


def sale_earned(key: str, booking: Booking, net: Decimal) -> Recipe:
    """The buyer has paid in full and owns: what was a liability of the contract is revenue."""
    return Recipe(
        key=key,
        memo=f"Booking {booking.number}: apartment sold",
        table="booking",
        source_id=booking.id,
        currency=booking.currency,
        legs=[Leg(CONTRACT_LIABILITY, net, booking.customer_id), Leg(SALES_REVENUE, -net)],
    )


def booking_cancelled(
    booking: Booking, ended: Ended, refunded: Decimal, credited: Decimal
) -> Recipe:
    """What was paid is owed back with its tax, but for the part that the project's rule keeps.

    What credit had paid is credit again. `ended` says what the invoices had brought to the books.
    """
    taxed = sum(ended.taxes.values(), Decimal(0))
    kept = ended.liability + taxed - ended.losses - refunded - credited
    return Recipe(
        key=f"booking:{booking.id}:cancelled",
        memo=f"Booking {booking.number} cancelled",
        table="booking",
        source_id=booking.id,
        currency=booking.currency,
        legs=[
            Leg(CONTRACT_LIABILITY, ended.liability, booking.customer_id),
            *(Leg(account, tax) for account, tax in ended.taxes.items()),
            Leg(WRITE_OFFS, -ended.losses),
            Leg(REFUNDS_PAYABLE, -refunded, booking.customer_id),
            Leg(CUSTOMER_CREDIT, -credited, booking.customer_id),
            Leg(FORFEITED, -kept),
        ],
    )
