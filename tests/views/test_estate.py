"""Estates in the browser: the office writes down who lives where, and they see their home."""

from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import select

from models.chart import ESTATE_DUES
from models.estate import Occupancy, Unit
from services import billing
from tests import make
from tests.views.conftest import Office


@pytest.fixture
def unit(office: Office) -> UUID:
    with office.work() as work:
        place = make.estate(work, name="Baobab Court")
        return make.unit(work, place, number="A-101", bedrooms=2).id


@pytest.mark.req("S1.05", "S1.07", "S1.48")
def test_a_manager_writes_down_who_lives_where_and_they_find_their_home(
    office: Office, unit: UUID
) -> None:
    with office.work() as work:
        owner, tenant = (make.party(work, name=name).id for name in ("Ann", "Tom"))
    manager = office.browser("Manager")
    since = {"since": "2026-03-01"}
    half = {"party_id": str(owner), "share_parts": "1", "share_of": "2"}
    manager.post(f"/admin/unit/{unit}/own", data=half | since)
    moved = {"party_id": str(tenant), "role": "tenant"}
    manager.post(f"/admin/unit/{unit}/move_in", data=moved | since)
    with office.work() as work:
        lines = [billing.Line("Dues", Decimal(900), ESTATE_DUES)]
        invoice = billing.draft(work, tenant, "KES", "Dues of March", lines, unit_id=unit)
        billing.issue(work, invoice.id)
        living = work.session.scalars(select(Occupancy.id)).one()

    ann, tom = office.browser("Owner", party_id=owner), office.browser("Resident", party_id=tenant)
    stranger = office.browser("Resident")
    pages = [each.get("/portal/homes").get_data(as_text=True) for each in (ann, tom, stranger)]

    assert ["A-101" in page for page in pages] == [True, True, False]
    assert "50 % yours" in pages[0]
    assert "Tenant" in pages[1]
    assert "No home yet" in pages[2]
    assert "A-101" in tom.get("/portal/").get_data(as_text=True)
    assert "Dues of March" in tom.get("/portal/payments").get_data(as_text=True)
    assert "Dues of March" not in ann.get("/portal/payments").get_data(as_text=True)
    assert tom.get("/portal/bookings").status_code == 403
    assert tom.get("/portal/statement").status_code == 200
    manager.post(f"/admin/occupancy/{living}/move_out", data={"until": "2026-03-31"})
    assert "No home yet" in tom.get("/portal/homes").get_data(as_text=True)


@pytest.mark.req("S5.47")
def test_a_resident_sees_nothing_of_other_units_whatever_sql_runs(
    office: Office, unit: UUID
) -> None:
    with office.work() as work:
        tenant = make.party(work).id
        other = make.unit(work).id
    office.browser("Manager").post(
        f"/admin/unit/{unit}/move_in",
        data={"party_id": str(tenant), "role": "resident", "since": "2026-03-01"},
    )
    program = office.program_of(office.person("Resident", party_id=tenant))

    rows = program("GET", "/api/v1/occupancy/").json["result"]
    assert [each["unit"]["id"] for each in rows] == [str(unit)]
    assert program("GET", f"/api/v1/unit/{other}").status_code == 403
    assert program("PUT", f"/api/v1/occupancy/{rows[0]['id']}", json={}).status_code == 403


def test_reports_are_asked_for_an_estate_or_a_unit(office: Office, unit: UUID) -> None:
    with office.work() as work:
        party, other = make.party(work).id, make.unit(work).id
        for where, amount in ((unit, 900), (other, 70)):
            lines = [billing.Line("Dues", Decimal(amount), ESTATE_DUES)]
            invoice = billing.draft(work, party, "KES", "Dues", lines, unit_id=where)
            billing.issue(work, invoice.id)
        estate = work.session.get_one(Unit, other).estate_id
    accountant = office.browser("Accountant")

    def page(address: str) -> str:
        return accountant.get(address).get_data(as_text=True)

    everywhere = page("/reports/income?since=2020-01-01")
    there = page(f"/reports/income?since=2020-01-01&estate={estate}")
    ledger = page(f"/reports/ledger?account={ESTATE_DUES}&since=2020-01-01&unit={unit}")
    mine = page(f"/reports/party?party={party}&since=2020-01-01&unit={other}")
    wrong = page(f"/reports/ledger?unit={UUID(int=3)}&estate=x")

    assert "970.00" in everywhere
    assert "70.00" in there
    assert "970.00" not in there
    assert f"estate={estate}" in there, "its figures lead to what is behind them, there"
    assert "900.00" in ledger
    assert "70.00" in mine
    assert "900.00" not in mine
    assert "could not be read" in wrong


def test_a_register_is_sent_in_the_browser(office: Office) -> None:
    manager = office.browser("Manager")
    content = b"Estate,Unit,Owner\nBaobab,A1,Ann\n"

    answer = manager.post(
        "/imports/new",
        data={"kind": "estate", "file": (BytesIO(content), "register.csv")},
        content_type="multipart/form-data",
    )
    page = manager.get(answer.headers["Location"]).get_data(as_text=True)

    assert "1 of 1 rows can be taken in." in page
    assert manager.get("/imports/new?kind=estate").get_data(as_text=True).count("checked") == 1
