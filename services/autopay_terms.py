"""What payers agree to that is paid by itself: out of a wallet with the PIN, or by a saved card."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, NotFound, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.autopay import Autopay
from models.saved_ways import SavedWay
from models.wallets import Wallet
from services import ledger, wallet_pins


class NotTheirCard(Refused):
    """Somebody else has saved the card."""

    code = "not_their_card"
    status = 403
    says = N_("Only who has saved a card can let it pay by itself.")


def of(work: Work, wallet_id: UUID) -> Autopay | None:
    """Give what the owner of a wallet has agreed to, if it is in force."""
    query = select(Autopay).where(Autopay.wallet_id == wallet_id, Autopay.active)
    return work.session.scalar(query)


def by_card(work: Work) -> dict[UUID, Autopay]:
    """Give what is in force for the saved cards at hand, by the card."""
    query = select(Autopay).where(Autopay.active, Autopay.saved_way_id.is_not(None))
    return {row.saved_way_id: row for row in work.session.scalars(query) if row.saved_way_id}


def agree(work: Work, wallet_id: UUID, pin: str, most: Decimal | None, days_before: int) -> Autopay:
    """Let a wallet pay its owner's invoices from today on; again, on other terms.

    What was in force before for the same party and currency stops. The caller commits also when
    the PIN is refused, or nothing is counted.

    Raises:
        As `wallet_pins.prove`. BadInput: the terms make no sense.

    """
    wallet_pins.prove(work, wallet_id, pin)
    wallet = found(work, Wallet, wallet_id)
    return _agree(work, wallet, most, days_before)


def agree_card(work: Work, way_id: UUID, most: Decimal | None, days_before: int) -> Autopay:
    """Let a saved card pay its owner's invoices from today on; again, on other terms.

    What was in force before for the same party and currency stops.

    Raises:
        NotFound: it was removed.
        NotTheirCard: somebody else has saved it.
        BadInput: the terms make no sense.

    """
    way = locked(work, SavedWay, way_id)
    if way.revoked_at is not None:
        raise NotFound
    if way.agreed_by_id != work.scope.profile_id:
        raise NotTheirCard
    return _agree(work, way, most, days_before)


def stop(work: Work, wallet_id: UUID) -> None:
    """Stop at once; what was paid stays paid. Stopping twice changes nothing."""
    _stop(work, Autopay.wallet_id == wallet_id)


def stop_card(work: Work, way_id: UUID) -> None:
    """Stop at once; what is being charged still is. Stopping twice changes nothing."""
    _stop(work, Autopay.saved_way_id == way_id)


def _agree(work: Work, way: Wallet | SavedWay, most: Decimal | None, days_before: int) -> Autopay:
    if most is not None and exact(most, way.currency, "most") <= 0:
        raise BadInput(N_("The limit is more than zero."), field="most")
    if not 0 <= days_before <= 28:
        raise BadInput(N_("It pays on the day, or up to 28 days before."), field="days_before")
    column = "wallet_id" if isinstance(way, Wallet) else "saved_way_id"
    one = {column: way.id}
    row = work.session.scalar(select(Autopay).filter_by(**one).with_for_update())
    today = ledger.business_date(work)
    others = (Autopay.party_id == way.party_id, Autopay.currency == way.currency)
    _stop(work, *others, *([Autopay.id != row.id] if row else []))
    if row is None:
        row = Autopay(
            organization_id=work.scope.home(),
            party_id=way.party_id,
            currency=way.currency,
            created_at=work.now,
            **one,
        )
        row.since = today
        work.session.add(row)
    elif not row.active:
        row.since = today
    row.active, row.stopped_at = True, None
    row.most, row.days_before = most, days_before
    row.agreed_by_id = work.scope.profile_id
    work.session.flush()
    return row


def _stop(work: Work, *which: Any) -> None:
    query = select(Autopay).where(Autopay.active, *which).order_by(Autopay.id)
    for row in work.session.scalars(query.with_for_update()).all():
        row.active, row.stopped_at = False, work.now
    work.session.flush()
