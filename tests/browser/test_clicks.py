"""Daily acts take few clicks, counted from the first page after signing in."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser
RECORD_CASH, APPROVE, PAY = 4, 2, 4
"""What each may take at most."""


class Hand:
    """Clicks, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1


def test_cash_is_recorded(enter: Enter) -> None:
    hand = Hand(enter("accountant").page())
    hand.page.goto("/")
    hand.click(hand.page.get_by_role("link", name="Invoices", exact=True))
    row = hand.page.locator("tbody tr").filter(has_text="Pending").last
    row.hover()
    hand.click(row.get_by_role("link", name="Record payment").first)
    hand.click(hand.page.locator("main").get_by_role("button", name="Record payment"))
    expect(hand.page.get_by_text("The payment is in the ledger")).to_be_visible()

    assert hand.clicks <= RECORD_CASH


def test_a_booking_is_approved(enter: Enter) -> None:
    hand = Hand(enter("manager").page())
    hand.page.goto("/")
    hand.click(hand.page.get_by_role("link", name=re.compile("^Approve B-")).first)
    hand.click(hand.page.get_by_role("button", name="Approve booking"))
    expect(hand.page.get_by_text("The booking is approved.")).to_be_visible()

    assert hand.clicks <= APPROVE


def test_an_invoice_is_paid(enter: Enter) -> None:
    hand = Hand(enter("buyer", viewport={"width": 360, "height": 740}).page())
    hand.page.goto("/")
    hand.click(hand.page.get_by_role("link", name="Pay", exact=True).first)
    hand.click(hand.page.get_by_text("Card", exact=True))  # the booking says bank transfer
    hand.click(hand.page.get_by_role("button", name="Pay what is ticked"))
    hand.page.get_by_label("Card number").fill("4242 4242 4242 4242")
    hand.page.get_by_label("Expires").fill("04 / 39")
    hand.page.get_by_label("Security code").fill("123")
    hand.click(hand.page.get_by_role("button", name=re.compile("^Pay ")))
    expect(hand.page.get_by_text("Paid. Thank you.")).to_be_visible(timeout=30_000)

    assert hand.clicks <= PAY
