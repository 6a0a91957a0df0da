"""A manager finds on the first page what was sold and is not paid any more, and decides."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.bookings import Booking
from models.estate import Estate, Ownership
from models.sales import Apartment, ApartmentStatus
from services import booking_ends, estate, handovers, ledger, reversals, sale_withdrawals
from tests import stories
from tests.views.conftest import Office

WAITS = "Sold, and not paid any more: B-000001"


@pytest.mark.req("S3.16", "S3.48")
def test_what_was_handed_over_and_bounced_waits_for_a_manager(office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    story.approve()
    intent_id = story.pay()
    with story.work() as work:
        booking_ends.settle(work, story.booking_id)
        place = Estate(organization_id=office.home, name="Acacia Court", currency="KES")
        place.time_zone = "Africa/Nairobi"
        work.session.add(place)
        work.session.flush()
        today = ledger.business_date(work)
        since = today - timedelta(days=3)
        handovers.hand_over(work, story.booking_id, place.id, "", since, lives=False)
    manager, call = office.browser("Manager"), office.program("Manager")
    assert WAITS not in manager.get("/home/").get_data(as_text=True)
    with story.work() as work:
        reversals.take_back(work, intent_id, "It was another's.")
        sale_withdrawals.doubt(work, story.booking_id)

    assert WAITS in manager.get("/home/").get_data(as_text=True)
    assert WAITS not in office.browser("Sales").get("/home/").get_data(as_text=True)
    path, given = f"/api/v1/booking/{story.booking_id}/take_back_sale", {"reason": "Not paid."}
    assert office.program("Sales")("POST", path, key="s", json=given).status_code == 403
    assert call("POST", path, json=given).status_code == 400  # no key
    refused = call("POST", path, key="a", json=given)
    assert (refused.status_code, refused.json["code"]) == (409, "still_owns")
    with story.work() as work:
        own = work.session.scalars(select(Ownership)).one()
        estate.end_ownership(work, own.id, today - timedelta(days=1))
    made = call("POST", path, key="b", json=given)
    assert made.status_code == 200, made.json

    with story.work() as work:
        sale_withdrawals.take_back(work, story.booking_id, "Not paid.")
    assert WAITS not in manager.get("/home/").get_data(as_text=True)
    with story.work() as work:
        original = work.session.get_one(Booking, story.booking_id).original_id
        assert work.session.get_one(Apartment, original).status is ApartmentStatus.booked
