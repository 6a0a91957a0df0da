"""Writing an invoice by hand, as an accountant does: reckoned first, kept, changed, issued."""

from typing import Any

import pytest
from sqlalchemy import select

from models.billing import Invoice
from models.chart import RENTAL_INCOME
from tests import make
from tests.services.test_tax_invoices import tax
from tests.views.conftest import Office


@pytest.mark.req("S3.18", "S3.45")
def test_an_accountant_writes_an_invoice_and_takes_a_part_of_it_back(office: Office) -> None:
    with office.work() as work:
        party, vat = str(make.party(work).id), str(tax(work).id)
    form: dict[str, Any] = {
        "party": party,
        "subject": "Service charge",
        "currency": "KES",
        "discount": "10%",
        "description": ["Lift", ""],
        "quantity": ["2", "1"],
        "unit_price": ["1,000", ""],
        "code": [RENTAL_INCOME, ""],
        "line_discount": ["", ""],
        "tax": [vat, ""],
    }
    client = office.browser("Accountant")
    assert 'href="/invoices/new"' in client.get("/admin/invoice/").get_data(as_text=True)
    reckoned = client.post("/invoices/new", data=form | {"reckon": "1"}).get_data(as_text=True)
    assert "2,088.00" in reckoned
    wrong = client.post("/invoices/new", data=form | {"unit_price": ["1e3", ""]})
    assert (wrong.status_code, "Line 1:" in wrong.get_data(as_text=True)) == (422, True)

    record = client.post("/invoices/new", data=form).location
    number = record.rpartition("/")[2]
    assert client.get(f"/papers/invoice/{number}.pdf").get_data().startswith(b"%PDF")
    changed = client.post(f"/invoices/{number}/edit", data=form | {"quantity": ["1", "1"]})
    assert changed.location == record
    assert client.post(f"{record}/issue", data={"due_on": ""}).status_code == 302
    assert client.get(f"/invoices/{number}/edit").status_code == 409
    client.post(f"{record}/credit", data={"amount": "44.00", "reason": "A slip"})

    page = client.get(record).get_data(as_text=True)
    assert "CN-000001" in page
    with office.work() as work:
        row = work.session.scalars(select(Invoice)).one()
        assert [str(row.total), str(row.paid_amount)] == ["1044.0000", "44.0000"]
