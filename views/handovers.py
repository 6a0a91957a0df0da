"""The act by which a sold apartment becomes a unit of an estate."""

from datetime import date
from typing import Any
from uuid import UUID

from core.text import N_
from core.work import Work
from models.bookings import BookingStatus
from models.estate import Estate
from services import handovers
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input


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
