"""Cards that payers have saved: kept with a payment that was made, removed for ever.

The provider keeps the card. What it is charged by stands in a locked box, and is opened by jobs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import box
from core.db import uuid7
from core.work import Work, found, locked
from models.autopay import Autopay
from models.payments import PaymentIntent
from models.saved_ways import SavedWay
from services import payments
from services.events import Fact, emit

LEASE = timedelta(seconds=60)
"""How long whoever means to have the provider forget a card has for that call."""
AGAIN = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
MOST = 50


@dataclass(frozen=True)
class CardSaved(Fact, type="saved_way.kept", table="saved_way"):
    """A card may be charged from now on, as its owner agrees."""

    way_id: UUID
    party_id: UUID
    intent_id: UUID
    card: str


@dataclass(frozen=True)
class CardRemoved(Fact, type="saved_way.removed", table="saved_way"):
    """The provider has forgotten a card that its owner removed."""

    way_id: UUID
    party_id: UUID
    card: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the provider tells of it; `token` is what it is charged by."""

    token: str
    fingerprint: str
    brand: str
    last_four: str
    expires_on: date | None


def keep(work: Work, intent_id: UUID, card: Card) -> SavedWay | None:
    """Keep the card that a payment was made with, if its payer agreed to that and it was made.

    The same card saved again is the same row, with what it is charged by now; what it was charged
    by before is forgotten. Nothing changes where it is known by that very token.
    """
    intent = locked(work, PaymentIntent, intent_id)
    if not intent.saves or intent.status not in payments.OVER or intent.recorded_by_id is None:
        return None
    known = _known(work, intent, card)
    if known is None:
        try:
            with work.session.begin_nested():
                row = _new(work, intent, card)
        except IntegrityError:  # another payment has just saved it
            known = _known(work, intent, card)
        else:
            emit(work, CardSaved(row.id, row.party_id, intent.id, str(row)))
            return row
    if known is not None and token_of(known) != card.token:
        _forget_token(work, known)
        known.token_locked = box.lock(card.token, _place(known.id))
        known.brand, known.last_four = card.brand[:40], card.last_four
        known.expires_on = card.expires_on
        work.session.flush()
    return known


def remove(work: Work, way_id: UUID) -> SavedWay:
    """Remove a card for ever: it pays nothing more. A job has the provider forget it."""
    way = locked(work, SavedWay, way_id)
    if way.revoked_at is None:
        way.revoked_at = way.forget_at = work.now
        query = select(Autopay).where(Autopay.saved_way_id == way.id, Autopay.active)
        for agreed in work.session.scalars(query.with_for_update()):
            agreed.active, agreed.stopped_at = False, work.now
        work.session.flush()
    return way


def own(work: Work) -> Sequence[SavedWay]:
    """List the cards that the parties at hand have saved, the newest first."""
    query = select(SavedWay).where(SavedWay.revoked_at.is_(None)).order_by(SavedWay.id.desc())
    return work.session.scalars(query.limit(MOST)).all()


def token_of(way: SavedWay) -> str:
    """Open the box: what the provider charges this card by."""
    return box.unlock(way.token_locked, _place(way.id))


def named(work: Work, way_id: UUID | None) -> str:
    """Say which card it is, as its owner knows it; nothing where it is none."""
    return str(found(work, SavedWay, way_id)) if way_id else ""


def to_forget(work: Work) -> Sequence[UUID]:
    """List the cards that a provider should forget now."""
    query = select(SavedWay.id).where(SavedWay.forget_at <= work.now)
    return work.session.scalars(query.order_by(SavedWay.forget_at).limit(MOST)).all()


def claim(work: Work, way_id: UUID) -> SavedWay | None:
    """Take a card that a provider should forget now; None if somebody else has, or need not.

    The caller commits before it calls the provider. If it dies, the card falls due again.
    """
    way = locked(work, SavedWay, way_id)
    if way.forget_at is None or way.forget_at > work.now:
        return None
    way.tries += 1
    way.forget_at = work.now + LEASE
    return way


def postpone(work: Work, way_id: UUID) -> None:
    """Have it forgotten later, as the provider did not answer."""
    way = locked(work, SavedWay, way_id)
    if way.forget_at is not None:
        way.forget_at = work.now + AGAIN[min(max(way.tries, 1), len(AGAIN)) - 1]


def forgotten(work: Work, way_id: UUID) -> None:
    """Note that the provider has forgotten a card; twice changes nothing."""
    way = locked(work, SavedWay, way_id)
    if way.forget_at is not None:
        way.forget_at = None
        emit(work, CardRemoved(way.id, way.party_id, str(way)))


def _known(work: Work, intent: PaymentIntent, card: Card) -> SavedWay | None:
    query = select(SavedWay).where(
        SavedWay.party_id == intent.party_id,
        SavedWay.provider == intent.provider,
        SavedWay.fingerprint == card.fingerprint,
        SavedWay.revoked_at.is_(None),
    )
    return work.session.scalar(query.with_for_update())


def _new(work: Work, intent: PaymentIntent, card: Card) -> SavedWay:
    way_id = uuid7()
    row = SavedWay(
        id=way_id,
        organization_id=intent.organization_id,
        party_id=intent.party_id,
        provider=intent.provider,
        token_locked=box.lock(card.token, _place(way_id)),
        fingerprint=card.fingerprint,
        brand=card.brand[:40],
        last_four=card.last_four,
        expires_on=card.expires_on,
        currency=intent.currency,
        agreed_by_id=intent.recorded_by_id,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _forget_token(work: Work, way: SavedWay) -> None:
    """Write down, as a card that was removed, what this one was charged by until now."""
    old_id = uuid7()
    work.session.add(
        SavedWay(
            id=old_id,
            organization_id=way.organization_id,
            party_id=way.party_id,
            provider=way.provider,
            token_locked=box.lock(token_of(way), _place(old_id)),
            fingerprint=way.fingerprint,
            brand=way.brand,
            last_four=way.last_four,
            expires_on=way.expires_on,
            currency=way.currency,
            agreed_by_id=way.agreed_by_id,
            created_at=work.now,
            revoked_at=work.now,
            forget_at=work.now,
        )
    )


def _place(way_id: UUID) -> str:
    return f"saved_way:token_locked:{way_id}"
