"""Taking a judged register in, and taking back what it brought, last things first."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.db import Base, uuid7
from core.work import Work
from models.builder import Import, ImportRow
from models.estate import Block, Estate, Occupancy, OccupancyRole, Ownership, Unit, UnitType
from models.people import Party
from services import estate, imports, organizations, people
from services.estate_import import judge
from services.estate_sheets import SHEETS
from services.imports import KINDS, Kind

CHUNK = 500
"""Lines that one transaction takes in."""
MADE: tuple[tuple[str, type[Base]], ...] = (
    ("occupancy", Occupancy),
    ("ownership", Ownership),
    ("unit", Unit),
    ("occupant", Party),
    ("owner", Party),
    ("block", Block),
    ("estate", Estate),
)
"""What a line may have made, in the order in which it is taken back."""


def take(work: Work, run: Import) -> bool:
    """Take in the next lines, one by one; say whether there are more."""
    return imports.line_by_line(work, run, _take, CHUNK)


def take_back(work: Work, run: Import) -> tuple[int, int]:
    """Undo, last things first: what is in use by now stays as it is."""
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == run.id, ImportRow.action.in_(("create", "update")))
        .order_by(ImportRow.sheet, ImportRow.line.desc())
    )
    rows = list(work.session.scalars(query))
    kept: set[UUID] = set()
    for name, kind in MADE:
        for row in rows:
            made = (row.before or {}).get(name)
            if made and not imports.gone(work.session, kind, UUID(made)):
                kept.add(row.id)
    for row in rows:
        _restore(work, row)
    return len(rows) - len(kept), len(kept)


def _take(work: Work, row: ImportRow) -> None:
    values, before = row.values, dict[str, Any]()
    place = _estate(work, values["estate"], before)
    unit = _unit(work, place, values, before)
    row.record_id = unit.id
    if values.get("owner"):
        _own(work, place, unit, values, before)
    if values.get("occupant"):
        _live(work, place, unit, values, before)
    row.action = "create" if "unit" in before else "update" if before else "keep"
    row.before = before


def _estate(work: Work, name: str, before: dict[str, Any]) -> Estate:
    query = select(Estate).where(func.lower(Estate.name) == name.lower())
    found = work.session.scalar(query)
    if found is None:
        home = organizations.home(work)
        found = Estate(
            id=uuid7(),
            organization_id=home.id,
            name=name,
            currency=home.currency,
            time_zone=home.time_zone,
        )
        work.session.add(found)
        work.session.flush()
        before["estate"] = str(found.id)
    return found


def _unit(work: Work, place: Estate, values: Mapping[str, Any], before: dict[str, Any]) -> Unit:
    told: dict[str, Any] = {
        name: values[name] for name in ("floor", "bedrooms") if values.get(name) is not None
    }
    if values.get("area"):
        told["area"] = Decimal(values["area"])
    if "type" in values:
        told["type"] = UnitType(values["type"])
    if values.get("block"):
        told["block_id"] = _block(work, place, values["block"], before)
    query = select(Unit).where(
        Unit.estate_id == place.id, func.lower(Unit.number) == values["number"].lower()
    )
    unit = work.session.scalar(query)
    if unit is None:
        unit = Unit(id=uuid7(), organization_id=place.organization_id, estate_id=place.id)
        unit.number, unit.created_at, unit.custom = values["number"], work.now, {}
        before["unit"] = str(unit.id)
        work.session.add(unit)
    changed = {name: old for name, new in told.items() if (old := getattr(unit, name)) != new}
    for name in changed:
        setattr(unit, name, told[name])
    work.session.flush()
    if changed and "unit" not in before:
        before["was"] = {name: None if old is None else str(old) for name, old in changed.items()}
    return unit


def _block(work: Work, place: Estate, name: str, before: dict[str, Any]) -> UUID:
    query = select(Block).where(Block.estate_id == place.id, func.lower(Block.name) == name.lower())
    block = work.session.scalar(query)
    if block is None:
        block = Block(organization_id=place.organization_id, estate_id=place.id, name=name)
        block.id = uuid7()
        work.session.add(block)
        work.session.flush()
        before["block"] = str(block.id)
    return block.id


def _own(
    work: Work, place: Estate, unit: Unit, values: Mapping[str, Any], before: dict[str, Any]
) -> None:
    party = _party(work, values, "owner", before)
    query = select(Ownership.id).where(
        Ownership.unit_id == unit.id, Ownership.party_id == party.id, Ownership.until.is_(None)
    )
    if work.session.scalar(query):
        return
    parts, whole = values.get("share") or (1, 1)
    since = values.get("owned_since")
    row = Ownership(unit_id=unit.id, party_id=party.id, share_parts=parts, share_of=whole)
    row.since = date.fromisoformat(since) if since else estate.today(work, place)
    before["ownership"] = str(estate.own(work, row).id)


def _live(
    work: Work, place: Estate, unit: Unit, values: Mapping[str, Any], before: dict[str, Any]
) -> None:
    party = _party(work, values, "occupant", before)
    query = select(Occupancy.id).where(
        Occupancy.unit_id == unit.id, Occupancy.party_id == party.id, Occupancy.until.is_(None)
    )
    if work.session.scalar(query):
        return
    since = values.get("lives_since")
    row = Occupancy(unit_id=unit.id, party_id=party.id, role=OccupancyRole(values["role"]))
    row.since = date.fromisoformat(since) if since else estate.today(work, place)
    before["occupancy"] = str(estate.move_in(work, row).id)


def _party(work: Work, values: Mapping[str, Any], as_: str, before: dict[str, Any]) -> Party:
    name, email = values[as_], (values.get(f"{as_}_email") or "").lower()
    phone = values.get(f"{as_}_phone") or ""
    if email:
        same: Any = func.lower(Party.email) == email
    elif phone:
        same = func.replace(Party.phone, " ", "") == phone.replace(" ", "")
    else:
        same = func.lower(Party.name) == name.lower()
    found = work.session.scalars(select(Party).where(same).order_by(Party.id).limit(1)).first()
    if found is None:
        found = people.add(work, name, email=email, phone=phone, roles=())
        before[as_] = str(found.id)
    return found


def _restore(work: Work, row: ImportRow) -> None:
    """Give back to a unit that was changed what it held before, and its status of today."""
    unit = work.session.get(Unit, row.record_id)
    if unit is None:
        return
    for name, old in ((row.before or {}).get("was") or {}).items():
        kind = getattr(Unit, name).type.python_type
        setattr(unit, name, old if old is None else UnitType(old) if name == "type" else kind(old))
    work.session.flush()
    estate.refresh(work, unit.id)


KINDS["estate"] = Kind(SHEETS, judge, take, take_back)
