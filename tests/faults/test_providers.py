"""Processes are killed while a payment by a provider without keys of idempotency is under way."""

import os
import signal

import httpx
import pytest

from tests.faults.conftest import Field

pytestmark = [
    pytest.mark.faults,
    pytest.mark.req("S1.41", "S2.22"),
]


@pytest.mark.parametrize(
    "name",
    [
        "worker",
        "providers",
        pytest.param("web", marks=pytest.mark.full),
        pytest.param("relay", marks=pytest.mark.full),
        pytest.param("scheduler", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("when", ["before it opens", "before it is paid", "after it is paid"])
def test_a_process_is_killed_in_a_payment_by_paystack(fire: Field, name: str, when: str) -> None:
    provider = fire.provider("paystack")
    if when == "before it opens":
        provider.faults(slow_seconds=1.0)
    payment = fire.begin_card("paystack")
    if when == "before it opens":
        os.kill(fire.makao.process(name), signal.SIGKILL)
    url = fire.wait_for(payment, "pay_url", bool)
    if when == "before it is paid":
        os.kill(fire.makao.process(name), signal.SIGKILL)
    fire.makao.seconds_until(lambda: _pays(url))
    if when == "after it is paid":
        os.kill(fire.makao.process(name), signal.SIGKILL)
    fire.until_paid(payment)

    entries = "SELECT count(*) FROM journal_entry WHERE key = %s"
    assert fire.ask(entries, f"payment:{payment.rpartition('/')[2]}") == [(1,)]


def _pays(url: str) -> bool:
    """Press "pay" until the provider has heard it: it may just be starting again."""
    try:
        answer = httpx.post(url, data={"act": "pay"}, trust_env=False, timeout=30)
    except httpx.HTTPError:
        return False
    return answer.status_code < 400
