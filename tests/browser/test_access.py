"""Every main page for everybody: axe finds nothing serious, and the console is quiet."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
BAD = ("serious", "critical")
NO_SUCH = "/admin/booking/00000000-0000-0000-0000-000000000007"
PAGES = {
    "": ["/login/", "/login/forgotten", "/portal/jacaranda/"],
    "manager": [
        *("/home/", "/admin/booking/", "/admin/booking/board", "/admin/booking/ first"),
        *("/admin/apartment/add", "/imports/", "/imports/new", NO_SUCH, "/profile/"),
    ],
    "executive": ["/dashboards/sales/"],
    "platform": [
        *("/platform/", "/platform/people", "/platform/health", "/platform/acts"),
        "/platform/organizations/new",
    ],
    "buyer": [
        *("/portal/", "/portal/jacaranda/apartments", "/portal/bookings"),
        *("/portal/bookings wizard", "/portal/payments"),
    ],
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("who", PAGES)
def test_pages_are_for_everybody_and_complain_of_nothing(
    enter: Enter, who: str, width: int, theme: Any
) -> None:
    size = {"width": width, "height": 900}
    watching = enter(who, viewport=size, color_scheme=theme, reduced_motion="reduce")
    page = watching.page()
    found = []
    for path in PAGES[who]:
        page.goto(_address(page, path), wait_until="networkidle")
        found += [f"{path}: {each}" for each in problems(page)]

    assert found == []
    assert watching.complaints == []


def problems(page: Page) -> list[str]:
    """Ask axe; it is put in past the page's policy, as a reader's own tool would be."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']} {node['target']} {node['failureSummary']}"
        for each in result["violations"]
        if each["impact"] in BAD
        for node in each["nodes"][:3]
    ]


def _address(page: Page, path: str) -> str:
    """Lead on from a list to one of its rows, where the path says so."""
    place, _, which = path.partition(" ")
    if which == "first":
        page.goto(place)
        return str(page.locator("tbody a[href*='/admin/booking/']").first.get_attribute("href"))
    if which == "wizard":
        page.goto(place)
        link = page.locator("a[href*='/portal/bookings/']", has_text="A")
        return str(link.first.get_attribute("href"))
    return place
