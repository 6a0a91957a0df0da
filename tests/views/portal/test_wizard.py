import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from models.billing import Invoice, InvoiceStatus
from models.bookings import Booking, BookingStatus
from models.events import Event
from models.sales import Apartment, Package
from services import booking_ends, prices
from services.prices import Item
from tests.views.portal.conftest import Browser, Town, text, total_on


def booking_in(town: Town, address: str) -> Booking:
    with town.jobs() as work:
        booking = work.session.get_one(Booking, UUID(address.rstrip("/").rpartition("/")[2]))
        work.session.expunge(booking)
    return booking


@pytest.mark.req("S3.33", "S3.34", "S3.35", "S3.36", "S3.37", "S3.38", "S3.39", "S3.08", "S3.31")
def test_a_buyer_walks_from_the_apartment_to_a_confirmed_booking(town: Town) -> None:
    """Each page says the very total that the database holds."""
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    with town.jobs() as work:
        clone = work.session.scalars(select(Apartment).where(Apartment.source_id.is_not(None)))
        assert clone.one().status.value == "booked"

    assert buyer.get(address).location == f"{address}package"
    assert total_on(text(buyer.get(f"{address}package"))) == booking_in(town, address).total
    assert buyer.post(f"{address}package", package=town.golden).location == f"{address}addons"
    page = text(buyer.get(f"{address}addons"))
    assert total_on(page) == booking_in(town, address).total == Decimal("11650000.00")
    units = {f"units-{town.cooling}": "2", f"units-{town.lighting}": "1"}
    assert buyer.post(f"{address}addons", **units).location == f"{address}payment"
    page = text(buyer.get(f"{address}payment"))
    assert total_on(page) == booking_in(town, address).total == Decimal("11859751.00")
    assert "Thirds" in page
    assert "Handover" in page
    buyer.post(f"{address}payment", method="bank_transfer", plan=town.plan)
    review = text(buyer.get(f"{address}review"))
    assert total_on(review) == booking_in(town, address).total
    for said in (
        "package Golden",
        "2 \N{MULTIPLICATION SIGN} Cooling",
        "1 \N{MULTIPLICATION SIGN} Fans",
        "Bank transfer, in 3 parts",
    ):
        assert said in review
    agreed = re.findall(r'name="total" value="([^"]+)"', review)[0]
    done = buyer.post(f"{address}review", total=agreed)

    assert done.location == f"{address}confirmed"
    assert "A0101 is booked" in text(buyer.get(done.location))
    assert booking_in(town, address).status is BookingStatus.in_progress
    with town.jobs() as work:
        invoices = work.session.scalars(select(Invoice).order_by(Invoice.id)).all()
        assert [each.status.value for each in invoices] == ["issued", "issued", "draft"]
        assert sum(each.total for each in invoices) == Decimal("11859751.00")


@pytest.mark.req("S3.38")
def test_a_change_answers_with_the_total_of_the_server_alone(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)

    part = buyer.changes(f"{address}package", package=town.golden)

    assert "<html" not in part
    assert total_on(part) == booking_in(town, address).total == Decimal("11650000.00")


@pytest.mark.req("S3.07", "S3.11", "S3.24", "S3.43")
def test_too_many_units_are_refused_in_words_and_change_nothing(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    buyer.post(f"{address}package", package=town.golden)
    before = booking_in(town, address).total

    part = buyer.changes(f"{address}addons", **{f"units-{town.cooling}": "4"})
    page = buyer.post(f"{address}addons", **{f"units-{town.lighting}": "5"})

    assert "Cooling: an apartment may have at most 3." in part
    assert total_on(part) == before
    assert page.status_code == 422
    assert "Air conditioning: an apartment may have at most 4." in text(page)
    assert 'value="5"' in text(page), "what was typed stays"
    assert booking_in(town, address).total == before


@pytest.mark.parametrize("typed", ["1e3", "-1", "NaN", "٣", "999999999999", "1.5"])
def test_units_are_not_guessed(town: Town, typed: str) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)

    answer = buyer.post(f"{address}addons", **{f"units-{town.cooling}": typed})

    assert answer.status_code == 422


@pytest.mark.req("S3.06", "S3.23", "S3.42", "S3.43")
def test_without_a_package_of_the_apartment_nothing_goes_on(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    with town.jobs() as work:
        foreign = Package(
            organization_id=town.home,
            project_id=town.project,
            level_id=work.session.get_one(Package, town.golden).level_id,
            name="Not for this one",
            price=Decimal(1),
        )
        work.session.add(foreign)
        work.session.flush()
        foreign_id = foreign.id

    assert buyer.post(f"{address}package").status_code == 422
    assert buyer.post(f"{address}package", package=foreign_id).status_code == 404
    assert buyer.get(f"{address}review").location == f"{address}package"
    assert buyer.post(f"{address}review", total="10400000").status_code == 422
    assert booking_in(town, address).status is BookingStatus.pending


def test_a_booking_is_taken_up_where_it_was_left(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    steps = [buyer.get(address).location]
    buyer.post(f"{address}package", package=town.golden)
    steps.append(buyer.get(address).location)
    buyer.post(f"{address}addons", **{f"units-{town.cooling}": "1"})
    steps.append(buyer.get(address).location)
    buyer.post(f"{address}payment", method="card", plan="")
    steps.append(buyer.get(address).location)

    assert [step.rpartition("/")[2] for step in steps] == [
        *("package", "addons", "payment", "review"),
    ]


def test_going_back_loses_nothing_and_says_nothing_twice(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    for _ in range(2):
        buyer.post(f"{address}package", package=town.golden)
        buyer.post(f"{address}addons", **{f"units-{town.cooling}": "1"})

    with town.jobs() as work:
        told = work.session.scalars(select(Event.type).order_by(Event.id)).all()
    assert told.count("booking.package_assigned") == told.count("booking.addons_changed") == 1
    assert 'value="1"' in text(buyer.get(f"{address}addons"))


@pytest.mark.req("S3.32", "S3.44")
def test_a_price_that_changed_while_reading_is_shown_before_it_is_agreed(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    buyer.post(f"{address}package", package=town.golden)
    agreed = re.findall(r'name="total" value="([^"]+)"', text(buyer.get(f"{address}review")))[0]
    with town.jobs() as work:
        prices.change(work, Item.package, town.golden, Decimal(1300000))

    answer = buyer.post(f"{address}review", total=agreed)

    assert answer.status_code == 422
    assert "The price has changed while you were reading." in text(answer)
    assert total_on(text(answer)) == Decimal("11700000.00")
    assert booking_in(town, address).status is BookingStatus.pending


def test_confirming_twice_confirms_once(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    buyer.post(f"{address}package", package=town.golden)
    agreed = re.findall(r'name="total" value="([^"]+)"', text(buyer.get(f"{address}review")))[0]

    first, second = (buyer.post(f"{address}review", total=agreed) for _ in range(2))

    assert (first.location, second.location) == (f"{address}confirmed", address)
    with town.jobs() as work:
        issued = select(Invoice).where(Invoice.status == InvoiceStatus.issued)
        assert len(work.session.scalars(issued).all()) == 1


@pytest.mark.req("S3.46")
def test_whoever_comes_second_reads_a_kind_sentence_and_may_wait(town: Town) -> None:
    first, second = town.buyer(), town.buyer()
    first.hold(town.apartment)

    refused = second.post(f"/portal/apartments/{town.apartment}/hold")
    place = second.post(f"/portal/apartments/{town.apartment}/wait").location

    assert refused.status_code == 409
    assert "Somebody was a moment faster: A0101" in text(refused)
    assert "Join the waiting list" in text(refused)
    assert "You are on the waiting list for A0101" in text(second.get(place))


@pytest.mark.req("S3.47", "S3.48")
def test_when_the_first_lets_go_the_one_who_waited_can_book(town: Town) -> None:
    first, second = town.buyer(), town.buyer()
    address = first.hold(town.apartment)
    place = second.post(f"/portal/apartments/{town.apartment}/wait").location
    first.post(f"{address}cancel", reason="Too far from work")

    assert "It is free now: be quick." in text(second.get(place))
    assert second.hold(town.apartment) == place
    assert second.get(place).location == f"{place}package"


def test_after_the_hold_the_page_says_what_to_do(town: Town) -> None:
    buyer = town.buyer()
    address = buyer.hold(town.apartment)
    with town.jobs() as work:
        booking = work.session.scalars(select(Booking)).one()
        booking.hold_until = work.now - timedelta(minutes=1)

    late = buyer.post(f"{address}package", package=town.golden)
    by_script = buyer.client.post(
        f"{address}package", data={"package": town.golden}, headers={"HX-Request": "true"}
    )
    page = text(buyer.get(address))
    again = buyer.post(f"{address}again")

    assert (late.status_code, late.location) == (302, address)
    assert by_script.headers["HX-Redirect"] == address
    assert "The hold on A0101 has ended" in page
    assert again.status_code == 302
    assert again.location != address
    assert buyer.get(again.location).location == f"{again.location}package"
    assert booking_in(town, address).status is BookingStatus.expired


def test_an_expired_hold_of_somebody_else_is_free_for_the_next(town: Town) -> None:
    first, second = town.buyer(), town.buyer()
    address = first.hold(town.apartment)
    with town.jobs() as work:
        booking = work.session.scalars(select(Booking)).one()
        booking.hold_until = work.now - timedelta(minutes=1)
        work.session.flush()
        booking_ends.expire(work, booking.id)

    page = text(first.get(address))
    late = [first.post(f"{address}{step}") for step in ("package", "addons", "payment", "review")]

    assert second.hold(town.apartment)
    assert "Expired" in page
    assert f"apartments/{town.apartment}" in page, "the way to book it again"
    assert [each.status_code for each in late] == [302] * 4


def test_whoever_waits_for_what_became_free_reads_it_first(town: Town) -> None:
    first, second = town.buyer(), town.buyer()
    address = first.hold(town.apartment)
    second.post(f"/portal/apartments/{town.apartment}/wait")
    before = text(second.get("/portal/"))
    first.post(f"{address}cancel", reason="Too far from work")

    assert "mk-needs-me" not in before
    assert "A0101 is free now" in text(second.get("/portal/"))


def test_booking_the_same_apartment_again_leads_to_the_booking(town: Town) -> None:
    buyer = town.buyer()

    assert buyer.hold(town.apartment) == buyer.hold(town.apartment)


def test_a_member_whose_party_is_not_known_is_told_so(town: Town) -> None:
    lonely: Browser = town.member("Buyer", party=False)

    answer = lonely.post(f"/portal/apartments/{town.apartment}/hold")

    assert answer.status_code == 422
    assert "Your membership names no party." in text(answer)
