"""The form for an entry by hand, as an accountant fills it in."""

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models.ledger import Entry, Posting
from services import access, ledger, periods
from tests import make
from tests.views.conftest import Office

FORM = {
    "memo": "Salaries of March",
    "currency": "KES",
    "account": ["5400", "1010", ""],
    "party": ["", "", ""],
    "debit": ["1,000.00", "", ""],
    "credit": ["", "1000", ""],
}


def sent(client: FlaskClient, office: Office, **other: Any) -> Any:
    with office.work() as work:
        today = ledger.business_date(work).isoformat()
    return client.post(
        "/entries/new", data={"once": str(uuid4()), "booked_on": today} | FORM | other
    )


def count(office: Office) -> int:
    with office.work() as work:
        return work.session.scalar(select(func.count(Entry.id))) or 0


@pytest.mark.req("S1.05")
def test_an_accountant_posts_an_entry_and_takes_it_back(office: Office) -> None:
    client = office.browser("Accountant")
    assert 'href="/entries/new"' in client.get("/admin/journal_entry/").get_data(as_text=True)

    record = sent(client, office).location
    page = client.get(record).get_data(as_text=True)
    assert "Salaries of March" in page
    back = client.post(f"{record}/reverse", data={"reason": "typed twice"}, follow_redirects=True)

    assert "Reversal: typed twice" in client.get("/admin/journal_entry/").get_data(as_text=True)
    assert back.status_code == 200
    assert count(office) == 2


def test_a_form_that_is_sent_twice_posts_once(office: Office) -> None:
    client, once = office.browser("Accountant"), str(uuid4())

    assert sent(client, office, once=once).location == sent(client, office, once=once).location
    assert count(office) == 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"credit": ["", "999", ""]}, "differ by"),
        ({"debit": ["1e3", "", ""]}, "in digits"),
        ({"account": ["1200", "1010", ""]}, "follows invoices"),
        ({"account": ["2000", "1010", ""]}, "whose account"),
        ({"account": ["", "1010", ""]}, "an account for each"),
        ({"account": ["50", "1010", ""]}, "heading"),
        ({"memo": ""}, "what the entry is for"),
        ({"booked_on": "soon"}, "Write a day"),
        ({"party": ["x", "", ""]}, "those that are offered"),
        ({"unit": ["x", "", ""]}, "those that are offered"),
        ({"once": "x"}, "once more"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    office: Office, other: dict[str, Any], said: str
) -> None:
    answer = sent(office.browser("Accountant"), office, **other)

    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code >= 400
    assert said in page
    assert 'value="1000"' in page or "credit" in other
    assert count(office) == 0


def test_a_closed_day_is_said_in_a_sentence(office: Office) -> None:
    with office.work() as work:
        day = ledger.business_date(work) - timedelta(days=1)
        periods.close(work, ledger.book_called(work), day)

    answer = sent(office.browser("Accountant"), office, booked_on=day.isoformat())

    assert "This day is closed." in answer.get_data(as_text=True)


def test_more_lines_keep_what_was_typed(office: Office) -> None:
    with office.work() as work:
        party = str(make.party(work, name="Grace Otieno").id)

    page = sent(office.browser("Admin"), office, more="1", party=[party, "", ""])

    assert page.get_data(as_text=True).count('name="debit"') == 7
    assert "Grace Otieno" in page.get_data(as_text=True)


@pytest.mark.req("S5.04", "S5.39")
@pytest.mark.parametrize("role", access.ROLES)
def test_only_who_keeps_the_books_may(office: Office, role: str) -> None:
    allowed = office.browser(role).get("/entries/new").status_code == 200

    assert allowed == (role in {"Admin", "Accountant"})


@pytest.mark.req("S1.05")
def test_a_line_may_be_about_a_unit_and_stays_in_its_sub_ledger(office: Office) -> None:
    with office.work() as work:
        place = make.estate(work, name="Baobab Court")
        unit = make.unit(work, place, number="A-101").id
    client = office.browser("Accountant")
    foreign = sent(client, office, unit=[str(uuid4()), "", ""])
    assert foreign.status_code == 404

    posted = sent(client, office, unit=[str(unit), "", ""])

    assert posted.status_code == 302, posted.get_data(as_text=True)
    with office.work() as work:
        units = work.session.scalars(select(Posting.unit_id).order_by(Posting.amount.desc())).all()
        assert list(units) == [unit, None]
    assert "A-101" in client.get(posted.location).get_data(as_text=True)
