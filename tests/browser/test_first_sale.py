"""From an imported price list to money in the ledger, as five people do it in their browsers."""

import re
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.whole import Whole

pytestmark = pytest.mark.browser
PRICE_LIST = Path(__file__).parents[1] / "data" / "price-list.xlsx"
PRICE = Decimal(10400000) + Decimal(1250000) + 2 * Decimal(98500)
"""The apartment, the package Golden, and two air conditioners."""


@pytest.mark.req("S3.29", "S3.33", "S3.38", "S3.40", "S3.41")
def test_a_price_list_becomes_money_in_the_ledger(makao: Whole, enter: Enter) -> None:
    manager, buyer = enter("manager"), enter("buyer")
    accountant, executive = enter("accountant"), enter("executive")

    take_in(manager.page())
    booking_id = book(makao, buyer.page())
    number = pay(buyer.page())
    approve(manager.page(), booking_id)
    find_in_the_books(accountant.page(), number)
    page = executive.page()
    page.goto("/dashboards/sales/")
    expect(page.get_by_role("heading", name="Sales", exact=True)).to_be_visible()
    expect(page.locator(".mk-dash-figures")).to_contain_text("KES")

    for watching in (manager, buyer, accountant, executive):
        assert watching.complaints == []
    makao.flask("invariants")


def take_in(page: Page) -> None:
    page.goto("/imports/new")
    page.get_by_label("The file").set_input_files(PRICE_LIST)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_text("Created", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible(timeout=120_000)


def book(makao: Whole, page: Page) -> str:
    """Book an apartment of the list; gives the booking's id."""
    page.goto("/portal/jacaranda/")
    page.get_by_role("link", name="Acacia Heights").first.click()
    page.get_by_role("link", name="A0102").first.click()
    page.get_by_role("button", name="Book this apartment").click()
    page.get_by_text("Golden").click()
    expect(page.locator("#running-total")).to_contain_text("11,650,000.00")
    page.get_by_role("button", name="Continue").click()
    more = page.get_by_role("button", name="One more: Air Conditioning 1.5 HP")
    more.click()
    more.click()
    expect(page.locator("#running-total")).to_contain_text(f"{PRICE:,.2f}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Card", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    agreed = page.locator("input[name=total]").get_attribute("value")
    assert Decimal(agreed or 0) == PRICE
    page.locator("form.mk-wizard button[type=submit]").last.click()
    expect(page.get_by_text("A0102 is booked")).to_be_visible()
    found = re.search(r"/bookings/([0-9a-f-]{36})/", page.url)
    assert found
    assert httpx.get(page.url, trust_env=False).status_code == 302, "nobody else reads it"
    return found.group(1)


def pay(page: Page) -> str:
    """Pay it at the provider's page; gives the invoice's number."""
    page.goto("/portal/payments")
    bill = page.locator("label.mk-bill").filter(has_text=f"{PRICE:,.2f}")
    number = re.search(r"INV-\S+?\d+", bill.inner_text())
    assert number, bill.inner_text()
    for ticked in page.locator("input[name=invoice]:checked").all():
        ticked.uncheck()
    bill.locator("input").check()
    page.get_by_text("Card", exact=True).click()
    page.get_by_role("button", name="Pay what is ticked").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expires").fill("04 / 39")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    expect(page.get_by_text("Paid. Thank you.")).to_be_visible(timeout=120_000)
    return number.group()


def approve(page: Page, booking_id: str) -> None:
    page.goto(f"/admin/booking/{booking_id}")
    for name in ("Submit", "Approve"):
        act = page.get_by_role("button", name=re.compile(f"^{name}")).first
        act.click()
        if page.locator("#mk-confirm[open]").count():
            page.locator("#mk-confirm button[value=yes]").click()
        expect(act).to_be_hidden()
    expect(page.locator("main")).to_contain_text("Approved")


def find_in_the_books(page: Page, number: str) -> None:
    page.goto(f"/admin/invoice/?search={number}")
    expect(page.locator("tbody tr").filter(has_text=number)).to_contain_text("Paid")
    page.goto("/admin/journal_entry/")
    page.locator("tbody a[href*='/admin/journal_entry/']").first.click()
    expect(page.locator("main")).to_contain_text(f"{PRICE:,.2f}")
