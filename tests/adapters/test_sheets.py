"""Tables from files as people have them."""

import datetime as dt
import tracemalloc
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from adapters import sheets
from adapters.tables import CELL_MAX, Sheet, SheetRefused
from core.text import NOT_CALCULATED
from tests.adapters.files import archive, xlsx


def _csv(content: bytes) -> Sheet:
    (sheet,) = sheets.read("prices.csv", content)
    return sheet


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_is_read_in_any_dress(encoding: str, delimiter: str, end: str) -> None:
    lines = [["Name", "Größe"], ["Wanjikũ", "0052"], ["a; b, c|d\te", "1"]]
    quoted = [[f'"{cell}"' if cell.startswith("a;") else cell for cell in row] for row in lines]
    text = end.join(delimiter.join(row) for row in quoted) + end
    sheet = _csv(text.encode(encoding))
    assert [sheet.header, *sheet.rows] == lines
    assert (sheet.row_numbers, sheet.warnings) == ([2, 3], [])


def test_windows_1252_is_read_with_a_warning() -> None:
    sheet = _csv("Näme;Preis\nMüller;5 €\n".encode("cp1252"))
    assert (sheet.header, sheet.rows) == (["Näme", "Preis"], [["Müller", "5 €"]])
    assert "Windows-1252" in sheet.warnings[0].says


def test_quoted_lines_blank_lines_and_ragged_rows_keep_their_numbers() -> None:
    sheet = _csv(b'\n\nName,Note\nA,"two\r\nlines"\n,,\n\nB\nC,x,more\n')
    assert sheet.header == ["Name", "Note", "Column 3"]
    assert sheet.rows == [["A", "two\nlines", ""], ["B", "", ""], ["C", "x", "more"]]
    assert sheet.row_numbers == [4, 7, 8]


def test_the_delimiter_that_excel_names_is_believed() -> None:
    sheet = _csv(b"sep=;\r\nName, first;Price\r\nA, b;1,5\r\n")
    assert (sheet.header, sheet.rows) == (["Name, first", "Price"], [["A, b", "1,5"]])
    assert sheet.row_numbers == [3]


def test_one_column_needs_no_delimiter() -> None:
    assert _csv(b"Name\nA\nB\n").rows == [["A"], ["B"]]


def test_two_columns_of_one_name_are_told_apart() -> None:
    sheet = _csv(b"Price,price ,,Price (2)\n1,2,3,4\n")
    assert sheet.header == ["Price", "price (2)", "Column 3", "Price (2) (2)"]
    assert len(sheet.warnings) == 3
    assert sheet.warnings[0].values == {"name": "price", "chosen": "price (2)"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "nothing"),
        (b"\n , ,\n\n", "nothing"),
        (b"\xef\xbb\xbf", "nothing"),
        (b"a,b\n\x01\x02\x03", "no text"),
        (b"a,b\n\x81\xff", "no text"),
        (b"\x00\x01\x02\x03\x04\x05", "no text"),
        (b"a,b\n" + b"x" * (CELL_MAX + 1) + b",1\n", "row 2 is longer"),
        (b'a,b\n"never closed,1\n' + b"x,y\n" * 50_000, "quotation mark"),
        (b",".join([b"a"] * 201), "more than 200 columns"),
        (b"a\n" + b"1\n" * 200_001, "more than 200000 rows"),
        (b"a" * (50 * 1024 * 1024 + 1), "larger than 50 MB"),
        (b"PK\x03\x04broken", "damaged"),
        (archive(readme=b"text"), "no Excel workbook"),
        (xlsx([["a"]])[:-40], "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "protected by a password"),
        (archive(xl__workbook__xml=b"", **{"xl/workbook.xml": b"<broken"}), "damaged"),
        (xlsx([]), "nothing"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(content: bytes, says: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        sheets.read("prices", content)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (52, "52"),
        (52.5, "52.5"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (-1234567.891, "-1234567.891"),
        (10400000.00, "10400000"),
        (123456789012345, "123456789012345"),
        (1e15, "1000000000000000"),
        (1e20, "100000000000000000000"),
        ("0052", "0052"),
        ("  A0703\u00a0", "A0703"),
        ("two\r\nlines", "two\nlines"),
        (True, "true"),
        (dt.date(2026, 3, 12), "2026-03-12"),
        (dt.datetime(2026, 3, 12, 14, 30), "2026-03-12 14:30:00"),  # noqa: DTZ001 - as in Excel
        (dt.date(2024, 2, 29), "2024-02-29"),
        ("=1+1", NOT_CALCULATED),  # its writer keeps a nought, and leaves the work to others
        (None, ""),
    ],
)
def test_cells_come_as_people_write_them(value: Any, text: str) -> None:
    content = xlsx([["Name", "Value"], ["x", value]])
    (sheet,) = sheets.read("prices", content)
    assert sheet.rows == [["x", text]]


def test_every_visible_sheet_is_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(["Floor"])  # type: ignore[union-attr]
    book.active.append([1])  # type: ignore[union-attr]
    book.create_sheet("Empty")
    hidden = book.create_sheet("Secret")
    hidden.append(["x"])
    hidden.sheet_state = "hidden"
    far = book.create_sheet("Titled")
    far["C5"], far["D5"], far["C6"] = "Name", "Price", "A"
    out = BytesIO()
    book.save(out)
    first, titled = sheets.read("prices", out.getvalue())
    assert (first.header, first.rows) == (["Floor"], [["1"]])
    assert first.warnings[0].values == {"name": "Secret"}
    assert titled.header[2:] == ["Name", "Price"]
    assert titled.row_numbers == [6]


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "XFD1", "GT2", "AZ150000"])
def test_a_cell_far_off_does_not_use_up_the_memory(place: str) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active[place] = "Name", "far"  # type: ignore[index]
    out = BytesIO()
    book.save(out)
    tracemalloc.start()
    with pytest.raises(SheetRefused, match="larger than 200000 rows"):
        sheets.read("prices", out.getvalue())
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000


def test_a_bomb_is_refused() -> None:
    bomb = archive(**{"xl/workbook.xml": b"<a/>", "xl/worksheets/a.xml": b" " * 60_000_000})
    with pytest.raises(SheetRefused, match="damaged"):
        sheets.read("prices", bomb)
