"""Health: whether it lives, whether it can work, and figures for Prometheus."""

import time
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import db

REQUESTS = Counter("makao_requests_total", "Requests answered", ["method", "endpoint", "status"])
SECONDS = Histogram("makao_request_seconds", "Seconds to answer", ["method", "endpoint"])


def init_app(app: Flask) -> None:
    """Offer the four addresses, to everybody and without a session."""
    app.add_url_rule("/livez", view_func=livez)
    app.add_url_rule("/readyz", view_func=readyz)
    app.add_url_rule("/health", view_func=health)
    app.add_url_rule("/metrics", view_func=metrics)
    app.before_request(_start)
    app.after_request(_count)


def livez() -> Response:
    """Answer, as long as the process does."""
    return jsonify(status="ok")


def readyz() -> tuple[Response, int]:
    """Say whether requests can be served: the database must answer; Redis is only a bell."""
    parts = _parts()
    ready = parts["database"] == "ok"
    return jsonify(status="ok" if ready else "unavailable"), 200 if ready else 503


def health() -> tuple[Response, int]:
    """Say of each part how it is."""
    parts = _parts()
    down = [name for name, said in parts.items() if said != "ok"]
    status = "ok" if not down else "unavailable" if "database" in down else "degraded"
    return jsonify(status=status, parts=parts), 503 if status == "unavailable" else 200


def metrics() -> Response:
    """Give the figures of all web processes."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _parts() -> dict[str, str]:
    found = {"database": "ok", "redis": "ok"}
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        found["database"] = "unreachable"
    try:
        current_app.extensions["redis"].ping()
    except RedisError:
        found["redis"] = "unreachable"
    return found


def _start() -> None:
    g.started = time.perf_counter()


def _count(response: Response) -> Response:
    endpoint: Any = request.endpoint or "none"
    REQUESTS.labels(request.method, endpoint, response.status_code).inc()
    if "started" in g:
        SECONDS.labels(request.method, endpoint).observe(time.perf_counter() - g.started)
    return response
