"""REST for buyers: the rows of their own party in the columns that are theirs, no others."""

import json
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from models.billing import Invoice
from tests import stories
from tests.views.conftest import Office, Program
from views.screens import SCREENS

OWN = ("booking", "invoice", "payment_intent")
UNSEEN = {"booking": "assigned_to", "invoice": "party", "payment_intent": "failure"}


@dataclass
class Buyer:
    """Somebody who has booked and paid a part, with a key of their own."""

    story: stories.Story
    profile_id: UUID
    api: Program
    rows: dict[str, UUID]


def buyer(office: Office) -> Buyer:
    story = stories.confirmed(office.session, office.home)
    paid = story.pay(stories.PRICE / 4)
    profile_id = office.person("Buyer", party_id=story.customer_id)
    with office.work() as work:
        mine = select(Invoice.id).where(Invoice.party_id == story.customer_id)
        rows = {
            "booking": story.booking_id,
            "invoice": work.session.scalars(mine).one(),
            "payment_intent": paid,
        }
    return Buyer(story, profile_id, office.program_of(profile_id), rows)


@pytest.fixture
def wanjiku(office: Office) -> Buyer:
    return buyer(office)


@pytest.fixture
def juma(office: Office, wanjiku: Buyer) -> Buyer:
    return buyer(office)


@pytest.mark.req("S3.12", "S3.13", "S3.18", "S5.05")
@pytest.mark.parametrize("table", OWN)
def test_a_buyer_reads_what_is_theirs_and_nobody_elses(
    wanjiku: Buyer, juma: Buyer, table: str
) -> None:
    listed = wanjiku.api("GET", f"/api/v1/{table}/").get_json()

    assert (listed["count"], listed["ids"]) == (1, [str(wanjiku.rows[table])])
    assert wanjiku.api("GET", f"/api/v1/{table}/{wanjiku.rows[table]}").status_code == 200
    assert wanjiku.api("GET", f"/api/v1/{table}/{juma.rows[table]}").status_code == 404


def test_it_says_what_was_booked_and_what_is_left_to_pay(wanjiku: Buyer) -> None:
    row = wanjiku.api("GET", f"/api/v1/booking/{wanjiku.story.booking_id}").get_json()["result"]

    assert row["original"]["id"] == str(wanjiku.story.apartment_id)
    assert row["package"]["name"]
    assert (row["total"], row["paid_amount"]) == ("1000000.00", "250000.00")
    assert row["remaining_amount"] == "750000.00"


@pytest.mark.parametrize("table", OWN)
def test_columns_of_the_staff_are_neither_read_nor_asked_for(wanjiku: Buyer, table: str) -> None:
    name = UNSEEN[table]
    asked = [
        {"filters": [{"col": name, "opr": "eq", "value": str(wanjiku.profile_id)}]},
        {"order_column": name},
    ]
    chosen = wanjiku.api("GET", f"/api/v1/{table}/?q={json.dumps({'columns': [name]})}")
    (row,) = chosen.get_json()["result"]

    assert set(row) <= {"id", "currency"}
    for each in asked:
        answer = wanjiku.api("GET", f"/api/v1/{table}/?q={json.dumps(each)}")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_filter")
    one = wanjiku.api("GET", f"/api/v1/{table}/{wanjiku.rows[table]}").get_json()
    assert name not in one["result"]
    assert one["related"] == {}


def test_nothing_else_is_open_to_a_buyer(wanjiku: Buyer) -> None:
    others = {each.name for each in SCREENS} - {*OWN}
    assert {wanjiku.api("GET", f"/api/v1/{each}/").status_code for each in others} == {403}
    for screen in SCREENS:
        if screen.name in OWN:
            where = f"/api/v1/{screen.name}/{wanjiku.rows[screen.name]}"
            for act in screen.acts:
                done = wanjiku.api("POST", f"{where}/{act.name}", key="k" * 20, json={})
                assert done.status_code == 403, act.name
            assert wanjiku.api("PUT", where, json={}).status_code in {403, 405}
            assert wanjiku.api("DELETE", where).status_code in {403, 405}


@pytest.mark.parametrize("table", OWN)
def test_the_pages_of_the_staff_stay_shut(office: Office, wanjiku: Buyer, table: str) -> None:
    browser = office.browser_of(wanjiku.profile_id)
    assert browser.get(f"/admin/{table}/").status_code == 403
    assert browser.get(f"/admin/{table}/{wanjiku.rows[table]}").status_code == 403


def test_a_key_of_a_buyer_is_held_to_its_scopes(office: Office, wanjiku: Buyer) -> None:
    narrow = office.program_of(wanjiku.profile_id, "invoice:read")
    assert [narrow("GET", f"/api/v1/{each}/").status_code for each in OWN] == [403, 200, 403]


def test_who_has_no_party_sees_no_row(office: Office, wanjiku: Buyer) -> None:
    nobody = office.program("Buyer")
    assert [nobody("GET", f"/api/v1/{each}/").get_json()["count"] for each in OWN] == [0, 0, 0]
