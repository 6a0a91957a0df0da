"""What holds of every provider of payments: our client of it against its double."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.payments import (
    Checkout,
    DisputeState,
    NoticeRefused,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
    RefundState,
    State,
)
from tests.doubles.kits import KINDS, Kind, Kit, asked, back, kit
from tests.doubles.running import Listener, listening

pytestmark = pytest.mark.req("S1.41", "S2.22")
AMOUNT = Decimal(104000)
UNPAID = {State.pending, State.requires_action}
HOSTED = ["stripe", "paystack", "flutterwave"]


@pytest.fixture
def shop() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def there(kind: Kind, tmp_path: Path, shop: Listener) -> Iterator[Kit]:
    with kit(kind, tmp_path, shop.url) as running:
        yield running


def until(there: Kit, checkout: Checkout, *wanted: State, heard: Any = ()) -> Outcome:
    end = time.monotonic() + 30
    while True:
        outcome = there.provider.status(checkout.reference, heard)
        if outcome.state in wanted or time.monotonic() > end:
            assert outcome.state in wanted
            return outcome
        time.sleep(0.1)


def refunded(there: Kit, request: RefundRequest, shop: Listener) -> RefundOutcome:
    """Ask for a refund, and how it stands, until it has ended one way or the other."""
    outcome = there.provider.refund(request)
    end = time.monotonic() + 30
    while outcome.state is RefundState.pending and time.monotonic() < end:
        time.sleep(0.2)
        own = zip(list(shop.got), shop.paths, strict=False)
        heard = [json.loads(body) for (body, _), path in own if request.webhook_url.endswith(path)]
        outcome = there.provider.refund_status(request, outcome.reference, heard)
    return outcome


def test_a_payer_pays_and_the_provider_says_so_when_asked(there: Kit) -> None:
    checkout = there.open()
    assert there.provider.status(checkout.reference).state in UNPAID

    assert there.act(checkout).status_code < 400
    outcome = until(there, checkout, State.succeeded)

    assert outcome.amount in (AMOUNT, None)
    assert (outcome.currency, outcome.reference) == ("KES", checkout.reference)
    assert there.books()["captured"] == {"KES": 10400000}


def test_a_notice_names_the_payment_and_comes_again_until_it_is_taken(
    there: Kit, shop: Listener
) -> None:
    shop.statuses += [500]
    checkout = there.open(webhook_url=shop.url)
    there.act(checkout)

    told = [there.provider.parse_notice(*one) for one in shop.wait_for(2)]
    assert told[0] == told[1]
    assert told[0].reference in ("", checkout.reference)
    assert told[0].reference or told[0].intent_id == "intent-1"


def test_asking_again_with_the_same_key_takes_the_money_once(there: Kit) -> None:
    if not there.provider.repeats:
        pytest.skip("it is never asked again")
    there.open()
    again = there.open()
    there.act(again)
    until(there, again, State.succeeded)

    assert there.books()["captured"] == {"KES": 10400000}


def test_pressing_twice_pays_once(there: Kit) -> None:
    checkout = there.open()
    for _ in range(2):
        assert there.act(checkout).status_code < 400

    assert there.books()["captured"] == {"KES": 10400000}


def test_a_try_that_fails_takes_nothing_and_says_why(there: Kit) -> None:
    checkout = there.open()
    there.act(checkout, "decline")
    outcome = there.provider.status(checkout.reference)
    if there.kind.fails_at_once:
        assert outcome.state is State.failed
        assert outcome.failure_sentence
    else:
        assert outcome.state in UNPAID

    assert there.books()["captured"] == {}


def test_a_payer_may_go_away(there: Kit) -> None:
    checkout = there.open()
    there.act(checkout, "cancel")

    assert there.provider.status(checkout.reference).state in UNPAID | {State.failed}
    assert there.books()["captured"] == {}


def test_a_payment_may_take_a_while(there: Kit) -> None:
    checkout = there.open()
    there.act(checkout, "later")
    assert there.provider.status(checkout.reference).state is not State.failed

    until(there, checkout, State.succeeded)


@pytest.mark.parametrize("kind", [KINDS[each] for each in HOSTED], ids=HOSTED, indirect=False)
def test_the_payers_bank_may_ask_first(kind: Kind, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as there:
        checkout = there.open()
        there.act(checkout, "ask")
        assert there.provider.status(checkout.reference).state in UNPAID
        assert "bank" in httpx.get(checkout.url, trust_env=False).text
        there.act(checkout, "confirm")
        until(there, checkout, State.succeeded)


@pytest.mark.parametrize("kind", [KINDS[each] for each in HOSTED], ids=HOSTED, indirect=False)
def test_after_a_try_that_failed_another_may_succeed(kind: Kind, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as there:
        checkout = there.open()
        there.act(checkout, "decline")
        there.act(checkout)
        until(there, checkout, State.succeeded)


@pytest.mark.req("S2.24")
def test_what_was_taken_goes_back_in_parts_and_no_more_than_that(
    there: Kit, shop: Listener
) -> None:
    checkout = there.open(webhook_url=shop.url)
    there.act(checkout)
    until(there, checkout, State.succeeded)
    for number, amount in enumerate((Decimal(4000), Decimal(100000))):
        for _ in range(2):  # the same key asks once
            request = back(checkout, amount, f"refund:{number}", f"{shop.url}/{number}")
            assert refunded(there, request, shop).state is RefundState.succeeded

    assert there.books()["refunded"] == {"KES": 10400000}
    if there.kind.name != "mpesa":  # paying to a phone knows nothing of what it paid
        with pytest.raises(ProviderRefused):
            there.provider.refund(back(checkout, Decimal(1), "refund:9"))


@pytest.mark.parametrize(
    "fault",
    [
        {"error_rate": 1.0},
        {"cut": True},
        {"error_in_200": True},
        pytest.param({"slow_seconds": 3.0}, marks=pytest.mark.full),
        pytest.param({"drip_seconds": 0.1}, marks=pytest.mark.full),
        pytest.param({"garbage": True}, marks=pytest.mark.full),
        pytest.param({"huge": True}, marks=pytest.mark.full),
        pytest.param({"redirect": "http://127.0.0.1:1/elsewhere"}, marks=pytest.mark.full),
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_spoilt_answer_is_no_answer_and_the_truth_is_found_later(
    there: Kit, fault: dict[str, Any]
) -> None:
    there.faults(**fault)
    with pytest.raises(ProviderUnavailable):
        there.open()
    there.faults()
    checkout = there.open()
    there.act(checkout)
    there.faults(**fault)
    with pytest.raises(ProviderUnavailable):
        there.provider.status(checkout.reference)
    there.faults()

    until(there, checkout, State.succeeded)
    assert there.books()["captured"] == {"KES": 10400000}


def test_a_forged_notice_is_refused_or_goes_where_nobody_listens(
    there: Kit, shop: Listener
) -> None:
    there.faults(notice_forged=True)
    checkout = there.open(webhook_url=f"{shop.url}/the-secret")
    there.act(checkout)
    body, headers = shop.wait_for(1)[0]
    if there.provider.signs:
        with pytest.raises(NoticeRefused):
            there.provider.parse_notice(body, headers)
    else:
        assert shop.paths
        assert not shop.paths[0].endswith("the-secret")


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.timed], ids=lambda k: k.name)
def test_a_stale_notice_is_refused(kind: Kind, tmp_path: Path, shop: Listener) -> None:
    with kit(kind, tmp_path, shop.url) as there:
        there.faults(notice_age_seconds=400)
        there.act(there.open(webhook_url=shop.url))
        with pytest.raises(NoticeRefused):
            there.provider.parse_notice(*shop.wait_for(1)[0])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"data": 1}', b"x" * 70_000])
def test_what_cannot_be_read_is_refused(there: Kit, body: bytes) -> None:
    with pytest.raises(NoticeRefused):
        there.provider.parse_notice(body, {})


def test_a_reference_that_nobody_knows_is_not_paid(there: Kit) -> None:
    with suppress(ProviderRefused):
        assert there.provider.status("unknown").state in UNPAID


def test_a_stranger_is_not_served(there: Kit) -> None:
    answer = httpx.get(f"{there.address}/_/books", trust_env=False)
    assert answer.status_code == 401 or "Invalid" in answer.text or "unauthorized" in answer.text


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.disputes], ids=lambda k: k.name)
@pytest.mark.parametrize("state", ["won", "lost"])
def test_a_dispute_is_told_and_asked_about(
    kind: Kind, state: str, tmp_path: Path, shop: Listener
) -> None:
    with kit(kind, tmp_path, shop.url) as there:
        checkout = there.open()
        there.act(checkout)
        until(there, checkout, State.succeeded)
        dispute = there.dispute(checkout.reference)
        told = there.provider.parse_notice(*shop.wait_for(2)[-1])
        assert told.topic == "dispute"
        assert told.reference == checkout.reference or told.receipt
        outcome = there.provider.dispute(told.subject)
        assert (outcome.state, outcome.amount) == (DisputeState.open, AMOUNT)

        there.end_dispute(dispute["reference"], state)
        assert there.provider.dispute(told.subject).state == state


def test_secrets_are_not_shown(there: Kit) -> None:
    for secret in ("key-of-this-test", "secret-of-this-test", "passkey", "credential'"):
        assert secret not in repr(there.provider)


def test_sums_that_are_none_are_not_sent(there: Kit) -> None:
    for amount in (Decimal(0), Decimal(-1), Decimal("1.005"), Decimal("NaN")):
        with pytest.raises((ValueError, ProviderRefused, ArithmeticError)):
            there.provider.create(asked(amount=amount))
    assert there.books()["checkouts"] == {}
