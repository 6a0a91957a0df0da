"""The card provider as a shop, a payer and a fault test meet it."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from adapters.payments import (
    Checkout,
    NoticeRefused,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    RefundState,
    State,
)
from tests.doubles.cards import ASKS_BANK, DECLINED, SETTLES_LATER, Card, card_provider
from tests.doubles.running import Listener, listening


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with card_provider(tmp_path) as double:
        yield double


@pytest.fixture
def shop() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.mark.req("S2.22")
def test_a_payer_pays_and_the_shop_hears_of_it(card: Card, shop: Listener) -> None:
    checkout = card.open(shop.url)
    assert card.provider.status(checkout.reference).state is State.pending
    answer = card.pay(checkout)
    assert answer.status_code == 303
    assert answer.headers["Location"] == (
        f"http://127.0.0.1:8080/portal/bookings/1?tab=money&checkout={checkout.reference}"
    )
    outcome = card.provider.status(checkout.reference)
    assert (outcome.state, outcome.amount, outcome.currency) == (
        State.succeeded,
        Decimal("10400000.50"),
        "KES",
    )
    notice = card.provider.parse_notice(*shop.wait_for(1)[0])
    assert (notice.type, notice.reference, notice.intent_id) == (
        "checkout.succeeded",
        checkout.reference,
        "intent-1",
    )
    assert card.books()["captured"] == {"KES": 1040000050}


def test_a_declined_card_takes_nothing_and_says_why(card: Card, shop: Listener) -> None:
    checkout = card.open(shop.url)
    assert card.pay(checkout, DECLINED).status_code == 303
    outcome = card.provider.status(checkout.reference)
    assert (outcome.state, outcome.failure_code) == (State.failed, "card_declined")
    assert outcome.failure_sentence == "The bank declined the card."
    assert card.provider.parse_notice(*shop.wait_for(1)[0]).type == "checkout.failed"
    assert card.books()["captures"] == []


@pytest.mark.req("S2.22")
@pytest.mark.parametrize(("code", "state"), [("123456", State.succeeded), ("999999", State.failed)])
def test_the_bank_may_ask_first(card: Card, code: str, state: State) -> None:
    checkout = card.open()
    assert card.pay(checkout, ASKS_BANK).headers["Location"] == f"/pay/{checkout.reference}"
    assert card.provider.status(checkout.reference).state is State.requires_action
    assert "Code from your bank" in card.page(checkout).text
    card.post(checkout, {"bank_code": code})
    assert card.provider.status(checkout.reference).state is state


def test_a_payment_may_take_a_while(card: Card, shop: Listener) -> None:
    checkout = card.open(shop.url)
    card.pay(checkout, SETTLES_LATER)
    assert card.provider.status(checkout.reference).state is State.processing
    kinds = [json.loads(body)["type"] for body, _ in shop.wait_for(2)]
    assert kinds == ["checkout.processing", "checkout.succeeded"]


def test_a_payer_may_cancel(card: Card) -> None:
    checkout = card.open()
    assert card.post(checkout, {"cancel": "1"}).status_code == 303
    outcome = card.provider.status(checkout.reference)
    assert (outcome.state, outcome.failure_code) == (State.failed, "cancelled")
    assert "did not go through" in card.page(checkout).text


def test_a_checkout_nobody_pays_expires(tmp_path: Path, shop: Listener) -> None:
    with card_provider(tmp_path, "--lifetime-seconds", "0.1") as card:
        checkout = card.open(shop.url)
        assert card.provider.parse_notice(*shop.wait_for(1)[0]).type == "checkout.expired"
        assert card.provider.status(checkout.reference).state is State.expired
        assert "expired" in card.page(checkout).text
        assert card.pay(checkout).status_code == 303
        assert card.books()["captures"] == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"number": "4242 4242 4242 4241"}, "card number"),
        ({"number": "<script>alert(1)</script>"}, "card number"),
        ({"expires": "13 / 29"}, "month and year"),
        ({"code": "12"}, "security code"),
    ],
)
def test_a_mistake_at_the_page_keeps_what_was_typed(
    card: Card, fields: dict[str, str], says: str
) -> None:
    checkout = card.open(description="<b>Apartment</b> & more")
    answer = card.pay(checkout, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert "<script>" not in answer.text
    assert "<b>Apartment" not in answer.text
    assert ("04 / 39" in answer.text) != ("expires" in fields)
    assert "script" not in answer.headers["Content-Security-Policy"]


def test_two_clicks_capture_once(card: Card) -> None:
    checkout = card.open()
    with ThreadPoolExecutor(8) as payers:
        answers = list(payers.map(lambda _: card.pay(checkout), range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(card.books()["captures"]) == 1


def test_a_key_acts_once_and_for_one_thing(card: Card) -> None:
    checkout = card.open()
    assert card.open() == checkout
    with pytest.raises(ProviderRefused) as refused:
        card.open(amount=Decimal(1))
    assert refused.value.code == "key_reused"
    card.pay(checkout)
    one, two = (
        card.provider.refund(RefundRequest(checkout.reference, Decimal("0.50"), "KES", "back-1"))
        for _ in range(2)
    )
    assert one == two
    assert (one.state, one.amount) == (RefundState.succeeded, Decimal("0.50"))
    assert card.books()["refunded"] == {"KES": 50}


def test_no_more_is_given_back_than_was_taken(card: Card) -> None:
    checkout = card.open()
    with pytest.raises(ProviderRefused, match="not_captured"):
        card.provider.refund(RefundRequest(checkout.reference, Decimal(1), "KES", "back-0"))
    card.pay(checkout)
    card.provider.refund(RefundRequest(checkout.reference, Decimal(10400000), "KES", "back-1"))
    with pytest.raises(ProviderRefused, match="refund_too_large"):
        card.provider.refund(RefundRequest(checkout.reference, Decimal("0.51"), "KES", "back-2"))
    card.provider.refund(RefundRequest(checkout.reference, Decimal("0.50"), "KES", "back-3"))


def test_a_stranger_gets_no_answer(card: Card) -> None:
    answer = httpx.get(f"{card.address}/_/books", trust_env=False)
    assert answer.status_code == 401
    with pytest.raises(ProviderRefused, match="not_found"):
        card.provider.status("chk_unknown")
    assert httpx.get(f"{card.address}/pay/unknown", trust_env=False).status_code == 404


@pytest.mark.parametrize(
    "switches",
    [
        {"slow_seconds": 3.0},
        {"drip_seconds": 0.1},
        {"error_rate": 1.0},
        {"error_rate": 1, "error_status": 500},
        {"garbage": True},
        {"huge": True},
        {"cut": True},
        {"redirect": "http://127.0.0.1:1/elsewhere"},
        {"error_in_200": True},
    ],
    ids=str,
)
def test_a_spoilt_answer_is_unknown_and_the_key_finds_the_truth(
    card: Card, switches: dict[str, float]
) -> None:
    card.faults(**switches)
    with pytest.raises(ProviderUnavailable):
        card.open()
    card.faults()
    checkout = card.open()
    assert card.books()["checkouts"] == {"pending": 1}
    assert card.provider.status(checkout.reference).state is State.pending


def test_a_fault_may_last_for_some_calls(card: Card) -> None:
    card.faults(error_rate=1, calls=2)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            card.open()
    assert card.open()


def _paid(card: Card, shop: Listener) -> Checkout:
    checkout = card.open(shop.url)
    card.pay(checkout)
    return checkout


def test_a_notice_comes_again_until_it_is_taken(card: Card, shop: Listener) -> None:
    shop.statuses += [500, 302]
    _paid(card, shop)
    got = shop.wait_for(3)
    assert len({card.provider.parse_notice(*one).event_id for one in got}) == 1


def test_a_notice_may_come_twice(card: Card, shop: Listener) -> None:
    card.faults(notice_copies=2)
    _paid(card, shop)
    got = shop.wait_for(2)
    assert got[0][0] == got[1][0]


def test_a_notice_may_never_come_or_late(card: Card, shop: Listener) -> None:
    card.faults(notice_copies=0)
    paid = time.monotonic()
    checkout = _paid(card, shop)
    time.sleep(0.6)
    assert shop.got == []
    assert card.provider.status(checkout.reference).state is State.succeeded
    card.faults(notice_late_seconds=1.5)
    shop.wait_for(1)
    assert time.monotonic() - paid >= 1.5


def test_notices_may_come_in_the_wrong_order(card: Card, shop: Listener) -> None:
    card.faults(notice_late_seconds=1.0, notice_reversed=True)
    checkout = _paid(card, shop)
    card.provider.refund(RefundRequest(checkout.reference, Decimal(1), "KES", "back-1"))
    kinds = [card.provider.parse_notice(*one).type for one in shop.wait_for(2)]
    assert kinds == ["refund.succeeded", "checkout.succeeded"]


@pytest.mark.parametrize("switches", [{"notice_forged": True}, {"notice_age_seconds": 400}])
def test_a_forged_or_stale_notice_is_refused(
    card: Card, shop: Listener, switches: dict[str, int]
) -> None:
    card.faults(**switches)
    _paid(card, shop)
    with pytest.raises(NoticeRefused):
        card.provider.parse_notice(*shop.wait_for(1)[0])


def test_a_notice_can_be_asked_for_again(card: Card, shop: Listener) -> None:
    checkout = _paid(card, shop)
    shop.wait_for(1)
    card.resend(checkout.reference)
    one, two = shop.wait_for(2)
    assert one[0] == two[0]


@pytest.mark.parametrize("moment", ["checkout", "capture", "refund"])
def test_it_dies_after_writing_and_before_answering(
    tmp_path: Path, shop: Listener, moment: str
) -> None:
    with card_provider(tmp_path) as card:
        if moment == "checkout":
            card.faults(die_after=moment)
            with pytest.raises(ProviderUnavailable):
                card.open(shop.url)
        checkout = Checkout("", "", None) if moment == "checkout" else card.open(shop.url)
        if moment == "capture":
            card.faults(die_after=moment)
            with pytest.raises(httpx.TransportError):
                card.pay(checkout)
        if moment == "refund":
            card.pay(checkout)
            card.faults(die_after=moment)
            with pytest.raises(ProviderUnavailable):
                card.provider.refund(RefundRequest(checkout.reference, Decimal(1), "KES", "back-1"))
    with card_provider(tmp_path) as card:
        again = card.open(shop.url)
        assert checkout.reference in {"", again.reference}
        if moment == "refund":
            card.provider.refund(RefundRequest(again.reference, Decimal(1), "KES", "back-1"))
        books = card.books()
        assert len(books["captures"]) == (moment != "checkout")
        assert len(books["refunds"]) == (moment == "refund")
        if moment != "checkout":
            shop.wait_for(1)


def test_an_unknown_switch_is_refused(card: Card) -> None:
    for wrong in ({"explode": True}, {"garbage": 1}, {"calls": "2"}, {"notice_copies": True}):
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            card.faults(**wrong)
