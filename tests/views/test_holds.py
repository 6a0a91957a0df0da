import pytest

from services import bookings
from tests import make
from tests.views.conftest import Office


def held(office: Office) -> str:
    with office.work() as work:
        project = make.project(work, hold_minutes=30)
        flat = make.apartment(work, project, packages=[make.package(work, project)])
        return bookings.hold(work, flat.id, make.party(work, name="Amina Juma").id).number


def test_a_hold_stands_under_the_day_on_which_it_ends(office: Office) -> None:
    number = held(office)

    page = office.browser("Sales").get("/holds/").get_data(as_text=True)

    assert number in page
    assert "Amina Juma" in page


def test_holds_of_others_are_not_seen(office: Office, elsewhere_office: Office) -> None:
    held(elsewhere_office)

    assert "Amina Juma" not in office.browser("Sales").get("/holds/").get_data(as_text=True)


@pytest.mark.parametrize("role", ["Buyer", "Guard"])
def test_who_may_not_read_bookings_sees_none(office: Office, role: str) -> None:
    assert office.browser(role).get("/holds/").status_code == 403
