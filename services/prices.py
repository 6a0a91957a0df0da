"""Prices: a change reaches every open booking at once, and none that is settled.

Open is a booking before the stage at which its project locks prices, on which nothing was paid.
Everything is done by a handful of statements over all of them, in the caller's one transaction;
the audit trail has a row for each booking, as for any other change.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.errors import BadInput
from core.money import decimals, exact
from core.text import N_
from core.work import Work, found, locked
from models.sales import Addon, Apartment, Package, Project
from services import reissues
from services.events import Fact, emit
from services.reissues import PRICED, SHARES, Preview, tax_in
from services.sales import ApartmentPriceChanged, CloneStays


class Item(StrEnum):
    """What has a price that bookings follow."""

    package = auto()
    addon = auto()
    apartment = auto()


@dataclass(frozen=True)
class PackagePriceChanged(Fact, type="package.price_changed", table="package"):
    """A package costs something else from now on."""

    package_id: UUID
    old: Decimal
    new: Decimal
    currency: str
    bookings: int


@dataclass(frozen=True)
class AddonPriceChanged(Fact, type="addon.price_changed", table="addon"):
    """An add-on costs something else per unit from now on."""

    addon_id: UUID
    old: Decimal
    new: Decimal
    currency: str
    bookings: int


_WHO = {
    Item.package: "b.package_id = :item",
    Item.addon: (
        "EXISTS (SELECT FROM booking_addon AS c WHERE c.organization_id = b.organization_id"
        " AND c.booking_id = b.id AND c.addon_id = :item)"
    ),
    Item.apartment: "b.original_id = :item",
}
_LIVE = "b.status IN ('pending', 'in_progress', 'under_review', 'approved')"
_EARLY = """
    array_position(ARRAY['pending', 'in_progress', 'under_review', 'approved'], b.status::text)
    < array_position(ARRAY['pending', 'in_progress', 'under_review', 'approved'],
        coalesce(p.price_locked_from, 'under_review')::text)
"""
_OPEN = f"""
    {_EARLY} AND NOT EXISTS (SELECT FROM booking_invoice AS l JOIN invoice AS i
        ON i.organization_id = l.organization_id AND i.id = l.invoice_id
        WHERE l.organization_id = b.organization_id AND l.booking_id = b.id AND i.paid_amount > 0)
"""
_UNITS = {
    Item.package: "1",
    Item.addon: (
        "(SELECT units FROM booking_addon AS c WHERE c.organization_id = b.organization_id"
        " AND c.booking_id = b.id AND c.addon_id = :item)"
    ),
    Item.apartment: "1",
}
_FROM = """
    FROM booking AS b JOIN apartment AS o
      ON o.organization_id = b.organization_id AND o.id = b.original_id
    LEFT JOIN project AS p ON p.organization_id = o.organization_id AND p.id = o.project_id
"""


def preview(work: Work, item: Item, item_id: UUID, price: Decimal) -> Preview:
    """Say what a new price would do, without doing it. Prices are in the project's currency.

    Raises:
        NotFound: there is no such package, add-on or apartment.
        BadInput: the price is negative, or has too many decimals.

    """
    old, currency = _present(work, item, item_id)
    new = _checked(price, currency)
    query = f"""
        SELECT count(*) FILTER (WHERE open) AS moving, count(*) FILTER (WHERE NOT open) AS locked,
            coalesce(sum(units) FILTER (WHERE open), 0) AS units,
            count(*) FILTER (WHERE open AND issued) AS reissued
        FROM (SELECT {_EARLY} AND s.paid IS NOT TRUE AS open, {_UNITS[item]} AS units, s.issued
            {_FROM} CROSS JOIN LATERAL (
                SELECT bool_or(i.paid_amount > 0) AS paid, bool_or(i.status = 'issued') AS issued
                FROM booking_invoice AS l JOIN invoice AS i
                ON i.organization_id = l.organization_id AND i.id = l.invoice_id
                WHERE l.organization_id = b.organization_id AND l.booking_id = b.id) AS s
            WHERE {_LIVE} AND {_WHO[item]}) AS each
    """  # fixed parts only
    row = work.session.execute(text(query), {"item": item_id}).one()
    difference = (new - old) * Decimal(row.units)
    return Preview(old, new, currency, row.moving, difference, row.reissued, row.locked)


def change(work: Work, item: Item, item_id: UUID, price: Decimal) -> Preview:
    """Set a price and carry it into every open booking: totals, drafts, and unpaid invoices.

    Issued invoices are voided and issued anew, with the next numbers and entries of their own.
    Returns what was done.

    Raises:
        As `preview`.
        CloneStays: the apartment is the copy of a booking.

    """
    row = _locked(work, item, item_id)
    old, currency = _present(work, item, item_id)
    if old == _checked(price, currency):
        return preview(work, item, item_id, price)
    _take(work, item, item_id)
    done = preview(work, item, item_id, price)
    _set_price(row, done.new)
    work.session.flush()
    _reprice(work, item, item_id, done.new)
    _redraft(work, item, item_id, done)
    reissues.reissue(work, item_id, done)
    work.session.execute(text("DROP TABLE moving"))
    work.session.expire_all()
    _tell(work, item, item_id, done)
    return done


def _present(work: Work, item: Item, item_id: UUID) -> tuple[Decimal, str]:
    if item is Item.apartment:
        apartment = found(work, Apartment, item_id)
        if apartment.source_id:
            raise CloneStays
        return apartment.base_price, apartment.currency
    if item is Item.package:
        package = found(work, Package, item_id)
        return package.price, found(work, Project, package.project_id).currency
    addon = found(work, Addon, item_id)
    return addon.price_per_unit, found(work, Project, addon.project_id).currency


def _checked(price: Decimal, currency: str) -> Decimal:
    if not price.is_finite() or price < 0:
        raise BadInput(N_("A price is not less than zero."), field="price")
    return exact(price, currency, "price")


def _locked(work: Work, item: Item, item_id: UUID) -> Package | Addon | Apartment:
    if item is Item.package:
        return locked(work, Package, item_id)
    return locked(work, Addon, item_id) if item is Item.addon else locked(work, Apartment, item_id)


def _set_price(row: Package | Addon | Apartment, price: Decimal) -> None:
    if isinstance(row, Package):
        row.price = price
    elif isinstance(row, Addon):
        row.price_per_unit = price
    else:
        row.base_price = price


def _take(work: Work, item: Item, item_id: UUID) -> None:
    """Lock the open bookings and their invoices, in the order of their ids, and note the bookings.

    Whoever pays or voids locks the invoice alone. So it is asked again, once nobody can any more,
    which bookings nothing was paid on.
    """
    query = f"""
        CREATE TEMP TABLE moving ON COMMIT DROP AS
        SELECT b.organization_id, b.id, b.apartment_id, b.plan_id
        {_FROM} WHERE {_LIVE} AND {_WHO[item]} AND {_OPEN} ORDER BY b.id FOR NO KEY UPDATE OF b
    """  # fixed parts only
    # The name of an item cannot be a parameter of CREATE TABLE AS; it is a uuid.
    work.session.execute(text(query.replace(":item", f"'{UUID(str(item_id))}'::uuid")))
    work.session.execute(text("CREATE INDEX ON moving (id); ANALYZE moving"))
    theirs = (
        "booking_invoice AS l ON l.organization_id = m.organization_id AND l.booking_id = m.id"
        " JOIN invoice AS i ON i.organization_id = l.organization_id AND i.id = l.invoice_id"
    )
    issued = f"SELECT FROM moving AS m JOIN {theirs} WHERE i.status = 'issued'"
    work.session.execute(text(f"{issued} ORDER BY i.id FOR NO KEY UPDATE OF i"))
    paid = f"SELECT m.id FROM moving AS m JOIN {theirs} WHERE i.paid_amount > 0"
    work.session.execute(text(f"DELETE FROM moving WHERE id IN ({paid})"))


def _reprice(work: Work, item: Item, item_id: UUID, price: Decimal) -> None:
    statements = {
        Item.package: "UPDATE booking SET package_price = :price FROM moving AS m"
        " WHERE booking.organization_id = m.organization_id AND booking.id = m.id",
        Item.addon: "UPDATE booking_addon SET price_per_unit = :price FROM moving AS m"
        " WHERE booking_addon.organization_id = m.organization_id"
        " AND booking_addon.booking_id = m.id AND addon_id = :item",
        Item.apartment: "UPDATE booking SET base_price = :price FROM moving AS m"
        " WHERE booking.organization_id = m.organization_id AND booking.id = m.id",
    }
    values: dict[str, Any] = {"price": price, "item": item_id}
    work.session.execute(text(statements[item]), values)
    if item is Item.apartment:
        clones = (
            "UPDATE apartment SET base_price = :price FROM moving AS m"
            " WHERE apartment.organization_id = m.organization_id AND apartment.id = m.apartment_id"
        )
        work.session.execute(text(clones), values)


def _redraft(work: Work, item: Item, item_id: UUID, done: Preview) -> None:
    """Let the drafts follow: the item's own line, or the shares of a plan."""
    drafts = (
        "moving AS m JOIN booking_invoice AS b"
        " ON b.organization_id = m.organization_id AND b.booking_id = m.id JOIN invoice AS i"
        " ON i.organization_id = b.organization_id AND i.id = b.invoice_id AND i.status = 'draft'"
    )
    own = f"""
        UPDATE invoice_line SET unit_price = :price FROM {drafts}
        WHERE invoice_line.organization_id = i.organization_id AND invoice_line.invoice_id = i.id
          AND invoice_line.item_id = :item AND invoice_line.tax_id IS NULL
    """  # fixed parts only
    work.session.execute(text(own), {"price": done.new, "item": item_id})
    priced = PRICED.format(source=drafts, which="l.tax_id IS NOT NULL AND l.item_id IS NOT NULL")
    asked = "round(s.quantity * s.price, s.places)"
    taxed = f"""
        UPDATE invoice_line SET unit_price = s.price, taxed_after = s.before,
            tax_amount = {tax_in(asked, "s.before", "s.tax_percent", "s.places")}
        FROM ({priced}) AS s
        WHERE invoice_line.organization_id = s.organization_id AND invoice_line.id = s.id
    """  # fixed parts only
    work.session.execute(text(taxed), {"price": done.new, "item": item_id})
    tax = tax_in("s.amount", "s.before", "l.tax_percent", "l.places")
    shares = f"""
        UPDATE invoice_line AS l SET unit_price = s.amount,
            taxed_after = CASE WHEN l.tax_id IS NOT NULL THEN s.before END,
            tax_amount = CASE WHEN l.tax_id IS NULL THEN 0 ELSE {tax} END
        FROM {drafts}
        JOIN ({SHARES}) AS s ON s.booking_id = b.booking_id AND s.position = b.position
        WHERE l.organization_id = i.organization_id AND l.invoice_id = i.id AND l.item_id IS NULL
    """  # fixed parts only
    work.session.execute(text(shares), {"places": decimals(done.currency)})


def _tell(work: Work, item: Item, item_id: UUID, done: Preview) -> None:
    if item is Item.apartment:
        emit(work, ApartmentPriceChanged(item_id, done.old, done.new, done.currency))
        return
    kind = PackagePriceChanged if item is Item.package else AddonPriceChanged
    emit(work, kind(item_id, done.old, done.new, done.currency, done.moving))
