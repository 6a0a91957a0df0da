"""Estates: their units, who owns them, and who moves in and out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import ColumnElement, Select, or_, select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import is_currency
from core.text import N_
from core.work import Work, found, locked
from models.estate import (
    HEADS,
    UNIT_FLOW,
    Block,
    Estate,
    Occupancy,
    OccupancyRole,
    Ownership,
    Unit,
    UnitStatus,
)
from services import organizations, people
from services.events import Fact, emit

MOST = 2_000


class MoreThanWhole(Refused):
    """The shares of a unit would come to more than all of it."""

    code = "more_than_whole"
    status = 422
    says = N_("The owners of a unit hold at most all of it on each day.")


class OwnedAlready(Refused):
    """The party owns a part of it on some of these days."""

    code = "owned_already"
    status = 422
    says = N_("They own a part of this unit on some of these days already.")


class UnitTaken(Refused):
    """Somebody else has the unit on some of these days."""

    code = "unit_taken"
    status = 422
    says = N_("Somebody else has this unit on some of these days.")


class LivesThere(Refused):
    """The party lives there on some of these days."""

    code = "lives_there"
    status = 422
    says = N_("They live in this unit on some of these days already.")


class Ended(Refused):
    """What is to end has ended before."""

    code = "ended_already"
    says = N_("That has ended already.")


OWNING = {
    "shares_within_whole": MoreThanWhole(field="share_parts"),
    "ex_ownership_days": OwnedAlready(),
}
LIVING = {
    "ex_occupancy_head": UnitTaken(field="since"),
    "ex_occupancy_days": LivesThere(),
}


@dataclass(frozen=True)
class UnitStatusChanged(Fact, type="unit.status_changed", table="unit"):
    """Somebody has a unit from now on, or nobody any more."""

    unit_id: UUID
    estate_id: UUID
    number: str
    old: UnitStatus
    new: UnitStatus


@dataclass(frozen=True)
class OwnershipStarted(Fact, type="ownership.started", table="ownership"):
    """A party owns a part of a unit: `share_parts` of `share_of`."""

    ownership_id: UUID
    unit_id: UUID
    party_id: UUID
    share_parts: int
    share_of: int
    since: date


@dataclass(frozen=True)
class OwnershipEnded(Fact, type="ownership.ended", table="ownership"):
    """A party owns its part of a unit up to a day, and not beyond."""

    ownership_id: UUID
    unit_id: UUID
    party_id: UUID
    until: date


@dataclass(frozen=True)
class OccupancyStarted(Fact, type="occupancy.started", table="occupancy"):
    """A party lives in a unit, or uses it, from a day on."""

    occupancy_id: UUID
    unit_id: UUID
    party_id: UUID
    role: OccupancyRole
    since: date


@dataclass(frozen=True)
class OccupancyEnded(Fact, type="occupancy.ended", table="occupancy"):
    """A party leaves a unit after a day."""

    occupancy_id: UUID
    unit_id: UUID
    party_id: UUID
    role: OccupancyRole
    until: date


@dataclass(frozen=True, slots=True)
class Home:
    """A unit that a party owns, or lives in, today. `as_` is what they are there."""

    unit: Unit
    estate: Estate
    block: str
    owns: Ownership | None
    lives: Occupancy | None


def check_estate(work: Work, estate: Estate) -> None:
    """Guard the form of an estate; what is not said is the organization's.

    Raises:
        BadInput: the currency or the time zone is none.

    """
    home = organizations.home(work)
    estate.currency = (estate.currency or home.currency).strip().upper()
    estate.time_zone = (estate.time_zone or home.time_zone).strip()
    if not is_currency(estate.currency):
        raise BadInput(N_("That is no currency: write its code, like KES."), field="currency")
    if estate.time_zone not in available_timezones():
        raise BadInput(N_("Write a time zone like Africa/Nairobi."), field="time_zone")


def check_unit(work: Work, unit: Unit) -> None:
    """Guard the form of a unit.

    Raises:
        BadInput: its block stands in another estate.

    """
    unit.number = (unit.number or "").strip()
    if unit.block_id and found(work, Block, unit.block_id).estate_id != unit.estate_id:
        raise BadInput(N_("The estate has no such block."), field="block")


def today(work: Work, estate: Estate) -> date:
    """Give the day that it is in an estate."""
    return work.now.astimezone(ZoneInfo(estate.time_zone)).date()


def own(work: Work, row: Ownership) -> Ownership:
    """Write down that a party owns a part of a unit from a day on.

    Raises:
        MoreThanWhole: all owners together would hold more than the unit.
        OwnedAlready: the party owns a part on some of these days.

    """
    row.id, row.organization_id = row.id or uuid7(), work.scope.home()
    with refusing(work.session, OWNING):
        work.session.add(row)
        work.session.flush()
    people.give_role(work, row.party_id, people.OWNER)
    emit(
        work,
        OwnershipStarted(
            row.id, row.unit_id, row.party_id, row.share_parts, row.share_of, row.since
        ),
    )
    return row


def end_ownership(work: Work, ownership_id: UUID, until: date) -> Ownership:
    """Let a party own its part up to and including a day.

    Raises:
        Ended: it ended already.
        BadInput: the day is before the first one.

    """
    row = locked(work, Ownership, ownership_id)
    _end(row, until)
    work.session.flush()
    emit(work, OwnershipEnded(row.id, row.unit_id, row.party_id, until))
    return row


def pass_on(work: Work, ownership_id: UUID, party_id: UUID, since: date) -> Ownership:
    """Give an owner's part to another party, who owns it from a day on.

    Raises:
        As `end_ownership` and `own`.

    """
    old = locked(work, Ownership, ownership_id)
    if old.party_id == party_id:
        raise OwnedAlready
    if since <= old.since:
        raise BadInput(N_("It ends before it begins."), field="since")
    end_ownership(work, ownership_id, date.fromordinal(since.toordinal() - 1))
    return own(
        work,
        Ownership(
            unit_id=old.unit_id,
            party_id=party_id,
            share_parts=old.share_parts,
            share_of=old.share_of,
            since=since,
        ),
    )


def move_in(work: Work, row: Occupancy) -> Occupancy:
    """Write down that a party lives in a unit, or uses it, from a day on.

    Raises:
        UnitTaken: another one has it on some of these days.
        LivesThere: the party lives there on some of these days.

    """
    row.id, row.organization_id = row.id or uuid7(), work.scope.home()
    with refusing(work.session, LIVING):
        work.session.add(row)
        work.session.flush()
    people.give_role(work, row.party_id, people.RESIDENT)
    emit(work, OccupancyStarted(row.id, row.unit_id, row.party_id, row.role, row.since))
    refresh(work, row.unit_id)
    return row


def move_out(work: Work, occupancy_id: UUID, until: date) -> Occupancy:
    """Let a party live in a unit up to and including a day.

    Raises:
        Ended: it ended already.
        BadInput: the day is before the first one.

    """
    row = locked(work, Occupancy, occupancy_id)
    _end(row, until)
    work.session.flush()
    emit(work, OccupancyEnded(row.id, row.unit_id, row.party_id, row.role, until))
    refresh(work, row.unit_id)
    return row


def undo_move_in(work: Work, occupancy_id: UUID) -> None:
    """Take back that somebody moves in: it did not come about. Again, nothing."""
    query = select(Occupancy).where(Occupancy.id == occupancy_id).with_for_update()
    if (row := work.session.scalar(query)) is None:
        return
    emit(work, OccupancyEnded(row.id, row.unit_id, row.party_id, row.role, row.since))
    work.session.delete(row)
    work.session.flush()
    refresh(work, row.unit_id)


def take_out_of_use(work: Work, unit_id: UUID) -> Unit:
    """Keep a unit from being let: it is built anew, say."""
    return _move(work, locked(work, Unit, unit_id), "take_out_of_use")


def put_into_use(work: Work, unit_id: UUID) -> Unit:
    """Let a unit be let again."""
    return _move(work, locked(work, Unit, unit_id), "put_into_use")


def reserve(work: Work, unit_id: UUID) -> Unit:
    """Keep a vacant unit for somebody who is to have it; one that is not vacant stays as it is."""
    unit = locked(work, Unit, unit_id)
    return _move(work, unit, "reserve") if unit.status is UnitStatus.vacant else unit


def release(work: Work, unit_id: UUID) -> Unit:
    """Keep a unit for nobody any more; one that was not kept stays as it is."""
    unit = locked(work, Unit, unit_id)
    return _move(work, unit, "release") if unit.status is UnitStatus.reserved else unit


def refresh(work: Work, unit_id: UUID) -> Unit:
    """Bring a unit's status in line with who has it today; again, nothing changes."""
    unit = locked(work, Unit, unit_id)
    day = today(work, found(work, Estate, unit.estate_id))
    taken = work.session.scalar(
        select(Occupancy.id).where(Occupancy.unit_id == unit.id, *on(Occupancy, day)).limit(1)
    )
    if taken and unit.status is not UnitStatus.occupied:
        return _move(work, unit, "occupy")
    if not taken and unit.status is UnitStatus.occupied:
        return _move(work, unit, "leave")
    return unit


def stale(work: Work, most: int = MOST) -> Sequence[UUID]:
    """List the units whose status is no longer what their occupancies say: a day has begun."""
    days = {each.id: today(work, each) for each in work.session.scalars(select(Estate))}
    late: list[UUID] = []
    for estate_id, day in days.items():
        taken = select(Occupancy.id).where(Occupancy.unit_id == Unit.id, *on(Occupancy, day))
        occupied = Unit.status == UnitStatus.occupied
        query = select(Unit.id).where(
            Unit.estate_id == estate_id,
            or_(taken.exists() & ~occupied, ~taken.exists() & occupied),
        )
        late += work.session.scalars(query.order_by(Unit.id).limit(most))
    return late


def on(kind: type[Ownership] | type[Occupancy], day: date) -> tuple[ColumnElement[bool], ...]:
    """Give the conditions under which a dated relation holds on a day."""
    return kind.since <= day, or_(kind.until.is_(None), kind.until >= day)


def homes(work: Work, party_id: UUID) -> list[Home]:
    """List the units that a party owns a part of, or lives in, today."""
    day = work.now.astimezone(ZoneInfo(organizations.home(work).time_zone)).date()
    owned = {
        each.unit_id: each
        for each in work.session.scalars(
            select(Ownership).where(Ownership.party_id == party_id, *on(Ownership, day))
        )
    }
    lived = {
        each.unit_id: each
        for each in work.session.scalars(
            select(Occupancy).where(Occupancy.party_id == party_id, *on(Occupancy, day))
        )
    }
    query = _placed().where(Unit.id.in_({*owned, *lived}))
    return [
        Home(unit, estate, block or "", owned.get(unit.id), lived.get(unit.id))
        for unit, estate, block in work.session.execute(query)
    ]


def head_of(work: Work, unit_id: UUID, day: date) -> UUID | None:
    """Name the party that has a unit on a day, and answers for it."""
    query = select(Occupancy.party_id).where(
        Occupancy.unit_id == unit_id, Occupancy.role.in_(HEADS), *on(Occupancy, day)
    )
    return work.session.scalar(query)


def units_of(work: Work, estate_id: UUID) -> list[UUID]:
    """List the units of an estate."""
    return list(work.session.scalars(select(Unit.id).where(Unit.estate_id == estate_id)))


def _placed() -> Select[Unit, Estate, str]:
    return (
        select(Unit, Estate, Block.name)
        .join(Estate, Estate.id == Unit.estate_id)
        .outerjoin(Block, Block.id == Unit.block_id)
        .order_by(Estate.name, Block.name, Unit.number)
    )


def _end(row: Ownership | Occupancy, until: date) -> None:
    if row.until is not None and row.until <= until:
        raise Ended
    if until < row.since:
        raise BadInput(N_("It ends before it begins."), field="until")
    row.until = until


def _move(work: Work, unit: Unit, name: str) -> Unit:
    old = unit.status
    UNIT_FLOW.move(unit, name)
    emit(work, UnitStatusChanged(unit.id, unit.estate_id, unit.number, old, unit.status))
    return unit
