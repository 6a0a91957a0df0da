"""What a workbook's reader does not tell: cells that show something and hold no value.

To the reader an error and a formula that nobody has worked out yet are empty cells, and an empty
price is a price of nothing. Both are told apart here, from the file itself.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO

from core.text import NOT_CALCULATED

SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
CELL_END = re.compile(rb"</(?:\w+:)?c>")
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*(?:/>|>([^<]*)<)")
RECALCULATED = re.compile(rb"""fullCalcOnLoad\s*=\s*["'](?:1|true)["']""")
PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
Marks = dict[tuple[int, int], str]


def marks_in(content: bytes) -> dict[str, Marks]:
    """Find the cells without a value: sheet by sheet, by row and column from 0, what they show.

    A formula shows `NOT_CALCULATED` where no program has kept its value: there is none, or it is
    the nought of a program that leaves the work to whoever opens the file.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        there = set(archive.namelist())
        book = archive.read("xl/workbook.xml")
        later = bool(RECALCULATED.search(book))
        found = {}
        for name, path in _paths(book, archive, there):
            xml = archive.read(path)
            if FORMULA.search(xml) or b'"e"' in xml or b"'e'" in xml:
                found[name] = dict(_marks(xml, later=later))
    return found


def _paths(book: bytes, archive: zipfile.ZipFile, there: set[str]) -> Iterator[tuple[str, str]]:
    """Pair the names of sheets with the files that hold them."""
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in there:
        return
    targets = {}
    for tag in RELATION.findall(archive.read(relations)):
        told = _attributes(tag)
        targets[told.get("Id")] = told.get("Target", "")
    for tag in SHEET.findall(book):
        told = _attributes(tag)
        keys = [value for name, value in told.items() if name.endswith(":id")]
        target = targets.get(keys[0], "") if keys else ""
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if path in there:
            yield told.get("name", ""), path


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode(): html.unescape((double or single).decode(errors="replace"))
        for name, double, single in ATTRIBUTE.findall(tag)
    }


def _marks(xml: bytes, *, later: bool) -> Iterator[tuple[tuple[int, int], str]]:
    # Cut by hand: a pattern for whole cells would look to the end of the file for each open one.
    _, *parts = CELL.split(xml)
    for attributes, rest in zip(parts[::2], parts[1::2], strict=True):
        body = b"" if attributes.endswith(b"/") else CELL_END.split(rest, 1)[0]
        told = _attributes(attributes)
        place = PLACE.fullmatch(told.get("r", "").encode())
        shown = _shown(told.get("t", ""), body, later=later)
        if place and shown:
            yield (int(place[2]) - 1, position(place[1]) - 1), shown


def _shown(kind: str, body: bytes, *, later: bool) -> str:
    """Say what a cell shows, if it is no value."""
    value = VALUE.search(body)
    kept = (value[1] or b"").strip() if value else b""
    if kind == "e":
        return html.unescape(kept.decode(errors="replace"))
    if not FORMULA.search(body):
        return ""
    worked_out = (kind == "str" and value is not None) or (kept and not (later and kept == b"0"))
    return "" if worked_out else NOT_CALCULATED


def position(letters: bytes) -> int:
    """Turn the letters of a column into its number: A is 1, AA is 27."""
    number = 0
    for letter in letters[:10]:
        number = number * 26 + letter - 64
    return number
