"""What providers tell us. No cookie opens anything here, and nothing is believed: we ask."""

import json
from uuid import UUID

from flask import Flask, Response, current_app, request
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from adapters import card
from adapters.payments import NoticeRefused
from core import db
from core.work import Actor, unit_of_work

NOTICE_BYTES_MAX = 64 * 1024


def init_app(app: Flask) -> None:
    """Offer the addresses. A provider has no session, so there is nothing for CSRF to guard."""
    app.add_url_rule("/webhooks/card", view_func=card_notice, methods=["POST"])
    app.extensions["csrf"].exempt(card_notice)


def card_notice() -> Response:
    """Keep a notice whose signature is right, once, and have the payment asked for.

    Answers 204 also for what was told before and for payments that are not ours: telling again
    would change nothing. 400 where it is forged, stale or unreadable.
    """
    provider = card.configured(current_app.config)
    if provider is None:
        return Response(status=404)
    request.max_content_length = NOTICE_BYTES_MAX
    raw = request.get_data(cache=False)
    try:
        notice = provider.parse_notice(raw, dict(request.headers))
        intent_id = UUID(notice.intent_id)
    except (NoticeRefused, ValueError):
        return Response(status=400)
    with unit_of_work(db.session(), Actor("provider", "card")) as work:
        body = literal(json.loads(raw), JSONB)
        call = func.take_notice("card", notice.event_id, intent_id, notice.type, body, work.now)
        home = work.session.scalar(select(call))
    if home is not None:
        current_app.extensions["ring"]("workers.payments.ask", home, intent_id, queue="money")
    return Response(status=204)
