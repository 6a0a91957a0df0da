"""What goes wrong in the middle: a sign-in that ended, a line that broke, a hold that ran out."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Enter
from tests.whole import Whole

pytestmark = pytest.mark.browser


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def end_sign_in(context: BrowserContext) -> None:
    context.clear_cookies(name="makao")


def test_what_was_typed_is_back_after_signing_in_again(makao: Whole, enter: Enter) -> None:
    watching = enter()
    page = watching.page()
    page.goto("/login/")
    sign_in(page, "sales", makao.password)
    page.goto("/admin/party/add")
    page.get_by_label("Name").fill("Wambui Njoroge")
    page.get_by_label("Phone").fill("+254 700 000 001")
    end_sign_in(watching.context)
    page.get_by_role("button", name="Add person or company").click()

    sign_in(page, "sales", makao.password)

    expect(page.get_by_text("What you had typed is back.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Wambui Njoroge")
    expect(page.get_by_label("Phone")).to_have_value("+254 700 000 001")
    page.goto("/admin/party/add")
    expect(page.get_by_label("Name")).to_have_value("")


def test_a_broken_line_is_told_and_what_was_chosen_stays(enter: Enter) -> None:
    watching = enter("buyer", viewport={"width": 360, "height": 740})
    page = watching.page()
    page.goto("/portal/")
    page.get_by_role("link", name="Go on").click()
    choice = page.locator("label.mk-choice")
    expect(choice.last).to_be_visible()
    watching.context.set_offline(True)
    choice.last.click()

    expect(page.get_by_text("That did not reach us.")).to_be_visible()
    expect(choice.last.locator("input")).to_be_checked()
