"""What a lease cannot be: the unit, who rents it, and its terms, each refused at its field."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work
from models.estate import HEADS, Occupancy, Unit, UnitStatus
from models.leasing import Increase, Lease, LeaseStatus
from models.people import Party, PartyStatus
from services import guidelines, people, rents
from services.estate import UnitTaken


class UnitLet(Refused):
    """Another lease has the unit on some of these days."""

    code = "unit_let"
    status = 422
    says = N_("Another lease has this unit on some of these days.")


class UnitOutOfUse(Refused):
    """The unit is not let now."""

    code = "unit_out_of_use"
    status = 422
    says = N_("The unit is out of use. Put it into use first.")


def problems(work: Work, lease: Lease, *, others: Sequence[UUID] = ()) -> dict[str, Refused]:
    """Say what a lease cannot be as it is, by field; nothing where it can. Nothing is written.

    A rent outside the guideline is no problem where somebody has said why: that is agreed to.
    """
    unit = work.session.scalar(select(Unit).where(Unit.id == lease.unit_id))
    wrong = _terms(lease)
    if unit is None:
        return wrong | {"unit": BadInput(N_("Choose a unit."), field="unit")}
    if unit.status is UnitStatus.out_of_use:
        wrong["unit"] = UnitOutOfUse(field="unit")
    if "since" not in wrong and "until" not in wrong and (taken := _taken(work, lease, others)):
        wrong["since"] = taken
    if lease.party_id is None:
        wrong["party"] = BadInput(N_("Choose who rents it."), field="party")
    for party_id in (lease.party_id, *others):
        party = work.session.scalar(select(Party).where(Party.id == party_id))
        if party is not None and party.status is not PartyStatus.active:
            wrong["party"] = people.not_active(party, "party")
    if not wrong and not lease.override_reason.strip():
        wrong |= guidelines.breaches(work, lease, unit)
    return wrong


def _terms(lease: Lease) -> dict[str, Refused]:
    """Say which terms cannot be, whatever the unit."""
    wrong: dict[str, Refused] = {}
    if lease.since is None:
        wrong["since"] = BadInput(N_("Say from when."), field="since")
    elif lease.until is not None and lease.until < lease.since:
        wrong["until"] = BadInput(N_("It ends before it begins."), field="until")
    if lease.rent is None or lease.rent <= 0:
        wrong["rent"] = BadInput(N_("A rent is more than zero."), field="rent")
    if lease.deposit is not None and lease.deposit < 0:
        wrong["deposit"] = BadInput(N_("A deposit is zero or more."), field="deposit")
    return wrong | _steps(lease)


def _steps(lease: Lease) -> dict[str, Refused]:
    """Say what is wrong with how the rent grows."""
    try:
        steps = rents.read_steps(lease.increase_steps or "", lease.currency or "KES")
    except BadInput as refusal:
        return {"increase_steps": refusal}
    if (lease.increase is Increase.steps) != bool(steps):
        says = N_("Write the steps, where the rent grows in steps, and only there.")
        return {"increase_steps": BadInput(says, field="increase_steps")}
    if lease.increase is Increase.percent and not lease.increase_percent:
        return {"increase_percent": BadInput(N_("Say how many percent."), field="increase_percent")}
    if lease.increase is Increase.indexed and not lease.increase_index:
        return {"increase_index": BadInput(N_("Say which index."), field="increase_index")}
    return {}


def _taken(work: Work, lease: Lease, others: Sequence[UUID]) -> Refused | None:
    """Say who has the unit on some of its days: another lease, or somebody without one."""
    rows = select(Lease.id).where(
        Lease.unit_id == lease.unit_id,
        Lease.status.not_in((LeaseStatus.draft, LeaseStatus.cancelled)),
        Lease.id.is_distinct_from(lease.id),
        *overlaps(Lease, lease),
    )
    if work.session.scalar(rows.limit(1)):
        return UnitLet(field="since")
    heads = select(Occupancy.id).where(
        Occupancy.unit_id == lease.unit_id,
        Occupancy.role.in_(HEADS),
        Occupancy.party_id.not_in([lease.party_id, *others]),
        *overlaps(Occupancy, lease),
    )
    return UnitTaken(field="since") if work.session.scalar(heads.limit(1)) else None


def overlaps(kind: type[Lease] | type[Occupancy], lease: Lease) -> list[Any]:
    """Give the conditions under which a dated row shares a day with a lease."""
    conditions: list[Any] = [or_(kind.until.is_(None), kind.until >= lease.since)]
    if lease.until is not None:
        conditions.append(kind.since <= lease.until)
    return conditions
