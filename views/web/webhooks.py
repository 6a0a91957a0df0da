"""What providers tell us. No cookie opens anything here, and nothing is believed: we ask."""

import hashlib
import json
from uuid import UUID

from flask import Flask, Response, current_app, request
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from adapters import providers
from adapters.payments import Notice, NoticeRefused, Topic
from core import db
from core.work import Actor, unit_of_work

NOTICE_BYTES_MAX = 64 * 1024
UNKEEPABLE = rb"\u0000"
"""How JSON writes the one character that PostgreSQL does not keep."""


def init_app(app: Flask) -> None:
    """Offer the addresses. A provider has no session, so there is nothing for CSRF to guard."""
    for rule in ("/webhooks/<provider>", "/webhooks/<provider>/<token>"):
        app.add_url_rule(rule, view_func=notice, methods=["POST"])
    app.extensions["csrf"].exempt(notice)


def notice(provider: str, token: str = "") -> Response:
    """Keep a notice whose proof is right, once, and have asked what it is about.

    The proof is a signature over the very bytes, or the secret in the address. Answers 204 also for
    what was told before and for payments that are not ours: telling again would change nothing. 404
    for an address that nobody was given; 400 where it is forged, stale or unreadable.
    """
    known = providers.named(current_app.config, provider)
    if known is None or known.signs is bool(token):
        return Response(status=404)
    request.max_content_length = NOTICE_BYTES_MAX
    raw = request.get_data(cache=False)
    if UNKEEPABLE in raw:
        return Response(status=400)
    try:
        told = known.parse_notice(raw, dict(request.headers))
        intent_id = UUID(told.intent_id) if told.intent_id else None
    except (NoticeRefused, ValueError):
        return Response(status=400)
    found = _heard(provider, told, intent_id, token, raw)
    if found is None:
        return Response(status=404 if token else 204)
    home, heard = found
    if told.topic is Topic.payment:  # the schedule is soon enough for the others
        current_app.extensions["ring"]("workers.payments.ask", home, heard, queue="money")
    return Response(status=204)


def _heard(
    provider: str, told: Notice, intent_id: UUID | None, token: str, raw: bytes
) -> tuple[UUID, UUID] | None:
    """Keep what was told; gives the organization and the payment that it is about."""
    secret = hashlib.sha256(token.encode()).digest() if token else None
    content = literal(json.loads(raw), JSONB)
    with unit_of_work(db.session(), Actor("provider", provider)) as work:
        if secret and told.topic is Topic.refund:  # the address tells a payout from a refund
            about = (provider, told.event_id, secret, told.type, content, work.now)
            of_payout = func.hear_payout(*about).table_valued("home", "heard_order")
            if (payout := work.session.execute(select(of_payout)).one_or_none()) is not None:
                return payout.home, payout.heard_order
        call = func.hear(
            provider,
            told.event_id,
            intent_id,
            told.reference,
            told.receipt,
            secret,
            told.topic.value,
            told.subject,
            told.type,
            content,
            work.now,
        ).table_valued("home", "heard_intent", "heard_refund")
        row = work.session.execute(select(call)).one_or_none()
    return (row.home, row.heard_intent) if row else None
