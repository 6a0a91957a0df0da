"""The import of a price list: what each cell of its sheets must be (services/sales_sheets.py)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.money import is_currency
from core.text import N_
from core.work import Work
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentStatus,
    ApartmentType,
    Package,
    Project,
)
from services import import_rows
from services.import_rows import EMPTY
from services.imports import Read
from services.sales_sheets import STATUSES, TAKEN, TYPES
from services.sheets import kind_name, plain

AREA_MOST = Decimal(1_000_000)
SQUARE_METRES = re.compile(r"\s*(m2|m²|sqm|sq\.? ?m\.?|square met(er|re)s)$", re.IGNORECASE)
MOST = 1_000_000
NEEDED = {"name", "project", "currency"}
"""What tells which row is meant, and what a new one cannot be without."""
STANDARD = ("type", "status", "base_price")
"""What a new apartment has a value for where its cell is empty."""
BOOKED = (ApartmentStatus.in_progress, ApartmentStatus.booked, ApartmentStatus.sold)
Cells = Mapping[str, str]


@dataclass
class Known:
    """What rows may refer to: what is there, and what rows before them will bring."""

    currencies: dict[str, str] = field(default_factory=dict)
    packages: dict[str, set[str]] = field(default_factory=dict)
    addons: dict[str, set[str]] = field(default_factory=dict)
    categories: dict[str, set[str]] = field(default_factory=dict)
    taken: set[tuple[str | None, str]] = field(default_factory=set)
    seen: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)

    def twice(self, sheet: str, row: "Row", line: int) -> None:
        """Remember a name, and refuse it if it stood before."""
        name = row.get("name")
        if not name:
            return
        key = kind_name(sheet), row.values.get("project") or "", name.lower()
        before, first = self.seen.setdefault(key, (sheet, line))
        if (before, first) == (sheet, line):
            return
        said = N_("“%(name)s” stands in line %(line)s already.")
        elsewhere = N_("“%(name)s” stands in another sheet already, in line %(line)s.")
        row.wrong("name", said if before == sheet else elsewhere, name=name, line=first)


def judge(work: Work) -> Callable[[str, Cells, int], Read]:
    """Make the judge of one file."""
    known = _known(work)
    sheets = {
        "projects": _project,
        "packages": _package,
        "addons": _addon,
        "limits": _limit,
        "apartments": _apartment,
    }

    def one(sheet: str, cells: Cells, line: int) -> Read:
        row = Row({name: value.strip() for name, value in cells.items()})
        if row.valueless():
            return row.values, row.problems
        sheets[kind_name(sheet)](known, row)
        known.twice(sheet, row, line)
        return row.said(), row.problems

    return one


@dataclass
class Row(import_rows.Row):
    """One line of a price list."""

    def said(self) -> dict[str, Any]:
        """Give the values that the file tells: what it does not tell stays as it is.

        A column that is not there tells nothing, nor does an empty cell where a new row has a value
        of its own: an apartment does not become free of charge, or for sale again, by it.
        """
        silent = {name for name in self.values if name not in self.cells} - NEEDED
        silent |= {name for name in STANDARD if not self.get(name)}
        return {name: value for name, value in self.values.items() if name not in silent}

    def project(self, known: Known, name: str = "project") -> str:
        """Take the name of a project that is there; gives its currency."""
        value = self.get(name)
        self.values[name] = value
        if not value:
            self.wrong(name, EMPTY)
        elif value not in known.currencies:
            self.unknown(name, value, known.currencies, NO_PROJECT, NO_PROJECT_BUT)
        return known.currencies.get(value, "")


NO_PROJECT = N_(
    "There is no project “%(name)s”. Add it, or import a workbook that has it on a sheet Projects."
)
NO_PROJECT_BUT = N_("There is no project “%(name)s”. Did you mean “%(near)s”?")
NO_PACKAGE = N_("The project has no package “%(name)s”.")
NO_PACKAGE_BUT = N_("The project has no package “%(name)s”. Did you mean “%(near)s”?")
NO_ADDON = N_("The project has no add-on “%(name)s”.")
NO_ADDON_BUT = N_("The project has no add-on “%(name)s”. Did you mean “%(near)s”?")


def _project(known: Known, row: Row) -> None:
    row.text("name", 120, needed=True)
    row.text("location", 400)
    row.number("latitude", Decimal(-90), Decimal(90))
    row.number("longitude", Decimal(-180), Decimal(180))
    row.values["amenities"] = [
        each.strip()[:80] for each in row.get("amenities").split(";") if each.strip()
    ]
    currency = row.get("currency").upper()
    row.values["currency"] = currency
    if not is_currency(currency):
        row.wrong("currency", N_("“%(value)s” is no currency; KES is one."), value=currency)
    elif known.currencies.get(row.get("name"), currency) != currency:
        row.wrong("currency", N_("The project is sold in another currency already."))
    if not row.problems:
        known.currencies[row.get("name")] = currency


def _package(known: Known, row: Row) -> None:
    currency = row.project(known)
    row.text("name", 120, needed=True)
    row.text("level", 60, needed=True)
    row.money("price", currency or "KES", needed=True)
    if not row.problems:
        known.packages.setdefault(row.get("project"), set()).add(row.get("name"))


def _addon(known: Known, row: Row) -> None:
    currency = row.project(known)
    row.text("name", 120, needed=True)
    row.text("category", 80, needed=True)
    row.money("price_per_unit", currency or "KES", needed=True)
    row.whole("max_units", 1, MOST, needed=True)
    if not row.problems:
        known.addons.setdefault(row.get("project"), set()).add(row.get("name"))
        known.categories.setdefault(row.get("project"), set()).add(row.get("category"))


def _limit(known: Known, row: Row) -> None:
    row.project(known)
    row.text("name", 80, needed=True)
    row.whole("max_units", 1, MOST, needed=True)


def _apartment(known: Known, row: Row) -> None:
    _type_and_place(known, row)
    row.text("name", 60, needed=True)
    row.text("block", 40)
    row.text("layout", 80)
    row.text("view", 80)
    row.whole("floor", -20, 200)
    row.cells["area"] = SQUARE_METRES.sub("", row.get("area"))
    row.number("area", Decimal("0.01"), AREA_MOST, needed=True)
    project = row.values["project"]
    if project is None:
        _alone(row)
    elif project in known.currencies:  # else what it offers is not known: one reason is enough
        packages, addons = known.packages.get(project, set()), known.addons.get(project, set())
        row.names("packages", packages, NO_PACKAGE, NO_PACKAGE_BUT)
        row.names("addons", addons, NO_ADDON, NO_ADDON_BUT)


def _alone(row: Row) -> None:
    """Refuse what is offered for an apartment without a project, where names say too little."""
    for name in ("packages", "addons"):
        if row.get(name):
            row.wrong(name, N_("Without a project this is chosen at the apartment, afterwards."))


def _type_and_place(known: Known, row: Row) -> None:
    said = row.get("type")
    type_ = TYPES.get(plain(said))
    if type_ is None:
        row.wrong(
            "type",
            N_("“%(value)s” is none of: part of a project, template, standalone."),
            value=said,
        )
        type_ = ApartmentType.project
    row.values["type"] = type_.value
    currency = ""
    if type_ is ApartmentType.standalone:
        row.values["project"] = None
        if row.get("project"):
            row.wrong("project", N_("A standalone apartment has no project."))
    elif row.get("project") or type_ is ApartmentType.project:
        currency = row.project(known)
    else:
        row.values["project"] = None
    _price(row, currency)
    _status(known, row, type_)


def _price(row: Row, currency: str) -> None:
    said = row.get("currency").upper()
    if said and not is_currency(said):
        row.wrong("currency", N_("“%(value)s” is no currency; KES is one."), value=said)
    elif said and currency and said != currency:
        row.wrong("currency", N_("The project is sold in %(currency)s."), currency=currency)
    elif not said and not currency and not row.values["project"]:
        row.wrong("currency", EMPTY)
    used = currency or (said if is_currency(said) else "KES")
    row.values["currency"] = used
    row.money("base_price", used)


def _status(known: Known, row: Row, type_: ApartmentType) -> None:
    said = plain(row.get("status"))
    status = STATUSES.get(said)
    if said in TAKEN and (row.values["project"], row.get("name")) in known.taken:
        pass  # a list that was exported says what is so; the booking decides, and it stays
    elif said in TAKEN:
        row.wrong("status", N_("Only a booking makes it that. Import it as For Sale or Withdrawn."))
    elif status is None:
        row.wrong(
            "status",
            N_("“%(value)s” is none of: For Sale, Withdrawn, Template."),
            value=row.get("status"),
        )
    if type_ is ApartmentType.template:
        status = ApartmentStatus.template
    elif status is ApartmentStatus.template:
        row.wrong("status", N_("Only an apartment of type Template has that status."))
    row.values["status"] = (status or ApartmentStatus.for_sale).value


def _known(work: Work) -> Known:
    known = Known()
    rows = work.session.execute(select(Project.id, Project.name, Project.currency)).all()
    names = {row.id: row.name for row in rows}
    known.currencies = {row.name: row.currency for row in rows}
    for kind, into in (
        (Package, known.packages),
        (Addon, known.addons),
        (AddonCategory, known.categories),
    ):
        for row in work.session.execute(select(kind.project_id, kind.name)):
            into.setdefault(names[row.project_id], set()).add(row.name)
    taken = select(Apartment.project_id, Apartment.name).where(
        Apartment.source_id.is_(None), Apartment.status.in_(BOOKED)
    )
    known.taken = {
        (names[row.project_id] if row.project_id else None, row.name)
        for row in work.session.execute(taken)
    }
    return known
