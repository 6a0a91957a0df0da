"""Money > Reports: each report shows figures that lead to their entries, and comes as files."""

import csv
import io
import re
from decimal import Decimal
from html import unescape

import openpyxl
import pytest
from flask.testing import FlaskClient

from services import access, booking_ends
from tests import make, stories
from tests.stories import PRICE
from tests.views.conftest import Office
from views.financial_filters import REPORTS

LINK = re.compile(r'<a href="(/reports/(?:ledger|receivables)[^"]+)"')
ENTRY = re.compile(r'href="(/admin/(?:journal_entry|invoice)/[^"]+)"')
HEADED = ("trial-balance", "income", "balance-sheet", "cash-flow", "receivables")


@pytest.fixture
def accountant(office: Office) -> FlaskClient:
    """Somebody who keeps books in which a quarter of an invoice is paid, and one is earned."""
    told = [stories.confirmed(office.session, office.home) for _ in range(2)]
    told[0].pay(PRICE / 4)
    told[1].pay()
    told[1].approve()
    with told[1].work() as work:
        booking_ends.settle(work, told[1].booking_id)
    return office.browser("Accountant")


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


@pytest.mark.req("S1.05")
def test_each_report_is_offered_and_its_figures_lead_to_their_entries(
    accountant: FlaskClient,
) -> None:
    first = page(accountant, "/reports/")
    for name in REPORTS:
        assert f'href="/reports/{name}"' in first
        shown = page(accountant, f"/reports/{name}")
        assert ("Nothing to show" in shown) == (name not in HEADED), name
        if name in HEADED:
            link = LINK.search(shown[shown.index('id="report"') :])
            assert link, name
            entry = ENTRY.search(page(accountant, link[1]))
            assert entry, link[1]
            assert accountant.get(entry[1]).status_code == 200


@pytest.mark.req("S1.05")
def test_an_account_statement_ends_with_what_is_still_owed(
    accountant: FlaskClient, office: Office
) -> None:
    listed = page(accountant, "/reports/receivables")
    found = re.search(r'/reports/receivables\?[^"]*party=([0-9a-f-]+)', listed)
    assert found

    shown = page(accountant, f"/reports/party?party={found[1]}")

    assert "Opening balance" in shown
    owed = f"{PRICE * 3 / 4:,.2f}"
    assert owed in shown[shown.index("Closing balance") :]
    assert owed in page(accountant, f"/reports/receivables?party={found[1]}")


@pytest.mark.req("S1.05")
@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_each_report_comes_as_a_file(accountant: FlaskClient, kind: str) -> None:
    begins = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF-"}[kind]
    for name in REPORTS:
        answer = accountant.get(f"/reports/{name}.{kind}?account=1200", buffered=True)
        assert answer.status_code == 200, name
        assert answer.data.startswith(begins)
        if kind == "xlsx":
            openpyxl.load_workbook(io.BytesIO(answer.data))


def test_a_file_says_what_the_page_says(accountant: FlaskClient) -> None:
    answer = accountant.get("/reports/trial-balance.csv")

    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["Account", "Debit", "Credit"]
    total = rows[-1]
    assert total[1] == total[2]
    assert Decimal(total[1]) == PRICE * 2


def test_what_cannot_be_read_is_left_out_and_told(accountant: FlaskClient) -> None:
    for asked in ("on=yesterday", "on=0001-01-01", "party=x", "currency=JPY"):
        assert "could not be read" in page(accountant, f"/reports/receivables?{asked}")
    backwards = "since=2026-09-09&until=2026-01-01"
    assert "could not be read" in page(accountant, f"/reports/ledger?{backwards}")
    for address in ("/reports/x", "/reports/income.exe", "/reports/income?book=x"):
        assert accountant.get(address).status_code == 404


@pytest.mark.req("S5.04", "S5.39")
@pytest.mark.parametrize("role", access.ROLES)
def test_reports_open_to_the_roles_that_hold_the_right(office: Office, role: str) -> None:
    client = office.browser(role)
    allowed = access.allows([role], "financial_report", "read")

    for address in ("/reports/", "/reports/income", "/reports/income.csv"):
        assert (client.get(address).status_code == 200) == allowed, address
    assert allowed == (role in {"Admin", "Manager", "Accountant", "Executive", "Auditor"})


def test_books_of_others_are_not_in_them(office: Office, elsewhere_office: Office) -> None:
    stories.confirmed(elsewhere_office.session, elsewhere_office.home)
    with elsewhere_office.work() as work:
        party_id = make.party(work, name="Theirs").id

    client = office.browser("Accountant")

    assert "Nothing to show" in page(client, "/reports/trial-balance")
    assert client.get(f"/reports/party?party={party_id}").status_code == 404


def test_the_bank_is_compared_with_the_book(office: Office) -> None:
    client = office.browser("Accountant")

    shown = page(client, "/reports/trust?bank=10.50")

    assert "Bank and book differ." in shown
    assert "All agree." in page(client, "/reports/trust?bank=0")
