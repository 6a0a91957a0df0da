"""Tables for people: CSV and Excel workbooks in which nothing runs and money is a number."""

import codecs
import csv
import enum
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import StringIO
from typing import Any, BinaryIO, TypeAlias

import xlsxwriter

from core.money import decimals

CSV_CHUNK_ROWS = 500
XLSX_ROWS_MAX = 1_048_576
XLSX_CELL_MAX = 32_767
XLSX_DIGITS = 15
RUNNABLE = ("=", "+", "-", "@", "\t", "\r")


class Kind(enum.StrEnum):
    """How a column is shown."""

    text = enum.auto()
    number = enum.auto()
    money = enum.auto()
    date = enum.auto()
    instant = enum.auto()


WIDTHS = {Kind.text: 24, Kind.number: 14, Kind.money: 20, Kind.date: 12, Kind.instant: 18}
FORMATS = {
    Kind.text: "@",
    Kind.number: "General",
    Kind.date: "yyyy-mm-dd",
    Kind.instant: "yyyy-mm-dd hh:mm",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its kind, and for money the currency."""

    title: str
    kind: Kind = Kind.text
    currency: str = ""


Value: TypeAlias = str | int | Decimal | date | datetime | bool | None
Rows: TypeAlias = Iterable[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet to write. Rows may be an iterator: they are taken once, one at a time."""

    name: str
    columns: Sequence[Column]
    rows: Rows


def csv_chunks(table: Table) -> Iterator[bytes]:
    """Write the table as CSV that Excel opens rightly: UTF-8 with its mark, commas, CRLF.

    Text that would run as a formula gets an apostrophe; our own import takes it off again.
    """
    yield codecs.BOM_UTF8
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_inert(column.title) for column in table.columns])
    for number, row in enumerate(table.rows, 1):
        writer.writerow([_csv_cell(value) for value in row])
        if number % CSV_CHUNK_ROWS == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def write_xlsx(stream: BinaryIO, tables: Iterable[Table]) -> None:
    """Write the tables as a workbook, row by row. What does not fit goes on to another sheet.

    Strings are strings, whatever they begin with. Numbers beyond the fifteen digits that a
    workbook keeps are written as text, because a rounded sum is worse than one to the left.
    Instants are written in the zone they carry; a workbook knows none.
    """
    options = {"constant_memory": True, "remove_timezone": True}
    with xlsxwriter.Workbook(stream, options) as book:
        pen = _Pen(book)
        for table in tables:
            pen.write(table)


class _Pen:
    """Writes tables into one workbook and keeps its formats."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._names: set[str] = set()
        self._formats: dict[str, Any] = {}
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})

    def write(self, table: Table) -> None:
        page, at = self._page(table), 1
        formats = [self._format(column) for column in table.columns]
        for row in table.rows:
            if at == XLSX_ROWS_MAX:
                page, at = self._page(table), 1
            for column, (value, style) in enumerate(zip(row, formats, strict=True)):
                _write_cell(page, at, column, value, style)
            at += 1

    def _page(self, table: Table) -> Any:
        page = self._book.add_worksheet(self._name(table.name))
        page.freeze_panes(1, 0)
        for at, column in enumerate(table.columns):
            page.set_column(at, at, WIDTHS[column.kind])
        for at, column in enumerate(table.columns):
            page.write_string(0, at, column.title[:XLSX_CELL_MAX], self._head)
        return page

    def _name(self, wanted: str) -> str:
        """Give a name that Excel takes: 31 letters, some forbidden, none twice."""
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", wanted).strip(" '") or "Sheet"
        plain = f"{plain} 1" if plain.casefold() == "history" else plain
        chosen, copy = plain[:31], 1
        while chosen.casefold() in self._names:
            copy += 1
            chosen = f"{plain[: 31 - len(str(copy)) - 3]} ({copy})"
        self._names.add(chosen.casefold())
        return chosen

    def _format(self, column: Column) -> Any:
        number_format = FORMATS.get(column.kind) or _money_format(column.currency)
        if number_format not in self._formats:
            self._formats[number_format] = self._book.add_format({"num_format": number_format})
        return self._formats[number_format]


def _money_format(currency: str) -> str:
    places = decimals(currency)
    return f"#,##0.{'0' * places}" if places else "#,##0"


def _write_cell(page: Any, row: int, column: int, value: Value, style: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    elif isinstance(value, int | Decimal) and _fits(value):
        page.write_number(row, column, value, style)
    elif isinstance(value, date):
        # Workbooks begin with 1900; what is older stays readable as text.
        write = page.write_datetime if value.year >= 1900 else page.write_string
        write(row, column, value if value.year >= 1900 else value.isoformat(), style)
    else:
        page.write_string(row, column, str(value)[:XLSX_CELL_MAX], style)


def _fits(number: int | Decimal) -> bool:
    exact = Decimal(number)
    return exact.is_finite() and len(exact.normalize().as_tuple().digits) <= XLSX_DIGITS


def _csv_cell(value: Value) -> str:
    if isinstance(value, str):
        return _inert(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        whole = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if whole else value.isoformat(" ", "seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)


def _inert(text: str) -> str:
    """Keep a spreadsheet program from running a cell that somebody else wrote."""
    return f"'{text}" if text.lstrip(" \n\x00").startswith(RUNNABLE) else text


def _taken(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
