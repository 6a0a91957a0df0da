"""Pages keep their shape: nothing sticks out, on phones, in both directions, and twice as large."""

from typing import Any

import pytest

from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser
PAGES = {
    "manager": [
        *("/home/", "/admin/booking/", "/admin/booking/board", "/admin/apartment/", "/holds/"),
        *("/admin/apartment/add", "/imports/new", "/organization/roles", "/organization/settings"),
    ],
    "accountant": ["/admin/invoice/", "/admin/payment_intent/", "/admin/journal_entry/"],
    "executive": ["/dashboards/sales/"],
    "buyer": [
        *("/portal/", "/portal/jacaranda/apartments", "/portal/bookings", "/portal/payments"),
        *("/portal/me", "/profile/", "/profile/keys", "/profile/sign-ins"),
    ],
}
SIZES = {
    "phone": {"width": 360, "height": 740},
    "tablet": {"width": 768, "height": 1024},
    "twice as large": {"width": 720, "height": 450, "scale": 2},
}
WIDE = "document.documentElement.scrollWidth > window.innerWidth + 1"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("who", PAGES)
def test_nothing_sticks_out(enter: Enter, who: str, size: str, language: str) -> None:
    shape: dict[str, Any] = dict(SIZES[size])
    scale = shape.pop("scale", 1)
    page = enter(who, viewport=shape, device_scale_factor=scale).page()

    wide = []
    for path in PAGES[who]:
        page.goto(f"{path}?lang={language}", wait_until="networkidle")
        if page.evaluate(WIDE):
            wide.append(path)
    page.goto(f"{PAGES[who][0]}?lang=en")

    assert wide == []


SMALL = """() => Array.from(document.querySelectorAll("a, button, input, select, summary"))
  .filter((it) => {
    const box = it.getBoundingClientRect();
    const hidden = it.type === "hidden" || it.closest(".visually-hidden") || it.matches(".mk-skip");
    return box.width && box.height && !hidden;
  })
  .map((it) => [it, (it.closest("label, .mk-offer") || it).getBoundingClientRect()])
  .filter(([, box]) => Math.round(box.width) < 44 || Math.round(box.height) < 44)
  .map(([it]) => it.outerHTML.slice(0, 120))"""
TOUCHED = [
    *("/portal/", "/portal/jacaranda/", "/portal/jacaranda/apartments", "/portal/bookings"),
    *("/portal/payments", "/portal/me", "/portal/notices", "/profile/", "/profile/sign-ins"),
]


@pytest.mark.parametrize(
    "table", ["apartment", "project", "organization", "booking", "payment_intent"]
)
def test_no_record_sticks_out_of_a_phone(enter: Enter, table: str) -> None:
    page = enter("admin", viewport=SIZES["phone"]).page()
    page.goto(f"/admin/{table}/")
    page.locator("table tbody th a").first.click()
    page.wait_for_load_state("networkidle")

    assert not page.evaluate(WIDE)


def test_fingers_find_everything_in_the_portal(enter: Enter) -> None:
    """44 pixels each way, the whole card or label counted where it is one target."""
    page = enter("buyer", viewport={"width": 360, "height": 740}).page()
    page.goto("/portal/bookings")
    rows = page.locator(".mk-rows a").all()
    paths = [*TOUCHED, *(str(each.get_attribute("href")) for each in rows[:4])]
    page.goto("/portal/jacaranda/apartments")
    paths.append(str(page.locator(".mk-offer-title a").first.get_attribute("href")))

    small = {}
    for path in paths:
        page.goto(path, wait_until="networkidle")
        small[path] = page.evaluate(SMALL)

    assert {path: found for path, found in small.items() if found} == {}


def test_a_row_s_acts_hide_no_column(enter: Enter) -> None:
    """Acts lie over the end of a row while somebody is at it, and take no room before."""
    page = enter("manager", viewport={"width": 1440, "height": 900}).page()
    page.goto("/admin/booking/")
    table = page.locator("table").bounding_box()
    frame = page.locator(".mk-scroll").bounding_box()

    assert table
    assert frame
    assert table["width"] <= frame["width"] + 1


def test_the_filters_of_a_dashboard_stand_in_the_address(enter: Enter) -> None:
    watching = enter("executive")
    page = watching.page()
    page.goto("/dashboards/sales/")
    figures = page.locator(".mk-dash-figures")
    before = figures.inner_text()
    page.get_by_label("Period", exact=True).select_option("30")
    page.wait_for_url("**/dashboards/sales/?*days=30*")
    page.wait_for_function(
        "was => document.querySelector('.mk-dash-figures').innerText !== was", arg=before
    )
    page.go_back()
    page.wait_for_function(
        "was => document.querySelector('.mk-dash-figures').innerText === was", arg=before
    )

    assert page.get_by_label("Period", exact=True).input_value() == "365"
    link = page.locator(".mk-dash-figure").first.get_attribute("href") or ""
    page.goto(link)
    assert "confirmed_at_from=" in link
    assert page.locator(".mk-chip").count() == 1
    page.goto("/dashboards/sales/")
    page.locator("#sales-pipeline .point").first.click(force=True)
    page.wait_for_url("**/admin/booking/?status=*")
    assert watching.complaints == []
