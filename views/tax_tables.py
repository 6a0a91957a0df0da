"""The tax report as a table."""

from decimal import Decimal

from flask_babel import gettext as _

from core.work import Work
from services import tax_reports
from services.tax_reports import Report
from views.admin.words import day, money
from views.financial_sheets import Cell, Head, Line, Table, Wish


def taxes(work: Work, wish: Wish) -> Table:
    """Write what was charged and taken back by tax and rate, and what is owed of it."""
    told = tax_reports.between(work, wish.books, wish.since, wish.until)
    heads = [
        Head(_("Tax")),
        Head(_("Without tax"), "money"),
        Head(_("Charged"), "money"),
        Head(_("Taken back"), "money"),
        Head(_("Owed"), "money"),
    ]
    facts = [
        (_("Book"), wish.books.name),
        (_("Currency"), wish.books.currency),
        (_("From"), day(wish.since)),
        (_("To"), day(wish.until)),
    ]
    said = []
    if told.in_ledger != told.owed:
        beside = money(told.in_ledger - told.owed, wish.books.currency)
        text = _("The ledger has %(amount)s beside these: what was paid, or booked by hand.")
        said.append(("needs", text % {"amount": beside}))
    return Table("taxes", _("Taxes"), facts, heads, _lines(told, wish), said)


def _lines(told: Report, wish: Wish) -> list[Line]:
    lines = [
        Line(
            [
                Cell(
                    f"{each.code} {each.percent.normalize():f} %",
                    wish.postings(each.account, wish.since, wish.until),
                ),
                Cell(each.net - each.back_net),
                Cell(each.tax),
                Cell(-each.back_tax or None),
                Cell(each.owed),
            ]
        )
        for each in told.taxes
    ]
    if lines:
        sums = [
            sum((each.net - each.back_net for each in told.taxes), Decimal(0)),
            sum((each.tax for each in told.taxes), Decimal(0)),
            -sum((each.back_tax for each in told.taxes), Decimal(0)) or None,
            told.owed,
        ]
        lines.append(Line([Cell(_("Total")), *map(Cell, sums)], look="total"))
    return lines
