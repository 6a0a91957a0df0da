"""Tables for people: nothing runs, no figure is lost, and we can read our own."""

import csv
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from adapters import sheets
from adapters.exports import XLSX_ROWS_MAX, Column, Kind, Table, Value, csv_chunks, write_xlsx

RUNNABLE = ["=1+1", "+254712345678", "-5", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("x")']


def _csv(table: Table) -> list[list[str]]:
    text = b"".join(csv_chunks(table)).decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline="")))


def _book(*tables: Table) -> Any:
    out = BytesIO()
    write_xlsx(out, tables)
    return openpyxl.load_workbook(BytesIO(out.getvalue()))


def _names(values: Iterable[str], title: str = "Name") -> Table:
    return Table("Names", [Column(title)], ([value] for value in values))


@pytest.mark.parametrize("text", RUNNABLE)
def test_no_cell_runs(text: str) -> None:
    for row in _csv(_names([text], title=text)):
        assert row == ["'" + text]
    for cell in _book(_names([text], title=text)).active["A"]:
        assert cell.data_type in {"s", "inlineStr"}
        assert cell.value.replace("_x000D_", "\r") == text
        assert not cell.hyperlink


def test_our_own_import_takes_the_apostrophe_off_again() -> None:
    table = _names([*RUNNABLE[:4], "O'Brien", "'quoted'"])
    (sheet,) = sheets.read("names", b"".join(csv_chunks(table)))
    assert [row[0] for row in sheet.rows] == [*RUNNABLE[:4], "O'Brien", "'quoted'"]


def test_values_keep_their_kind() -> None:
    nairobi = ZoneInfo("Africa/Nairobi")
    columns = [
        Column("Sum", Kind.money, "KES"),
        Column("Yen", Kind.money, "JPY"),
        Column("Dinar", Kind.money, "KWD"),
        Column("Units", Kind.number),
        Column("Day", Kind.date),
        Column("At", Kind.instant),
        Column("Paid"),
        Column("Nothing"),
    ]
    row: list[Value] = [
        Decimal("10400000.00"),
        Decimal(-1500),
        Decimal("1.234"),
        3,
        dt.date(2026, 3, 12),
        dt.datetime(2026, 3, 12, 14, 30, tzinfo=nairobi),
        True,
        None,
    ]
    cells = _book(Table("All", columns, [row])).active[2]
    assert [cell.value for cell in cells[:4]] == [10400000, -1500, 1.234, 3]
    assert [cell.number_format for cell in cells[:3]] == ["#,##0.00", "#,##0", "#,##0.000"]
    assert cells[4].value == dt.datetime(2026, 3, 12)  # noqa: DTZ001 - a workbook has no zones
    assert cells[5].value == dt.datetime(2026, 3, 12, 14, 30)  # noqa: DTZ001 - the same
    assert (cells[6].value, cells[7].value) == (True, None)
    assert _csv(Table("All", columns, [row]))[1] == [
        "10400000.00",
        "-1500",
        "1.234",
        "3",
        "2026-03-12",
        "2026-03-12 14:30:00+03:00",
        "true",
        "",
    ]


def test_no_figure_is_rounded_by_the_workbook() -> None:
    money = [Column("Sum", Kind.money, "KES")]
    exact, beyond = Decimal("1000000000000.99"), Decimal("123456789012345.67")
    (first,), (second,) = _book(Table("S", money, [[exact], [beyond]])).active.iter_rows(min_row=2)
    assert Decimal(repr(first.value)) == exact
    assert second.value == "123456789012345.67"


def test_old_dates_long_texts_and_odd_signs_are_written() -> None:
    table = Table(
        "A/B [x]: " + "long " * 20,
        [Column("Day", Kind.date), Column("Text")],
        [[dt.date(1850, 1, 1), "x" * 40_000], [None, "\x0b\x01 شقة 🏠"]],
    )
    book = _book(table, table, Table("", [Column("a")], []), Table("History", [Column("a")], []))
    assert book.sheetnames[2:] == ["Sheet", "History 1"]
    assert len({name.casefold() for name in book.sheetnames}) == 4
    day, text = book.worksheets[0][2]
    assert (day.value, len(text.value)) == ("1850-01-01", 32_767)


def test_what_does_not_fit_goes_on_to_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert XLSX_ROWS_MAX == 1_048_576
    monkeypatch.setattr("adapters.exports.XLSX_ROWS_MAX", 4)
    book = _book(_names(str(number) for number in range(7)))
    assert [page.max_row for page in book.worksheets] == [4, 4, 2]
    assert [page["A1"].value for page in book.worksheets] == ["Name"] * 3


def test_rows_are_taken_one_at_a_time() -> None:
    taken = 0

    def rows() -> Iterable[list[str]]:
        nonlocal taken
        for taken in range(1, 2001):  # noqa: B007 - counted to the outside
            yield ["x"]

    chunks = csv_chunks(Table("N", [Column("Name")], rows()))
    next(chunks)
    next(chunks)
    assert taken == 500
    assert b"".join(chunks).count(b"x") == 1500
