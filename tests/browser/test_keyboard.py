"""Daily tasks by keyboard alone: everything is reached in order, and where one is can be seen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser
MOST_STEPS = 150
"""Presses of Tab within which a page gives everything that is on it."""
AT = """() => {
  const it = document.activeElement;
  const label = it.closest("label") || (it.labels && it.labels[0]);
  const around = it.closest("label, .mk-offer, .mk-choice, .mk-board-card");
  const ring = [it, around].filter(Boolean).some((each) => {
    const style = getComputedStyle(each);
    const outline = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
    return outline || style.boxShadow !== "none";
  });
  const name = it.getAttribute("aria-label") || it.innerText || (label && label.innerText) || "";
  return [name.trim(), ring || it.matches("main, body")];
}"""


def reach(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus; at each step it can be seen where."""
    passed = []
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        found, seen = page.evaluate(AT)
        passed.append(found[:40])
        assert seen, f"nobody sees the focus on {found!r}"
        if re.search(name, found):
            return
    pytest.fail(f"{name!r} was not reached: {passed}")


def go(page: Page, name: str) -> None:
    """Reach something and press it, and wait for the page that it leads to."""
    reach(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_an_apartment_is_booked(enter: Enter) -> None:
    page = enter("buyer", viewport={"width": 360, "height": 740}).page()
    page.goto("/portal/jacaranda/apartments?order=price_desc")
    reach(page, "^Filter")
    go(page, r"^[A-Z]\d{4}$")
    go(page, "^Book this apartment")
    reach(page, "Silver|Golden|Platinum")
    page.keyboard.press("Space")
    go(page, "^Continue$")
    go(page, "^Continue$")
    go(page, "^Continue$")
    go(page, "^Confirm booking")

    expect(page.get_by_text("is booked")).to_be_visible()
    go(page, "^Pay KES")
    reach(page, "^INV-")
    go(page, "^Pay what is ticked")


def test_cash_is_recorded_and_a_booking_approved(enter: Enter) -> None:
    page = enter("accountant").page()
    page.goto("/admin/invoice/?status=issued")
    go(page, "^Record payment")
    go(page, "^Record payment")
    said = re.compile("The payment is in the ledger|This could not be saved yet")
    expect(page.get_by_text(said).first).to_be_visible()
    again = page.get_by_role("checkbox", name=re.compile("^It is meant once more"))
    if again.count():  # another test has just begun one like it
        again.press("Space")
        go(page, "^Record payment")
    expect(page.get_by_text("The payment is in the ledger")).to_be_visible()

    page = enter("manager").page()
    page.goto("/home/")
    go(page, "^Approve B-")
    go(page, "^Approve booking")
    expect(page.get_by_text("The booking is approved.")).to_be_visible()


def test_the_board_is_worked(enter: Enter) -> None:
    page = enter("manager").page()
    page.goto("/admin/booking/board")
    reach(page, "^B-")
    page.keyboard.press("m")
    page.locator(".mk-board-card .dropdown-menu.show").wait_for()
    page.keyboard.press("Escape")

    expect(page.locator(".mk-board-card .dropdown-menu.show")).to_have_count(0)


@pytest.mark.req("S3.40")
def test_a_card_of_the_board_is_moved(enter: Enter) -> None:
    page = enter("manager").page()
    page.goto("/admin/booking/board")
    moves = "form[data-to]"
    waiting = page.locator("[data-column=in_progress] .mk-board-card").filter(
        has=page.locator(f"{moves}[data-to=under_review]")
    )
    name = waiting.first.get_by_role("link").first.inner_text()
    card = page.locator(".mk-board-card").filter(has_text=name)
    offered = [each.get_attribute("data-to") for each in card.locator(moves).all()]
    card.get_by_role("link").first.focus()

    page.keyboard.press("m")
    expect(card.locator(".dropdown-menu.show .dropdown-item").first).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press(str(offered.index("under_review") + 1))

    expect(page.locator("[data-column=under_review]").filter(has_text=name)).to_be_visible()
