"""A forgotten password, from the door to the mail and back in, with the keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.test_access import problems
from tests.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.req("S5.48")
def test_who_has_forgotten_is_back_in_by_the_mail(makao: Whole, enter: Enter) -> None:
    watching = enter("", viewport={"width": 360, "height": 800})
    page, reader = watching.page(), enter("admin").page()
    page.goto("/login/")
    page.get_by_role("link", name="Forgotten password?").click()
    assert problems(page) == []
    page.get_by_label("E-mail address").fill("staff2@lagoon.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("a link is on its way")).to_be_visible()

    reader.goto("/dev/mail/?to=staff2@lagoon.example")
    link = reader.get_by_role("link", name="Choose a new password").first
    while not link.count():
        reader.wait_for_timeout(500)
        reader.reload()
    link.click()
    opens = reader.locator("a[href*='/login/password/']").first.get_attribute("href")
    assert opens
    page.goto(opens)
    assert problems(page) == []
    page.get_by_label("New password *", exact=True).fill(makao.password)
    page.get_by_label("New password again").fill(makao.password)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The new password is kept")).to_be_visible()

    page.get_by_label("User name or e-mail").fill("staff2")
    page.get_by_label("Password", exact=True).fill(makao.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/home/")
    assert watching.complaints == []
