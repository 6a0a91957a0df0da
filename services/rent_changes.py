"""Rents that change: by a percentage each year, with an index, or as was agreed meanwhile."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.estate import Estate, Unit
from models.leasing import LEASE_FLOW, RUNNING, Increase, Lease
from models.rents import ExtraKind, LeaseExtra, LeaseRent, PriceIndex, RentCause
from services import estate, rents
from services.events import Fact, emit

AHEAD = timedelta(days=60)
"""How long before a rent grows that it is written down, and the tenant told."""


class ChangesAlready(Refused):
    """The rent changes on that day already."""

    code = "rent_changes_already"
    status = 422
    says = N_("The rent changes on that day already.")


ONCE = {"uq_lease_rent_organization_id_lease_id_since": ChangesAlready(field="since")}


@dataclass(frozen=True)
class RentChanged(Fact, type="lease.rent_changed", table="lease"):
    """The rent of a lease is another from a day on."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    since: date
    old: Decimal
    new: Decimal
    currency: str
    cause: RentCause


def change(work: Work, lease_id: UUID, since: date, amount: Decimal, reason: str = "") -> LeaseRent:
    """Agree on another rent for periods that begin from a day on.

    Raises:
        BadInput: that day was charged for, or the amount is nothing.
        ChangesAlready: it changes on that day.
        IllegalMove: the lease is over.

    """
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "end")
    if lease.next_on and since < lease.next_on:
        raise BadInput(
            N_("Rent was asked for up to then. Choose %(day)s or later."),
            field="since",
            day=lease.next_on.isoformat(),
        )
    amount = exact(amount, lease.currency)
    if amount <= 0:
        raise BadInput(N_("A rent is more than zero."), field="amount")
    return _write(work, lease, since, amount, RentCause.changed, reason)


def check_extra(work: Work, row: LeaseExtra) -> None:
    """Guard the form of what comes with a rent, or is taken off it.

    Raises:
        BadInput: the amount has too many decimals.

    """
    lease = found(work, Lease, row.lease_id) if row.lease_id else None
    if lease is not None:
        row.amount = exact(Decimal(row.amount or 0), lease.currency)
        row.code = "4200" if row.kind is ExtraKind.concession else (row.code or "4900").strip()


def due(work: Work) -> list[UUID]:
    """List the leases whose rent may grow within the next weeks."""
    last = select(func.max(LeaseRent.since)).where(LeaseRent.lease_id == Lease.id).scalar_subquery()
    grows = (Increase.percent, Increase.indexed)
    query = select(Lease.id, last, Lease.increase_months, Lease.unit_id).where(
        Lease.status.in_(RUNNING), Lease.increase.in_(grows)
    )
    soon = work.now.date() + AHEAD
    return [
        lease_id
        for lease_id, since, months, _unit in work.session.execute(query.order_by(Lease.id))
        if since is None or rents.months_later(since, months) <= soon
    ]


def grow(work: Work, lease_id: UUID) -> LeaseRent | None:
    """Write down the next growth of a rent, if it comes soon; once. None where it does not."""
    lease = locked(work, Lease, lease_id)
    query = select(LeaseRent).where(LeaseRent.lease_id == lease.id)
    last = work.session.scalars(query.order_by(LeaseRent.since.desc())).first()
    if last is None or lease.status not in RUNNING:
        return None
    day = rents.months_later(last.since, lease.increase_months)
    if day > _today(work, lease) + AHEAD or (lease.until and day > lease.until):
        return None
    if lease.increase is Increase.percent:
        amount = rents.grown(last.amount, lease.increase_percent, lease.currency)
        return _write(work, lease, day, amount, RentCause.percent, "")
    before, now = (_index(work, lease, each) for each in (last.since, day))
    if before is None or now is None:
        return None
    amount = rents.follows(last.amount, before.value, now.value, lease.currency)
    reason = f"{before.name}: {before.value} ({before.month_on}), {now.value} ({now.month_on})"
    return _write(work, lease, day, amount, RentCause.indexed, reason)


def _index(work: Work, lease: Lease, day: date) -> PriceIndex | None:
    """Find what the index of a lease stood at on a day: its last month that is known."""
    query = (
        select(PriceIndex)
        .where(PriceIndex.name == lease.increase_index, PriceIndex.month_on <= day)
        .order_by(PriceIndex.month_on.desc())
    )
    return work.session.scalars(query.limit(1)).first()


def _write(  # noqa: PLR0913, PLR0917  # what a change consists of
    work: Work, lease: Lease, since: date, amount: Decimal, cause: RentCause, reason: str
) -> LeaseRent:
    query = (
        select(LeaseRent.amount)
        .where(LeaseRent.lease_id == lease.id, LeaseRent.since < since)
        .order_by(LeaseRent.since.desc())
        .limit(1)
    )
    old = work.session.scalar(query) or lease.rent
    row = LeaseRent(id=uuid7(), organization_id=lease.organization_id, lease_id=lease.id)
    row.since, row.amount, row.cause, row.reason = since, amount, cause, reason.strip()[:400]
    with refusing(work.session, ONCE):
        work.session.add(row)
        work.session.flush()
    said = (lease.id, lease.number, lease.unit_id, lease.party_id)
    emit(work, RentChanged(*said, since, old, amount, lease.currency, cause))
    return row


def _today(work: Work, lease: Lease) -> date:
    unit = found(work, Unit, lease.unit_id)
    return estate.today(work, found(work, Estate, unit.estate_id))
