import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from models.payments import PaymentIntent, ProviderEvent
from tests import stories
from tests.stories import Story, unit

pytestmark = pytest.mark.req("S3.41", "S2.04")
SECRET = "a-secret-of-notices"


@pytest.fixture
def client(app: Flask, session: Session) -> Iterator[FlaskClient]:
    given = {"CARD_PROVIDER_URL": "http://127.0.0.1:1", "CARD_WEBHOOK_SECRET": SECRET}
    kept = {name: app.config[name] for name in given}
    app.config.update(given, WTF_CSRF_ENABLED=True)
    db.use(app, "web")
    yield app.test_client()
    app.config.update(kept, WTF_CSRF_ENABLED=False)


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


def notice(intent_id: object, event_id: str = "evt_1") -> bytes:
    data = {"reference": "chk_1", "intent_id": str(intent_id), "state": "succeeded"}
    return json.dumps({"id": event_id, "type": "checkout.succeeded", "data": data}).encode()


def post(client: FlaskClient, body: bytes, **how: Any) -> int:
    stamp = int(time.time()) - how.get("age", 0)
    secret = how.get("secret", SECRET).encode()
    proof = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Card-Signature": f"t={stamp},v1={proof}"}
    answer = client.post("/webhooks/card", data=how.get("sent", body), headers=headers)
    assert "Set-Cookie" not in answer.headers
    return answer.status_code


def kept(session: Session, home: UUID) -> list[str]:
    with unit(session, home) as work:
        return list(work.session.scalars(select(ProviderEvent.event_id)))


def test_a_signed_notice_is_kept_once_and_makes_the_payment_due(
    client: FlaskClient, session: Session, home: UUID, story: Story
) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        work.session.get_one(PaymentIntent, intent_id).check_at = None

    for _ in range(3):
        assert post(client, notice(intent_id)) == 204

    assert kept(session, home) == ["evt_1"]
    assert story.intent(intent_id).check_at is not None


@pytest.mark.parametrize(
    "how",
    [{"secret": "guessed"}, {"age": 3600}, {"age": -3600}, {"sent": b"{}"}, {"sent": b"\xff{"}],
    ids=["forged", "stale", "from the future", "changed", "not text"],
)
def test_a_notice_that_is_not_the_providers_or_not_fresh_leaves_nothing(
    client: FlaskClient, session: Session, home: UUID, story: Story, how: dict[str, Any]
) -> None:
    assert post(client, notice(story.begin_card()), **how) == 400
    assert kept(session, home) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": 1}', b"{" * 5000])
def test_a_signed_notice_that_cannot_be_read_is_refused(client: FlaskClient, body: bytes) -> None:
    assert post(client, body) == 400


def test_a_payment_that_is_not_ours_is_answered_and_forgotten(
    client: FlaskClient, session: Session, home: UUID
) -> None:
    assert post(client, notice(uuid4())) == 204
    assert post(client, notice("intent-1")) == 400
    assert kept(session, home) == []


def test_without_a_provider_there_is_no_such_address(app: Flask, client: FlaskClient) -> None:
    app.config["CARD_WEBHOOK_SECRET"] = ""
    assert post(client, notice(uuid4())) == 404
