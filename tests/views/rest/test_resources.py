"""REST: the same rows and rules for programs, and every no as a problem document."""

import json
from typing import Any
from uuid import UUID

import prison
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work import clock
from models.billing import Invoice
from models.bookings import BookingStatus
from models.events import IdempotencyKey
from models.payments import PaymentIntent
from models.people import Party
from models.sales import ApartmentStatus, ApartmentType, Project
from services import organizations, sign_in
from tests import make, stories
from tests.views.conftest import Office, Program
from views.screens import SCREENS

UNKNOWN = UUID(int=7)


def q(**asked: Any) -> str:
    return f"?q={prison.dumps(asked)}"


def problem(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json", answer.get_data()
    body = answer.get_json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["code"]


@pytest.mark.parametrize("table", sorted(each.name for each in SCREENS))
def test_every_screen_is_a_resource(api: Program, table: str) -> None:
    answer = api("GET", f"/api/v1/{table}/")

    assert answer.status_code == 200
    assert set(answer.get_json()) >= {"count", "ids", "result"}
    assert api("GET", f"/api/v1/{table}/_info").status_code == 200


def test_rows_are_read_with_money_as_text_and_relations_by_name(
    office: Office, api: Program
) -> None:
    with office.work() as work:
        home = make.project(work, name="Jacaranda Court")
        row_id, home_id = make.apartment(work, home, name="A0703").id, home.id

    row = api("GET", f"/api/v1/apartment/{row_id}").get_json()["result"]

    assert row["base_price"] == "10400000.00"
    assert row["currency"] == "KES"
    assert row["status"] == "for_sale"
    assert row["project"] == {"id": str(home_id), "name": "Jacaranda Court"}


def test_the_query_language_filters_sorts_pages_and_picks(office: Office, api: Program) -> None:
    with office.work() as work:
        home = make.project(work)
        home_id = home.id
        for each in range(5):
            make.apartment(work, home, name=f"A{each}", floor=each)
        make.apartment(work, name="B1", floor=9)
    filters = [{"col": "project", "opr": "rel_o_m", "value": str(home_id)},
               {"col": "floor", "opr": "gt", "value": 1}]  # fmt: skip
    asked = q(filters=filters, order_column="floor", order_direction="desc", page_size=2,
              columns=["name"])  # fmt: skip

    body = api("GET", f"/api/v1/apartment/{asked}").get_json()

    assert body["count"] == 3
    assert [row["name"] for row in body["result"]] == ["A4", "A3"]
    assert {key for row in body["result"] for key in row} == {"id", "name"}


def test_a_page_has_a_hundred_rows_at_most(office: Office, api: Program) -> None:
    with office.work() as work:
        for _each in range(105):
            make.party(work)

    assert len(api("GET", f"/api/v1/party/{q(page_size=5000)}").get_json()["result"]) == 100
    assert len(api("GET", f"/api/v1/party/{q(page_size=-1)}").get_json()["result"]) == 100


@pytest.mark.parametrize(
    "asked",
    [
        {"filters": [{"col": "note", "opr": "nonsense", "value": 1}]},
        {"filters": [{"col": "organization_id", "opr": "eq", "value": "x"}]},
        {"filters": [{"col": "created_at", "opr": "gt", "value": "yesterday"}]},
        {"filters": [{"col": "kind", "opr": "eq", "value": "robot"}]},
        {"filters": "all"},
        {"filters": [1]},
        {"order_column": "organization_id"},
        {"order_column": "name", "order_direction": "sideways"},
        {"page": -1},
        {"page_size": "many"},
    ],
)
def test_a_query_that_makes_no_sense_is_a_problem(api: Program, asked: dict[str, Any]) -> None:
    assert problem(api("GET", f"/api/v1/party/{q(**asked)}"))[0] == 400


@pytest.mark.parametrize("text", ["(", "!!", "a:b", "'", "%00", "(filters:!((col:name))"])
def test_rison_that_cannot_be_read_is_a_problem(api: Program, text: str) -> None:
    assert problem(api("GET", f"/api/v1/party/?q={text}"))[0] == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("pk", ["nonsense", "1", str(UNKNOWN), "theirs"])
def test_malformed_unknown_and_foreign_ids_are_answered_alike(
    elsewhere_office: Office, api: Program, method: str, pk: str
) -> None:
    with elsewhere_office.work() as work:
        theirs = make.level(work).id
    path = f"/api/v1/package_level/{theirs if pk == 'theirs' else pk}"

    answer = api(method, path, json={} if method == "PUT" else None)

    assert problem(answer) == (404, "not_found")


@pytest.mark.req("S5.48")
def test_no_cookie_opens_the_api(office: Office, admin: FlaskClient) -> None:
    assert problem(admin.get("/api/v1/party/")) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "bearer", ["", "Bearer", "Bearer x", "Bearer mk_x", "Basic eDp5", "Bearer \xff"]
)
def test_what_is_no_token_is_a_problem(office: Office, bearer: str) -> None:
    client = office.app.test_client()

    answer = client.get("/api/v1/party/", headers={"Authorization": bearer})

    assert problem(answer) == (401, "not_signed_in")


def token_of(client: FlaskClient, name: str) -> str:
    body = {"username": name, "password": make.PASSWORD}
    token: str = client.post("/api/v1/security/login", json=body).get_json()["access_token"]
    return token


def test_a_token_opens_the_api_until_it_is_ended(office: Office) -> None:
    profile_id = office.person("Sales", name="tokena")
    client = office.app.test_client()
    headers = {"Authorization": f"Bearer {token_of(client, 'tokena')}"}
    assert client.get("/api/v1/party/", headers=headers).status_code == 200

    with Session(office.app.extensions["engines"]["door"]) as door:
        sign_in.end_all(door, profile_id, clock())
        door.commit()

    assert problem(client.get("/api/v1/party/", headers=headers)) == (401, "not_signed_in")


@pytest.mark.req("S2.01")
def test_a_request_meets_the_token_the_right_and_the_rule_before_the_database(
    office: Office,
) -> None:
    office.person("Sales", name="tokenb")
    client = office.app.test_client()
    head, _dot, signature = token_of(client, "tokenb").rpartition(".")

    def send(bearer: str, table: str, **row: object) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"}
        return client.post(f"/api/v1/{table}/", json=row, headers=headers)

    forged, token = f"{head}.{signature[::-1]}", f"{head}.{signature}"
    assert problem(send(forged, "party", name="Amina")) == (401, "not_signed_in")
    assert problem(send(token, "package_level", name="Golden")) == (403, "forbidden")
    assert send(token, "party", name="").status_code == 422
    kept = select(func.count()).select_from(Party).where(Party.name == "Amina")
    with office.work() as work:
        assert work.session.scalar(kept) == 0
    assert send(token, "party", name="Amina").status_code == 201
    with office.work() as work:
        assert work.session.scalar(kept) == 1


def test_a_key_can_do_no_more_than_its_scopes(office: Office) -> None:
    program = office.program_of(office.person("Admin"), "party:read")

    assert program("GET", "/api/v1/party/").status_code == 200
    assert problem(program("GET", "/api/v1/booking/")) == (403, "forbidden")
    assert problem(program("POST", "/api/v1/party/", json={"name": "A"})) == (403, "forbidden")


def test_rows_are_added_changed_and_deleted(office: Office, api: Program) -> None:
    made = api("POST", "/api/v1/package_level/", json={"name": "Silver", "position": 1})
    path = f"/api/v1/package_level/{made.get_json()['id']}"
    changed = api("PUT", path, json={"name": "Golden"})
    gone = api("DELETE", path)

    assert [made.status_code, changed.status_code, gone.status_code] == [201, 200, 200]
    assert changed.get_json()["result"] | {"id": ""} == {"id": "", "name": "Golden", "position": 1}
    assert api("GET", path).status_code == 404


@pytest.mark.req("S3.01", "S3.22")
def test_a_project_tells_how_many_apartments_it_has(office: Office, api: Program) -> None:
    stories.held(office.session, office.home)
    with office.work() as work:
        home = work.session.scalars(select(Project)).one()
        make.apartment(work, home, type=ApartmentType.template, status=ApartmentStatus.template)
        make.apartment(work, home)
        home_id = home.id

    body = api("GET", f"/api/v1/project/{home_id}").get_json()

    assert body["result"]["total_units"] == 2  # neither the template nor the copy of the booking
    assert {row["status"] for row in body["related"]["apartment"]} >= {"in_progress", "for_sale"}
    assert [row["price"] for row in body["related"]["package"]] == ["0.00"]


@pytest.mark.req("S3.02", "S3.06", "S3.08", "S3.13", "S3.35")
def test_the_copy_that_a_booking_configures_is_read_through_it(
    office: Office, api: Program, admin: FlaskClient
) -> None:
    story = stories.held(office.session, office.home)
    booking = api("GET", f"/api/v1/booking/{story.booking_id}").get_json()["result"]
    copy_id = booking["apartment"]["id"]

    body = api("GET", f"/api/v1/apartment/{copy_id}").get_json()

    row = body["result"]
    assert (row["status"], row["source"]["id"]) == ("booked", str(story.apartment_id))
    assert (row["assigned_package"], row["total_price"]) == (
        booking["package"]["name"],
        "1000000.00",
    )
    original = api("GET", f"/api/v1/apartment/{story.apartment_id}").get_json()
    (offered,) = original["related"]["apartment_package"]
    assert (offered["package"], offered["package.price"]) == (booking["package"], "0.00")
    listed = api("GET", "/api/v1/apartment/").get_json()["ids"]
    assert copy_id not in listed
    page = admin.get(f"/admin/apartment/{copy_id}")
    assert page.status_code == 200
    assert f"/admin/apartment/{copy_id}/edit" not in page.get_data(as_text=True)
    assert problem(api("PUT", f"/api/v1/apartment/{copy_id}", json={"name": "B"}))[0] == 404
    assert problem(api("POST", f"/api/v1/apartment/{copy_id}/withdraw")) == (409, "clone_stays")


@pytest.mark.req("S3.12", "S3.13", "S3.18", "S3.27")
def test_an_invoice_tells_its_booking_and_a_customer_both(office: Office, api: Program) -> None:
    story = stories.confirmed(office.session, office.home)
    booking = api("GET", f"/api/v1/booking/{story.booking_id}").get_json()
    (link,) = booking["related"]["booking_invoice"]

    row = api("GET", f"/api/v1/invoice/{link['invoice']['id']}").get_json()["result"]
    asked = q(filters=[{"col": "instalment.booking", "opr": "rel_o_m",
                        "value": str(story.booking_id)}])  # fmt: skip
    found = api("GET", f"/api/v1/invoice/{asked}").get_json()["ids"]
    customer = api("GET", f"/api/v1/party/{story.customer_id}").get_json()["related"]

    assert row["instalment.booking"]["id"] == str(story.booking_id)
    assert row["instalment.booking.original"]["id"] == str(story.apartment_id)
    assert row["party"]["id"] == str(story.customer_id)
    assert found == [row["id"]]
    assert [each["id"] for each in customer["invoice"]] == [row["id"]]
    assert [each["id"] for each in customer["booking"]] == [str(story.booking_id)]


def test_what_hangs_on_a_record_is_read_with_the_right_to_its_table(office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    profile = office.person("Admin")
    narrow = office.program_of(profile, "party:read")

    related = narrow("GET", f"/api/v1/party/{story.customer_id}").get_json()["related"]

    assert set(related) == set()


@pytest.mark.req("S3.29")
def test_an_apartment_is_removed_unless_it_was_ever_booked(office: Office, api: Program) -> None:
    story = stories.held(office.session, office.home)
    with office.work() as work:
        home = make.project(work)
        free, withdrawn = (make.apartment(work, home).id for _ in range(2))
    api("POST", f"/api/v1/apartment/{withdrawn}/withdraw")

    for each in (free, withdrawn):
        assert api("DELETE", f"/api/v1/apartment/{each}").status_code == 200
        assert api("GET", f"/api/v1/apartment/{each}").status_code == 404
    taken = api("DELETE", f"/api/v1/apartment/{story.apartment_id}")
    assert problem(taken) == (409, "illegal_move")


@pytest.mark.req("S3.34")
def test_an_act_names_what_it_has_made(office: Office, api: Program) -> None:
    with office.work() as work:
        home = make.project(work)
        apartment = make.apartment(work, home, packages=[make.package(work, home)]).id
        customer = make.party(work).id

    path = f"/api/v1/apartment/{apartment}/hold"
    made = api("POST", path, json={"customer_id": str(customer)}).get_json()["made"]

    assert made["type"] == "booking"
    assert api("GET", f"/api/v1/booking/{made['id']}").get_json()["result"]["status"] == "pending"


@pytest.mark.req("S3.01")
def test_a_field_that_is_left_out_is_as_the_table_says(api: Program) -> None:
    made = api("POST", "/api/v1/project/", json={"name": "Acacia Heights", "currency": "KES"})

    assert made.status_code == 201, made.get_data()
    row = made.get_json()["result"]
    assert (row["published"], row["hold_minutes"], row["refund_percent"]) == (True, 60, "90.00")
    assert row["price_locked_from"] == "under_review"


@pytest.mark.req("S3.01")
def test_a_project_is_sold_in_the_currency_of_its_organization_unless_it_says(
    office: Office, api: Program
) -> None:
    with office.work() as work:
        organizations.home(work).currency = "NGN"

    made = api("POST", "/api/v1/project/", json={"name": "Palm Grove"})

    assert made.status_code == 201, made.get_data()
    assert made.get_json()["result"]["currency"] == "NGN"


def test_fields_which_are_not_listed_are_never_written(
    office: Office, elsewhere_office: Office, api: Program
) -> None:
    body = {"name": "Amina", "organization_id": str(elsewhere_office.home), "custom": {"a": 1},
            "party_id": str(UNKNOWN), "created_at": "2001-01-01T00:00:00Z"}  # fmt: skip

    answer = api("POST", "/api/v1/party/", json=body)

    said = {each["field"]: each["detail"] for each in answer.get_json()["errors"]}
    assert problem(answer) == (422, "bad_input")
    assert set(said) == set(body) - {"name"}
    assert "There are: name, kind" in said["created_at"]
    assert api("GET", "/api/v1/party/").get_json()["count"] == 0


def test_an_act_takes_no_field_that_it_does_not_ask_for(office: Office, api: Program) -> None:
    story = stories.held(office.session, office.home)
    path = f"/api/v1/booking/{story.booking_id}/cancel"

    misspelt = api("POST", path, key="a", json={"raeson": "x"})

    assert [each["field"] for each in misspelt.get_json()["errors"]] == ["raeson"]
    assert api("POST", path, key="b", json={"reason": "x"}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_a_problem(api: Program, body: bytes) -> None:
    answer = api("POST", "/api/v1/party/", data=body, content_type="application/json")

    assert problem(answer)[0] in (400, 422)


def test_an_act_is_an_endpoint_and_its_refusal_a_problem(office: Office, api: Program) -> None:
    story = stories.held(office.session, office.home)
    path = f"/api/v1/booking/{story.booking_id}"

    first = api("POST", f"{path}/confirm", key="a-1")
    again = api("POST", f"{path}/confirm", key="a-2")

    assert first.status_code == 200
    assert first.get_json()["result"]["status"] == "in_progress"
    assert problem(again) == (409, "illegal_move")
    assert problem(api("POST", f"{path}/nonsense")) == (404, "not_found")


def test_a_role_without_the_verb_is_told_who_has_it(office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    sales = office.program("Sales")

    answer = sales("POST", f"/api/v1/booking/{story.booking_id}/approve")

    assert problem(answer) == (403, "forbidden")
    assert "Manager" in answer.get_json()["detail"]


@pytest.mark.req("S2.71")
def test_what_moves_money_needs_a_key(office: Office, api: Program) -> None:
    story = stories.held(office.session, office.home)

    answer = api("POST", f"/api/v1/booking/{story.booking_id}/confirm")

    assert problem(answer) == (400, "idempotency_key_missing")
    assert story.booking().status is BookingStatus.pending


@pytest.mark.req("S2.71", "S3.32")
@pytest.mark.parametrize("table", ["package", "addon", "apartment"])
def test_a_price_that_moves_issued_invoices_moves_money(
    office: Office, api: Program, table: str
) -> None:
    answer = api("POST", f"/api/v1/{table}/{UNKNOWN}/change_price", json={"price": "1"})

    assert problem(answer) == (400, "idempotency_key_missing")


def invoice_of(office: Office) -> UUID:
    story = stories.confirmed(office.session, office.home)
    with office.work() as work:
        of_story = select(Invoice.id).where(Invoice.party_id == story.customer_id)
        return work.session.scalars(of_story).one()


def test_the_same_key_and_body_pay_once_and_answer_alike(office: Office, api: Program) -> None:
    path = f"/api/v1/invoice/{invoice_of(office)}/record_payment"
    body = {"amount": "100.00", "method": "cash"}

    first, second = (api("POST", path, key="pay-1", json=body) for _ in range(2))

    assert [first.status_code, second.status_code] == [200, 200], first.get_data()
    assert first.get_data() == second.get_data()
    assert second.headers["Idempotent-Replayed"] == "true"
    with office.work() as work:
        assert len(work.session.scalars(select(PaymentIntent.id)).all()) == 1


def test_a_refusal_is_answered_again_in_the_same_words(office: Office, api: Program) -> None:
    path = f"/api/v1/invoice/{invoice_of(office)}/record_payment"
    body = {"amount": "999999999.00", "method": "cash"}

    first, second = (api("POST", path, key="too-much", json=body) for _ in range(2))

    assert problem(first) == problem(second) == (409, "not_due")
    assert first.get_data() == second.get_data()


def test_a_key_with_another_body_is_refused(office: Office, api: Program) -> None:
    path = f"/api/v1/invoice/{invoice_of(office)}/record_payment"
    body = {"amount": "100.00", "method": "cash"}
    api("POST", path, key="pay-1", json=body)

    other = api("POST", path, key="pay-1", json=body | {"amount": "200.00"})

    assert problem(other) == (422, "idempotency_key_reused")


def test_a_request_that_is_still_being_done_is_not_done_again(office: Office, api: Program) -> None:
    path = f"/api/v1/invoice/{invoice_of(office)}/record_payment"
    body = {"amount": "100.00", "method": "cash"}
    api("POST", path, key="pay-1", json=body)
    with office.work() as work:
        held = select(IdempotencyKey).where(IdempotencyKey.key == "pay-1").with_for_update()
        work.session.scalars(held).one()

        meanwhile = api("POST", path, key="pay-1", json=body)

    assert problem(meanwhile) == (409, "idempotency_key_running")


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "\xe4"])
def test_a_key_that_cannot_be_kept_is_refused(office: Office, api: Program, key: str) -> None:
    answer = api("POST", "/api/v1/package_level/", key=key, json={"name": "A"})

    assert problem(answer) == (400, "idempotency_key_unreadable")


def test_two_members_may_use_the_same_key(office: Office) -> None:
    one, two = office.program("Manager"), office.program("Manager")
    answers = [
        each("POST", "/api/v1/package_level/", key="k", json={"name": name})
        for each, name in ((one, "A"), (two, "B"))
    ]

    assert [each.status_code for each in answers] == [201, 201]


def test_the_document_names_every_act_and_is_whole(office: Office) -> None:
    document = office.app.test_client().get("/api/v1/_openapi").get_json()
    text = json.dumps(document)
    named = {ref.split('"')[0] for ref in text.split("#/components/schemas/")[1:]}

    assert named <= set(document["components"]["schemas"])
    for screen in SCREENS:
        assert f"/api/v1/{screen.name}/" in document["paths"]
        for act in screen.acts:
            assert "post" in document["paths"][f"/api/v1/{screen.name}/{{pk}}/{act.name}"]


def test_a_query_may_be_json_as_in_flask_appbuilder(office: Office, api: Program) -> None:
    with office.work() as work:
        wanted = make.project(work, name="Wanted").id
        make.project(work, name="Other")
    asked = {"filters": [{"col": "name", "opr": "eq", "value": "Wanted"}], "page_size": 5}

    found = api("GET", "/api/v1/project/", query_string={"q": json.dumps(asked)})

    assert [each["id"] for each in found.json["result"]] == [str(wanted)]
    unread = api("GET", "/api/v1/project/", query_string={"q": '{"filters": ['})
    assert (unread.status_code, unread.json["code"]) == (400, "unreadable_query")
