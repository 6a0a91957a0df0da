"""Bills in the browser: written, planned, looked at, issued, and seen by whoever pays."""

import re
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core import db
from models.bills import Bill, BillingCycle
from models.estate import Ownership
from services import estate
from tests import make
from tests.views.conftest import Office
from workers import bills as jobs


@pytest.mark.req("S1.46", "S1.51", "S1.52", "S1.05")
def test_a_manager_plans_a_bill_looks_at_it_and_has_it_issued(app: Flask, office: Office) -> None:
    with office.work() as work:
        place = make.estate(work, name="Baobab Court")
        party = make.party(work, name="Halima Abdi").id
        unit = make.unit(work, place, number="A-101", area=80).id
        make.unit(work, place, number="A-102")
        row = Ownership(unit_id=unit, party_id=party, since=date(2026, 1, 1))
        estate.own(work, row)
        where = str(place.id)
    manager = office.browser("Manager")
    given = {"title": "Service charge", "estate": where, "basis": "area", "amount": "25.50"}
    given |= {"payer": "owners", "every": "month", "first_on": "2026-01-31", "code": "4300"}
    given |= {"discount_percent": "0", "due_days": "14", "active": "1"}
    wrong = manager.post("/admin/bill/add", data=given | {"condition": "area.real > 1"})
    added = manager.post("/admin/bill/add", data=given)
    with office.work() as work:
        bill = work.session.scalars(select(Bill.id)).one()

    manager.post(f"/admin/bill/{bill}/plan", data={"period_on": "2026-03-31"})
    with office.work() as work:
        cycle = work.session.scalars(select(BillingCycle.id)).one()
    page = manager.get(f"/admin/billing_cycle/{cycle}").get_data(as_text=True)
    said = manager.post(f"/admin/billing_cycle/{cycle}/issue").get_data(as_text=True)
    seen = re.search(r'name="previewed" value="([^"]*)"', said)
    assert seen
    manager.post(f"/admin/billing_cycle/{cycle}/issue", data={"previewed": seen[1]})
    place_of, asks = f"/admin/billing_cycle/{cycle}", {"HX-Request": "true"}
    moving = manager.get(place_of, headers=asks)
    _run(app, office.home, cycle)
    still = manager.get(place_of, headers=asks)

    assert (wrong.status_code, added.status_code) == (422, 302)
    assert "nothing that a formula may have" in wrong.get_data(as_text=True)
    assert f'hx-get="{place_of}"' in moving.get_data(as_text=True)
    assert "HX-Refresh" not in moving.headers
    assert still.headers["HX-Refresh"] == "true"
    assert "hx-get" not in still.get_data(as_text=True), "it asks no more when it is done"
    assert "hx-get" not in page
    assert "Halima Abdi" in page
    assert "2,040.00" in page
    assert "Nobody is written down who pays for it" in page
    assert "1 invoices over" in said
    owner = office.browser("Owner", party_id=party)
    shown = owner.get("/portal/payments").get_data(as_text=True)
    assert "Service charge, 2026-03, A-101" in shown
    assert "2,040.00" in shown
    assert office.browser("Sales").get("/admin/bill/").status_code == 403
    assert owner.get(f"/admin/billing_cycle/{cycle}").status_code == 403


def _run(app: Flask, home: UUID, cycle: UUID) -> None:
    with app.app_context():
        db.use(app, "jobs")
        jobs.run(home, str(cycle))
        db.use(app, "web")
