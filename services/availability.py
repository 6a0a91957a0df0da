"""Which units of an estate are let, kept, lived in or free, day by day, over twelve months.

Two statements, however many units: one for a page of units, one for all that stands on them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    String,
    Uuid,
    any_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import DATERANGE, Range

from core.work import Work
from models.estate import HEADS, Block, Estate, Occupancy, Unit, UnitStatus, UnitType
from models.leasing import Lease, LeaseParty, LeaseStatus
from models.people import Party
from services import estate

MONTHS = 12
PAGE, MOST_UNITS = 50, 1_000
DAY = timedelta(days=1)
FOREVER = date.max
KEEPS_NOTHING = (LeaseStatus.draft, LeaseStatus.cancelled)


class Kind(StrEnum):
    """What stands on some days of a unit: a lease, somebody without one, a block, or nothing."""

    lease = auto()
    occupancy = auto()
    blocked = auto()
    free = auto()


@dataclass(frozen=True, slots=True)
class Held:
    """A lease or an occupancy: what it is, how it stands, whose, and from when to when."""

    unit_id: UUID
    kind: Kind
    id: UUID
    state: str
    number: str
    who: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a unit, the first and the last one within what is looked at, and what holds them."""

    kind: Kind
    first: date
    last: date
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A unit with its days: `spans` follow one another without a gap, `drafts` may overlap."""

    id: UUID
    number: str
    type: UnitType
    bedrooms: int
    block: str
    spans: Sequence[Span]
    drafts: Sequence[Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked at: the units of an estate, from a month on; `month` is its first day."""

    estate_id: UUID
    month: date
    block_id: UUID | None = None
    type: UnitType | None = None
    bedrooms: int | None = None
    only_free: bool = False
    page: int = 1
    size: int = PAGE

    @property
    def last(self) -> date:
        """The last day that is looked at."""
        return month_after(self.month, MONTHS) - DAY


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of units with their days; `total` units fit what is looked at."""

    rows: Sequence[Row]
    total: int
    page: int
    today: date


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a unit is free on some days: what is in the way, and which drafts hope for them.

    `until` is the last day before somebody has it; None where nobody will. `opens` says that it is
    free on the first of the days.
    """

    out_of_use: bool
    taken: Sequence[Held]
    hopes: Sequence[Held]
    until: date | None
    opens: bool

    @property
    def free(self) -> bool:
        """Whether a lease for these days could be made."""
        return not (self.out_of_use or self.taken)


def month_after(month: date, count: int) -> date:
    """Give the first day of the month so many months later."""
    years, rest = divmod(month.month - 1 + count, 12)
    return date(month.year + years, rest + 1, 1)


def look(work: Work, place: Estate, wish: Wish) -> Sheet:
    """Read a page of units and what stands on each of their days, in two statements.

    A page that is not there becomes the first.
    """
    today = estate.today(work, place)
    found = work.session.execute(_units(wish, today)).all()
    if not found and wish.page > 1:
        wish = replace(wish, page=1)
        found = work.session.execute(_units(wish, today)).all()
    held = _held(work, [each.id for each in found], wish.month, wish.last)
    rows = [_row(each, held.get(each.id, ()), wish, today) for each in found]
    return Sheet(rows, found[0].total if found else 0, wish.page, today)


def asked(  # noqa: PLR0913  # what a lease that is typed says
    work: Work,
    unit_id: UUID,
    since: date,
    until: date | None,
    *,
    party_id: UUID | None = None,
    lease_id: UUID | None = None,
) -> Answer | None:
    """Say whether a unit is free for a party on some days; nothing for a unit out of sight.

    `lease_id` is the draft that asks: it is in its own way no more than those who stand in it are.
    """
    unit = work.session.scalar(select(Unit).where(Unit.id == unit_id))
    if unit is None:
        return None
    stands = {party_id}
    if lease_id is not None:
        query = select(LeaseParty.party_id).where(LeaseParty.lease_id == lease_id)
        stands |= set(work.session.scalars(query))
    last = until or FOREVER
    rows = [
        each
        for each in _held(work, [unit_id], since, FOREVER, stands).get(unit_id, ())
        if each.id != lease_id
    ]
    keeps = [each for each in rows if each.state not in KEEPS_NOTHING]
    first = keeps[0].since if keeps else None
    return Answer(
        unit.status is UnitStatus.out_of_use,
        [each for each in keeps if each.since <= last],
        [each for each in rows if each.state in KEEPS_NOTHING and each.since <= last],
        first - DAY if first else None,
        first is None or first > since,
    )


def _units(wish: Wish, today: date) -> Any:
    query: Any = (
        select(
            Unit.id,
            Unit.number,
            Unit.type,
            Unit.status,
            Unit.bedrooms,
            func.coalesce(Block.name, "").label("block"),
            func.count().over().label("total"),
        )
        .outerjoin(Block, Block.id == Unit.block_id)
        .where(Unit.estate_id == wish.estate_id)
        .order_by(Block.name.nulls_first(), Unit.number, Unit.id)
        .limit(min(wish.size, MOST_UNITS))
        .offset((wish.page - 1) * wish.size)
    )
    if wish.block_id is not None:
        query = query.where(Unit.block_id == wish.block_id)
    if wish.type is not None:
        query = query.where(Unit.type == wish.type)
    if wish.bedrooms is not None:
        query = query.where(Unit.bedrooms == wish.bedrooms)
    return _only_free(query, wish, today) if wish.only_free else query


def _only_free(query: Any, wish: Wish, today: date) -> Any:
    """Keep units that are free on a day of these months; on one to come, if there is any."""
    first = max(wish.month, today) if today <= wish.last else wish.month
    days = Range(first, wish.last, bounds="[]")
    keeps = [
        select(kind.unit_id, func.daterange(kind.since, kind.until, "[]").label("days"))
        .join(Unit, Unit.id == kind.unit_id)
        .where(Unit.estate_id == wish.estate_id, *_within(kind, first, wish.last), *rules)
        for kind, rules in (
            (Lease, [Lease.status.not_in(KEEPS_NOTHING)]),
            (Occupancy, [Occupancy.role.in_(HEADS)]),
        )
    ]
    each = union_all(*keeps).subquery()
    taken = (
        select(each.c.unit_id, func.range_agg(each.c.days).label("days"))
        .group_by(each.c.unit_id)
        .subquery()
    )
    covered = taken.c.days.op("@>", is_comparison=True)(cast(literal(days, DATERANGE), DATERANGE))
    return query.outerjoin(taken, taken.c.unit_id == Unit.id).where(
        Unit.status != UnitStatus.out_of_use, or_(taken.c.unit_id.is_(None), ~covered)
    )


def _held(
    work: Work,
    unit_ids: Sequence[UUID],
    first: date,
    last: date,
    but_of: Iterable[UUID | None] = (),
) -> Mapping[UUID, Sequence[Held]]:
    """Read all that stands on the days of units, by unit and day.

    Who lives there and is among `but_of` is left out: they are in nobody's way but others'.
    """
    wanted = any_(cast(list(unit_ids), ARRAY(Uuid())))
    lived = _lived(first, last).where(
        Occupancy.unit_id == wanted, Occupancy.party_id.not_in([each for each in but_of if each])
    )
    leases = _leased(first, last).where(Lease.unit_id == wanted)
    rows: defaultdict[UUID, list[Held]] = defaultdict(list)
    found: Any = work.session.execute(union_all(leases, lived).order_by("since"))
    for unit_id, kind, *rest in found:
        rows[unit_id].append(Held(unit_id, Kind(kind), *rest))
    return rows


def _leased(first: date, last: date) -> Any:
    columns = (
        Lease.unit_id,
        literal(Kind.lease.value).label("kind"),
        Lease.id,
        cast(Lease.status, String).label("state"),
        Lease.number,
        Party.name.label("who"),
        Lease.since.label("since"),
        Lease.until,
    )
    rows = select(*columns).join(Party, Party.id == Lease.party_id)
    return rows.where(Lease.status != LeaseStatus.cancelled, *_within(Lease, first, last))


def _lived(first: date, last: date) -> Any:
    columns = (
        Occupancy.unit_id,
        literal(Kind.occupancy.value),
        Occupancy.id,
        cast(Occupancy.role, String),
        literal(""),
        Party.name,
        Occupancy.since,
        Occupancy.until,
    )
    rows = select(*columns).join(Party, Party.id == Occupancy.party_id)
    return rows.where(Occupancy.role.in_(HEADS), *_within(Occupancy, first, last))


def _within(kind: type[Lease] | type[Occupancy], first: date, last: date) -> list[Any]:
    return [kind.since <= last, or_(kind.until.is_(None), kind.until >= first)]


def _row(unit: Any, held: Sequence[Held], wish: Wish, today: date) -> Row:
    leases = [each for each in held if each.kind is Kind.lease]
    spans: list[Span] = []
    for lease in _cut(wish.month, wish.last, [e for e in leases if e.state not in KEEPS_NOTHING]):
        if lease.held:
            spans.append(lease)
            continue
        lives = [each for each in held if each.kind is Kind.occupancy]
        for lived in _cut(lease.first, lease.last, lives):
            spans += [lived] if lived.held else _empty(unit, lived, today)
    drafts = [each for each in leases if each.state in KEEPS_NOTHING]
    return Row(
        unit.id,
        unit.number,
        unit.type,
        unit.bedrooms,
        unit.block,
        spans,
        _lanes([Span(e.kind, *_shown(e, wish.month, wish.last), e) for e in drafts]),
    )


def _cut(first: date, last: date, rows: Sequence[Held]) -> Iterator[Span]:
    """Lay rows that share no day between two days, and what is left between them, in order."""
    day = first
    for row in rows:
        begins, ends = _shown(row, day, last)
        if ends < begins:
            continue
        if day < begins:
            yield Span(Kind.free, day, begins - DAY)
        yield Span(row.kind, begins, ends, row)
        day = ends + DAY
    if day <= last:
        yield Span(Kind.free, day, last)


def _shown(row: Held, first: date, last: date) -> tuple[date, date]:
    return max(row.since, first), min(row.until or last, last)


def _empty(unit: Any, span: Span, today: date) -> list[Span]:
    """Days on which nobody has a unit: free, or from today on blocked where it is out of use."""
    if unit.status is not UnitStatus.out_of_use or span.last < today:
        return [span]
    before = [replace(span, last=today - DAY)] if span.first < today else []
    return [*before, Span(Kind.blocked, max(span.first, today), span.last)]


def _lanes(spans: Sequence[Span]) -> list[list[Span]]:
    """Lay spans that may overlap into as few lanes as it takes, so that in none of them they do."""
    lanes: list[list[Span]] = []
    for span in spans:
        lane = next((each for each in lanes if each[-1].last < span.first), None)
        if lane is None:
            lanes.append([span])
        else:
            lane.append(span)
    return lanes
