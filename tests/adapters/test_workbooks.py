"""Cells of workbooks that show something and hold no value, and cells over several lines."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from adapters import sheets
from adapters.tables import SheetRefused
from core.text import NOT_CALCULATED
from tests.adapters.files import archive


def _saved(book: Any) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(content: bytes) -> list[list[str]]:
    (sheet,) = sheets.read("prices", content)
    return sheet.rows


def test_a_formula_that_nobody_worked_out_is_no_empty_cell() -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["Name", "Price"])
    page.append(["A1", "=6900000+100000"])
    page.append(["A2", 5])
    assert _rows(_saved(book)) == [["A1", NOT_CALCULATED], ["A2", "5"]]


def test_an_error_shows_itself() -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["Name", "Price"])
    page.append(["A1", "#REF!"])
    page["B2"].data_type = "e"
    page.append(["A2", "#DIV/0!"])
    page["B3"].data_type = "e"
    assert _rows(_saved(book)) == [["A1", "#REF!"], ["A2", "#DIV/0!"]]


def test_a_formula_with_its_value_is_the_value() -> None:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("Unit & price")
        page.write_row(0, 0, ["Name", "Price"])
        page.write_formula(1, 0, '="A"&1', None, "A1")
        page.write_formula(1, 1, "=2+3", None, 5)
        page.write_row(2, 0, ["A2", 0])
    assert _rows(out.getvalue()) == [["A1", "5"], ["A2", "0"]]


def test_a_cell_merged_over_lines_stands_in_each() -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["Price list"])
    page.merge_cells("A1:B1")
    page.append(["Project", "Name"])
    for name in ("A1", "A2", "A3"):
        page.append([None, name])
    page["A3"] = "Acacia Heights"
    page.merge_cells("A3:A4")
    assert _rows(_saved(book)) == [
        ["Project", "Name"],
        ["Acacia Heights", "A1"],
        ["Acacia Heights", "A2"],
        ["", "A3"],
    ]


def test_merged_cells_without_end_are_refused() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (at, at) for at in range(1, 2_001)
    )
    merged = b'<mergeCell ref="A1:A2000"/>' * 3_000
    workbook = _parts(b"<sheetData>" + rows + b"</sheetData><mergeCells>" + merged)
    with pytest.raises(SheetRefused, match="damaged"):
        sheets.read("prices", workbook)


def test_cells_that_never_end_take_no_time() -> None:
    # A pattern over whole cells would look to the end of the file for each of them: minutes.
    workbook = _parts(b'<sheetData><row r="1">' + b'<c r="A1" t="e"><f>1</f>' * 200_000)
    with pytest.raises(SheetRefused):
        sheets.read("prices", workbook)


def _parts(sheet: bytes) -> bytes:
    """A workbook as its parts are written, with one sheet."""
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kinds = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    end = b"</mergeCells>" if b"<mergeCells>" in sheet else b""
    return archive(
        **{
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": b"<Relationships/>",
            "xl/workbook.xml": b"<workbook " + main + b' xmlns:r="' + kinds + b'"><sheets>'
            b'<sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="rId1" Type="'
            + kinds
            + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": b"<worksheet "
            + main
            + b">"
            + sheet
            + end
            + b"</worksheet>",
        }
    )
