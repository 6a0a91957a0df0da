"""Tables from text: whatever encoding and delimiter a spreadsheet program chose."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from adapters.tables import CELL_MAX, Sheet, SheetRefused, Warned, sheet
from core.text import N_

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 50
SAMPLE_LETTERS = 200_000
# What our own exports put before a cell that a spreadsheet program would run as a formula.
INERT = re.compile(r"'[=+\-@\t\r]")


def read(name: str, content: bytes) -> Sheet:
    """Read a table from CSV or its kin.

    Raises:
        SheetRefused: no text, or no table.

    """
    text, warnings = _decoded(content)
    said = re.match(r'"?sep=(.)"?\r?\n', text, re.IGNORECASE)
    if said:
        # Kept as an empty line: rows are counted as the spreadsheet program shows them.
        text = "\n" + text[said.end() :]
    return sheet(name, _lines(text, said[1] if said else _delimiter(text)), warnings)


def _decoded(content: bytes) -> tuple[str, list[Warned]]:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _strict(content, encoding), []
    if b"\x00" in content[:1000]:
        # Without a mark, letters of a Latin header tell the order by where their NULs stand.
        return _strict(content, "utf-16-be" if content[:1] == b"\x00" else "utf-16-le"), []
    try:
        return _strict(content, "utf-8"), []
    except SheetRefused:
        says = N_("The file is not UTF-8 and was read as Windows-1252. Check names with accents.")
        return _strict(content, "cp1252"), [Warned(says)]


def _strict(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise _no_text()
    return text


def _no_text() -> SheetRefused:
    return SheetRefused(N_("This is no text file. Save the table as CSV (UTF-8) or as .xlsx."))


def _delimiter(text: str) -> str:
    """Choose the delimiter that cuts the first lines into most columns of equal number."""

    def score(delimiter: str) -> float:
        reader = csv.reader(StringIO(text[:SAMPLE_LETTERS], newline=""), delimiter=delimiter)
        widths: Counter[int] = Counter()
        try:
            for _, row in zip(range(SAMPLE_LINES), reader, strict=False):
                if any(row):
                    widths[len(row)] += 1
        except csv.Error:
            return 0
        # A cut in the middle of a row may leave one that is short: the most frequent width counts.
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (width - 1) * (count / max(1, widths.total())) ** 2

    return max(DELIMITERS, key=score)


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SheetRefused(
                N_(
                    "A cell near line %(line)s is longer than %(letters)s characters. If a"
                    " quotation mark was opened there and never closed, close it."
                ),
                line=reader.line_num,
                letters=CELL_MAX,
            ) from error
        if row is None:
            return
        yield [_clean(cell) for cell in row] or [""]


def _clean(cell: str) -> str:
    if "\r" in cell and "\n" in cell:
        cell = cell.replace("\r\n", "\n")
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and INERT.match(cell) else cell
