"""Money jobs: cards that their owners removed are forgotten by the provider, too."""

import logging
from uuid import UUID

from flask import current_app

from adapters import providers
from adapters.payments import ProviderRefused, ProviderUnavailable
from core.text import N_
from core.work import Work
from models.events import Event
from services import notices, saved_ways
from workers.jobs import Desk, everywhere, job
from workers.notices import notice_of

log = logging.getLogger(__name__)


@job(queue="money", timeout_seconds=60)
def forget(desk: Desk, way_id: str) -> None:
    """Have the provider forget a card, if that is due. Forgetting twice does no harm."""
    with desk.work() as work:
        way = saved_ways.claim(work, UUID(way_id))
        if way is None:
            return
        name, token = way.provider, saved_ways.token_of(way)
    try:
        providers.needed_charger(current_app.config, name).forget(token)
    except (ProviderUnavailable, ProviderRefused) as error:
        log.warning("%s does not forget card %s: %s", name, way_id, error)
        with desk.work() as work:
            saved_ways.postpone(work, UUID(way_id))
    else:
        with desk.work() as work:
            saved_ways.forgotten(work, UUID(way_id))


def forget_due() -> None:
    """Have all cards forgotten that should be, in all organizations."""
    everywhere("saved_ways.forget_due", _forget_all)


def saved(work: Work, event: Event) -> None:
    """Tell the payer which card was saved, and that it pays nothing without their word."""
    says = N_("Your card %(card)s is saved. It pays nothing by itself until you say so.")
    _tell(work, event, says)


def removed(work: Work, event: Event) -> None:
    """Tell the payer that nobody can charge the card here any more."""
    _tell(work, event, N_("Your card %(card)s is removed, here and at the provider."))


def _tell(work: Work, event: Event, says: str) -> None:
    notice = notice_of(event, says, "/portal/cards/", card=event.data["card"])
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def _forget_all(home: UUID) -> None:
    with Desk(home, "saved_ways.forget_due").work() as work:
        due = saved_ways.to_forget(work)
    for way_id in due:
        try:
            forget(home, str(way_id))
        except Exception:
            log.exception("card %s", way_id)
