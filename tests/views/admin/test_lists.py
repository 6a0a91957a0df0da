"""Lists: only what is in sight, exactly what is asked for, in a few statements."""

import csv
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO, StringIO

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from models.people import PartyKind
from tests import make
from tests.views.conftest import Office
from views.admin import queries
from views.admin.columns import Column
from views.admin.registry import BY_TABLE
from views.screens import SCREENS


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    engines = app.extensions["engines"]
    for role in ("web", "door"):
        event.listen(engines[role], "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for role in ("web", "door"):
            event.remove(engines[role], "before_cursor_execute", note)


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]*)</a>', page)


def get(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("table", sorted(each.name for each in SCREENS))
def test_every_list_opens_and_has_a_first_step_or_rows(admin: FlaskClient, table: str) -> None:
    page = get(admin, f"/admin/{table}/")

    assert page.count("<h1") == page.count("<main") == 1
    assert not re.search(r">\s*(None|True|False|\[\])\s*<", page)


@pytest.mark.req("S5.05", "S5.47")
def test_rows_of_other_organizations_are_not_listed(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        make.party(work, name="Mine")
    with elsewhere_office.work() as work:
        theirs = make.party(work, name="Theirs").id

    assert names(get(admin, "/admin/party/")) == ["Mine"]
    assert admin.get(f"/admin/party/{theirs}").status_code == 404
    assert "<b>Theirs</b>" not in get(admin, "/search/?q=Theirs")


def test_search_filters_and_order_narrow_the_list(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        make.party(work, name="Amina Wanjiru", phone="+254700000001")
        make.party(work, name="Baraka 100% Ltd", kind=PartyKind.company)
        make.party(work, name="Chidi")

    assert names(get(admin, "/admin/party/?q=4700000001")) == ["Amina Wanjiru"]
    assert names(get(admin, "/admin/party/?q=100%25")) == ["Baraka 100% Ltd"]
    assert names(get(admin, "/admin/party/?kind=company")) == ["Baraka 100% Ltd"]
    assert names(get(admin, "/admin/party/?sort=-name"))[0] == "Chidi"


@pytest.mark.parametrize("rare", [0, 2_000])
def test_a_part_of_a_name_is_found_whether_few_or_many_have_it(
    office: Office, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(queries, "RARE", rare)  # above it an index is not asked
    with office.work() as work:
        for name in ("Amina Wanjiru", "AMINATA 50%_", "Chidi"):
            make.party(work, name=name)

    assert names(get(admin, "/admin/party/?q=mina")) == ["AMINATA 50%_", "Amina Wanjiru"]
    assert names(get(admin, "/admin/party/?q=0%25_")) == ["AMINATA 50%_"]
    assert names(get(admin, "/admin/party/?q=mi%25a")) == []
    assert names(get(admin, "/admin/party/?q=na")) == ["AMINATA 50%_", "Amina Wanjiru"]


def test_columns_that_are_not_shown_cannot_be_sorted_or_filtered_by(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        make.party(work, name="B", address="1 First Street")
        make.party(work, name="A", address="2 Second Street")

    assert names(get(admin, "/admin/party/?sort=-address&address=First")) == ["A", "B"]


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense", "created_at_from=yesterday", "page=-1", "page=99999999999999", "size=1000",
        "q=%00", "sort=--name", "q=" + "x" * 5000, "roles=%00", "created_at_to=0000-01-01",
        "columns=nonsense", "page=1000000",
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_no_error(admin: FlaskClient, query: str) -> None:
    assert admin.get(f"/admin/party/?{query}").status_code == 200


def test_a_page_takes_few_statements_however_many_rows(
    app: Flask, office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        home = make.project(work)
        for _each in range(60):
            make.apartment(work, home)

    with statements(app) as seen:
        page = get(admin, "/admin/apartment/?size=50")

    assert len(names(page)) == 50
    assert len(seen) <= 12, seen


def test_pages_follow_one_another(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        for each in range(30):
            make.party(work, name=f"P{each:02d}")

    first, second = (names(get(admin, f"/admin/party/?page={at}")) for at in (1, 2))

    assert [len(first), len(second)] == [25, 5]
    assert set(first) & set(second) == set()
    assert "30 rows" in get(admin, "/admin/party/")


@pytest.mark.parametrize("sort", ["name", "-name", "email", "-email", "-id", "kind"])
def test_late_pages_are_found_from_either_end(
    office: Office, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    with office.work() as work:
        for each in range(110):
            make.party(work, name=f"P{each:03d}", email=f"p{each % 7}@example.org" * (each % 3 > 0))
    pages = [f"/admin/party/?sort={sort}&page={number}" for number in range(1, 7)]
    usual = [names(get(admin, page)) for page in pages]

    monkeypatch.setattr(queries, "LATE", 1)

    assert [names(get(admin, page)) for page in pages] == usual
    assert [len(each) for each in usual] == [25, 25, 25, 25, 10, 0]


def test_a_list_that_is_just_being_put_together_is_whole_for_everybody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = BY_TABLE["party"]
    columns = screen.list_columns()
    show, at_work, go_on = queries.Query.show, threading.Event(), threading.Event()

    def show_slowly(query: queries.Query, column: Column) -> None:
        show(query, column)
        if not at_work.is_set():
            at_work.set()
            assert go_on.wait(30)

    monkeypatch.setattr(queries, "_SHOWING", {})
    monkeypatch.setattr(queries.Query, "show", show_slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(queries.showing, screen.model, columns)
        assert at_work.wait(30)
        second = queries.showing(screen.model, columns)
        go_on.set()
        assert str(second.statement) == str(first.result().statement)


def test_a_view_is_kept_and_seen_by_its_owner_alone_unless_shared(
    office: Office, admin: FlaskClient
) -> None:
    other = office.browser("Sales")
    admin.post("/admin/party/views?kind=company", data={"name": "Companies"})
    admin.post("/admin/party/views?kind=person", data={"name": "Humans", "shared": "1"})

    mine, theirs = (get(each, "/admin/party/") for each in (admin, other))

    assert "Companies" in mine
    assert "Companies" not in theirs
    assert "Humans" in theirs


def test_an_export_holds_exactly_what_is_filtered_and_runs_nothing(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        make.party(work, name="=HYPERLINK(1)", kind=PartyKind.company)
        make.party(work, name="Amina")

    answer = admin.get("/admin/party/export.csv?kind=company&columns=kind")
    rows = list(csv.reader(StringIO(answer.get_data().decode("utf-8-sig"))))
    answer.close()

    assert rows == [["Name", "Kind"], ["'=HYPERLINK(1)", "Company"]]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_an_export_as_workbook_has_numbers_with_their_currency(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        make.apartment(work, name="A0703")

    answer = admin.get("/admin/apartment/export.xlsx?columns=base_price")
    sheet = openpyxl.load_workbook(BytesIO(answer.get_data())).active
    answer.close()

    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["Name", "Base price", "Currency"],
        ["A0703", 10400000, "KES"],
    ]


def test_a_select_box_offers_at_most_fifty_of_what_is_in_sight(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        for each in range(60):
            make.project(work, name=f"Site {each:02d}")
    with elsewhere_office.work() as work:
        make.project(work, name="Site of others")

    offered = admin.get("/admin/apartment/options/project?q=site").get_json()["options"]

    assert len(offered) == 50
    assert "Site of others" not in {each["text"] for each in offered}
    assert admin.get("/admin/apartment/options/nonsense").status_code == 404
