"""Whose identity is proved, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from core.db import uuid7
from core.work import Work, found
from models.onboarding import KYC_FLOW, PartyKyc
from models.organizations import KycStatus
from models.people import Party
from services import organizations
from services.events import Fact, emit
from services.people import WhyNeeded

MOST = 200
REMIND_DAYS = (30, 7, 1)
"""Days before the end at which somebody is asked to renew."""


@dataclass(frozen=True)
class KycUpdated(Fact, type="kyc.updated", table="party"):
    """The proof of an identity was found good or not, or has run out."""

    party_id: UUID
    old: KycStatus
    new: KycStatus
    expires_on: date | None
    reason: str


@dataclass(frozen=True)
class KycEnding(Fact, type="kyc.ending", table="party"):
    """The proof of an identity runs out in so many days, and is to be renewed."""

    party_id: UUID
    expires_on: date
    days: int


def today(work: Work) -> date:
    """Give the business date of the organization."""
    return work.now.astimezone(ZoneInfo(organizations.home(work).time_zone)).date()


def verify(work: Work, party_id: UUID) -> PartyKyc:
    """Note that an identity is proved, for as many months as the organization says."""
    row = _kept(work, party_id)
    months = int(organizations.setting(work, "kyc.valid_months"))
    row.verified_on = today(work)
    row.expires_on, row.reminded = row.verified_on + timedelta(days=months * 365 // 12), None
    return _move(work, row, "verify", "")


def refuse(work: Work, party_id: UUID, reason: str) -> PartyKyc:
    """Note that the proof of an identity is not accepted, and why.

    Raises:
        WhyNeeded: nobody said why.
        IllegalMove: it was not accepted before.

    """
    if not reason.strip():
        raise WhyNeeded(field="reason")
    return _move(work, _kept(work, party_id), "refuse", reason.strip()[:400])


def expire_due(work: Work) -> int:
    """Let run out what is verified until a day that is past; tell how many did."""
    query = (
        select(PartyKyc)
        .where(PartyKyc.status == KycStatus.verified, PartyKyc.expires_on < today(work))
        .order_by(PartyKyc.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    rows = work.session.scalars(query).all()
    for row in rows:
        _move(work, row, "expire", "")
    return len(rows)


def remind_due(work: Work) -> int:
    """Ask those to renew whose proof runs out soon, once for each of a few days before."""
    now, count = today(work), 0
    for days in REMIND_DAYS:
        query = (
            select(PartyKyc)
            .where(
                PartyKyc.status == KycStatus.verified,
                PartyKyc.expires_on >= now,
                PartyKyc.expires_on <= now + timedelta(days=days),
                or_(PartyKyc.reminded.is_(None), PartyKyc.reminded > days),
            )
            .order_by(PartyKyc.id)
            .limit(MOST)
            .with_for_update(skip_locked=True)
        )
        for row in work.session.scalars(query).all():
            assert row.expires_on
            row.reminded = min(each for each in REMIND_DAYS if (row.expires_on - now).days <= each)
            emit(work, KycEnding(row.party_id, row.expires_on, (row.expires_on - now).days))
            count += 1
    work.session.flush()
    return count


def of(work: Work, party_id: UUID) -> PartyKyc | None:
    """Find what is known of the identity of a party."""
    return work.session.scalar(select(PartyKyc).where(PartyKyc.party_id == party_id))


def of_many(work: Work, party_ids: Sequence[UUID]) -> dict[UUID, KycStatus]:
    """Tell the status of parties; who was never checked is pending."""
    query = select(PartyKyc.party_id, PartyKyc.status).where(PartyKyc.party_id.in_(party_ids))
    known = {row.party_id: row.status for row in work.session.execute(query)}
    return {each: known.get(each, KycStatus.pending) for each in party_ids}


def _kept(work: Work, party_id: UUID) -> PartyKyc:
    party = found(work, Party, party_id)
    query = select(PartyKyc).where(PartyKyc.party_id == party.id).with_for_update()
    row = work.session.scalar(query)
    if row is None:
        row = PartyKyc(
            id=uuid7(),
            organization_id=party.organization_id,
            party_id=party.id,
            status=KYC_FLOW.start,
            reason="",
            created_at=work.now,
        )
        work.session.add(row)
    return row


def _move(work: Work, row: PartyKyc, name: str, reason: str) -> PartyKyc:
    old = row.status
    KYC_FLOW.move(row, name)
    row.reason = reason
    work.session.flush()
    emit(work, KycUpdated(row.party_id, old, row.status, row.expires_on, reason))
    return row
