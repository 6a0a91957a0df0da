"""Writing an invoice by hand, as an accountant does: reckoned first, kept, changed, issued."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.work import Work
from models.billing import Invoice
from models.chart import RENTAL_INCOME
from services import billing, credit_notes
from services.billing import Line
from services.taxes import Levy
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
    assert "Lift" in client.get(f"{record}/credit_lines").get_data(as_text=True)

    page = client.get(record).get_data(as_text=True)
    assert "CN-000001" in page
    with office.work() as work:
        row = work.session.scalars(select(Invoice)).one()
        assert [str(row.total), str(row.paid_amount)] == ["1044.0000", "44.0000"]


@pytest.mark.req("S3.45")
def test_chosen_lines_are_credited_by_quantity_or_amount_after_a_look_at_the_sum(
    office: Office,
) -> None:
    with office.work() as work:
        row = issued(work, [make_line("Chairs", 5, "200"), make_line("Hall", 1, "1000")])
        chairs, hall = (each.line_id for each in credit_notes.left(work, row))
    client, record = office.browser("Accountant"), f"/admin/invoice/{row}"
    form = {f"lines.{chairs}.quantity": "2", f"lines.{hall}.amount": "116", "reason": "Broken"}
    seen = client.post(f"{record}/credit_lines", data=form).get_data(as_text=True)
    assert "comes to KES\N{NO-BREAK SPACE}580.00, tax included" in seen
    token = re.search(r'name="previewed" value="(\w+)"', seen)
    assert token
    for wrong in (
        {f"lines.{chairs}.quantity": "6"},
        {f"lines.{chairs}.quantity": "1", f"lines.{chairs}.amount": "5"},
        {f"lines.{chairs}.quantity": "-1"},
        {f"lines.{hall}.amount": "1160.01"},
        {f"lines.{hall}.amount": "1e2"},
        {f"lines.{row}.amount": "1"},
        {},
    ):
        said = client.post(f"{record}/credit_lines", data={**wrong, "reason": "x"})
        assert said.status_code in (409, 422), wrong

    client.post(f"{record}/credit_lines", data={**form, "previewed": token[1]})

    with office.work() as work:
        assert [each.gross for each in credit_notes.left(work, row)] == [696, 1044]
        assert work.session.get_one(Invoice, row).paid_amount == 580
    call = office.program("Accountant")
    path = f"/api/v1/invoice/{row}/credit_lines"
    given = {"lines": {str(chairs): {"quantity": "3"}}, "reason": "All of them"}
    assert call("POST", path, json=given).status_code == 400  # no key
    first, again = (call("POST", path, key="k", json=given) for _ in range(2))
    assert first.status_code == again.status_code == 200, first.json
    assert office.program("Manager")("POST", path, key="m", json=given).status_code == 403
    with office.work() as work:
        assert [each.gross for each in credit_notes.left(work, row)] == [0, 1044]


def make_line(words: str, quantity: int, price: str) -> Line:
    return Line(words, Decimal(price), RENTAL_INCOME, quantity=Decimal(quantity))


def issued(work: Work, lines: list[Line]) -> UUID:
    """Issue an invoice of lines with VAT."""
    vat = Levy(tax(work).id, Decimal(16), included=False)
    taxed = [replace(each, levy=vat) for each in lines]
    row = billing.draft(work, make.party(work).id, "KES", "A feast", taxed)
    return billing.issue(work, row.id).id
