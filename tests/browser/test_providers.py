"""Paying by providers in a browser: on a page elsewhere with a bank that asks, and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.req("S1.41", "S2.19", "S2.22"),
]
PAID = "Paid. Thank you."


def choose(page: Page, way: str, amount: str) -> None:
    """Mean to pay a part of what is due first."""
    page.goto("/portal/payments")
    page.get_by_text(way, exact=True).click()
    part = page.locator("details.mk-part")
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    page.get_by_label("Amount").fill(amount)


def test_a_payment_on_stripes_page_comes_back_when_the_bank_has_asked(enter: Enter) -> None:
    resident = enter("resident")
    page = resident.page()
    choose(page, "Card, by Stripe", "1,234.50")
    page.get_by_role("button", name="Pay what is ticked").click()
    page.get_by_role("button", name="Let my bank decline it").click()
    expect(page.get_by_role("alert")).to_contain_text("Try another way")
    page.get_by_role("button", name="Pay, and let my bank ask first").click()
    page.get_by_role("button", name="Yes, it is me").click()

    expect(page.get_by_text(PAID)).to_be_visible(timeout=120_000)
    expect(page.locator("main")).to_contain_text("1,234.50")
    assert resident.complaints == []


def test_m_pesa_asks_the_phone_and_says_what_it_does_not_take(enter: Enter) -> None:
    resident = enter("resident", viewport={"width": 390, "height": 844})
    page = resident.page()
    choose(page, "M-Pesa", "300.50")
    phone = page.get_by_label("M-Pesa phone number")
    phone.fill("12")
    page.get_by_role("button", name="Pay what is ticked").click()
    expect(page.locator("main")).to_contain_text("whole amounts only")
    page.get_by_label("Amount").fill("300")
    page.get_by_role("button", name="Pay what is ticked").click()
    expect(page.locator("main")).to_contain_text("That is no phone number")
    page.get_by_label("M-Pesa phone number").fill("0712 345 678")
    page.get_by_role("button", name="Pay what is ticked").click()
    expect(page.get_by_text("Look at your phone")).to_be_visible()

    waiting = page.url
    page.get_by_role("link", name="Open the phone of the demo").click(timeout=120_000)
    page.get_by_label("M-Pesa PIN").fill("1234")
    page.get_by_role("button", name=re.compile("^Pay$")).click()
    page.goto(waiting)
    expect(page.get_by_text(PAID)).to_be_visible(timeout=120_000)

    # The same once more is asked about first.
    choose(page, "M-Pesa", "300")
    page.get_by_label("M-Pesa phone number").fill("0712 345 678")
    page.get_by_role("button", name="Pay what is ticked").click()
    expect(page.get_by_text("Yes, I mean to pay it once more.")).to_be_visible()
