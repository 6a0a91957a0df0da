"""What comes to the addresses of providers: signed, secret, told again, or about another's."""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import db
from models.payments import PaymentIntent, ProviderEvent
from services import instalments, payments, ways
from services.payments import Part
from tests import make, stories
from tests.stories import Story, unit
from workers.payments import secret_of

pytestmark = pytest.mark.req("S5.56", "S2.04")
KEY, SECRET = "a-key", "a-secret-of-notices"
SETTINGS = {
    "STRIPE_KEY": KEY,
    "STRIPE_WEBHOOK_SECRET": SECRET,
    "PAYSTACK_KEY": KEY,
    "FLUTTERWAVE_KEY": KEY,
    "FLUTTERWAVE_WEBHOOK_HASH": SECRET,
    **dict.fromkeys(("MPESA_KEY", "MPESA_SECRET", "MPESA_SHORTCODE", "MPESA_PASSKEY"), "x"),
}
Sign = Callable[[bytes], dict[str, str]]
Body = Callable[[str, str], dict[str, Any]]


def _stripe(body: bytes) -> dict[str, str]:
    stamp = int(time.time())
    proof = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={proof}"}


SIGNED: dict[str, tuple[Sign, Body]] = {
    "stripe": (
        _stripe,
        lambda reference, intent: {
            "id": "evt_1",
            "type": "checkout.session.completed",
            "data": {"object": {"id": reference, "client_reference_id": intent}},
        },
    ),
    "paystack": (
        lambda body: {
            "x-paystack-signature": hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest()
        },
        lambda reference, _: {
            "event": "charge.success",
            "data": {"id": 7, "status": "success", "reference": reference},
        },
    ),
    "flutterwave": (
        lambda _: {"verif-hash": SECRET},
        lambda reference, _: {
            "event": "charge.completed",
            "data": {"id": 7, "status": "successful", "tx_ref": reference},
        },
    ),
}


@pytest.fixture
def client(app: Flask, session: Session) -> Iterator[FlaskClient]:
    kept = {name: app.config[name] for name in SETTINGS}
    app.config.update(SETTINGS, WTF_CSRF_ENABLED=True)
    db.use(app, "web")
    yield app.test_client()
    app.config.update(kept, WTF_CSRF_ENABLED=False)


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


def begun(story: Story, name: str, reference: str | None) -> UUID:
    """A payment by a provider that is under way, and not due."""
    way = ways.WAYS[name]
    with story.work() as work:
        first = instalments.links(work, story.booking_id)[0].invoice_id
        phone = "0712 345 678" if way.phone else ""
        part = [Part(first, stories.PRICE / 10)]
        intent = payments.begin(work, part, way.method, provider=name, phone=phone)
        intent.reference, intent.check_at = reference, None
        return intent.id


def post(client: FlaskClient, name: str, body: bytes, headers: dict[str, str]) -> int:
    answer = client.post(f"/webhooks/{name}", data=body, headers=headers)
    assert "Set-Cookie" not in answer.headers
    return answer.status_code


def kept(session: Session, home: UUID) -> list[UUID]:
    with unit(session, home) as work:
        return list(work.session.scalars(select(ProviderEvent.intent_id)))


def check_at(story: Story, intent_id: UUID) -> Any:
    return story.read(PaymentIntent, intent_id).check_at


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_notice_is_kept_once_however_often_it_comes(
    client: FlaskClient, session: Session, home: UUID, story: Story, name: str
) -> None:
    intent_id = begun(story, name, "ref-1")
    sign, make_body = SIGNED[name]
    body = json.dumps(make_body("ref-1", str(intent_id))).encode()
    for _ in range(100):
        assert post(client, name, body, sign(body)) == 204

    assert kept(session, home) == [intent_id]
    assert check_at(story, intent_id) is not None


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *itertools.product(SIGNED, ["nothing", "another"]),
        ("stripe", "changed"),
        ("paystack", "changed"),
    ],
)
def test_a_notice_without_its_proof_leaves_nothing(
    client: FlaskClient, story: Story, name: str, wrong: str
) -> None:
    intent_id = begun(story, name, "ref-1")
    sign, make_body = SIGNED[name]
    body = json.dumps(make_body("ref-1", str(intent_id))).encode()
    headers = {} if wrong == "nothing" else sign(body)
    if wrong == "another":
        headers = {key: value[:-4] + "0000" for key, value in headers.items()}
    body += b" " * (wrong == "changed")
    assert post(client, name, body, headers) == 400
    assert kept(story.session, story.home) == []


@pytest.mark.parametrize("name", SIGNED)
def test_a_notice_about_another_organizations_payment_reaches_only_that(
    client: FlaskClient, session: Session, home: UUID, story: Story, name: str
) -> None:
    ours = begun(story, name, "ref-ours")
    elsewhere = make.organization(session, "Elsewhere")
    theirs = begun(stories.confirmed(session, elsewhere), name, "ref-theirs")
    sign, make_body = SIGNED[name]
    mixed = json.dumps(make_body("ref-theirs", str(ours))).encode()
    status = post(client, name, mixed, sign(mixed))

    assert status == 204
    assert kept(session, home) == []
    assert check_at(story, ours) is None
    assert kept(session, elsewhere) == ([] if name == "stripe" else [theirs])


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_not_ours_is_answered_and_forgotten(
    client: FlaskClient, session: Session, home: UUID, name: str
) -> None:
    sign, make_body = SIGNED[name]
    for known in (make_body("ref-9", str(uuid4())), {**make_body("ref-9", ""), "event": "x.y"}):
        body = json.dumps(known).encode()
        assert post(client, name, body, sign(body)) == 204
    assert kept(session, home) == []


@pytest.mark.parametrize("name", SIGNED)
def test_a_character_that_cannot_be_kept_is_refused(client: FlaskClient, name: str) -> None:
    sign, make_body = SIGNED[name]
    body = json.dumps(make_body("ref-\x00", str(uuid4()))).encode()
    assert post(client, name, body, sign(body)) == 400


def test_a_payment_by_one_provider_is_not_made_due_by_another(
    client: FlaskClient, session: Session, home: UUID, story: Story
) -> None:
    intent_id = begun(story, "paystack", "ref-1")
    sign, make_body = SIGNED["flutterwave"]
    body = json.dumps(make_body("ref-1", str(intent_id))).encode()

    assert post(client, "flutterwave", body, sign(body)) == 204
    assert kept(session, home) == []


def _stk(reference: str, code: int = 0) -> bytes:
    told = {"MerchantRequestID": "1", "CheckoutRequestID": reference, "ResultCode": code}
    return json.dumps({"Body": {"stkCallback": told}}).encode()


@pytest.fixture
def prompted(app: Flask, story: Story) -> tuple[UUID, str]:
    """A payment whose phone was asked, and the secret of its address."""
    intent_id = begun(story, "mpesa", "ws_CO_1")
    token, hashed = secret_of(intent_id)
    with story.work() as work:
        work.session.get_one(PaymentIntent, intent_id).notice_hash = hashed
    return intent_id, token


def test_a_callback_reaches_its_payment_by_the_secret_of_its_address(
    client: FlaskClient,
    session: Session,
    home: UUID,
    story: Story,
    prompted: tuple[UUID, str],
) -> None:
    intent_id, token = prompted
    assert client.post(f"/webhooks/mpesa/{'0' * 64}", data=_stk("ws_CO_1")).status_code == 404
    assert client.post("/webhooks/mpesa", data=_stk("ws_CO_1")).status_code == 404
    assert client.post(f"/webhooks/mpesa/{token}", data=_stk("ws_CO_2")).status_code == 404
    assert client.post(f"/webhooks/mpesa/{token}", data=b"{}").status_code == 400
    assert kept(session, home) == []
    for _ in range(3):
        assert client.post(f"/webhooks/mpesa/{token}", data=_stk("ws_CO_1")).status_code == 204

    assert kept(session, home) == [intent_id]
    assert check_at(story, intent_id) is not None


def test_a_callback_brings_the_reference_that_got_lost(
    client: FlaskClient, story: Story, prompted: tuple[UUID, str]
) -> None:
    intent_id, token = prompted
    with story.work() as work:
        work.session.get_one(PaymentIntent, intent_id).reference = None
    assert client.post(f"/webhooks/mpesa/{token}", data=_stk("ws_CO_9")).status_code == 204

    assert story.intent(intent_id).reference == "ws_CO_9"


def test_only_the_hash_of_the_secret_is_kept(
    session: Session, story: Story, prompted: tuple[UUID, str]
) -> None:
    intent_id, token = prompted
    with story.work() as work:
        row = work.session.execute(
            text("SELECT to_jsonb(p)::text FROM payment_intent AS p WHERE id = :id"),
            {"id": intent_id},
        ).scalar_one()
    assert token not in row


@pytest.mark.parametrize("name", [*SIGNED, "card"])
def test_who_signs_has_no_secret_addresses(client: FlaskClient, name: str) -> None:
    assert client.post(f"/webhooks/{name}/anything", data=b"{}").status_code == 404


def test_nobody_else_has_an_address(client: FlaskClient, app: Flask) -> None:
    assert client.post("/webhooks/nobody", data=b"{}").status_code == 404
    app.config["PAYSTACK_KEY"] = ""
    assert client.post("/webhooks/paystack", data=b"{}").status_code == 404
