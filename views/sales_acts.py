"""Acts of the catalogue: verbs of services with the inputs that a page or a program gives them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.sales import Addon, ApartmentStatus, ApartmentType, Package
from services import bookings, instalments, prices, sales
from services.prices import Item
from services.sales import Floors
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.words import money, number


def price_act(item: Item, column: str) -> Act:
    """Change a price with all that follows from it, after showing what that is."""

    def change_price(work: Work, row_id: UUID, price: Decimal) -> object:
        return prices.change(work, item, row_id, price)

    def preview(work: Work, row_id: UUID, price: Decimal) -> str:
        found = prices.preview(work, item, row_id, price)
        said: str = _(
            "From %(old)s to %(new)s. %(moving)s open bookings move by %(difference)s in all,"
            " %(reissued)s of them get new invoices; %(locked)s keep their price.",
            old=money(found.old, found.currency),
            new=money(found.new, found.currency),
            moving=number(found.moving),
            difference=money(found.difference, found.currency),
            reissued=number(found.reissued),
            locked=number(found.locked),
        )
        return said

    price = Input("price", N_("New price"), Kind.money, start=lambda row: getattr(row, column))
    return Act(
        change_price,
        N_("Change price"),
        icon="cash",
        inputs=(price,),
        preview=preview,
        done=N_("The new price holds, and open bookings follow it."),
        unless=original if item is Item.apartment else None,
        money=True,  # issued invoices are voided and made anew, in the books, too
        bulk=False,
    )


def generate(  # noqa: PLR0913, PLR0917  # what a generator asks
    work: Work,
    row_id: UUID,
    block: str,
    first: int,
    last: int,
    per_floor: int,
    step_percent: Decimal,
) -> object:
    """Make apartments of a project from a template, floor by floor."""
    floors = Floors(block, first, last, per_floor, step_percent or Decimal(0))
    return sales.generate(work, row_id, floors)


PACKAGE = Input("package_id", N_("Package"), Kind.relation, target=Package)
ADDON = Input("addon_id", N_("Add-on"), Kind.relation, target=Addon)


def hold(work: Work, row_id: UUID, customer_id: UUID) -> object:
    """Keep an apartment for a customer."""
    return bookings.hold(work, row_id, customer_id)


def join_waiting_list(work: Work, row_id: UUID, customer_id: UUID) -> object:
    """Put a customer on the waiting list of an apartment."""
    return bookings.join_waiting_list(work, row_id, customer_id)


def offers() -> tuple[Act, ...]:
    """Say what may be chosen for an apartment, one thing at a time."""
    wanted = N_("It may be chosen now.")
    gone = N_("It is not offered any more; bookings that have it keep it.")
    acts = (
        (sales.add_package, N_("Offer a package"), PACKAGE, "package", wanted),
        (sales.remove_package, N_("Take a package away"), PACKAGE, "circle-x", gone),
        (sales.add_addon, N_("Offer an add-on"), ADDON, "circle-plus", wanted),
        (sales.remove_addon, N_("Take an add-on away"), ADDON, "circle-minus", gone),
    )
    return tuple(
        Act(do, label, icon=icon, inputs=(given,), done=done, unless=original)
        for do, label, given, icon, done in acts
    )


def set_steps(work: Work, row_id: UUID, steps: str) -> None:
    """Say how a plan divides the total."""
    instalments.set_steps(work, row_id, instalments.read_steps(steps))


def reach(work: Work, row_id: UUID, position: int) -> object:
    """Note that a milestone of a plan is reached, and ask for what is due then."""
    return instalments.reach_milestone(work, row_id, position)


def only(kind: ApartmentType, says: str) -> Callable[[Any], str]:
    """Offer an act only for apartments of one type."""
    return lambda row: "" if row.type is kind else says


def original(row: Any) -> str:
    """Say why the copy of a booking is left alone."""
    return N_("This is the copy of a booking.") if row.source_id else ""


def free(row: Any) -> str:
    """Say why an apartment cannot be booked now."""
    free = row.status is ApartmentStatus.for_sale
    return original(row) or ("" if free else N_("It is not for sale now."))


def taken(row: Any) -> str:
    """Say why nobody need wait for an apartment."""
    taken = row.status in (ApartmentStatus.in_progress, ApartmentStatus.booked)
    return original(row) or ("" if taken else N_("Nobody has taken it; it can be booked."))
