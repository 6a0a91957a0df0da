"""Processes are killed, and providers misbehave, while money moves: nothing is lost or doubled."""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from redis import Redis

from core import embedded
from tests.faults.conftest import BACK_SECONDS, Field

pytestmark = [
    pytest.mark.faults,
    pytest.mark.req("S3.17", "S3.41"),
]
RANDOM = random.Random(5)  # noqa: S311  # the same run each time


def kill(*numbers: int) -> None:
    for number in numbers:
        os.kill(number, signal.SIGKILL)


def after_fault(field: Field) -> None:
    field.makao.seconds_until(field.makao.ready, BACK_SECONDS)


def test_web_is_killed_while_money_is_recorded(fire: Field, key: str) -> None:
    invoice, total = fire.due()
    _kill_web_in_a_payment(fire, invoice, total, key, pause_seconds=0.02)

    assert fire.paid(invoice) == total


@pytest.mark.full
@pytest.mark.parametrize("number", range(20))
def test_web_is_killed_at_any_moment_of_a_payment(fire: Field, key: str, number: int) -> None:
    invoice, total = fire.due()
    pause = RANDOM.uniform(0, 0.15)
    _kill_web_in_a_payment(fire, invoice, total / 2, f"{key}-{number}", pause_seconds=pause)

    assert fire.paid(invoice) == total / 2


def _kill_web_in_a_payment(
    fire: Field, invoice: str, amount: object, key: str, *, pause_seconds: float
) -> None:
    workers = fire.makao.web_workers()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(fire.record_until_told, invoice, amount, key)  # type: ignore[arg-type]
        time.sleep(pause_seconds)
        kill(*workers)
        answer = sent.result()
    assert answer.status_code == 200, answer.text
    # Whoever was killed has an heir, also where the answer was there a moment before.
    fire.makao.seconds_until(lambda: not set(workers) & set(fire.makao.web_workers()), BACK_SECONDS)
    after_fault(fire)
    again = fire.record(invoice, amount, key)  # type: ignore[arg-type]
    assert (again.status_code, again.text) == (200, answer.text)


@pytest.mark.parametrize(
    "name", ["relay", "worker", pytest.param("scheduler", marks=pytest.mark.full)]
)
def test_a_process_is_killed_while_a_card_payment_is_under_way(fire: Field, name: str) -> None:
    payment = fire.begin_card()
    kill(fire.makao.process(name))
    assert fire.pay_card(payment).status_code < 400
    fire.until_paid(payment)

    _everything_is_told(fire)


def _everything_is_told(fire: Field) -> None:
    """Wait until the outbox is empty; each delivery was applied once by its mark."""
    waiting = """
        SELECT (SELECT count(*) FROM outbox)
             + (SELECT count(*) FROM delivery WHERE done_at IS NULL)"""
    fire.makao.seconds_until(lambda: fire.ask(waiting)[0][0] == 0, BACK_SECONDS)


@pytest.mark.parametrize("fault", ["emptied", "killed"])
def test_redis_loses_everything_in_a_card_payment(fire: Field, fault: str) -> None:
    payment = fire.begin_card()
    if fault == "emptied":
        Redis.from_url(embedded.redis_address(fire.makao.folder)).flushall()
    else:
        kill(fire.makao.server("redis"))
    assert fire.makao.ready(), "Redis is only a bell"
    assert fire.pay_card(payment).status_code < 400
    fire.until_paid(payment)

    _everything_is_told(fire)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGQUIT, id="at once"),
        pytest.param(signal.SIGINT, id="in order", marks=pytest.mark.full),
    ],
)
def test_postgres_ends_while_money_is_recorded(fire: Field, key: str, how: int) -> None:
    invoice, total = fire.due()
    payment = fire.begin_card()
    was = fire.makao.server("postgres")
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(fire.record_until_told, invoice, total, key)
        time.sleep(0.02)
        os.kill(was, how)
        fire.makao.seconds_until(lambda: fire.makao.server("postgres") not in {0, was})
        assert sent.result().status_code == 200
    after_fault(fire)
    assert fire.paid(invoice) == total
    assert fire.pay_card(payment).status_code < 400
    fire.until_paid(payment)

    _everything_is_told(fire)


@pytest.mark.parametrize(
    "faults",
    [
        {"slow_seconds": 1.5},
        {"notice_copies": 3},
        {"notice_copies": 0},
        {"notice_forged": True},
        pytest.param({"slow_seconds": 20.0, "calls": 2}, marks=pytest.mark.full),
        pytest.param({"error_rate": 1.0, "calls": 3}, marks=pytest.mark.full),
        pytest.param({"garbage": True, "calls": 2}, marks=pytest.mark.full),
        pytest.param({"cut": True, "calls": 2}, marks=pytest.mark.full),
        pytest.param({"error_in_200": True, "calls": 2}, marks=pytest.mark.full),
    ],
    ids=str,
)
def test_the_provider_is_slow_or_says_things_twice_or_never(
    fire: Field, faults: dict[str, object]
) -> None:
    fire.card.faults(**faults)
    payment = fire.begin_card()
    with suppress(httpx.HTTPError):  # the payer's own page may break as well
        fire.pay_card(payment)
    if not any(each["intent_id"] == payment.rpartition("/")[2] for each in fire.books()):
        fire.card.faults()
        fire.pay_card(payment)
    fire.until_paid(payment)

    effects = "SELECT count(*) FROM journal_entry WHERE key = %s"
    assert fire.ask(effects, f"payment:{payment.rpartition('/')[2]}") == [(1,)]


@pytest.mark.full
def test_anything_is_killed_at_any_time_while_many_pay(fire: Field, key: str) -> None:
    """Two minutes of payments, with something killed every two seconds."""
    over = threading.Event()
    names = ["relay", "worker", "scheduler", "web", "redis", "postgres"]

    def destroy() -> None:
        while not over.wait(2.0):
            name = RANDOM.choice(names)
            with suppress(ProcessLookupError, KeyError):
                server = name in {"redis", "postgres"}
                number = fire.makao.server(name) if server else fire.makao.process(name)
                os.kill(number, signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
                fire.makao.seconds_until(fire.makao.ready, BACK_SECONDS)

    with ThreadPoolExecutor(1) as pool:
        destroying = pool.submit(destroy)
        end = time.monotonic() + 120
        number = 0
        while time.monotonic() < end:
            fire.makao.seconds_until(fire.makao.ready, BACK_SECONDS)
            with suppress(Exception):
                invoice, total = fire.due()
                fire.record_until_told(invoice, total, f"{key}-{number}")
                assert fire.paid(invoice) == total
            number += 1
        over.set()
        destroying.result()
    after_fault(fire)
    _everything_is_told(fire)


def test_the_commands_agree_that_nothing_is_broken(field: Field) -> None:
    assert "All of them hold" in field.makao.flask("invariants")
    assert "whole" in field.makao.flask("verify", "ledger")
    assert "whole" in field.makao.flask("verify", "audit")
