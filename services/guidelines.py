"""Guidelines of properties: between which bounds a lease stays, unless somebody agrees to more."""

from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select

from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found
from models.estate import Estate, Unit
from models.leasing import Guideline, Lease

AMOUNTS = ("min_rent", "max_rent", "min_deposit", "max_deposit")


class OutsideGuideline(Refused):
    """A lease asks for less or more than the property's guideline says."""

    code = "outside_guideline"
    status = 422
    says = N_("The guideline says %(bounds)s. Say why this lease differs; a second person agrees.")


def check(work: Work, row: Guideline) -> None:
    """Guard the form of a guideline.

    Raises:
        BadInput: the unit stands in another estate, or an amount has too many decimals.

    """
    place = found(work, Estate, row.estate_id) if row.estate_id else None
    if place is None:
        return
    if row.unit_id and found(work, Unit, row.unit_id).estate_id != row.estate_id:
        raise BadInput(N_("The estate has no such unit."), field="unit")
    for name in AMOUNTS:
        amount = getattr(row, name)
        if amount is not None:
            setattr(row, name, exact(Decimal(amount), place.currency, name))


def of(work: Work, unit: Unit) -> Guideline | None:
    """Find the guideline that is closest to a unit: its own, its type's, its estate's."""
    query = (
        select(Guideline)
        .where(
            Guideline.estate_id == unit.estate_id,
            or_(Guideline.unit_id.is_(None), Guideline.unit_id == unit.id),
            or_(Guideline.unit_type.is_(None), Guideline.unit_type == unit.type),
        )
        .order_by(Guideline.unit_id.nulls_last(), Guideline.unit_type.nulls_last())
        .limit(1)
    )
    return work.session.scalar(query)


def breaches(work: Work, lease: Lease, unit: Unit) -> dict[str, Refused]:
    """Say where a lease leaves its guideline, by field; nothing where it stays within."""
    bounds = of(work, unit)
    if bounds is None:
        return {}
    found_: dict[str, Refused] = {}
    for field, value, least, most in (
        ("rent", lease.rent, bounds.min_rent, bounds.max_rent),
        ("deposit", lease.deposit, bounds.min_deposit, bounds.max_deposit),
    ):
        if not _within(value, least, most):
            said = _said(least, most, lease.currency)
            found_[field] = OutsideGuideline(field=field, bounds=said)
    if not _term_within(lease, bounds):
        said = _said(bounds.min_months, bounds.max_months, "\N{MULTIPLICATION SIGN} 1 mo.")
        found_["until"] = OutsideGuideline(field="until", bounds=said)
    return found_


def whole_months(since: date, until: date) -> int:
    """Count the whole months from a first to a last day: 1 March to 31 May are three."""
    after = date.fromordinal(until.toordinal() + 1)
    months = (after.year - since.year) * 12 + after.month - since.month
    return months - (after.day < since.day)


def _term_within(lease: Lease, bounds: Guideline) -> bool:
    if lease.until is None:
        return bounds.max_months is None
    return _within(whole_months(lease.since, lease.until), bounds.min_months, bounds.max_months)


def _within(value: Decimal | int, least: Decimal | int | None, most: Decimal | int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _said(least: Decimal | int | None, most: Decimal | int | None, unit: str) -> str:
    """Write bounds in figures: they are read in any language."""
    parts = [
        f"{sign} {bound:,}"
        for sign, bound in (
            ("\N{GREATER-THAN OR EQUAL TO}", least),
            ("\N{LESS-THAN OR EQUAL TO}", most),
        )
        if bound is not None
    ]
    return f"{', '.join(parts)} ({unit})"
