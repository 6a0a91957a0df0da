"""Idempotency keys: a program that sends the same request again gets the same answer.

The row comes first, in a transaction of its own; the answer is kept in the transaction of the work.
Whoever holds the row's lock is at work on it: a row without an answer that nobody holds is that of
a process which died before it did anything, and is taken over.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, request
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from core import db
from core.db import uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, unit_of_work
from models.events import IdempotencyKey
from views.web.person import actor, person
from views.web.refusals import answer, in_words

LASTS = timedelta(days=30)
LONGEST = 200
HEADER = "Idempotency-Key"
Perform = Callable[[Work], tuple[int, Any]]


class KeyMissing(BadInput):
    """What moves money is sent with a key, so that sending it twice moves it once."""

    code = "idempotency_key_missing"
    status = 400
    says = N_("Send an Idempotency-Key header: this moves money, and must not happen twice.")


class KeyUnreadable(BadInput):
    """The key is too long, or not of plain characters."""

    code = "idempotency_key_unreadable"
    status = 400
    says = N_("An Idempotency-Key has 1 to 200 plain characters.")


class KeyReused(BadInput):
    """The key was sent with another request."""

    code = "idempotency_key_reused"
    says = N_("This Idempotency-Key was used for another request. Send a new one.")


class KeyRunning(Refused):
    """The first request with the key is not done yet."""

    code = "idempotency_key_running"
    says = N_("The request with this Idempotency-Key is still being done. Ask again in a moment.")


def answered(perform: Perform, *, required: bool) -> Response:
    """Do the work once per key, in one unit, and answer; without a key simply do it.

    Refusals are kept too: a request that was refused is refused in the same words again.

    Raises:
        KeyMissing: `required`, and there is none.
        KeyUnreadable, KeyReused, KeyRunning: as they say.

    """
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise KeyMissing
        with unit_of_work(db.session(), actor(), source="api") as work, in_words(work.session):
            return written(*perform(work))
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise KeyUnreadable
    digest = hashlib.sha256(_said()).digest()
    _begin(key, digest)
    try:
        return _once(key, digest, perform)
    except (KeyReused, KeyRunning):
        raise
    except Refused as refusal:
        response = answer(refusal)
        with unit_of_work(db.session(), actor()) as work:
            _keep(_held(work, key), response)
        return response


def written(status: int, body: Any) -> Response:
    """Write an answer for programs."""
    return Response(json.dumps(body), status, content_type="application/json")


def _said() -> bytes:
    """Name all that makes requests the same: method, address, and body."""
    return b"\0".join([request.method.encode(), request.full_path.encode(), request.get_data()])


def _begin(key: str, digest: bytes) -> None:
    at_hand = person()
    assert at_hand
    with unit_of_work(db.session(), actor()) as work:
        old = IdempotencyKey.key == key, IdempotencyKey.created_at < work.now - LASTS
        work.session.execute(delete(IdempotencyKey).where(*old))
        row = {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "profile_id": at_hand.profile_id,
            "key": key,
            "request_hash": digest,
            "created_at": work.now,
        }
        work.session.execute(insert(IdempotencyKey).values(row).on_conflict_do_nothing())


def _once(key: str, digest: bytes, perform: Perform) -> Response:
    with unit_of_work(db.session(), actor(), source="api") as work, in_words(work.session):
        held = _held(work, key)
        if held.request_hash != digest:
            raise KeyReused
        if held.status is not None:
            response = Response(held.body, held.status, content_type=held.content_type)
            response.headers["Idempotent-Replayed"] = "true"
            return response
        response = written(*perform(work))
        _keep(held, response)
        return response


def _held(work: Work, key: str) -> IdempotencyKey:
    at_hand = person()
    assert at_hand
    query = select(IdempotencyKey).where(
        IdempotencyKey.key == key, IdempotencyKey.profile_id == at_hand.profile_id
    )
    try:
        return work.session.scalars(
            query.with_for_update(nowait=True), execution_options={"populate_existing": True}
        ).one()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == "55P03":
            raise KeyRunning from error
        raise


def _keep(held: IdempotencyKey, response: Response) -> None:
    fields = {"status": response.status_code, "content_type": response.content_type or ""}
    for name, value in fields.items():
        setattr(held, name, value)
    held.body = response.get_data()
