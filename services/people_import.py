"""The import of a register of people and companies: each once, whoever was there already.

Somebody is known by their e-mail address, else by their phone, else by their name. Numbers of
papers are not imported: a file would keep them in clear.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select

from core import phones
from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.builder import Import, ImportRow
from models.people import Party, PartyKind
from services import import_rows, imports, organizations, people
from services.import_rows import EMPTY
from services.imports import KINDS, Kind, Read
from services.people_sheets import KINDS as PARTY_KINDS
from services.people_sheets import ROLES, SHEETS
from services.sheets import plain

CHUNK = 500
"""Lines that one transaction takes in."""
KEPT = ("kind", "phone", "address", "note")
Cells = Mapping[str, str]


def judge(work: Work) -> Callable[[str, Cells, int], Read]:
    """Make the judge of one file."""
    region, lines = phones.region(organizations.home(work).currency), dict[str, int]()

    def one(_sheet: str, cells: Cells, line: int) -> Read:
        row = import_rows.Row({name: value.strip() for name, value in cells.items()})
        if not row.valueless():
            _who(row, region)
            _roles(row)
            _contact(row, region)
            if not row.problems:
                _once(row, lines, line)
        told = {name: value for name, value in row.values.items() if name in row.cells or value}
        return told, row.problems

    return one


def take(work: Work, run: Import) -> bool:
    """Take in the next lines, one by one; say whether there are more."""
    return imports.line_by_line(work, run, _take, CHUNK)


def take_back(work: Work, run: Import) -> tuple[int, int]:
    """Undo: who is dealt with by now stays, and who was there already is as before."""
    query = select(ImportRow).where(
        ImportRow.import_id == run.id, ImportRow.action.in_(("create", "update"))
    )
    rows = list(work.session.scalars(query.order_by(ImportRow.line.desc())))
    kept = 0
    for row in rows:
        assert row.record_id
        if row.action == "create":
            kept += not imports.gone(work.session, Party, row.record_id)
            continue
        party = work.session.get(Party, row.record_id)
        for name, old in (row.before or {}).items():
            if party is not None:
                setattr(party, name, PartyKind(old) if name == "kind" else old)
        work.session.flush()
    return len(rows) - kept, kept


def _who(row: import_rows.Row, region: str) -> None:
    row.text("name", 120, needed=True)
    row.text("email", 320)
    row.text("address", 400)
    row.text("note", 2000)
    row.values["email"] = row.get("email").lower()
    if row.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", row.get("email")):
        row.wrong("email", N_("That is no e-mail address."))
    _phone(row, "phone", region)
    kind = PARTY_KINDS.get(plain(row.get("kind")))
    if kind is None:
        offered = ", ".join(PartyKind)
        said = N_("“%(value)s” is none of: %(offered)s.")
        row.wrong("kind", said, value=row.get("kind"), offered=offered)
    elif row.get("kind"):
        row.values["kind"] = kind.value


def _roles(row: import_rows.Row) -> None:
    found = list[str]()
    for word in filter(None, map(str.strip, re.split(r"[;,\n]", row.get("roles")))):
        role = ROLES.get(plain(word))
        if role is None:
            offered = ", ".join(dict.fromkeys(ROLES.values()))
            row.wrong(
                "roles", N_("“%(value)s” is none of: %(offered)s."), value=word, offered=offered
            )
        else:
            found.append(role)
    row.values["roles"] = sorted(set(found))


def _contact(row: import_rows.Row, region: str) -> None:
    row.text("contact", 120)
    _phone(row, "contact_phone", region)
    if bool(row.get("contact")) != bool(row.get("contact_phone")):
        row.wrong("contact_phone" if row.get("contact") else "contact", EMPTY)


def _phone(row: import_rows.Row, name: str, region: str) -> None:
    said = row.get(name)
    row.values[name] = ""
    try:
        row.values[name] = phones.e164(said, region, name) if said else ""
    except BadInput as refusal:
        row.wrong(name, refusal.says, **refusal.values)


def _once(row: import_rows.Row, lines: dict[str, int], line: int) -> None:
    """Refuse a person who stands in a line before."""
    same = _known_by(row.values)
    if lines.setdefault(same, line) != line:
        row.wrong("name", N_("They stand in line %(line)s already."), line=lines[same])


def _known_by(values: Mapping[str, Any]) -> str:
    return str(values.get("email") or values.get("phone") or values["name"].casefold())


def _take(work: Work, row: ImportRow) -> None:
    values = row.values
    party = _party(work, values)
    told = {name: values[name] for name in KEPT if values.get(name)}
    if "kind" in told:
        told["kind"] = PartyKind(told["kind"])
    if values.get("contact"):
        told["emergency_contacts"] = [{"name": values["contact"], "phone": values["contact_phone"]}]
    row.action, row.before = "keep", {}
    if party is None:
        kind = told.pop("kind", PartyKind.person)
        known_as, email = tuple(values.get("roles") or ()), values.get("email") or ""
        party = people.add(work, values["name"], kind=kind, email=email, roles=known_as)
        row.action = "create"
    elif roles := set(values.get("roles") or ()) - set(party.roles):
        told["roles"] = sorted({*party.roles, *roles})
    changed = {name: old for name, new in told.items() if (old := getattr(party, name)) != new}
    for name in changed:
        setattr(party, name, told[name])
    if changed and row.action != "create":
        row.action, row.before = "update", changed
    row.record_id = party.id
    work.session.flush()


def _party(work: Work, values: Mapping[str, Any]) -> Party | None:
    """Find who is meant; somebody with another address is somebody else, whatever their name."""
    email, phone = values.get("email") or "", values.get("phone") or ""
    if email:
        same: Any = func.lower(Party.email) == email
    elif phone:
        same = func.replace(Party.phone, " ", "").in_(phones.forms(phone))
    else:
        same = func.lower(Party.name) == values["name"].lower()
    query = select(Party).where(same).order_by(Party.id).limit(1)
    return work.session.scalars(query).first()


KINDS["people"] = Kind(SHEETS, judge, take, take_back)
