"""Texts by a provider that is slow, broken or refuses; and how much of a text is paid for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import sms
from adapters.sms import Texter, TextRefused, TextUnavailable
from adapters.wire import Limits
from tests.doubles.running import running

NUMBER, OTHER = "+254712345678", "+254712345679"


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("texts")
    with running("doubles.sms", folder, "--port", "0", "--key", "k") as (addresses, _):
        yield addresses[0]


@pytest.fixture(autouse=True)
def _no_faults(tower: str) -> None:
    httpx.post(f"{tower}/faults", json={})


def texter(tower: str, key: str = "k", *, seconds: float = 10) -> Texter:
    return Texter(
        tower, "sandbox", key, "MAKAO", Limits(read_seconds=seconds, total_seconds=seconds)
    )


def taken(tower: str, number: str = NUMBER) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{tower}/texts", params={"to": number}).json()["texts"]
    return found


@pytest.mark.req("S5.55")
def test_a_text_arrives_whole_and_the_provider_names_it(tower: str) -> None:
    said = "Señor & Frau Müller: 100% = €1 +tax\n\u0645\u0631\u062d"

    name = texter(tower).send(NUMBER, said)

    text = taken(tower)[0]
    assert (text["id"], text["message"], text["from"]) == (name, said, "MAKAO")


@pytest.mark.faults
@pytest.mark.parametrize("code", [401, 403, 404, 406, 409])
def test_a_number_that_takes_no_texts_is_left_alone(tower: str, code: int) -> None:
    httpx.post(f"{tower}/faults", json={"codes": {NUMBER: code}})
    with pytest.raises(TextRefused, match=str(code)):
        texter(tower).send(NUMBER, "x")


@pytest.mark.faults
@pytest.mark.parametrize("code", [402, 405, 407, 500, 501, 502])
def test_what_passes_is_tried_again(tower: str, code: int) -> None:
    httpx.post(f"{tower}/faults", json={"codes": {NUMBER: code}})
    with pytest.raises(TextUnavailable, match=str(code)):
        texter(tower).send(NUMBER, "x")


@pytest.mark.faults
@pytest.mark.parametrize(
    "fault", [{"garbage": True}, {"status": 500}, {"status": 429}, {"silent": [NUMBER]}]
)
def test_an_answer_that_says_nothing_of_the_text_leaves_it_open(
    tower: str, fault: dict[str, Any]
) -> None:
    httpx.post(f"{tower}/faults", json=fault)
    with pytest.raises(TextUnavailable):
        texter(tower).send(NUMBER, "x")


@pytest.mark.faults
def test_a_slow_provider_may_have_taken_the_text(tower: str) -> None:
    httpx.post(f"{tower}/faults", json={"slow_seconds": 1})
    before = len(taken(tower))
    with pytest.raises(TextUnavailable):
        texter(tower, seconds=0.3).send(NUMBER, "x")
    while len(taken(tower)) == before:  # it reads the text a moment after we stopped waiting
        pass


@pytest.mark.faults
def test_a_wrong_key_and_an_address_of_nobody_are_for_later(tower: str) -> None:
    with pytest.raises(TextUnavailable, match="401"):
        texter(tower, "another").send(NUMBER, "x")
    with pytest.raises(TextUnavailable):
        texter("http://127.0.0.1:1").send(NUMBER, "x")


@pytest.mark.parametrize(
    "number", ["", "0712345678", "+254 712 345", f"{NUMBER},{OTHER}", "+0123456"]
)
def test_a_number_that_is_not_one_in_full_never_leaves(tower: str, number: str) -> None:
    with pytest.raises(TextRefused):
        texter(tower).send(number, "x")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ש" * 70, 1),
        ("ש" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 70 + "ş", 2),
        ("", 1),
    ],
)
def test_the_alphabet_says_how_much_fits(text: str, parts: int) -> None:
    assert sms.parts(text) == parts


def test_signs_of_print_do_not_halve_what_fits() -> None:
    said = sms.fitted("\u201cLease\u201d \u2013 it\u2019s due\u2026 \u00b7 see\u00a0it")
    assert said == '"Lease" - it\'s due... - see it'


@settings(max_examples=50)
@given(st.text(max_size=400), st.sampled_from(["", "https://makao.example/n/AZrEYXlKcwW8"]))
def test_whatever_is_told_is_cut_to_two_parts_and_keeps_its_link(text: str, end: str) -> None:
    said = sms.fitted(text, end)
    assert sms.parts(said) <= 2
    assert said.endswith(end)
