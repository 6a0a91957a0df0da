"""Exports of lists: exactly what is filtered, with the columns chosen, else with all."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from adapters import exports
from adapters.exports import Table
from core import db
from core.errors import NotFound
from core.money import rounded
from views.admin import queries
from views.admin.columns import Column, Kind, exported
from views.admin.lists import chosen
from views.admin.registry import Screen
from views.admin.words import number

ROWS_MAX = 500_000
AT_ONCE = 1_000
KINDS = {
    Kind.money: exports.Kind.number,  # of several currencies: their code stands in the last column
    Kind.number: exports.Kind.number,
    Kind.day: exports.Kind.date,
    Kind.moment: exports.Kind.instant,
}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way to somebody."""

    name: str
    content_type: str
    file: Any


def of(screen: Screen, kind: str) -> Download:
    """Write the export of the list at the address at hand to a file of its own.

    It is complete before the first byte is sent: what the request may see ends with the request,
    and a slow line must not hold a transaction open.

    Raises:
        NotFound: there is no such kind of file.

    """
    if kind not in TYPES:
        raise NotFound
    table = _table(screen, chosen(screen, else_all=True))
    file: Any = tempfile.TemporaryFile()  # noqa: SIM115  # whoever sends it closes it
    if kind == "xlsx":
        exports.write_xlsx(file, [table])
    else:
        file.writelines(exports.csv_chunks(table))
    file.seek(0)
    return Download(f"{screen.name}.{kind}", TYPES[kind], file)


def _table(screen: Screen, columns: list[Column]) -> Table:
    heads = [
        exports.Column(_(each.label), KINDS.get(each.kind, exports.Kind.text)) for each in columns
    ]
    money = any(each.kind is Kind.money for each in columns) and screen.money_path
    if money:
        heads.append(exports.Column(_("Currency")))
    return Table(_(screen.title), heads, _rows(screen, columns, with_currency=bool(money)))


def _rows(screen: Screen, columns: list[Column], *, with_currency: bool) -> Iterator[list[Any]]:
    """Read row by row from the server, so that a large list needs no large memory.

    Where rows are left out the last line says so.
    """
    extra = {"_currency": screen.money_path} if with_currency else {}
    wish = queries.wanted(screen, request.args)
    statement = queries.all_rows(screen, wish, columns, extra).limit(ROWS_MAX + 1)
    found = db.session().execute(statement, execution_options={"yield_per": AT_ONCE})
    for place, row in enumerate(found):
        if place == ROWS_MAX:
            said = _("These are the first %(most)s rows. Filter the list to export the others.")
            yield [said % {"most": number(ROWS_MAX)}, *[""] * (len(columns) - 1 + with_currency)]
            continue  # it is the last one; the server's cursor is read to its end
        held = row._mapping  # noqa: SLF001  # the documented way to read columns by name
        currency = held.get("_currency") or ""
        values = [_value(each, held[each.name], currency) for each in columns]
        yield [*values, currency] if with_currency else values


def _value(column: Column, value: Any, currency: str) -> Any:
    if column.kind is Kind.money and value is not None and currency:
        return rounded(value, currency)
    return exported(column, value)
