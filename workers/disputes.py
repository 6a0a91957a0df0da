"""Disputes: what providers told of them is asked for, and taken up."""

import logging
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from adapters import providers
from adapters.payments import ProviderRefused, ProviderUnavailable
from core.work import locked
from models.payments import ProviderEvent, Topic
from services import disputes
from services.disputes import Said
from workers.jobs import Desk, each, job
from workers.payments import MOST

log = logging.getLogger(__name__)


@job(queue="money", timeout_seconds=90)
def look_into(desk: Desk, event_id: str) -> None:
    """Ask how a dispute stands that a provider told of; told again it changes nothing."""
    with desk.work() as work:
        event = locked(work, ProviderEvent, UUID(event_id))
        assert event.intent_id, "a dispute is about a payment"
        if event.handled_at is not None:
            return
        name, reference, intent_id = event.provider, event.subject, event.intent_id
    try:
        told = providers.needed(current_app.config, name).dispute(reference)
    except ProviderUnavailable as error:
        log.warning("%s does not answer for dispute %s: %s", name, reference, error)
        return
    except ProviderRefused as error:
        log.error("%s does not know dispute %s: %s", name, reference, error)  # noqa: TRY400
        told = None
    with desk.work() as work:
        locked(work, ProviderEvent, UUID(event_id)).handled_at = work.now
        if told is None:
            return
        said = Said(told.reference, told.state.value, told.amount, told.currency, told.reason)
        if disputes.take_up(work, intent_id, said) is None:
            log.error("dispute %s of %s is not of what was paid: %s", reference, name, said)


def look_into_due() -> None:
    """Look into every dispute that was told of, in all organizations."""
    each("disputes", _look_into_all)


def _look_into_all(home: UUID) -> None:
    waiting = select(ProviderEvent.id).where(
        ProviderEvent.topic == Topic.dispute, ProviderEvent.handled_at.is_(None)
    )
    with Desk(home, "disputes.look_into_due").work() as work:
        ids = work.session.scalars(waiting.order_by(ProviderEvent.received_at).limit(MOST)).all()
    for event_id in ids:
        try:
            look_into(home, str(event_id))
        except Exception:
            log.exception("dispute told by %s", event_id)
