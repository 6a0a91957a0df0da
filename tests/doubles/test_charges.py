"""Charging saved cards: our clients of Stripe and Paystack against their doubles."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.payments import (
    AUTHENTICATION,
    Card,
    ChargeRequest,
    ProviderRefused,
    ProviderUnavailable,
    State,
)
from tests.doubles.kits import KINDS, Kit, kit
from tests.doubles.running import Listener, listening

pytestmark = pytest.mark.req("S2.22", "S2.23")


@pytest.fixture
def shop() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture(params=["stripe", "paystack"])
def there(request: pytest.FixtureRequest, tmp_path: Path, shop: Listener) -> Iterator[Kit]:
    with kit(KINDS[request.param], tmp_path, shop.url) as running:
        yield running


def saved(there: Kit, **changes: Any) -> Card:
    checkout = there.open(saves=True, **changes)
    there.act(checkout)
    card = there.provider.status(checkout.reference).card
    assert card
    return card


def charge(card: Card, key: str = "charge-1") -> ChargeRequest:
    return ChargeRequest(card.token, Decimal("12.50"), "KES", f"intent-{key}", "Payment", key)


def charger(there: Kit) -> Any:
    return there.provider


def test_a_card_is_saved_where_the_payer_agrees(there: Kit) -> None:
    card = saved(there)
    unsaved = there.open(key="key-2", intent_id="intent-2")
    there.act(unsaved)

    assert (card.brand, len(card.last_four)) == ("Visa", 4)
    assert card.expires_on and (card.expires_on.year, card.expires_on.day) == (2039, 31)  # noqa: PT018
    assert card.fingerprint == saved(there, key="key-3", intent_id="intent-3").fingerprint
    assert card.token not in repr(card)
    if there.kind.name == "stripe":  # Paystack keeps every card, and the services do not
        assert there.provider.status(unsaved.reference).card is None


def test_a_card_is_charged_once_per_key(there: Kit, shop: Listener) -> None:
    card = saved(there)
    first, second = charger(there).charge(charge(card)), charger(there).charge(charge(card))

    assert first == second == charger(there).charged(charge(card))
    assert (first.state, first.amount, first.currency) == (
        State.succeeded,
        Decimal("12.50"),
        "KES",
    )
    assert there.provider.status(first.reference).state is State.succeeded
    assert [each["amount"] for each in there.books()["captures"]] == [10400000, 1250]
    end = time.monotonic() + 20
    while len(shop.got) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    body, headers = shop.got[-1]
    notice = there.provider.parse_notice(body, headers)
    assert "intent-charge-1" in (notice.intent_id, "intent-" + notice.reference)


@pytest.mark.parametrize(
    ("switch", "code"), [("decline", "card_declined"), ("authenticate", AUTHENTICATION)]
)
def test_a_bank_that_says_no_is_an_outcome(there: Kit, switch: str, code: str) -> None:
    card = saved(there)
    there.faults(charge=switch)
    said = charger(there).charge(charge(card))
    there.faults()

    assert said.state is State.failed
    assert said.failure_sentence
    if there.kind.name == "stripe" or code == AUTHENTICATION:
        assert said.failure_code == code
    found = charger(there).charged(charge(card))
    assert found and found.state is State.failed  # noqa: PT018
    assert len(there.books()["captures"]) == 1
    assert charger(there).charge(charge(card, "charge-2")).state is State.succeeded


@pytest.mark.parametrize("name", ["stripe", "paystack"])
def test_one_that_takes_a_while_is_asked_about(name: str, tmp_path: Path, shop: Listener) -> None:
    # Longer than a charge takes to be answered on a machine that is busy.
    with kit(KINDS[name], tmp_path, shop.url, "--settle-seconds", "5") as there:
        card = saved(there)
        there.faults(charge="later")
        said = charger(there).charge(charge(card))
        assert said.state is State.processing
        end = time.monotonic() + 60
        while there.provider.status(said.reference).state is State.processing:
            assert time.monotonic() < end
            time.sleep(0.2)

        assert there.provider.status(said.reference).state is State.succeeded


@pytest.mark.parametrize("fault", [{"cut": True}, {"error_rate": 1.0}, {"garbage": True}])
def test_after_a_lost_answer_it_is_found_and_not_made_again(
    there: Kit, fault: dict[str, Any]
) -> None:
    card = saved(there)
    assert charger(there).charged(charge(card)) is None
    there.faults(**fault, calls=1)
    with pytest.raises(ProviderUnavailable):
        charger(there).charge(charge(card))

    found = charger(there).charged(charge(card))
    assert found and found.state is State.succeeded  # noqa: PT018
    assert charger(there).charge(charge(card)).reference == found.reference
    assert len(there.books()["captures"]) == 2


def test_a_card_that_is_forgotten_is_charged_no_more(there: Kit) -> None:
    card = saved(there)
    charger(there).forget(card.token)
    charger(there).forget(card.token)

    assert list(there.books()["saved"].values()) == [0]
    with pytest.raises(ProviderRefused):
        charger(there).charge(charge(card))
    stranger = replace(charge(card), token=card.token + "x", key="charge-2")
    with pytest.raises(ProviderRefused):
        charger(there).charge(stranger)


def test_killed_after_the_money_moved_it_has_charged_once(there: Kit, tmp_path: Path) -> None:
    card = saved(there)
    there.faults(die_after="charge")
    with pytest.raises(ProviderUnavailable):
        charger(there).charge(charge(card))
    with suppress(ProcessLookupError):
        os.kill(there.process_id, 0)
    with kit(there.kind, tmp_path) as again:
        found = charger(again).charged(charge(card))
        assert found and found.state is State.succeeded  # noqa: PT018
        assert charger(again).charge(charge(card)).reference == found.reference
        assert len(again.books()["captures"]) == 2
