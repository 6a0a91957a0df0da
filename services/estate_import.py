"""The import of an estate's register: units with their owners and occupants, a line for each owner.

What is there already is not doubled: a unit is known by its number in the estate, a person by their
e-mail address, else by their phone, else by their name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from core.text import N_
from core.work import Work
from models.estate import Estate, Ownership, Unit, UnitType
from models.people import Party
from services import estate_sheets, import_rows
from services.import_rows import EMPTY
from services.imports import Read
from services.sheets import plain

AREA_MOST = Decimal(1_000_000)
SQUARE_METRES = re.compile(r"\s*(m2|m²|sqm|sq\.? ?m\.?)$", re.IGNORECASE)
SHARE = re.compile(r"(\d{1,6})\s*(?:/|of)\s*(\d{1,7})|(\d{1,3}(?:\.\d{1,4})?)\s*%?")
Cells = Mapping[str, str]
Place = tuple[str, str]


@dataclass
class Known:
    """What is owned in each unit already, by whom, and what rows before will add."""

    owned: dict[Place, dict[str, Fraction]] = field(default_factory=dict)
    heads: dict[Place, str] = field(default_factory=dict)


def judge(work: Work) -> Callable[[str, Cells, int], Read]:
    """Make the judge of one file."""
    known = _known(work)

    def one(_sheet: str, cells: Cells, _line: int) -> Read:
        row = import_rows.Row({name: value.strip() for name, value in cells.items()})
        if not row.valueless():
            _unit(row)
            _owner(known, row)
            _occupant(known, row)
        told = {name: value for name, value in row.values.items() if name in row.cells or value}
        return told, row.problems

    return one


def who(values: Mapping[str, Any], as_: str) -> str:
    """Give what a person of a line is known by: address, phone or name."""
    email, phone = values.get(f"{as_}_email") or "", values.get(f"{as_}_phone") or ""
    return str(email.lower() or phone.replace(" ", "") or (values.get(as_) or "").casefold())


def read_share(text: str) -> Fraction | None:
    """Read a share like `1/3`, `50 %` or `50`; nothing where it cannot be read, or is no share."""
    found = SHARE.fullmatch(text.strip())
    if found is None:
        return None
    if found[1]:
        parts, whole = int(found[1]), int(found[2])
        share = Fraction(parts, whole) if whole else Fraction(0)
    else:
        share = Fraction(found[3]) / 100
    return share if 0 < share <= 1 and share.denominator <= 1_000_000 else None


def _unit(row: import_rows.Row) -> None:
    row.text("estate", 120, needed=True)
    row.text("number", 40, needed=True)
    row.text("block", 120)
    row.whole("floor", -20, 200)
    row.whole("bedrooms", 0, 50)
    row.cells["area"] = SQUARE_METRES.sub("", row.get("area"))
    row.number("area", Decimal("0.01"), AREA_MOST)
    said = row.get("type")
    kind = estate_sheets.TYPES.get(plain(said))
    if kind is None:
        offered = ", ".join(each.value for each in UnitType)
        row.wrong("type", N_("“%(value)s” is none of: %(offered)s."), value=said, offered=offered)
    elif said:
        row.values["type"] = kind.value


def _owner(known: Known, row: import_rows.Row) -> None:
    _person(row, "owner")
    row.day("owned_since")
    share = read_share(row.get("share") or "100")
    if share is None:
        said = N_("“%(value)s” is no share; 50 %% or 1/3 is one.")
        row.wrong("share", said, value=row.get("share"))
        return
    if not row.get("owner") or row.problems:
        return
    row.values["share"] = [share.numerator, share.denominator]
    owners = known.owned.setdefault(_place(row), {})
    owners.setdefault(who(row.values, "owner"), share)
    if sum(owners.values()) > 1:
        row.wrong("share", N_("The owners of a unit hold at most all of it on each day."))


def _occupant(known: Known, row: import_rows.Row) -> None:
    _person(row, "occupant")
    row.day("lives_since")
    said = row.get("role")
    role = estate_sheets.ROLES.get(plain(said))
    if role is None:
        offered = "tenant, owner, resident"
        row.wrong("role", N_("“%(value)s” is none of: %(offered)s."), value=said, offered=offered)
        return
    row.values["role"] = role.value
    if not row.get("occupant") or row.problems or role.value == "resident":
        return
    mine = who(row.values, "occupant")
    if known.heads.setdefault(_place(row), mine) != mine:
        row.wrong("occupant", N_("Somebody else has this unit in a line before."))


def _person(row: import_rows.Row, as_: str) -> None:
    row.text(as_, 120)
    row.text(f"{as_}_email", 320)
    row.text(f"{as_}_phone", 40)
    email = row.get(f"{as_}_email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        row.wrong(f"{as_}_email", N_("That is no e-mail address."))
    if not row.get(as_) and (email or row.get(f"{as_}_phone")):
        row.wrong(as_, EMPTY)


def _place(row: import_rows.Row) -> Place:
    return row.get("estate").casefold(), row.get("number").casefold()


def _known(work: Work) -> Known:
    known = Known()
    query = (
        select(Estate.name, Unit.number, Ownership, Party)
        .join(Unit, Unit.id == Ownership.unit_id)
        .join(Estate, Estate.id == Unit.estate_id)
        .join(Party, Party.id == Ownership.party_id)
        .where(Ownership.until.is_(None))
    )
    for name, number, held, party in work.session.execute(query):
        owners = known.owned.setdefault((name.casefold(), number.casefold()), {})
        said = {"owner": party.name, "owner_email": party.email, "owner_phone": party.phone}
        owners[who(said, "owner")] = Fraction(held.share_parts, held.share_of)
    return known
