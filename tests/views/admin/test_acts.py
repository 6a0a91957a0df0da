"""Acts: buttons that say what happened, do each row by itself, and reach nothing out of sight."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.billing import Invoice, InvoiceStatus
from models.bookings import Booking, BookingStatus
from models.sales import Apartment, ApartmentStatus, Project
from services import booking_ends, bookings, files, refunds, sales
from tests import make, stories
from tests.views.conftest import Office
from views.admin import downloads, records
from views.admin import pages as views_admin


@contextmanager
def row(office: Office, kind: Any, row_id: Any) -> Iterator[Any]:
    with office.work() as work:
        yield work.session.get_one(kind, row_id, populate_existing=True)


def test_an_act_says_what_happened_and_what_is_next(office: Office, admin: FlaskClient) -> None:
    story = stories.held(office.session, office.home)

    page = admin.post(f"/admin/booking/{story.booking_id}/confirm", follow_redirects=True)

    assert "Submit it for review" in page.get_data(as_text=True)
    assert story.booking().status is BookingStatus.in_progress


def test_an_act_that_cannot_be_done_now_says_why(office: Office, admin: FlaskClient) -> None:
    story = stories.held(office.session, office.home)

    answer = admin.post(f"/admin/booking/{story.booking_id}/approve", follow_redirects=True)
    page = admin.get(f"/admin/booking/{story.booking_id}").get_data(as_text=True)

    assert "That cannot be done now: it is Pending." in answer.get_data(as_text=True)
    assert "It is Pending." in page


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_act_that_wants_a_reason_is_not_done_without(
    office: Office, admin: FlaskClient, reason: str
) -> None:
    story = stories.confirmed(office.session, office.home)

    admin.post(f"/admin/booking/{story.booking_id}/cancel", data={"reason": reason})

    assert story.booking().status is BookingStatus.in_progress


def test_what_an_act_asks_for_is_kept_when_it_is_refused(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        apartment_id = make.apartment(work).id  # has no packages
        customer = make.party(work, name="Amina Wanjiru").id

    answer = admin.post(
        f"/admin/apartment/{apartment_id}/hold", data={"customer_id": str(customer)}
    )
    page = answer.get_data(as_text=True)

    assert answer.status_code == 409
    assert "no packages to choose from" in page
    assert f'<option value="{customer}" selected>Amina Wanjiru</option>' in page


def test_booking_leads_to_the_booking(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        home = make.project(work)
        apartment_id = make.apartment(work, home, packages=[make.package(work, home)]).id
        customer = make.party(work).id

    data = {"customer_id": str(customer)}
    answer = admin.post(f"/admin/apartment/{apartment_id}/hold", data=data)

    assert answer.location.startswith("/admin/booking/")


def test_an_act_on_many_does_each_by_itself(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        home = make.project(work)
        free = make.apartment(work, home).id
        gone = make.apartment(work, home, status=ApartmentStatus.withdrawn).id
    data = {"act": "withdraw", "id": [str(gone), str(free), "nonsense"]}

    page = admin.post("/admin/apartment/bulk", data=data, follow_redirects=True)

    text = page.get_data(as_text=True)
    assert "Withdraw: 1 done." in text
    assert "1 not done: That cannot be done now: it is Withdrawn." in text
    with row(office, Apartment, free) as found:
        assert found.status is ApartmentStatus.withdrawn


def test_an_act_on_everything_keeps_to_the_filter(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        one, two = make.project(work), make.project(work)
        project_id = one.id
        kept = make.apartment(work, two).id
        make.apartment(work, one)
        make.apartment(work, one)

    data = {"act": "withdraw", "everything": "1"}
    page = admin.post(
        f"/admin/apartment/bulk?project={project_id}", data=data, follow_redirects=True
    )

    assert "Withdraw: 2 done." in page.get_data(as_text=True)
    with row(office, Apartment, kept) as found:
        assert found.status is ApartmentStatus.for_sale


def test_acts_reach_nothing_of_others(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    story = stories.held(office.session, elsewhere_office.home)

    one = admin.post(f"/admin/booking/{story.booking_id}/confirm")
    many = admin.post(
        "/admin/booking/bulk",
        data={"act": "confirm", "id": str(story.booking_id)},
        follow_redirects=True,
    )

    assert one.status_code == 404
    assert "Confirm booking: 0 done." in many.get_data(as_text=True)
    assert story.booking().status is BookingStatus.pending


def test_an_unknown_act_is_not_found(office: Office, admin: FlaskClient) -> None:
    story = stories.held(office.session, office.home)

    assert admin.post(f"/admin/booking/{story.booking_id}/muldelete").status_code == 404
    assert admin.post("/admin/booking/bulk", data={"act": "muldelete"}).status_code == 404


def test_cash_is_recorded_on_an_invoice(office: Office, admin: FlaskClient) -> None:
    story = stories.confirmed(office.session, office.home)
    with office.work() as work:
        booking = work.session.get_one(Booking, story.booking_id)
        party = booking.customer_id
    listed = admin.get(f"/admin/invoice/?party={party}").get_data(as_text=True)
    path = listed.split('/record_payment"')[0].rpartition('"')[2] + "/record_payment"

    form = admin.get(path).get_data(as_text=True)
    done = admin.post(path, data={"amount": "1,000,000.00", "method": "cash", "note": ""})

    assert 'value="1000000.00"' in form
    assert done.location.startswith("/admin/payment_intent/")
    assert story.booking().status is BookingStatus.in_progress


def test_the_board_has_a_column_per_state_with_its_sum(office: Office, admin: FlaskClient) -> None:
    stories.held(office.session, office.home)
    stories.confirmed(office.session, office.home)

    page = admin.get("/admin/booking/board").get_data(as_text=True)

    assert page.count("KES\u00a01,000,000.00") >= 4
    assert 'data-column="in_progress"' in page
    assert 'data-to="under_review"' in page


def test_a_record_tells_what_happened_by_whom(office: Office) -> None:
    story = stories.held(office.session, office.home)
    client = office.browser_of(office.person("Manager", name="grace"))
    client.post(f"/admin/booking/{story.booking_id}/confirm")

    page = client.get(f"/admin/booking/{story.booking_id}").get_data(as_text=True)

    assert "<b>Grace</b> confirmed the booking" in page


@pytest.mark.req("S3.07", "S3.37")
def test_all_add_ons_are_chosen_on_one_page(office: Office) -> None:
    story = stories.held(office.session, office.home)
    with office.work() as work:
        home = work.session.scalars(select(Project)).one()
        kind = make.category(work, home)
        cooling, light = (make.addon(work, kind, name=name) for name in ("Cooling", "Light"))
        for each in (cooling, light):
            sales.add_addon(work, story.apartment_id, each.id)
        ids = cooling.id, light.id
    where = f"/admin/booking/{story.booking_id}/choose_addons"
    seller = office.browser("Sales")

    form = seller.get(where).get_data(as_text=True)
    done = seller.post(where, data={f"addons.{ids[0]}": "2", f"addons.{ids[1]}": "1"})
    too_many = seller.post(where, data={f"addons.{ids[0]}": "9", f"addons.{ids[1]}": "1"})

    assert f'name="addons.{ids[0]}"' in form
    assert "Cooling" in form
    assert done.status_code == 302
    assert too_many.status_code == 422
    assert 'value="9"' in too_many.get_data(as_text=True)
    assert story.booking().addons_price == 3 * Decimal("98500.00")
    program = office.program("Sales")
    path = f"/api/v1/booking/{story.booking_id}/choose_addons"
    assert program("POST", path, json={"addons": {str(ids[1]): 3}}).status_code == 200
    assert story.booking().addons_price == 3 * Decimal("98500.00")
    for wrong in ({"x": 1}, {str(ids[0]): -1}, {str(ids[0]): "1.5"}, {str(ids[0]): True}, [1], "a"):
        assert program("POST", path, json={"addons": wrong}).status_code == 422, wrong


@pytest.mark.parametrize("everything", [True, False])
def test_what_is_left_out_of_many_rows_is_said(
    office: Office, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, *, everything: bool
) -> None:
    monkeypatch.setattr(views_admin, "MOST_AT_ONCE", 2)
    with office.work() as work:
        home = make.project(work)
        ids = [str(make.apartment(work, home).id) for _ in range(3)]
    data = {"act": "withdraw"} | ({"everything": "1"} if everything else {"id": ids})

    page = admin.post("/admin/apartment/bulk", data=data, follow_redirects=True)

    assert "the first 2 rows only" in page.get_data(as_text=True)
    with office.work() as work:
        states = work.session.scalars(select(Apartment.status)).all()
        assert states.count(ApartmentStatus.withdrawn) == 2


def test_what_is_left_out_of_an_export_or_a_record_is_said(
    office: Office, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "ROWS_MAX", 2)
    monkeypatch.setattr(records, "RELATED_SHOWN", 2)
    monkeypatch.setattr(records, "FILES_SHOWN", 1)
    with office.work() as work:
        home = make.project(work)
        for name in ("A1", "A2", "A3"):
            make.apartment(work, home, name=name)
        home_id = home.id
        for name in ("one", "two"):
            kept = files.Kept(name, "text/plain", "0" * 64, "0" * 64, 1)
            files.attach(work, "project", home_id, kept)

    answer = admin.get("/admin/apartment/export.csv")
    lines = answer.get_data(as_text=True).splitlines()
    answer.close()
    page = admin.get(f"/admin/project/{home_id}").get_data(as_text=True)

    assert len(lines) == 4
    assert "the first 2 rows" in lines[-1]
    assert "These are the first 2." in page
    assert "These are the newest 1." in page


@pytest.mark.req("S3.26")
def test_nothing_is_chosen_in_a_place_on_the_waiting_list(office: Office) -> None:
    story = stories.held(office.session, office.home)
    with office.work() as work:
        other = make.party(work).id
        place = bookings.join_waiting_list(work, story.apartment_id, other).id
    seller = office.browser("Sales")

    page = seller.get(f"/admin/booking/{place}").get_data(as_text=True)
    refused = seller.post(f"/admin/booking/{place}/choose_addons", data={})

    assert "It is a place on the waiting list" in page
    assert f"/admin/booking/{place}/choose_package" not in page
    assert refused.status_code == 410


def test_what_is_one_of_a_few_texts_is_shown_in_words(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        home = make.project(work).id

    page = admin.get(f"/admin/project/{home}").get_data(as_text=True)

    assert "under_review" not in page
    assert "Under review" in page


@pytest.mark.req("S5.04")
def test_a_record_shows_no_rows_of_a_table_that_is_closed_to_its_reader(office: Office) -> None:
    """Sales read payments, and not the refunds that hang on them."""
    story = stories.confirmed(office.session, office.home)
    intent_id = story.pay()
    with story.work() as work:
        refunds.request(work, intent_id, stories.PRICE / 2, "once", "a leaking roof")
    path = f"/admin/payment_intent/{intent_id}"

    seen = {role: office.browser(role).get(path) for role in ("Accountant", "Sales")}

    assert {each.status_code for each in seen.values()} == {200}
    assert "a leaking roof" in seen["Accountant"].get_data(as_text=True)
    assert "a leaking roof" not in seen["Sales"].get_data(as_text=True)


def test_what_is_over_asks_for_nothing_any_more(office: Office, admin: FlaskClient) -> None:
    story = stories.confirmed(office.session, office.home)
    with office.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    with office.work() as work:
        due: Any = Invoice.due_amount  # type: ignore[attr-defined]  # mapped beside the class
        left: Any = Booking.remaining_amount  # type: ignore[attr-defined]  # in models/derived.py
        (invoice,) = work.session.execute(select(Invoice.status, due))
        (remaining,) = work.session.scalars(select(left))

    page = admin.get(f"/admin/booking/{story.booking_id}").get_data(as_text=True)

    assert tuple(invoice) == (InvoiceStatus.void, 0)
    assert remaining == 0
    assert f"/admin/booking/{story.booking_id}/assign" not in page
