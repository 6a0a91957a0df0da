"""Forms: what was typed stays, mistakes are said at their field, only listed fields are written."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.files import Comment
from models.people import Party
from models.sales import Addon, Package, Project
from tests import make
from tests.views.conftest import Office, Program

PROJECT = {
    "name": "Jacaranda Court",
    "currency": "KES",
    "hold_minutes": "60",
    "refund_percent": "90",
    "price_locked_from": "under_review",
    "published": "1",
}
LEAKS = ("psycopg", "INSERT INTO", "UPDATE ", "DETAIL", "sqlalchemy", "Traceback")


def rows(office: Office, kind: Any) -> list[Any]:
    with office.work() as work:
        found = list(work.session.scalars(select(kind).order_by(kind.id)))
        work.session.expunge_all()
        return found


def test_a_row_is_added_and_shown(office: Office, admin: FlaskClient) -> None:
    answer = admin.post("/admin/project/add", data=PROJECT)

    assert answer.status_code == 302
    page = admin.get(answer.location).get_data(as_text=True)
    assert "Jacaranda Court" in page
    assert [each.currency for each in rows(office, Project)] == ["KES"]


def test_what_was_typed_stays_and_each_mistake_is_said_at_its_field(
    office: Office, admin: FlaskClient
) -> None:
    typed = PROJECT | {"name": "", "hold_minutes": "soon", "location": "Ngong Road"}

    answer = admin.post("/admin/project/add", data=typed)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert 'value="Ngong Road"' in page
    assert 'value="soon"' in page
    assert 'id="f-name-error"' in page
    assert 'id="f-hold_minutes-error"' in page
    assert rows(office, Project) == []


@pytest.mark.parametrize("path", ["add", "edit"])
def test_a_rule_of_the_database_is_a_sentence(
    office: Office, admin: FlaskClient, path: str
) -> None:
    with office.work() as work:
        make.project(work, name="Jacaranda Court")
        other = make.project(work, name="Other").id
    where = f"/admin/project/{'add' if path == 'add' else f'{other}/edit'}"

    answer = admin.post(where, data=PROJECT)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "There is a project of that name." in page
    assert [leak for leak in LEAKS if leak in page] == []


def test_fields_which_the_form_does_not_list_are_ignored(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    stranger = {"organization_id": str(elsewhere_office.home), "custom": "{}", "id": "x"}

    admin.post("/admin/party/add", data={"name": "Amina", "kind": "person"} | stranger)

    assert [each.organization_id for each in rows(office, Party)] == [office.home]


def test_a_form_cannot_name_a_row_of_others(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    with elsewhere_office.work() as work:
        theirs = make.project(work).id
    with office.work() as work:
        level = make.level(work).id
    typed = {"name": "Gold", "project": str(theirs), "level": str(level), "price": "1.00"}

    answer = admin.post("/admin/package/add", data=typed)

    assert answer.status_code == 422
    assert "Choose one of those that are offered." in answer.get_data(as_text=True)
    assert rows(office, Package) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("10,400,000.00", Decimal("10400000.00")),
        ("98500", Decimal(98500)),
        ("1e3", None),
        ("NaN", None),
        ("1.234,56", None),
        ("0.001", None),
        ("-1", None),
        ("9" * 20, None),
    ],
)
def test_money_is_read_without_guessing(
    office: Office, admin: FlaskClient, typed: str, kept: Decimal | None
) -> None:
    with office.work() as work:
        kind = make.category(work, make.project(work))
        ids = {"project": str(kind.project_id), "category": str(kind.id)}

    data = ids | {"name": "Garage", "price_per_unit": typed, "max_units": "1"}
    answer = admin.post("/admin/addon/add", data=data)

    assert [each.price_per_unit for each in rows(office, Addon)] == ([kept] if kept else [])
    assert answer.status_code == (302 if kept else 422)


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "x" * 200, "<script>alert(1)</script>", "'; --"]
)
def test_hostile_text_is_kept_as_text_or_refused(
    office: Office, admin: FlaskClient, text: str
) -> None:
    data = {"name": text.encode("utf-8", "surrogatepass"), "kind": "person"}

    answer = admin.post("/admin/party/add", data=data)

    assert answer.status_code in (302, 422)
    assert "<script>alert" not in admin.get("/admin/party/").get_data(as_text=True)


def test_a_change_that_somebody_else_made_meanwhile_is_not_lost(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        party_id = make.party(work, name="Amina").id
    form = admin.get(f"/admin/party/{party_id}/edit").get_data(as_text=True)
    version = re.search(r'name="version" value="([^"]+)"', form)
    assert version
    data = {"name": "Amina W", "kind": "person", "version": version[1]}
    first = admin.post(f"/admin/party/{party_id}/edit", data=data)

    second = admin.post(f"/admin/party/{party_id}/edit", data=data | {"name": "A. Wanjiru"})

    assert [first.status_code, second.status_code] == [302, 409]
    assert [each.name for each in rows(office, Party)] == ["Amina W"]


def test_what_is_fixed_is_written_only_once(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        project_id = make.project(work, name="Jacaranda Court").id

    admin.post(f"/admin/project/{project_id}/edit", data=PROJECT | {"currency": "USD"})

    assert [each.currency for each in rows(office, Project)] == ["KES"]


def test_a_row_that_others_need_is_not_deleted(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        level_id = make.package(work, make.project(work)).level_id

    page = admin.post(f"/admin/package_level/{level_id}/delete", follow_redirects=True)

    assert "Other records still need it" in page.get_data(as_text=True)


def test_rows_are_added_and_changed_by_who_may_alone(office: Office) -> None:
    auditor = office.browser("Auditor")
    with office.work() as work:
        project_id = make.project(work).id

    answers = [
        auditor.get("/admin/project/add"),
        auditor.post("/admin/project/add", data=PROJECT),
        auditor.post(f"/admin/project/{project_id}/edit", data=PROJECT),
    ]

    assert [each.status_code for each in answers] == [403, 403, 403]
    assert "Manager" in answers[0].get_data(as_text=True)


def test_visitors_are_asked_to_sign_in(office: Office) -> None:
    answer = office.app.test_client().get("/admin/project/?q=a")

    assert answer.status_code == 302
    assert "/login/?next=/admin/project/" in answer.location.replace("%2F", "/").replace("%3F", "?")


def test_whoever_sends_a_form_after_their_sign_in_ended_comes_back_to_its_page(
    office: Office,
) -> None:
    visitor = office.app.test_client()
    page = "/admin/booking/0/"

    answers = [
        visitor.post("/admin/party/add", headers={"Referer": f"http://{host}{page}?q=a"})
        for host in ("localhost", "elsewhere.example")
    ]

    assert [parse_qs(urlsplit(each.location).query)["next"] for each in answers] == [
        [f"{page}?q=a"],
        ["/"],
    ]


def test_comments_name_their_author_and_whom_they_mention(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        party_id = make.party(work).id
    office.person("Sales", name="grace")

    admin.post(f"/admin/party/{party_id}/comments", data={"text": "Please call, @grace"})
    page = admin.get(f"/admin/party/{party_id}").get_data(as_text=True)

    assert "Please call, @grace" in page
    assert len(rows(office, Comment)) == 1


def test_a_price_is_previewed_before_it_changes(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        package_id = make.package(work, make.project(work), price=Decimal(100)).id
    where = f"/admin/package/{package_id}/change_price"

    first = admin.post(where, data={"price": "150.00"})
    seen = re.search(r'name="previewed" value="([^"]+)"', first.get_data(as_text=True))
    assert seen
    before = rows(office, Package)[0].price
    other = admin.post(where, data={"price": "160.00", "previewed": seen[1]})
    done = admin.post(where, data={"price": "150.00", "previewed": seen[1]})

    assert (before, other.status_code, done.status_code) == (Decimal(100), 200, 302)
    assert rows(office, Package)[0].price == Decimal(150)


def test_programs_write_by_the_same_rules(office: Office, api: Program) -> None:
    answer = api("POST", "/api/v1/project/", json={"name": "", "currency": "XXX1"})

    assert answer.status_code == 422
    assert {each["field"] for each in answer.get_json()["errors"]} == {"name", "currency"}
