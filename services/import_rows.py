"""One line of an imported sheet under judgement: reading its cells without guessing."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from core.errors import BadInput
from core.money import parsed, ungrouped
from core.text import N_, NOT_CALCULATED
from services.sheets import Problem

ERRORS = re.compile(r"#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
"""What a spreadsheet program shows, and writes into CSV, where a formula came to nothing."""
ERROR = N_("The cell shows an error of the spreadsheet. Mend it there.")
UNDONE = N_(
    "The formula has no value yet. Open the workbook in a spreadsheet program, save it and import"
    " it again."
)
EMPTY = N_("This is needed and empty.")


@dataclass
class Row:
    """One line under judgement."""

    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Read a cell; one that the file does not have is empty."""
        return self.cells.get(name, "")

    def valueless(self) -> bool:
        """Note the cells in which a formula shows no value. Then the others say too little."""
        for name, value in self.cells.items():
            if value == NOT_CALCULATED:
                self.wrong(name, UNDONE)
            elif ERRORS.fullmatch(value):
                self.wrong(name, ERROR)
        return bool(self.problems)

    def wrong(self, column: str, message: str, **values: Any) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(Problem(column, message, values))

    def text(self, name: str, most: int, *, needed: bool = False) -> None:
        """Take a text of at most so many characters."""
        value = self.get(name)
        if needed and not value:
            self.wrong(name, EMPTY)
        elif len(value) > most:
            self.wrong(name, N_("Longer than %(most)s characters."), most=most)
        elif any(ord(letter) < 32 and letter not in "\n\t" for letter in value):
            self.wrong(name, N_("Has characters that cannot be kept."))
        self.values[name] = value

    def whole(self, name: str, least: int, most: int, *, needed: bool = False) -> None:
        """Take a whole number."""
        value = self.get(name)
        self.values[name] = None
        if not value:
            if needed:
                self.wrong(name, EMPTY)
            return
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and least <= int(value) <= most):
            self.wrong(
                name,
                N_("“%(value)s” is no whole number from %(least)s to %(most)s."),
                value=value,
                least=least,
                most=most,
            )
            return
        self.values[name] = int(value)

    def number(self, name: str, least: Decimal, most: Decimal, *, needed: bool = False) -> None:
        """Take a decimal number between two bounds, as text."""
        said = self.get(name)
        self.values[name] = None
        if not said:
            if needed:
                self.wrong(name, EMPTY)
            return
        value = ungrouped(said)
        if value is None or not least <= Decimal(value) <= most:
            self.wrong(
                name,
                N_("“%(value)s” is no number from %(least)s to %(most)s."),
                value=said,
                least=str(least),
                most=str(most),
            )
            return
        self.values[name] = value

    def day(self, name: str, *, needed: bool = False) -> None:
        """Take a day like 2026-03-12 or 12/03/2026, as text."""
        said = self.get(name)
        self.values[name] = None
        if not said:
            if needed:
                self.wrong(name, EMPTY)
            return
        turned = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", said)
        plain = f"{turned[3]}-{turned[2]:0>2}-{turned[1]:0>2}" if turned else said[:10]
        try:
            found = date.fromisoformat(plain)
        except ValueError:
            self.wrong(name, N_("“%(value)s” is no day; 2026-03-12 is one."), value=said)
            return
        if not 1900 <= found.year <= 2200:
            self.wrong(name, N_("“%(value)s” is no day; 2026-03-12 is one."), value=said)
            return
        self.values[name] = found.isoformat()

    def money(self, name: str, currency: str, *, needed: bool = False) -> None:
        """Take an amount in a currency, not less than zero; an empty one is zero."""
        value = self.get(name)
        self.values[name] = "0"
        if needed and not value:
            self.wrong(name, EMPTY)
            return
        try:
            amount = parsed(value, currency, name) if value else Decimal(0)
        except BadInput as refusal:
            self.wrong(name, refusal.says, **refusal.values)
            return
        if amount < 0:
            self.wrong(name, N_("A price is not less than zero."))
            return
        self.values[name] = str(amount)

    def names(self, name: str, offered: Collection[str], missing: str, near: str) -> None:
        """Take names separated by semicolons or line ends, each of which must be offered.

        Commas separate, too, where a name with them is not offered, and all of its parts are.
        """
        given = []
        for each in filter(None, map(str.strip, re.split(r"[;\n]", self.get(name)))):
            parts = [part.strip() for part in each.split(",")]
            given += parts if each not in offered and set(parts) <= set(offered) else [each]
        self.values[name] = list(dict.fromkeys(given))
        for each in self.values[name]:
            if each not in offered:
                self.unknown(name, each, offered, missing, near)

    def unknown(
        self, column: str, name: str, offered: Collection[str], missing: str, near: str
    ) -> None:
        """Note that something is not there, and what is nearest to it."""
        like = {each.casefold(): each for each in offered}
        close = get_close_matches(name.casefold(), like, n=1, cutoff=0.7)
        if close:
            self.wrong(column, near, name=name, near=like[close[0]])
        else:
            self.wrong(column, missing, name=name)
