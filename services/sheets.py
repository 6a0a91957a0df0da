"""Sheets: the tables of a file that is imported, and which of their columns are which fields."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from core.text import N_, distinct

ALIKE = 0.84
"""How alike (0 to 1) a heading must be to a field's name to be taken for it."""
HEADINGS_WITHIN = 20
"""Lines in which the headings are looked for; above them stand titles."""


@dataclass(frozen=True, slots=True)
class Note:
    """What people should know of how a table was read: a message id with values."""

    says: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet of clean strings; `lines` are the numbers that people see beside the rows."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    notes: Sequence[Note] = ()


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

    def words(self) -> dict[str, str]:
        """Map each heading that people give, in letters and digits, to the field it means."""
        return {
            plain(word): each.name
            for each in self.columns
            for word in (each.name, each.label, *each.aliases)
        }

    def alike(self, name: str) -> float:
        """Say how alike (0 to 1) the name of a table is to the name of this sheet."""
        names = (self.name, *self.aliases)
        return max(SequenceMatcher(None, plain(name), plain(each)).ratio() for each in names)

    def lacks(self, mapping: Mapping[str, str]) -> list[str]:
        """List the labels of required columns that are not there."""
        there = set(mapping.values())
        return [each.label for each in self.columns if each.required and each.name not in there]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A table taken for a sheet; `key` names it in this file: `apartments`, `apartments:2`."""

    key: str
    kind: SheetKind
    table: Table
    columns: Mapping[str, str]


def plain(heading: str) -> str:
    """Reduce a heading to its letters and digits: "Space (m²)" is `spacem2`, "Étage" `etage`."""
    apart = unicodedata.normalize("NFKD", heading.lower())
    return re.sub(r"[\W_]+", "", "".join(c for c in apart if not unicodedata.combining(c)))


def guess(sheet: SheetKind, header: Sequence[str]) -> dict[str, str]:
    """Guess which heading is which field. Each field is given at most once, exact names first."""
    known = sheet.words()
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
) -> tuple[list[Chosen], list[str]]:
    """Say which sheet each table is, in the order of the sheets, and which tables are none.

    Several tables may be of one sheet: a list for each block. One that lacks required columns is
    chosen all the same, so that nothing disappears and each row says what it lacks; but not if
    `mapping` leaves all of its columns out, or if hardly anything in it is known.
    """
    headed = [_headed(sheets, each) for each in tables]
    chosen: list[Chosen] = []
    left = []
    for table in headed:
        given = mapping.get(table.name)
        kind, columns = _kind_of(sheets, table, given)
        if kind is None:
            left.append(table.name)
            continue
        before = sum(each.kind is kind for each in chosen)
        key = kind.name if not before else f"{kind.name}:{before + 1}"
        chosen.append(Chosen(key, kind, table, columns))
    return sorted(chosen, key=lambda each: sheets.index(each.kind)), left


def kind_name(key: str) -> str:
    """Name the sheet of which a chosen table is: `apartments` for `apartments:2`."""
    return key.partition(":")[0]


def _kind_of(
    sheets: Sequence[SheetKind], table: Table, given: Mapping[str, str] | None
) -> tuple[SheetKind | None, Mapping[str, str]]:
    """Find the sheet that a table is most like, by its name and its columns."""
    best: tuple[float, SheetKind, Mapping[str, str]] | None = None
    for sheet in sheets:
        columns: Mapping[str, str] = guess(sheet, table.header)
        alike = sheet.alike(table.name)
        known = len(columns) / max(len(table.header), len(sheet.columns))
        whole = not sheet.lacks(columns)
        likely = alike >= ALIKE or len(columns) >= max(2, len(table.header) / 2)
        score = alike + known + whole / 2
        if (whole or likely) and (best is None or score > best[0]):
            best = score, sheet, columns
    if best is None:
        return None, {}
    _score, chosen, guessed = best
    if given is None:
        return chosen, guessed
    return (chosen, given) if given else (None, {})


def _headed(sheets: Sequence[SheetKind], table: Table) -> Table:
    """Find the line of headings, if titles or the names of groups of columns stand above it.

    A cell merged over both lines stands in the upper one.
    """
    if any(not each.lacks(guess(each, table.header)) for each in sheets):
        return table
    lines = [list(table.header), *map(list, table.rows[: HEADINGS_WITHIN - 1])]
    most, at, header = _known(sheets, table.header), 0, list(table.header)
    for number, line in enumerate(lines[1:], 1):
        above = lines[number - 1]
        named = distinct([own or over for own, over in zip(line, above, strict=True)])
        known = _known(sheets, named)
        if known > max(most, 1):
            most, at, header = known, number, named
    if not at:
        return table
    said = N_("The headings of “%(name)s” were found in line %(line)s.")
    note = Note(said, {"name": table.name, "line": table.lines[at - 1]})
    rows, numbers = table.rows[at:], table.lines[at:]
    return replace(table, header=header, rows=rows, lines=numbers, notes=(note,))


def _known(sheets: Sequence[SheetKind], header: Sequence[str]) -> int:
    """Count the headings known by their very names, in the sheet that knows most of them."""
    said = {plain(each) for each in header}
    return max(
        len({name for word, name in each.words().items() if word in said}) for each in sheets
    )
