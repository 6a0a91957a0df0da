"""The calendar of units: what it shows to whom, where its bars lead, and what a form is told."""

import html
import re
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from core.work import clock
from models.estate import Estate
from models.leasing import LeaseStatus
from services import estate, leasing
from tests import make
from tests.views.conftest import Office

pytestmark = pytest.mark.req("S2.09", "S2.10")
PATH = "/availability/"


def today() -> date:
    return clock().astimezone(ZoneInfo("Africa/Nairobi")).date()


def first() -> date:
    return today().replace(day=1)


def page(office: Office, *roles: str, path: str = PATH) -> str:
    answer = office.browser(*(roles or ("Manager",))).get(path)
    assert answer.status_code == 200, answer.status
    return str(answer.get_data(as_text=True))


def text(markup: str) -> str:
    """What is read of a part of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def units(markup: str) -> str:
    """The part of the page that holds the units."""
    return markup[markup.index('id="units"') : markup.index("</main>")]


def rows(markup: str) -> list[str]:
    return re.findall(r"<tr role=\"row\">.*?</tr>", markup, re.DOTALL)[1:]


def numbers(markup: str) -> list[str]:
    return re.findall(r"<th scope=\"row\"[^>]*><a [^>]*>([^<]+)</a>", markup)


def tag(markup: str, name: str, mark: str) -> str:
    """The first tag of a name that has a mark in it."""
    found: list[str] = re.findall(rf"<{name}\b[^>]*>", markup)
    return next(each for each in found if mark in each)


def let(office: Office) -> dict[str, Any]:
    """An estate with a unit that is let from the second day of this month on for a day, and one
    that is free."""
    with office.work() as work:
        place = make.estate(work, name="Acacia")
        one, other = make.unit(work, place, number="A1", bedrooms=2), make.unit(work, place)
        day = first().replace(day=2)
        lease = make.lease(
            work, one.id, since=day, until=day, party_id=make.party(work, name="Amina Juma").id
        )
        leasing.send_for_signature(work, lease.id)
        lease.status = LeaseStatus.active
        draft = make.lease(work, other.id, since=day, until=None)
        return {
            "estate": place.id,
            "unit": one.id,
            "other": other.id,
            "lease": lease.id,
            "draft": draft.id,
            "number": lease.number,
        }


def links(markup: str) -> list[str]:
    found = re.findall(r"<a href=\"([^\"]+)\" class=\"mk-bar", markup)
    return [html.unescape(each) for each in found]


def test_bars_lead_to_their_leases_and_free_days_to_a_new_one(office: Office) -> None:
    made = let(office)

    shown = page(office)

    after = max(first().replace(day=3), today())
    row = rows(shown)[0]
    assert f'<a href="/admin/unit/{made["unit"]}">A1</a>' in row
    assert links(row)[-2:] == [
        f"/admin/lease/{made['lease']}",
        f"/admin/lease/add?unit={made['unit']}&since={after}",
    ]
    assert f"/admin/lease/{made['draft']}" in links(shown)
    assert f"Amina Juma Active \u00b7 {made['number']}" in text(row)


def test_the_link_fills_in_unit_and_day_and_leaves_what_is_usual(office: Office) -> None:
    made = let(office)
    link = next(each for each in links(page(office)) if f"add?unit={made['other']}" in each)

    form = page(office, path=link)

    assert "selected" in tag(form, "option", f'"{made["other"]}"')
    for name, value in {"since": today(), "due_day": 1, "notice_days": 30}.items():
        assert f'value="{value}"' in tag(form, "input", f'name="{name}"')


def test_it_is_a_table_with_headings_for_units_and_months(office: Office) -> None:
    let(office)

    shown = page(office, path=f"{PATH}?month=2026-11")

    heads = [text(each) for each in re.findall(r"<th scope=\"col\".*?</th>", shown)]
    assert heads[:4] == ["Unit", "Nov 2026", "Dec 2026", "Jan 2027"]
    assert len(heads) == 13
    assert "1 Nov 2026 \u2013 31 Oct 2027" in shown
    assert [each.count('colspan="12"') for each in rows(shown)] == [2, 2]


def test_the_bars_of_a_unit_are_as_wide_together_as_twelve_months(office: Office) -> None:
    let(office)

    tracks = re.findall(r"<ol class=\"mk-track\".*?</ol>", page(office), re.DOTALL)

    assert len(tracks) == 3
    for track in tracks:
        digits = re.findall(r"mk-h(\d) mk-t(\d) mk-o(\d)", track)
        assert sum(int("".join(each)) for each in digits) == 720


def test_filters_are_in_the_address_and_what_cannot_be_read_is_told(office: Office) -> None:
    estate_id = let(office)["estate"]

    def found(query: str) -> list[str]:
        return numbers(page(office, path=f"{PATH}?estate={estate_id}&{query}"))

    assert found("bedrooms=2") == ["A1"]
    assert len(found("free=1")) == 2
    assert found("type=shop") == []
    assert len(found(f"block={UUID(int=7)}&page=-3&size=7")) == 2
    for query in (
        "month=2026-13",
        "month=x",
        "month=0001-01",
        "month=9999-12",
        "bedrooms=-1",
        "estate=x",
    ):
        assert "could not be read" in page(office, path=f"{PATH}?{query}"), query


def test_units_come_in_pages(office: Office) -> None:
    with office.work() as work:
        place = make.estate(work)
        for each in range(51):
            make.unit(work, place, number=f"A{each:02}")

    second = page(office, path=f"{PATH}?page=2")

    assert numbers(second) == ["A50"]
    assert "1 of 51 units" in second
    assert len(numbers(page(office, path=f"{PATH}?size=200"))) == 51


def test_without_estates_and_units_it_says_what_comes_first(office: Office) -> None:
    assert "/admin/estate/add" in units(page(office))
    assert "/admin/estate/add" not in units(page(office, "Executive"))
    with office.work() as work:
        place = make.estate(work, name="Acacia").id
    said = units(page(office))
    assert f"/admin/unit/add?estate={place}" in said
    assert "No units in Acacia yet" in said
    with office.work() as work:
        make.unit(work, work.session.get_one(Estate, place))
    assert "Nothing matches" in units(page(office, path=f"{PATH}?type=shop"))


def test_who_may_only_read_is_offered_no_new_lease(office: Office) -> None:
    made = let(office)

    found = links(page(office, "Auditor"))

    assert f"/admin/lease/{made['lease']}" in found
    assert not [each for each in found if "/add" in each]


@pytest.mark.parametrize("role", ["Buyer", "Resident", "Guard"])
def test_who_may_not_read_leases_sees_none(office: Office, role: str) -> None:
    let(office)
    client = office.browser(role)

    assert client.get(PATH).status_code == 403
    assert client.get(f"{PATH}check").status_code == 403


def test_units_of_others_are_not_seen(office: Office, elsewhere_office: Office) -> None:
    made = let(elsewhere_office)
    client = office.browser("Manager")

    said = client.get(f"{PATH}?estate={made['estate']}").get_data(as_text=True)
    assert "Amina Juma" not in said
    assert "Acacia" not in said
    query = f"unit={made['unit']}&since={first()}"
    assert not client.get(f"{PATH}check?{query}").get_data(as_text=True).strip()


def test_the_menu_leads_there(office: Office) -> None:
    assert 'href="/availability/"' in page(office, path="/admin/lease/")


def checked(office: Office, **given: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in given.items())
    return text(page(office, path=f"{PATH}check?{query}"))


def test_a_form_is_told_whether_the_unit_is_free(office: Office) -> None:
    made = let(office)
    day, later = first().replace(day=2), first().replace(day=3)

    free = checked(office, unit=made["unit"], since=later, until=later)
    assert free == "The unit is free on these days."
    assert "free from that day on" in checked(office, unit=made["unit"], since=later, until="")
    taken = checked(office, unit=made["unit"], since=day, until="")
    assert "Amina Juma has the unit" in taken
    assert made["number"] in taken
    until = checked(office, unit=made["unit"], since=first(), until="")
    assert "It is free up to 1 " in until
    assert "Other drafts" in checked(office, unit=made["other"], since=later)
    assert "Other drafts" not in checked(office, unit=made["other"], since=later, row=made["draft"])
    with office.work() as work:
        out = make.unit(work)
        estate.take_out_of_use(work, out.id)
        unused = out.id
    assert "out of use" in checked(office, unit=unused, since=later)


def test_of_what_is_half_typed_nothing_is_said(office: Office) -> None:
    unit = let(office)["unit"]

    for given in (
        *("", "unit=x&since=2026-01-01", "since=2026-01-01", f"unit={unit}&since=x"),
        *(f"unit={unit}&since=0001-01-01", f"unit={unit}&since=2026-02-01&until=2026-01-01"),
    ):
        assert not page(office, path=f"{PATH}check?{given}").strip(), given


def test_the_form_of_a_lease_asks_while_it_is_typed(office: Office) -> None:
    draft = let(office)["draft"]

    new = tag(page(office, path="/admin/lease/add"), "div", "mk-live")
    old = tag(page(office, path=f"/admin/lease/{draft}/edit"), "div", "mk-live")

    assert 'hx-get="/availability/check"' in new
    assert 'hx-params="unit,party,since,until"' in new
    assert f'hx-get="/availability/check?row={draft}"' in old
    assert "mk-live" not in page(office, path="/admin/unit/add")
