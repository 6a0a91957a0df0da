"""Bills of one's own in the portal: written down, agreed to with the PIN, stopped."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core import db
from core.work import clock
from models.scheduled_bills import Mode, ScheduledBill, ScheduledPayment, UserConfiguration
from services import ledger, scheduled_bills, wallet_pins, wallets
from tests import make
from tests.views.portal.conftest import Browser, Town, text

PIN = "2580"


@pytest.fixture
def resident(town: Town) -> Browser:
    """A resident with a wallet and a PIN."""
    browser = town.member("Resident")
    assert browser.party_id
    assert browser.profile_id
    with town.jobs() as work:
        wallet = wallets.open_for(work, browser.party_id).id
    door = db.door()
    given = {"password": make.PASSWORD, "code": ""}
    with town.app.app_context():
        wallet_pins.choose(door, browser.profile_id, wallet, PIN, now=clock(), **given)
        door.commit()
    return browser


def form(town: Town, **given: Any) -> dict[str, Any]:
    with town.jobs() as work:
        first = ledger.business_date(work) + timedelta(days=3)
    values: dict[str, Any] = {"title": "Electricity", "amount": "2,500", "biller": "Power Company"}
    values |= {"channel": "mobile_money", "number": "+254 700 555 123", "every": "month"}
    values |= {"first_on": first.isoformat(), "mode": "ask", "remind_days": ["3", "1"]}
    return values | given


def due(town: Town) -> UUID:
    with town.jobs() as work:
        scheduled_bills.write_down(work)
    with town.jobs() as work:
        return work.session.scalars(select(ScheduledPayment.id)).one()


@pytest.mark.req("S1.44", "S1.45", "S1.47")
def test_a_resident_writes_a_bill_down_and_agrees_to_it_with_the_pin(
    town: Town, resident: Browser
) -> None:
    assert "No bills yet" in text(resident.get("/portal/bills/"))
    wrong = resident.post("/portal/bills/new", **form(town, amount="a lot"))
    kept = resident.post("/portal/bills/new", **form(town))
    payment = due(town)
    page = text(resident.get("/portal/bills/"))
    guessed = resident.post(f"/portal/bills/due/{payment}", pin="1111")
    agreed = resident.post(f"/portal/bills/due/{payment}", pin=PIN)

    assert (wrong.status_code, kept.status_code) == (422, 302)
    assert "Power Company" in page
    assert "Your answer is wanted" in page
    assert guessed.status_code == 422
    assert agreed.status_code == 302
    assert "Your answer is wanted" not in text(resident.get("/portal/bills/"))
    with town.jobs() as work:
        assert work.session.get_one(ScheduledPayment, payment).status.value == "approved"
    assert resident.post(f"/portal/bills/due/{payment}/skip").status_code == 302


@pytest.mark.req("S1.44", "S1.47")
def test_that_it_pays_by_itself_takes_the_pin_and_stopping_it_takes_none(
    town: Town, resident: Browser
) -> None:
    refused = resident.post("/portal/bills/new", **form(town, mode="pay"))
    kept = resident.post("/portal/bills/new", **form(town, mode="pay", pin=PIN))
    with town.jobs() as work:
        bill = work.session.scalars(select(ScheduledBill.id)).one()
    stopped = resident.post(f"/portal/bills/{bill}", mode="pay", remind_days=["1"])
    again = resident.post(f"/portal/bills/{bill}", mode="pay", remind_days=["1"], active="1")
    with_pin = resident.post(
        f"/portal/bills/{bill}", mode="pay", remind_days=["1"], active="1", pin=PIN
    )

    assert [refused.status_code, kept.status_code] == [422, 302]
    assert [each.status_code for each in (stopped, again, with_pin)] == [302, 422, 302]
    with town.jobs() as work:
        row = work.session.get_one(ScheduledBill, bill)
        assert (row.mode, row.active, row.remind_days) == (Mode.pay, True, [1])


@pytest.mark.req("S1.47", "S1.80")
def test_what_is_done_by_itself_is_each_persons_own(town: Town, resident: Browser) -> None:
    resident.post("/portal/bills/settings", mode="remind", remind_days=["7"], push="1")
    page = text(resident.get("/portal/bills/new"))

    assert re.search(r'value="remind" selected', page)
    assert re.search(r'name="remind_days" value="7" checked', page)
    with town.jobs() as work:
        row = work.session.scalars(select(UserConfiguration)).one()
        assert (row.profile_id, row.push_notices) == (resident.profile_id, True)
    assert "checked" not in re.findall(
        r'name="remind_days" value="7" ?(\w*)', text(town.member("Resident").get("/portal/bills/"))
    )


def test_bills_of_others_are_as_good_as_none(town: Town, resident: Browser) -> None:
    resident.post("/portal/bills/new", **form(town))
    payment = due(town)
    with town.jobs() as work:
        bill = work.session.scalars(select(ScheduledBill.id)).one()
    other = town.member("Resident")

    assert other.get(f"/portal/bills/{bill}").status_code == 404
    assert other.get(f"/portal/bills/due/{payment}").status_code == 404
    assert other.post(f"/portal/bills/due/{payment}/skip").status_code == 404
    assert "Electricity" not in text(other.get("/portal/bills/"))
