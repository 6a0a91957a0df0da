"""Money that moves as launderers move it is flagged, and somebody looks into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.errors import BadInput
from core.text import N_
from core.work import Work, locked
from models.aml import AML_FLOW, AmlCase, AmlLimit, AmlMovement, AmlRule, AmlStatus
from models.people import Party
from services import organizations
from services.events import Fact, emit
from services.people import WhyNeeded

WINDOW = timedelta(hours=48)
"""Within which small sums are added up, both ends included."""


@dataclass(frozen=True)
class AmlFlagged(Fact, type="aml.flagged", table="aml_case"):
    """Movements of a party passed a limit, and have to be looked into."""

    case_id: UUID
    party_id: UUID
    number: str
    rule: AmlRule
    amount: Decimal
    currency: str
    movements: int


@dataclass(frozen=True)
class AmlCaseDecided(Fact, type="aml.case_decided", table="aml_case"):
    """Somebody looked into it: there is nothing in it, or the authority was told."""

    case_id: UUID
    party_id: UUID
    number: str
    new: AmlStatus


def check(work: Work, limit: AmlLimit) -> None:
    """Guard the form of a limit.

    Raises:
        BadInput: it is not above zero, or of no currency.

    """
    limit.currency = (limit.currency or "").strip().upper()
    if not (len(limit.currency) == 3 and limit.currency.isalpha()):
        raise BadInput(N_("Write the code of a currency, like KES."), field="currency")
    if not limit.single or limit.single <= 0:
        raise BadInput(N_("A limit is above zero."), field="single")
    if not limit.daily_count or limit.daily_count <= 0:
        raise BadInput(N_("A limit is above zero."), field="daily_count")


def moved(  # noqa: PLR0913, PLR0917  # what moved
    work: Work, party_id: UUID, subject_id: UUID, amount: Decimal, currency: str, at: datetime
) -> list[AmlCase]:
    """Note that money of a party moved, and open a case for each rule that it breaks. Once."""
    # Whoever judges a party's movements does so alone, or two would each see but their own.
    locked(work, Party, party_id)
    row = {
        "id": uuid7(),
        "organization_id": work.scope.home(),
        "party_id": party_id,
        "subject_id": subject_id,
        "amount": amount,
        "currency": currency,
        "happened_at": at,
    }
    fresh = insert(AmlMovement).values(row).on_conflict_do_nothing().returning(AmlMovement.id)
    if work.session.scalar(fresh) is None:
        return []
    limit = work.session.scalar(select(AmlLimit).where(AmlLimit.currency == currency))
    if limit is None:
        return []
    near = _near(work, party_id, currency, at)
    found = [
        _single(work, limit, near, subject_id),
        _frequent(work, limit, near, at),
        _split(work, limit, near, at),
    ]
    return [each for each in found if each]


def clear(work: Work, case_id: UUID, reason: str) -> AmlCase:
    """Note that there is nothing in a case.

    Raises:
        WhyNeeded: nobody said what was found.
        IllegalMove: it is decided.

    """
    return _decide(work, case_id, "clear", reason)


def report(work: Work, case_id: UUID, reason: str) -> AmlCase:
    """Note that a case was reported to the authority.

    Raises:
        WhyNeeded: nobody said what was found.
        IllegalMove: it is decided.

    """
    return _decide(work, case_id, "report", reason)


def _decide(work: Work, case_id: UUID, move: str, reason: str) -> AmlCase:
    if not reason.strip():
        raise WhyNeeded(field="reason")
    row = locked(work, AmlCase, case_id)
    AML_FLOW.check(row, move)
    row.reason, row.decided_at = reason.strip()[:1000], work.now
    AML_FLOW.move(row, move)
    work.session.flush()
    emit(work, AmlCaseDecided(row.id, row.party_id, row.number, row.status))
    return row


def _near(work: Work, party_id: UUID, currency: str, at: datetime) -> Sequence[AmlMovement]:
    """List what moved within reach of a moment; facts may come late."""
    query = (
        select(AmlMovement)
        .where(
            AmlMovement.party_id == party_id,
            AmlMovement.currency == currency,
            AmlMovement.happened_at >= at - WINDOW,
            AmlMovement.happened_at <= at + WINDOW,
        )
        .order_by(AmlMovement.happened_at, AmlMovement.id)
    )
    return work.session.scalars(query).all()


def _single(
    work: Work, limit: AmlLimit, near: Sequence[AmlMovement], subject_id: UUID
) -> AmlCase | None:
    mine = [each for each in near if each.subject_id == subject_id]
    if mine[0].amount <= limit.single:
        return None
    return _flag(work, AmlRule.single, str(subject_id), mine)


def _frequent(
    work: Work, limit: AmlLimit, near: Sequence[AmlMovement], at: datetime
) -> AmlCase | None:
    zone = ZoneInfo(organizations.home(work).time_zone)
    day = at.astimezone(zone).date()
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    same = [each for each in near if begins <= each.happened_at < ends]
    if len(same) <= limit.daily_count:
        return None
    return _flag(work, AmlRule.frequent, f"{day}:{limit.currency}", same)


def _split(
    work: Work, limit: AmlLimit, near: Sequence[AmlMovement], at: datetime
) -> AmlCase | None:
    """Add up small sums in each window that the moment is in; what is flagged counts no more."""
    small = [each for each in near if each.amount <= limit.single]
    known = work.session.scalar(
        select(AmlCase.until)
        .where(
            AmlCase.party_id == small[0].party_id if small else AmlCase.id.is_(None),
            AmlCase.rule == AmlRule.parted,
            AmlCase.currency == limit.currency,
            AmlCase.until >= at - WINDOW,
        )
        .order_by(AmlCase.until.desc())
        .limit(1)
    )
    small = [each for each in small if known is None or each.happened_at > known]
    for first in small:
        window = [
            each
            for each in small
            if first.happened_at <= each.happened_at <= first.happened_at + WINDOW
        ]
        total = sum((each.amount for each in window), Decimal(0))
        if len(window) > 1 and total > limit.single and first.happened_at <= at:
            return _flag(work, AmlRule.parted, str(window[0].subject_id), window)
    return None


def _flag(work: Work, rule: AmlRule, key: str, rows: Sequence[AmlMovement]) -> AmlCase | None:
    first = rows[0]
    known = select(AmlCase.id).where(
        AmlCase.party_id == first.party_id, AmlCase.rule == rule, AmlCase.key == key
    )
    if work.session.scalar(known) is not None:
        return None
    case = AmlCase(
        id=uuid7(),
        organization_id=first.organization_id,
        number=organizations.next_number(work, "aml_case", "AML"),
        status=AML_FLOW.start,
        rule=rule,
        party_id=first.party_id,
        key=key,
        amount=sum((each.amount for each in rows), Decimal(0)),
        currency=first.currency,
        movements=len(rows),
        since=min(each.happened_at for each in rows),
        until=max(each.happened_at for each in rows),
        created_at=work.now,
    )
    work.session.add(case)
    work.session.flush()
    emit(
        work,
        AmlFlagged(
            case.id, case.party_id, case.number, rule, case.amount, case.currency, case.movements
        ),
    )
    return case
