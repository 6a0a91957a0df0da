"""Taking in a statement, as an accountant does: the columns are said once, then files come."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.bank_statements import BankAccount, BankLine
from models.chart import BANK
from services import ledger
from tests.views.conftest import Office

COLUMNS = {
    "column_date": "When",
    "column_credit": "In",
    "column_debit": "Out",
    "column_payer": "Who",
    "dates": "ymd",
    "decimal": ",",
    "delimiter": ";",
}


def sent(client: FlaskClient, account: str, *rows: str, **more: str) -> Any:
    file = (BytesIO("\n".join(("When;Who;In;Out", *rows)).encode()), "march.csv")
    return client.post("/bank/import", data={"account": account, "file": file} | more)


@pytest.mark.req("S2.26")
def test_a_file_is_taken_in_once_its_columns_are_known(office: Office) -> None:
    client = office.browser("Accountant")
    assert "No bank account yet" in client.get("/bank/import").get_data(as_text=True)
    with office.work() as work:
        row = BankAccount(
            organization_id=work.scope.home(),
            name="Equity",
            book_id=ledger.book_called(work),
            code=BANK,
            currency="KES",
            columns={},
        )
        work.session.add(row)
        work.session.flush()
        account, day = str(row.id), str(ledger.business_date(work) - timedelta(days=3))

    asked = sent(client, account, f"{day};Ann;1.000,50;")
    assert "Columns of the file" in asked.get_data(as_text=True)
    wrong = sent(client, account, f"{day};Ann;1.000,50;", "31/12/2025;Bob;5;", **COLUMNS)
    assert wrong.status_code == 422
    assert "Row 3: The day cannot be read." in " ".join(wrong.get_data(as_text=True).split())
    taken = sent(client, account, f"{day};Ann;1.000,50;", f"{day};Fee;;2,00", **COLUMNS)
    assert "/admin/bank_statement/" in taken.location
    again = sent(client, account, f"{day};Ann;1.000,50;", f"{day};Eve;7;")  # as it was said

    assert again.status_code == 302
    with office.work() as work:
        amounts = work.session.scalars(select(BankLine.amount).order_by(BankLine.amount))
        assert [str(each) for each in amounts] == ["-2.0000", "7.0000", "1000.5000"]
    known = sent(client, account, f"{day};Ann;1.000,50;")
    assert (known.status_code, "nothing in it is new" in known.get_data(as_text=True)) == (
        409,
        True,
    )
    assert client.post("/bank/import", data={"account": account}).status_code == 422
