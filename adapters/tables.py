"""What a table from a file is, and how much of one we take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.errors import BadInput
from core.text import N_, distinct

ROWS_MAX = 200_000
COLUMNS_MAX = 200
CELL_MAX = 10_000
FILE_BYTES_MAX = 50 * 1024 * 1024


class SheetRefused(BadInput):
    """The file cannot be read as a table; the sentence says where and how to mend it."""

    code = "sheet_refused"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that was mended in reading: a message id with its values."""

    says: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: clean strings, every row as wide as the header.

    `row_numbers` are those that a spreadsheet program shows beside the rows, beginning with 1.
    """

    name: str
    header: list[str]
    rows: list[list[str]]
    row_numbers: list[int]
    warnings: list[Warned] = field(default_factory=list)


def sheet(name: str, lines: Iterable[Sequence[str]], warnings: Iterable[Warned] = ()) -> Sheet:
    """Make a sheet of clean lines: the first with anything in it is the header.

    Empty lines are left out, short ones filled up; a column without a name gets one.

    Raises:
        SheetRefused: nothing in it, or above one of the limits of this module.

    """
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, 1):
        if not any(line):
            continue
        _check_width(line, number)
        rows.append(list(line))
        numbers.append(number)
        if len(rows) > ROWS_MAX + 1:
            raise SheetRefused(
                N_("There are more than %(rows)s rows. Divide the file and import the parts."),
                rows=ROWS_MAX,
            )
    if not rows:
        raise SheetRefused(N_("There is nothing in the file. Choose another one."))
    width = max(map(len, rows))
    for row in rows:
        if len(row) < width:
            row.extend([""] * (width - len(row)))
    noted = list(warnings)
    header = _distinct(rows[0], noted)
    return Sheet(name, header, rows[1:], numbers[1:], noted)


def _check_width(line: Sequence[str], number: int) -> None:
    if len(line) > COLUMNS_MAX:
        raise SheetRefused(
            N_("Row %(row)s has more than %(columns)s columns. Remove what is not needed."),
            row=number,
            columns=COLUMNS_MAX,
        )
    if max(map(len, line)) > CELL_MAX:
        raise SheetRefused(
            N_(
                "A cell in row %(row)s is longer than %(letters)s characters. If a quotation mark"
                " was opened there and never closed, close it."
            ),
            row=number,
            letters=CELL_MAX,
        )


def _distinct(names: Sequence[str], noted: list[Warned]) -> list[str]:
    """Give every column a name of its own; what had to be changed is noted."""
    header = distinct(names)
    for position, (name, chosen) in enumerate(zip(names, header, strict=True), 1):
        wanted = " ".join(name.split())
        if not wanted:
            values: dict[str, object] = {"position": position, "name": chosen}
            noted.append(Warned(N_("Column %(position)s has no name. It is %(name)s now."), values))
        elif chosen != wanted:
            values = {"name": wanted, "chosen": chosen}
            noted.append(
                Warned(
                    N_("There are two columns %(name)s. The later one is %(chosen)s now."), values
                )
            )
    return header
