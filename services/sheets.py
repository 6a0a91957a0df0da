"""Sheets: the tables of a file that is imported, and which of their columns are which fields."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from typing import Any

ALIKE = 0.84


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet of clean strings; `lines` are the numbers that people see beside the rows."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell: a message id with values, and the column it is in."""

    column: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a sheet may have, and the headings that people give it."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class SheetKind:
    """A sheet of an import: how it is called, and its columns."""

    name: str
    aliases: tuple[str, ...]
    columns: tuple[Column, ...]

    def fits(self, mapping: Mapping[str, str]) -> bool:
        """Whether all required columns are there."""
        return {each.name for each in self.columns if each.required} <= set(mapping.values())


def plain(heading: str) -> str:
    """Reduce a heading to its letters and digits: "Space (m2)" is `spacem2`."""
    return re.sub(r"[^a-z0-9]+", "", heading.lower())


def guess(sheet: SheetKind, header: Sequence[str]) -> dict[str, str]:
    """Guess which heading is which field. Each field is given at most once, exact names first."""
    known = {
        plain(word): each.name
        for each in sheet.columns
        for word in (each.name, each.label, *each.aliases)
    }
    found: dict[str, str] = {}
    for heading in header:
        name = known.get(plain(heading))
        if name and name not in found.values():
            found[heading] = name
    for heading in header:
        close = get_close_matches(plain(heading), known, n=1, cutoff=ALIKE)
        if heading not in found and close and known[close[0]] not in found.values():
            found[heading] = known[close[0]]
    return found


def choose_sheets(
    sheets: Sequence[SheetKind], tables: Sequence[Table], mapping: Mapping[str, Mapping[str, str]]
) -> list[tuple[SheetKind, Table, dict[str, str]]]:
    """Find the table of each sheet: by its name, else the one whose columns fit best."""
    chosen, left = [], list(tables)
    for sheet in sheets:
        best: tuple[float, Table, dict[str, str]] | None = None
        for table in left:
            given = mapping.get(table.name)
            columns = dict(given) if given else guess(sheet, table.header)
            if not sheet.fits(columns):
                continue
            names = (sheet.name, *sheet.aliases)
            alike = max(SequenceMatcher(None, plain(table.name), plain(n)).ratio() for n in names)
            score = alike + len(columns) / len(sheet.columns)
            if best is None or score > best[0]:
                best = (score, table, columns)
        if best:
            left.remove(best[1])
            chosen.append((sheet, best[1], best[2]))
    return chosen
