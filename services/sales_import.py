"""The import of a price list: what its sheets are called, and what each cell must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sqlalchemy import select

from core.errors import BadInput
from core.money import is_currency, parsed
from core.text import N_
from core.work import Work
from models.sales import Addon, AddonCategory, ApartmentStatus, ApartmentType, Package, Project
from services.imports import Read
from services.sheets import Column, Problem, SheetKind, plain

SHEETS = (
    SheetKind(
        "projects",
        ("Projects", "Sites"),
        (
            Column("name", N_("Project"), ("Project name", "Site"), required=True),
            Column("location", N_("Location"), ("Address", "Place"), required=True),
            Column("latitude", N_("Latitude"), ("Lat",)),
            Column("longitude", N_("Longitude"), ("Lon", "Lng", "Long")),
            Column("amenities", N_("Amenities"), ("Facilities",)),
            Column("currency", N_("Currency"), ("Curr", "Ccy"), required=True),
        ),
    ),
    SheetKind(
        "packages",
        ("Packages",),
        (
            Column("project", N_("Project"), ("Project name",), required=True),
            Column("name", N_("Package"), ("Package name",), required=True),
            Column("level", N_("Level"), ("Type", "Tier"), required=True),
            Column("price", N_("Price"), ("Package price",), required=True),
        ),
    ),
    SheetKind(
        "addons",
        ("Add-ons", "Addons", "Extras"),
        (
            Column("project", N_("Project"), ("Project name",), required=True),
            Column("name", N_("Add-on"), ("Addon", "Extra", "Add-on name"), required=True),
            Column("category", N_("Category"), ("Type",), required=True),
            Column("price_per_unit", N_("Price per unit"), ("Unit price", "Price"), required=True),
            Column("max_units", N_("Max units"), ("Maximum", "Most units", "Max"), required=True),
        ),
    ),
    SheetKind(
        "limits",
        ("Limits", "Category limits"),
        (
            Column("project", N_("Project"), ("Project name",), required=True),
            Column("name", N_("Category"), ("Type",), required=True),
            Column("max_units", N_("Max add-ons"), ("Maximum", "Limit", "Max"), required=True),
        ),
    ),
    SheetKind(
        "apartments",
        ("Apartments", "Units", "Price list"),
        (
            Column("project", N_("Project"), ("Project name", "Site")),
            Column("block", N_("Block"), ("Blk", "Tower", "Building")),
            Column("floor", N_("Floor"), ("Level", "Storey", "Flr")),
            Column(
                "name",
                N_("Apartment"),
                ("Unit", "Unit no", "Apartment no", "Unit number", "Apartment name"),
                required=True,
            ),
            Column("type", N_("Type"), ("Apartment type",)),
            Column("layout", N_("Layout"), ("Plan", "Unit type", "Bedrooms")),
            Column(
                "area",
                N_("Space (m2)"),
                ("Area", "Area sqm", "Space", "Size", "Sqm", "Area m2"),
                required=True,
            ),
            Column("view", N_("View"), ("Facing",)),
            Column("base_price", N_("Base price"), ("List price", "Price", "Amount")),
            Column("currency", N_("Currency"), ("Curr", "Ccy")),
            Column("packages", N_("Packages"), ("Package list",)),
            Column("addons", N_("Add-ons"), ("Addons", "Extras")),
            Column("status", N_("Status"), ("State",)),
        ),
    ),
)
TYPES = {
    "": ApartmentType.project,
    "partofaproject": ApartmentType.project,
    "project": ApartmentType.project,
    "template": ApartmentType.template,
    "standalone": ApartmentType.standalone,
}
STATUSES = {
    "": ApartmentStatus.for_sale,
    "forsale": ApartmentStatus.for_sale,
    "available": ApartmentStatus.for_sale,
    "withdrawn": ApartmentStatus.withdrawn,
    "notforsale": ApartmentStatus.withdrawn,
    "template": ApartmentStatus.template,
}
TAKEN = ("booked", "inprogress", "sold", "reserved")
AREA_MOST = Decimal(1_000_000)
MOST = 1_000_000
Cells = Mapping[str, str]


@dataclass
class Known:
    """What rows may refer to: what is there, and what rows before them will bring."""

    currencies: dict[str, str] = field(default_factory=dict)
    packages: dict[str, set[str]] = field(default_factory=dict)
    addons: dict[str, set[str]] = field(default_factory=dict)
    categories: dict[str, set[str]] = field(default_factory=dict)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def twice(self, sheet: str, project: str, name: str, line: int) -> int | None:
        """Remember a name; say in which line it stood before, if it did."""
        return self.seen.setdefault((sheet, project, name.lower()), line)


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
        sheets[sheet](known, row)
        first = known.twice(sheet, row.values.get("project") or "", row.get("name"), line)
        if first != line:
            row.wrong(
                "name",
                N_("“%(name)s” stands in line %(line)s already."),
                name=row.get("name"),
                line=first,
            )
        return row.values, row.problems

    return one


@dataclass
class Row:
    """One line under judgement."""

    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Read a cell; one that the file does not have is empty."""
        return self.cells.get(name, "")

    def wrong(self, column: str, message: str, **values: Any) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(Problem(column, message, values))

    def text(self, name: str, most: int, *, needed: bool = False) -> None:
        """Take a text of at most so many characters."""
        value = self.get(name)
        if needed and not value:
            self.wrong(name, N_("This is needed and empty."))
        elif len(value) > most:
            self.wrong(name, N_("Longer than %(most)s characters."), most=most)
        elif any(ord(letter) < 32 and letter not in "\n\t" for letter in value):
            self.wrong(name, N_("Has characters that cannot be kept."))
        self.values[name] = value

    def whole(self, name: str, least: int, most: int, *, needed: bool = False) -> None:
        """Take a whole number."""
        value = self.get(name)
        self.values[name] = None
        if not value and not needed:
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
        value = self.get(name).replace(",", "")
        self.values[name] = None
        if not value and not needed:
            return
        readable = value.replace("-", "", 1).replace(".", "", 1)
        if not (readable.isascii() and readable.isdigit() and least <= Decimal(value) <= most):
            self.wrong(
                name,
                N_("“%(value)s” is no number from %(least)s to %(most)s."),
                value=self.get(name),
                least=str(least),
                most=str(most),
            )
            return
        self.values[name] = value

    def money(self, name: str, currency: str) -> None:
        """Take an amount in a currency, not less than zero; an empty one is zero."""
        value = self.get(name)
        self.values[name] = "0"
        try:
            amount = parsed(value, currency, name) if value else Decimal(0)
        except BadInput as refusal:
            self.wrong(name, refusal.says, **refusal.values)
            return
        if amount < 0:
            self.wrong(name, N_("A price is not less than zero."))
            return
        self.values[name] = str(amount)

    def names(self, name: str, offered: set[str], message: str) -> None:
        """Take names separated by semicolons, each of which must be offered."""
        given = [each.strip() for each in self.get(name).split(";") if each.strip()]
        self.values[name] = list(dict.fromkeys(given))
        for each in self.values[name]:
            if each not in offered:
                self.wrong(name, message, name=each, near=_near(each, offered))

    def project(self, known: Known, name: str = "project") -> str:
        """Take the name of a project that is there; gives its currency."""
        value = self.get(name)
        self.values[name] = value
        if value not in known.currencies:
            self.wrong(
                name,
                N_("There is no project “%(name)s”.%(near)s"),
                name=value,
                near=_near(value, known.currencies),
            )
        return known.currencies.get(value, "")


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
    row.money("price", currency or "KES")
    if not row.problems:
        known.packages.setdefault(row.get("project"), set()).add(row.get("name"))


def _addon(known: Known, row: Row) -> None:
    currency = row.project(known)
    row.text("name", 120, needed=True)
    row.text("category", 80, needed=True)
    row.money("price_per_unit", currency or "KES")
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
    row.number("area", Decimal("0.01"), AREA_MOST, needed=True)
    project = row.values["project"] or ""
    if project and project not in known.currencies:
        return  # what it offers is not known either: one reason is enough
    row.names(
        "packages",
        known.packages.get(project, set()),
        N_("The project has no package “%(name)s”.%(near)s"),
    )
    row.names(
        "addons",
        known.addons.get(project, set()),
        N_("The project has no add-on “%(name)s”.%(near)s"),
    )


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
    _status(row, type_)


def _price(row: Row, currency: str) -> None:
    said = row.get("currency").upper()
    if said and not is_currency(said):
        row.wrong("currency", N_("“%(value)s” is no currency; KES is one."), value=said)
    elif said and currency and said != currency:
        row.wrong("currency", N_("The project is sold in %(currency)s."), currency=currency)
    elif not said and not currency:
        row.wrong("currency", N_("This is needed and empty."))
    used = currency or (said if is_currency(said) else "KES")
    row.values["currency"] = used
    row.money("base_price", used)


def _status(row: Row, type_: ApartmentType) -> None:
    said = plain(row.get("status"))
    status = STATUSES.get(said)
    if said in TAKEN:
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


def _near(value: str, offered: Any) -> str:
    close = get_close_matches(value, list(offered), n=1, cutoff=0.7)
    return f" Did you mean “{close[0]}”?" if close else ""


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
    return known
