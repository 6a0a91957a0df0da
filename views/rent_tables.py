"""The rent roll as a table."""

from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _

from core.work import Work
from services import rent_roll
from services.rent_roll import Let, RentRoll
from views.admin.words import day, number
from views.financial_sheets import Cell, Head, Line, Table, Wish


def rents(work: Work, wish: Wish) -> Table:
    """Write each unit with its lease on a day: tenant, term, rent, deposit, what is overdue."""
    told = rent_roll.on(work, wish.books, wish.on)
    heads = [
        Head(_("Unit")),
        Head(_("Tenant")),
        Head(_("Lease")),
        Head(_("From"), "day"),
        Head(_("To"), "day"),
        Head(_("Rent a month"), "money"),
        Head(_("Deposit held"), "money"),
        Head(_("Overdue"), "money"),
    ]
    facts = [
        (_("Currency"), wish.books.currency),
        (_("As of"), day(wish.on)),
        (_("Units let"), _let(told)),
    ]
    if place := wish.books.place:
        facts.insert(0, (_("Estate"), place.estate))
    several = len({each.estate for each in told.units}) > 1
    lines: list[Line] = []
    estate = ""
    for each in told.units:
        if several and each.estate != estate:
            estate = each.estate
            lines.append(Line([Cell(estate)], look="head"))
        lines.append(_line(wish, each, 1 if several else 0))
    if lines:
        lines.append(Line([Cell(_("Total")), *[Cell()] * 4, *_sums(told)], look="total"))
    said = [("waiting", _("Units let: %(units)s.", units=_let(told)))] if lines else []
    return Table("rent-roll", _("Rent roll"), facts, heads, lines, said)


def _let(told: RentRoll) -> str:
    values = {"let": len(told.let), "all": len(told.units), "share": number(told.occupancy)}
    return str(_("%(let)s of %(all)s units, %(share)s %%", **values))


def _line(wish: Wish, each: Let, depth: int) -> Line:
    unit = Cell(each.unit, url_for("unit.record", pk=each.unit_id))
    if each.lease_id is None:
        return Line([unit, Cell(_("Not let")), *[Cell()] * 6], depth=depth)
    owes = wish.link("receivables", on=wish.on, party=each.party_id) if each.owed else ""
    return Line(
        [
            unit,
            Cell(each.tenant, wish.link("party", party=each.party_id, until=wish.on)),
            Cell(each.lease, url_for("lease.record", pk=each.lease_id)),
            Cell(each.since),
            Cell(each.until),
            Cell(each.rent),
            Cell(each.deposit or None),
            Cell(each.owed or None, owes),
        ],
        depth=depth,
    )


def _sums(told: RentRoll) -> list[Cell]:
    columns = ("rent", "deposit", "owed")
    return [Cell(sum((getattr(each, key) for each in told.let), Decimal(0))) for key in columns]
