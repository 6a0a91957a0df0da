"""Tables from the files people have: CSV and Excel workbooks, as clean strings."""

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from adapters import archives, csv_tables, workbooks
from adapters.tables import (
    COLUMNS_MAX,
    FILE_BYTES_MAX,
    ROWS_MAX,
    Sheet,
    SheetRefused,
    Warned,
    sheet,
)
from core.text import N_

CELLS_MAX = 5_000_000
SHEETS_MAX = 50
REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]*)([0-9]+)["']""")
Place: TypeAlias = tuple[int, int]
Cell: TypeAlias = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(name: str, content: bytes) -> list[Sheet]:
    """Read every visible table of the file, told by its content; `name` names a CSV's sheet.

    Numbers and dates come as people write them in a form: `52`, `0.1`, `2026-03-12`,
    `2026-03-12 14:30:00`, `true`. Zeros at the front of text are kept. An error shows itself, and
    a formula that was not worked out shows `NOT_CALCULATED`; a merged cell stands in each line.

    Raises:
        SheetRefused: empty, no table, damaged, protected, or above a limit.

    """
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise SheetRefused(N_("There is nothing in the file. Choose another one."))
    if len(content) > FILE_BYTES_MAX:
        raise SheetRefused(
            N_("The file is larger than %(megabytes)s MB. Divide it and import the parts."),
            megabytes=FILE_BYTES_MAX // (1024 * 1024),
        )
    if content.startswith(b"PK\x03\x04"):
        return _workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused(
            N_(
                "This workbook is protected by a password or of an old form. Save it without a"
                " password as .xlsx and import it again."
            )
        )
    return [csv_tables.read(name, content)]


def _workbook(content: bytes) -> list[Sheet]:
    _check(content)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            return list(_sheets(book, workbooks.marks_in(content)))
    except (CalamineError, ValueError, OverflowError) as error:
        raise _damaged() from error


def _check(content: bytes) -> None:
    """Look through the archive before the reader does: it believes what it is told."""
    try:
        names = archives.names_in(content)
    except archives.Unsafe as error:
        raise _damaged() from error
    if "xl/workbook.xml" not in names:
        raise SheetRefused(N_("This is no Excel workbook. Save the table as .xlsx or CSV."))
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.namelist():
            if part.lower().startswith("xl/worksheets/") and part.lower().endswith(".xml"):
                _check_extent(archive.read(part))


def _check_extent(xml: bytes) -> None:
    """Refuse far-off cells: the reader makes room for all between, and would use up the memory."""
    if b"\x00" in xml[:200]:
        raise _damaged()  # UTF-16, in which our search would find nothing
    places = REFERENCE.findall(xml)
    row = max((int(number) for _, number in places), default=0)
    column = max(map(workbooks.position, {letters for letters, _ in places}), default=0)
    if row > ROWS_MAX + 1 or column > COLUMNS_MAX or row * column > CELLS_MAX:
        raise SheetRefused(
            N_(
                "A sheet is larger than %(rows)s rows or %(columns)s columns. Delete what stands"
                " far below or to the right, or divide the file."
            ),
            rows=ROWS_MAX,
            columns=COLUMNS_MAX,
        )


def _sheets(book: CalamineWorkbook, marks: Mapping[str, workbooks.Marks]) -> Iterator[Sheet]:
    """Give the visible sheets that hold anything; the hidden ones are noted on the first."""
    tables = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    hidden = [meta.name for meta in tables if meta.visible != SheetVisibleEnum.Visible]
    noted = [Warned(N_("The hidden sheet %(name)s was left out."), {"name": n}) for n in hidden]
    found = False
    for meta in tables[:SHEETS_MAX]:
        if meta.name in hidden:
            continue
        page = book.get_sheet_by_name(meta.name)
        lines = [[_text(cell) for cell in row] for row in page.to_python(skip_empty_area=False)]
        for (row, column), shown in marks.get(meta.name, {}).items():
            if row < len(lines) and column < len(lines[row]):
                lines[row][column] = shown
        _fill_down(lines, page.merged_cell_ranges or ())
        if any(any(line) for line in lines):
            yield sheet(meta.name, lines, () if found else noted)
            found = True
    if not found:
        raise SheetRefused(N_("There is nothing in the file. Choose another one."))


def _fill_down(lines: list[list[str]], merged: Sequence[tuple[Place, Place]]) -> None:
    """Give each line of a merged cell what stands in it: a project beside all of its apartments."""
    heights = (min(bottom, len(lines)) - top for (top, _), (bottom, _) in merged)
    if sum(heights) > CELLS_MAX:
        raise _damaged()  # they lie over one another, which no program writes
    for (top, column), (bottom, _) in merged:
        for row in range(top + 1, min(bottom + 1, len(lines))):
            if column < len(lines[row]):
                lines[row][column] = lines[top][column]


def _text(cell: Cell) -> str:
    if cell.__class__ is str:
        # Most cells are text, and most of it is clean: the shortest way is worth its line.
        return cell.strip().replace("\r\n", "\n")
    return WRITERS[type(cell)](cell)


def _number(value: float) -> str:
    """Write the fifteen digits that a workbook keeps, without an exponent."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return f"{value:.20f}".rstrip("0").rstrip(".") if "e-" in text else _plain(text)


def _plain(text: str) -> str:
    return str(int(float(text))) if "e" in text else text


def _instant(value: dt.datetime) -> str:
    """A date that was typed has no time of day."""
    day = value.time() == dt.time()
    return value.date().isoformat() if day else value.isoformat(" ", "seconds")


WRITERS: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: str,
    bool: lambda value: "true" if value else "false",
    dt.datetime: _instant,
    dt.date: dt.date.isoformat,
    dt.time: lambda value: value.isoformat("seconds"),
    dt.timedelta: str,
}


def _damaged() -> SheetRefused:
    return SheetRefused(
        N_("The workbook is damaged or incomplete. Open it, save it anew and import it again.")
    )
