"""The customer's account in the portal: their own, and nobody else's."""

from collections.abc import Callable

import pytest

from tests.views.portal.conftest import Browser, Town, text
from tests.views.portal.test_payments import due

Confirmed = Callable[..., tuple[Browser, str]]


@pytest.mark.req("S1.05", "S2.62")
def test_a_buyer_sees_what_was_charged_and_what_is_owed(town: Town, confirmed: Confirmed) -> None:
    buyer, _address = confirmed()
    other = town.buyer()

    page = text(buyer.get("/portal/statement"))

    assert "Opening balance" in page
    assert "Closing balance" in page
    assert "Invoice INV-" in page
    assert "/admin/" not in page
    assert "Nothing to show" in text(other.get("/portal/statement"))
    assert due(buyer)


def test_it_comes_as_pdf_and_csv(confirmed: Confirmed) -> None:
    buyer, _address = confirmed()

    assert buyer.get("/portal/statement.pdf").data.startswith(b"%PDF-")
    assert "Invoice INV-" in buyer.get("/portal/statement.csv").data.decode("utf-8-sig")
    assert buyer.get("/portal/statement.exe").status_code == 404


@pytest.mark.parametrize(
    "asked", ["since=x", "until=0001-01-01", "currency=JPY", "since=2200-01-01"]
)
def test_days_that_cannot_be_read_are_those_of_this_year(confirmed: Confirmed, asked: str) -> None:
    buyer, _address = confirmed()

    assert buyer.get(f"/portal/statement?{asked}").status_code == 200
