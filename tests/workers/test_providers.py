"""What holds of payments by every provider, from the button to the ledger and back."""

import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from adapters.mpesa import TOKENS
from models.disputes import Dispute, DisputeStatus
from models.events import Event
from models.payments import IntentStatus, PaymentIntent, ProviderEvent, Refund, RefundStatus
from services import asking, booking_ends, ledger, postings, ways
from tests import stories
from tests.doubles.kits import KEY, KINDS, Kind
from tests.stories import Story
from tests.workers.counters import AMOUNT, Counter, serving
from workers import sagas
from workers.payments import secret_of

pytestmark = [pytest.mark.req("S1.41", "S2.21", "S2.22", "S2.23"), pytest.mark.faults]
OPEN = {IntentStatus.pending, IntentStatus.requires_action}


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def at(
    app: Flask, story: Story, superuser: Engine, tmp_path: Path, kind: Kind
) -> Iterator[Counter]:
    with serving(app, superuser, tmp_path, kind, story) as counter:
        yield counter


def only(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", [KINDS[name]], ids=[name])


def arrived(at: Counter) -> Decimal:
    """Tell what the books say is in the account where this provider's money arrives."""
    with at.story.work() as work:
        account = postings.MONEY_ACCOUNTS[ways.WAYS[at.name].method]
        return ledger.balance(work, account, "KES")


@pytest.mark.req("S5.56")
def test_a_notice_alone_takes_a_payment_to_the_ledger(at: Counter) -> None:
    intent_id = at.opened()
    assert at.status(intent_id) in OPEN
    at.pay(intent_id)
    # Nothing falls due by the clock: only the notice makes it so.
    end = time.monotonic() + 40
    while at.intent(intent_id).succeeded_at is None and time.monotonic() < end:
        at.ask(intent_id)
        time.sleep(0.2)

    assert arrived(at) == AMOUNT
    with at.story.work() as work:
        kept = work.session.scalars(select(ProviderEvent)).all()
        assert {each.provider for each in kept} == {at.name}
    at.all_is_well()


FULL = pytest.mark.full
SPOILT = [
    {"error_rate": 1.0, "calls": 2},
    {"cut": True, "calls": 2},
    *(
        pytest.param({**each, "calls": 2}, marks=FULL)
        for each in (
            {"slow_seconds": 2.0},
            {"drip_seconds": 0.1},
            {"garbage": True},
            {"huge": True},
            {"error_in_200": True},
            {"redirect": "http://127.0.0.1:1/"},
        )
    ),
]


@pytest.mark.parametrize("fault", SPOILT, ids=lambda each: next(iter(each)))
def test_whatever_answer_is_spoilt_nothing_is_lost_or_doubled(
    at: Counter, fault: dict[str, Any]
) -> None:
    if at.kit.provider.repeats:
        intent_id = at.begin()
        at.kit.faults(**fault, notice_copies=0)
        at.turn(2)
        at.turn_until(lambda: at.intent(intent_id).reference is not None)
    else:
        intent_id = at.opened()
    at.pay(intent_id)
    at.kit.faults(**fault, notice_copies=0)
    at.until(intent_id, IntentStatus.succeeded)

    with at.story.work() as work:
        booking_ends.cancel(work, at.story.booking_id, "moved away")
    sagas.advance_all(at.story.home)
    # M-Pesa tells how a payout stands by a notice only; its silence has a test of its own.
    at.kit.faults(**fault, notice_copies=0 if at.kit.provider.signs else 1)

    def back() -> bool:
        with at.story.work() as work:
            return work.session.scalars(select(Refund.status)).all() == [RefundStatus.succeeded]

    at.turn_until(back)
    assert at.kit.books()["refunded"] == {"KES": 18000000}
    assert at.kit.books()["captured"] == {"KES": 20000000}
    at.all_is_well()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"notice_copies": 5}, marks=FULL),
        {"notice_copies": 100},
        {"notice_copies": 0},
        pytest.param({"notice_late_seconds": 1.0}, marks=FULL),
        pytest.param({"notice_late_seconds": 0.5, "notice_reversed": True}, marks=FULL),
        {"notice_forged": True},
        {"notice_age_seconds": 3600},
    ],
    ids=["twice", "100 times", "never", "late", "reversed", "forged", "stale"],
)
@pytest.mark.req("S5.56")
def test_however_notices_come_the_payment_is_taken_up_once(
    at: Counter, fault: dict[str, Any]
) -> None:
    at.kit.faults(**fault)
    intent_id = at.opened()
    at.pay(intent_id, "later")
    at.until(intent_id, IntentStatus.succeeded)

    assert arrived(at) == AMOUNT
    with at.story.work() as work:
        kept = work.session.scalar(select(func.count()).select_from(ProviderEvent))
    unheard = "notice_forged" in fault or fault.get("notice_copies") == 0
    if unheard or ("notice_age_seconds" in fault and at.kit.kind.timed):
        assert kept == 0
    at.all_is_well()


@pytest.mark.req("S2.24")
def test_a_try_that_fails_is_told_and_another_is_a_new_payment(at: Counter) -> None:
    first = at.opened()
    at.pay(first, "decline")
    if at.kit.kind.fails_at_once:
        at.until(first, IntentStatus.failed)
        assert at.intent(first).failure
    second = at.begin(again=not at.kit.kind.fails_at_once)
    at.ask(second)
    at.pay(second)
    at.until(second, IntentStatus.succeeded)
    at.all_is_well()


def test_who_pays_after_a_try_that_failed_has_paid(at: Counter) -> None:
    if at.name not in {"paystack", "flutterwave", "stripe"}:
        pytest.skip("its page ends with the first try")
    intent_id = at.opened()
    at.pay(intent_id, "decline")
    at.turn(2)
    at.pay(intent_id)
    at.turn_until(lambda: at.intent(intent_id).succeeded_at is not None)
    at.all_is_well()


def test_who_goes_away_has_not_paid_and_is_given_up_in_the_end(at: Counter) -> None:
    intent_id = at.opened()
    with at.superuser.connect() as door:
        door.execute(text("UPDATE payment_intent SET expires_at = now() - interval '5 minutes'"))
    at.turn(2)
    assert at.status(intent_id) is IntentStatus.expired
    # A page that does not close with us may still be paid on, and then it counts.
    if at.name != "card":
        at.pay(intent_id)
        at.turn_until(lambda: at.intent(intent_id).succeeded_at is not None)
    at.all_is_well()


def test_a_worker_that_dies_after_the_provider_said_yes_takes_no_money_twice(
    at: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id = at.begin()
    real = asking.asked

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "asked", dies)
    with pytest.raises(KeyboardInterrupt):
        at.ask(intent_id)
    monkeypatch.setattr(asking, "asked", real)
    at.turn(2)
    if at.kit.provider.repeats:
        assert at.status(intent_id) is IntentStatus.requires_action
        at.pay(intent_id)
    else:  # the phone was asked once, and its callback tells which request that was
        assert sum(at.kit.books()["checkouts"].values()) == 1
        _pay_on_the_phone(at)
    at.turn_until(lambda: at.intent(intent_id).succeeded_at is not None)
    at.all_is_well()


def _pay_on_the_phone(at: Counter) -> None:
    page = httpx.get(f"{at.kit.address}/phone/254712345678", trust_env=False).text
    reference = page.partition('name="prompt" value="')[2].partition('"')[0]
    fields = {"prompt": reference, "pin": "1234", "act": "pay"}
    httpx.post(f"{at.kit.address}/phone/254712345678", data=fields, trust_env=False)


@only("mpesa")
@pytest.mark.parametrize(
    "fault", [{"cut": True}, {"garbage": True}, {"slow_seconds": 2.0}], ids=str
)
def test_a_prompt_whose_answer_got_lost_is_sent_once_and_known_by_its_callback(
    at: Counter, fault: dict[str, Any]
) -> None:
    intent_id = at.begin()
    # The token comes first; only the prompt's own answer is spoilt.
    with pytest.raises(Exception):  # noqa: B017, PT011  # it says that it does not know it
        at.kit.provider.status("ws_CO_unknown")
    at.kit.faults(**fault, calls=1)
    at.ask(intent_id)
    at.turn(3)
    assert at.intent(intent_id).reference is None
    assert at.kit.books()["checkouts"] == {"pending": 1}

    _pay_on_the_phone(at)
    at.until(intent_id, IntentStatus.succeeded)
    at.all_is_well()


@only("mpesa")
def test_a_prompt_that_nobody_ever_hears_of_again_is_given_up(at: Counter) -> None:
    intent_id = at.begin()
    with at.superuser.connect() as door:
        called = text("UPDATE payment_intent SET called_at = now() - interval '11 minutes'")
        door.execute(called)
    at.turn()

    assert at.status(intent_id) is IntentStatus.expired
    assert at.kit.books()["checkouts"] == {}


@only("mpesa")
def test_where_not_even_a_token_was_given_the_phone_is_asked_later(at: Counter) -> None:
    TOKENS.forget((at.kit.address, KEY))
    at.kit.faults(error_rate=1.0, calls=1)
    intent_id = at.begin()
    at.ask(intent_id)
    assert at.intent(intent_id).called_at is None
    at.turn()

    assert at.kit.books()["checkouts"] == {"pending": 1}
    at.pay(intent_id)
    at.until(intent_id, IntentStatus.succeeded)


def _said(reference: str, amount: float = 200_000, phone: int = 254712345678) -> dict[str, Any]:
    items = {"Amount": amount, "MpesaReceiptNumber": "ABC123", "PhoneNumber": phone}
    told = {
        "MerchantRequestID": "1",
        "CheckoutRequestID": reference,
        "ResultCode": 0,
        "ResultDesc": "ok",
        "CallbackMetadata": {"Item": [{"Name": n, "Value": v} for n, v in items.items()]},
    }
    return {"Body": {"stkCallback": told}}


def _post(at: Counter, token: str, body: dict[str, Any]) -> int:
    url = f"{at.app.config['PUBLIC_URL']}/webhooks/mpesa/{token}"
    return httpx.post(url, json=body, trust_env=False).status_code


@only("mpesa")
def test_a_callback_that_lies_of_success_posts_nothing(at: Counter) -> None:
    intent_id = at.opened()
    with at.app.app_context():
        token, _ = secret_of(intent_id)
    reference = at.intent(intent_id).reference or ""
    assert _post(at, "0" * 64, _said(reference)) == 404
    assert _post(at, token, _said("ws_CO_of_another")) == 404
    assert _post(at, token, _said(reference)) == 204
    at.turn(2)

    assert at.status(intent_id) is IntentStatus.requires_action
    assert arrived(at) == 0


@only("mpesa")
@pytest.mark.parametrize("lie", [{"amount": 1.0}, {"phone": 254799999999}], ids=str)
def test_a_callback_of_another_sum_or_phone_is_for_somebody_to_look_at(
    at: Counter, lie: dict[str, Any]
) -> None:
    at.kit.faults(notice_copies=0)
    intent_id = at.opened()
    with at.app.app_context():
        token, _ = secret_of(intent_id)
    at.pay(intent_id)
    assert _post(at, token, _said(at.intent(intent_id).reference or "", **lie)) == 204
    at.turn()

    assert at.status(intent_id) is IntentStatus.processing
    assert arrived(at) == 0
    with at.story.work() as work:
        seen = select(func.count()).where(Event.type == "payment.unclear")
        assert work.session.scalar(seen) == 1


@only("mpesa")
def test_a_masked_phone_and_a_receipt_are_taken_up(at: Counter) -> None:
    at.kit.faults(notice_copies=0)
    intent_id = at.opened()
    with at.app.app_context():
        token, _ = secret_of(intent_id)
    at.pay(intent_id)
    said = _said(at.intent(intent_id).reference or "")
    said["Body"]["stkCallback"]["CallbackMetadata"]["Item"][2]["Value"] = "2547*****678"
    assert _post(at, token, said) == 204
    at.until(intent_id, IntentStatus.succeeded)

    assert at.intent(intent_id).receipt == "ABC123"


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.disputes], ids=lambda k: k.name)
@pytest.mark.parametrize("state", ["won", "lost"])
def test_a_dispute_is_recorded_once_and_a_lost_one_is_owed_again(at: Counter, state: str) -> None:
    intent_id = at.opened()
    at.pay(intent_id)
    at.until(intent_id, IntentStatus.succeeded)
    reference = at.intent(intent_id).reference or ""
    at.kit.faults(notice_copies=3)
    dispute = at.kit.dispute(reference)

    def stands(wanted: DisputeStatus) -> bool:
        with at.story.work() as work:
            return list(work.session.scalars(select(Dispute.status))) == [wanted]

    at.turn_until(lambda: stands(DisputeStatus.open))
    at.kit.end_dispute(dispute["reference"], state)
    at.turn_until(lambda: stands(DisputeStatus(state)))
    at.kit.resend(reference)
    at.turn(3)

    assert stands(DisputeStatus(state))
    assert arrived(at) == (AMOUNT if state == "won" else 0)
    with at.story.work() as work:
        told = dict(
            work.session.execute(
                select(Event.type, func.count())
                .where(Event.type.in_(["payment.disputed", "payment.dispute_closed"]))
                .group_by(Event.type)
            ).all()
        )
    assert told == {"payment.disputed": 1, "payment.dispute_closed": 1}


def test_what_is_late_is_asked_about_less_and_less_often(at: Counter) -> None:
    intent_id = at.opened()
    with at.story.work() as work:
        intent = work.session.get_one(PaymentIntent, intent_id)
        assert intent.check_at is not None
        assert timedelta(0) < intent.check_at - work.now <= timedelta(minutes=1)
