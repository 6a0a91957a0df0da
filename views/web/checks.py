"""What the provider of checks tells: a bell whose signature is proved, and then we ask."""

from uuid import UUID

from flask import Flask, Response, current_app, request
from sqlalchemy import func, select

from adapters import kyc
from adapters.kyc import NoticeRefused
from core import db
from core.work import Actor, unit_of_work


def init_app(app: Flask) -> None:
    """Offer the address. The provider has no session, so there is nothing for CSRF to guard."""
    app.add_url_rule(f"/checks/{kyc.NAME}", view_func=check_notice, methods=["POST"])
    app.extensions["csrf"].exempt(check_notice)


def check_notice() -> Response:
    """Have a check asked about that the provider tells of.

    Answers 204 also for what is told twice, late, or of nothing of ours; 404 where there is no
    provider; 400 where it is forged, stale or unreadable.
    """
    provider = kyc.configured(current_app.config)
    if provider is None:
        return Response(status=404)
    request.max_content_length = kyc.NOTICE_BYTES_MAX
    try:
        check_id = UUID(provider.parse_notice(request.get_data(cache=False), dict(request.headers)))
    except (NoticeRefused, ValueError):
        return Response(status=400)
    with unit_of_work(db.session(), Actor("provider", kyc.NAME)) as work:
        home = work.session.scalar(select(func.hear_check(check_id, kyc.NAME)))
    if home is not None:
        current_app.extensions["ring"]("workers.onboarding.ask", home, check_id)
    return Response(status=204)
