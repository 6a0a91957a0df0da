"""What a financial report is made of: what was asked, and a table that any face can show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for

from services.balances import Books


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: read from the address by views/financials.py."""

    books: Books
    on: date
    since: date
    until: date
    compare: str = ""
    account: str = ""
    party_id: UUID | None = None
    bank: Decimal | None = None
    page: int = 1
    bank_account_id: UUID | None = None

    def link(self, name: str, **more: Any) -> str:
        """Give the address of another report of the same book and currency."""
        where: dict[str, Any] = {"book": self.books.name, "currency": self.books.currency}
        if place := self.books.place:
            where |= {"estate": place.estate_id} | (
                {"unit": place.unit_id} if place.unit_id else {}
            )
        return url_for("ReportsView.show", name=name, **where, **more)

    def postings(self, code: str, since: date, until: date) -> str:
        """Give the address of the postings behind a figure."""
        return self.link("ledger", account=code, since=since, until=until)


@dataclass(frozen=True, slots=True)
class Head:
    """A column: text, day or money."""

    label: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and where it leads."""

    value: Any = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row: the first cell is what it is about. `look` is `head`, `total`, or nothing."""

    cells: Sequence[Cell]
    depth: int = 0
    look: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A report that is ready to be shown. `facts` stand above it, `said` (tone, text) beside it."""

    name: str
    title: str
    facts: list[tuple[str, str]]
    heads: list[Head]
    lines: list[Line]
    said: list[tuple[str, str]] = field(default_factory=list)
    pages: int = 1
