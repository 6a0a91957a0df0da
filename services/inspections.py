"""Inspections: begun from the last one or from a list of rooms, filled in, signed off, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing, uuid7
from core.errors import BadInput, Mistakes, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.estate import Estate, Unit
from models.files import Document
from models.inspections import (
    INSPECTION_FLOW,
    Condition,
    Inspection,
    InspectionItem,
    InspectionKind,
    InspectionStatus,
)
from models.leasing import Lease, LeaseStatus
from services import estate, files, inspection_lists, organizations
from services.events import Fact, emit
from services.inspection_lists import MOST

RENEWALS = 40
"""Leases before one of which the first says how the unit was."""
NOT_LET = (LeaseStatus.draft, LeaseStatus.cancelled)


class NotWhole(Refused):
    """Something was not looked at."""

    code = "inspection_not_whole"
    status = 422
    says = N_("Say of each thing what it was found like: %(left)s are left.")


class SignedOff(Refused):
    """What was signed off stays."""

    code = "inspection_signed_off"
    says = N_("This inspection is signed off, and stays as it is.")


class OneOfAKind(Refused):
    """A lease has one inspection for moving in, and one for moving out."""

    code = "inspection_there"
    says = N_("The lease has such an inspection already.")


@dataclass(frozen=True)
class InspectionBegun(Fact, type="inspection.begun", table="inspection"):
    """Somebody goes through a unit."""

    inspection_id: UUID
    number: str
    lease_id: UUID
    unit_id: UUID
    kind: InspectionKind
    inspected_on: date


@dataclass(frozen=True)
class InspectionSignedOff(Fact, type="inspection.signed_off", table="inspection"):
    """What was found in a unit is written down; `cost` is what mending is thought to cost."""

    inspection_id: UUID
    number: str
    lease_id: UUID
    unit_id: UUID
    kind: InspectionKind
    inspected_on: date
    party_id: UUID
    cost: Decimal
    currency: str


@dataclass(frozen=True)
class InspectionDiscarded(Fact, type="inspection.discarded", table="inspection"):
    """An inspection that was begun is given up."""

    inspection_id: UUID
    number: str
    lease_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody says of a thing."""

    condition: Condition | None
    note: str
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A thing as it was when somebody moved in, and as it is found now; either may be missing."""

    room: str
    thing: str
    before: InspectionItem | None
    after: InspectionItem | None

    @property
    def worse(self) -> bool:
        """Whether it was found worse than before; without a before, whether it is bad."""
        if self.after is None or self.after.grade is None:
            return False
        grades = list(Condition)
        least = self.before.grade if self.before else None
        return grades.index(self.after.grade) > grades.index(least or Condition.worn)


def begin(work: Work, row: Inspection) -> Inspection:
    """Begin to write down what is found, with the things of the last inspection of the unit.

    Where there was none, with those of the list for units of its type.

    Raises:
        OneOfAKind: the lease has one for moving in or out already.
        Mistakes: as `revise`.

    """
    revise(work, row)
    lease = found(work, Lease, row.lease_id)
    row.id, row.organization_id = row.id or uuid7(), lease.organization_id
    row.created_at = work.now
    row.number = organizations.next_number(work, "inspection", "INS")
    with refusing(work.session, {"uq_inspection_first_and_last": OneOfAKind(field="kind")}):
        work.session.add(row)
        work.session.flush()
    things = _last(work, lease) or inspection_lists.listed(
        work, found(work, Unit, lease.unit_id).type
    )
    work.session.add_all(
        InspectionItem(
            id=uuid7(),
            organization_id=lease.organization_id,
            inspection_id=row.id,
            position=position,
            room=room,
            thing=thing,
            currency=lease.currency,
            created_at=work.now,
        )
        for position, (room, thing) in enumerate(things[:MOST], 1)
    )
    work.session.flush()
    of = (lease.id, lease.unit_id, row.kind, row.inspected_on)
    emit(work, InspectionBegun(row.id, row.number, *of))
    return row


def revise(work: Work, row: Inspection) -> None:
    """Guard what is said of an inspection while it is being written.

    Raises:
        SignedOff: it is not written any more.
        Mistakes: the lease is not let, or the day is to come or before the lease.

    """
    if row.status is InspectionStatus.signed_off:
        raise SignedOff
    lease = found(work, Lease, row.lease_id)
    place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
    wrong: dict[str, Refused] = {}
    if lease.status in NOT_LET:
        said = N_("Only a unit that is let is inspected: send the lease for signature first.")
        wrong["lease"] = BadInput(said, field="lease")
    if row.inspected_on > estate.today(work, place):
        wrong["inspected_on"] = BadInput(N_("This day is still to come."), field="inspected_on")
    row.inspector = (row.inspector or "").strip()
    if not row.inspector:
        wrong["inspector"] = BadInput(N_("Say who looks at it."), field="inspector")
    if wrong:
        raise Mistakes(wrong)


def check_item(work: Work, row: InspectionItem) -> None:
    """Guard a thing of an inspection, in the currency of its lease.

    Raises:
        SignedOff: the inspection is signed off.
        BadInput: nobody named it, the list is full, or the cost has too many decimals.

    """
    sheet = locked(work, Inspection, row.inspection_id)
    if sheet.status is InspectionStatus.signed_off:
        raise SignedOff
    row.currency = found(work, Lease, sheet.lease_id).currency
    row.room, row.thing = (row.room or "").strip(), (row.thing or "").strip()
    row.note = (row.note or "").strip()
    if not row.room or not row.thing:
        raise BadInput(N_("Name the room, and the thing in it."), field="thing")
    if row.cost is not None:
        row.cost = exact(Decimal(row.cost), row.currency)
        if row.cost < 0:
            raise BadInput(N_("A cost is zero or more."), field="cost")
    if not row.position:
        known = select(func.max(InspectionItem.position), func.count()).where(
            InspectionItem.inspection_id == sheet.id
        )
        last, many = work.session.execute(known).one()
        if many >= MOST:
            raise BadInput(N_("An inspection has at most %(most)s things."), most=MOST)
        row.position = (last or 0) + 1


def add_item(work: Work, row: InspectionItem) -> InspectionItem:
    """Write a further thing into an inspection.

    Raises:
        As `check_item`.

    """
    check_item(work, row)
    row.id, row.organization_id, row.created_at = uuid7(), work.scope.home(), work.now
    work.session.add(row)
    work.session.flush()
    return row


def fill(work: Work, inspection_id: UUID, found_: Mapping[UUID, Found]) -> None:
    """Write down what things of an inspection were found like.

    Raises:
        SignedOff: it is signed off.
        Mistakes: as `check_item`, by the id of the thing.

    """
    if locked(work, Inspection, inspection_id).status is InspectionStatus.signed_off:
        raise SignedOff
    wrong: dict[str, Refused] = {}
    for row in items(work, inspection_id):
        if (said := found_.get(row.id)) is not None:
            row.grade, row.note, row.cost = said.condition, said.note, said.cost
            try:
                check_item(work, row)
            except BadInput as refusal:
                wrong[str(row.id)] = refusal
    if wrong:
        raise Mistakes(wrong)
    work.session.flush()


def remove_item(work: Work, item_id: UUID) -> None:
    """Take a thing out of an inspection that is being written, with its pictures.

    Raises:
        SignedOff: the inspection is signed off.

    """
    row = found(work, InspectionItem, item_id)
    if locked(work, Inspection, row.inspection_id).status is InspectionStatus.signed_off:
        raise SignedOff
    _drop(work, [row])


def sign_off(work: Work, inspection_id: UUID) -> Inspection:
    """Say that this is what was found; from then on nothing of it changes.

    Raises:
        IllegalMove: it is signed off already.
        NotWhole: of something nobody has said what it is like.

    """
    row = locked(work, Inspection, inspection_id)
    INSPECTION_FLOW.check(row, "sign_off")
    things = items(work, row.id)
    left = sum(each.grade is None for each in things)
    if left or not things:
        raise NotWhole(left=left)
    lease = found(work, Lease, row.lease_id)
    INSPECTION_FLOW.move(row, "sign_off")
    row.signed_off_at = work.now
    work.session.flush()
    cost = sum((each.cost or Decimal(0) for each in things), Decimal(0))
    of = (lease.id, lease.unit_id, row.kind, row.inspected_on)
    fact = InspectionSignedOff(row.id, row.number, *of, lease.party_id, cost, lease.currency)
    emit(work, fact)
    return row


def discard(work: Work, inspection_id: UUID) -> None:
    """Give up an inspection that is being written, with its pictures.

    Raises:
        SignedOff: it is signed off.

    """
    row = locked(work, Inspection, inspection_id)
    if row.status is InspectionStatus.signed_off:
        raise SignedOff
    _drop(work, items(work, row.id))
    gone = InspectionDiscarded(row.id, row.number, row.lease_id)
    work.session.delete(row)
    work.session.flush()
    emit(work, gone)


def items(work: Work, inspection_id: UUID) -> Sequence[InspectionItem]:
    """List the things of an inspection, in the order in which one goes through the rooms."""
    query = (
        select(InspectionItem)
        .where(InspectionItem.inspection_id == inspection_id)
        .order_by(InspectionItem.position, InspectionItem.id)
    )
    return work.session.scalars(query).all()


def before(work: Work, row: Inspection) -> Inspection | None:
    """Find what an inspection is compared with: how the unit was when the tenant moved in.

    Of a lease that was renewed that is said by the first of them.
    """
    if row.kind is InspectionKind.move_in:
        return None
    lease_id: UUID | None = row.lease_id
    for _renewal in range(RENEWALS):
        query = select(Inspection).where(
            Inspection.lease_id == lease_id,
            Inspection.kind == InspectionKind.move_in,
            Inspection.status == InspectionStatus.signed_off,
        )
        first = work.session.scalars(query).one_or_none()
        renews = select(Lease.renews_id).where(Lease.id == lease_id)
        lease_id = work.session.scalar(renews) if first is None else None
        if lease_id is None:
            return first
    return None


def compared(work: Work, row: Inspection) -> list[Pair]:
    """Put what was found beside what was there when the tenant moved in, thing by thing."""
    first = before(work, row)
    was = {(each.room, each.thing): each for each in (items(work, first.id) if first else ())}
    pairs = [
        Pair(each.room, each.thing, was.pop((each.room, each.thing), None), each)
        for each in items(work, row.id)
    ]
    return pairs + [Pair(each.room, each.thing, each, None) for each in was.values()]


def of_lease(work: Work, lease_id: UUID) -> Sequence[Inspection]:
    """List the inspections of a lease, the latest first."""
    query = (
        select(Inspection)
        .where(Inspection.lease_id == lease_id)
        .order_by(Inspection.inspected_on.desc(), Inspection.id.desc())
    )
    return work.session.scalars(query).all()


def pictures(work: Work, item_ids: Sequence[UUID]) -> dict[UUID, list[Document]]:
    """Find the files of things, by thing."""
    query = (
        select(Document)
        .where(Document.subject_table == "inspection_item", Document.subject_id.in_(item_ids))
        .order_by(Document.id)
    )
    kept: dict[UUID, list[Document]] = {}
    for each in work.session.scalars(query):
        kept.setdefault(each.subject_id, []).append(each)
    return kept


def _last(work: Work, lease: Lease) -> list[tuple[str, str]]:
    """List what the last inspection of the unit that was signed off looked at."""
    query = (
        select(Inspection.id)
        .join(Lease, Lease.id == Inspection.lease_id)
        .where(Lease.unit_id == lease.unit_id, Inspection.status == InspectionStatus.signed_off)
        .order_by(Inspection.inspected_on.desc(), Inspection.id.desc())
    )
    last = work.session.scalar(query.limit(1))
    return [(each.room, each.thing) for each in items(work, last)] if last else []


def _drop(work: Work, rows: Sequence[InspectionItem]) -> None:
    for item_id, kept in pictures(work, [each.id for each in rows]).items():
        for each in kept:
            files.remove(work, "inspection_item", item_id, each.id)
    for row in rows:
        work.session.delete(row)
    work.session.flush()
