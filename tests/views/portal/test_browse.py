import re

import pytest
from sqlalchemy import select

from models.organizations import Organization
from models.people import Party
from models.sales import Apartment
from tests import make
from tests.views.portal.conftest import SLUG, Town, text

pytestmark = pytest.mark.req("S3.33")


@pytest.mark.req("S3.01", "S3.02", "S3.22")
def test_a_visitor_finds_projects_apartments_packages_and_add_ons(town: Town) -> None:
    visitor = town.browser()

    shop = text(visitor.get(f"/portal/{SLUG}/"))
    project = text(visitor.get(f"/portal/{SLUG}/projects/{town.project}"))
    apartment = text(visitor.get(f"/portal/{SLUG}/apartments/{town.apartment}"))

    assert "Acacia Heights" in shop
    assert "2 of 2 free" in shop
    assert {"A0101", "A0201"} <= set(re.findall(r"A0\d01", project))
    for said in ("A0101", "2 bedroom", "Golden", "Cooling", "Sign in to book"):
        assert said in apartment
    assert "KES\xa010,400,000.00" in apartment


@pytest.mark.req("S5.47", "S3.35")
def test_a_visitor_sees_no_clone_no_customer_and_nothing_that_is_not_offered(town: Town) -> None:
    buyer = town.buyer()
    buyer.hold(town.apartment)
    with town.jobs() as work:
        clone = work.session.scalars(select(Apartment.id).where(Apartment.source_id.is_not(None)))
        hidden = {**town.hidden, "clone": clone.one()}
        customer = work.session.get_one(Party, buyer.party_id).name
    visitor = town.browser()

    pages = [
        text(visitor.get(f"/portal/{SLUG}/{path}"))
        for path in ("", "apartments?status=all", f"projects/{town.project}")
    ]
    for name, apartment in hidden.items():
        assert visitor.get(f"/portal/{SLUG}/apartments/{apartment}").status_code == 404, name
    for page in pages:
        for said in ("Pattern", "Kept back", "S0101", "Secret Gardens", customer):
            assert said not in page
    assert pages[1].count("A0101") == 1


def test_staff_see_the_same_catalogue_as_everybody(town: Town) -> None:
    staff = town.member("Sales", party=False)

    assert staff.get("/portal/").location == f"/portal/{SLUG}/"
    page = text(staff.get(f"/portal/{SLUG}/apartments?status=all"))

    assert "A0101" in page
    assert "Kept back" not in page


@pytest.mark.parametrize("path", ["", "apartments", "projects/{project}", "apartments/{apartment}"])
def test_a_catalogue_that_is_not_public_is_not_there_for_others(town: Town, path: str) -> None:
    address = f"/portal/{SLUG}/{path.format(project=town.project, apartment=town.apartment)}"
    assert town.browser().get(address).status_code == 200
    assert town.browser().get(address.replace(SLUG, "nobody")).status_code == 404
    with town.jobs() as work:
        work.session.scalars(select(Organization)).one().public_catalogue = False

    assert town.browser().get(address).status_code == 404
    assert town.buyer().get(address).status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"A0101", "A0201"}),
        ("floor_min=2", {"A0201"}),
        ("layout=Studio", set()),
        ("layout=2+bedroom&view=City", {"A0101", "A0201"}),
        ("price_max=10,000,000", set()),
        ("area_min=78", {"A0101", "A0201"}),
        ("area_min=78.5", set()),
        ("status=booked", set()),
        ("status=nonsense&order=nonsense&page=999", {"A0101", "A0201"}),
        ("price_max=1e9", {"A0101", "A0201"}),
        ("floor_min=99999999999999999999", {"A0101", "A0201"}),
        ("project=nonsense", {"A0101", "A0201"}),
    ],
)
def test_a_search_is_narrowed_by_what_is_asked_for(town: Town, query: str, names: set[str]) -> None:
    answer = town.browser().get(f"/portal/{SLUG}/apartments?{query}")

    assert answer.status_code == 200
    assert set(re.findall(r"A0\d01", text(answer))) == names


def test_what_cannot_be_read_in_a_search_is_said_beside_it(town: Town) -> None:
    page = text(town.browser().get(f"/portal/{SLUG}/apartments?price_max=cheap"))

    assert "Write the amount in digits" in page
    assert 'value="cheap"' in page


@pytest.mark.req("S3.04")
def test_the_plan_says_each_state_in_words(town: Town) -> None:
    town.buyer().hold(town.apartment)

    page = text(town.browser().get(f"/portal/{SLUG}/projects/{town.project}"))

    assert 'aria-label="A0101, 2 bedroom, 78 m², In progress"' in page
    assert re.search(
        r'aria-label="A0201, 2 bedroom, 78 m², For sale, from KES\s10,400,000.00"', page
    )


def test_looking_at_another_organization_shows_nothing_of_ones_own(town: Town) -> None:
    """Whoever is signed in elsewhere is a visitor here: the address decides, not the person."""
    with town.jobs() as work:
        make.organization(work.session, "Other Homes")
    buyer = town.buyer()

    page = text(buyer.get("/portal/other-homes/"))

    assert "Nothing is offered yet" in page
    assert "Acacia Heights" not in page


@pytest.mark.req("S3.22", "S3.33")
def test_an_apartment_is_found_by_its_number_whatever_state_it_is_in(town: Town) -> None:
    buyer = town.buyer()
    buyer.hold(town.apartment)
    found = {}
    for number in ("a0101", " 0101", "01", "%", "Z9", "Pattern", "x\0"):
        page = town.browser().get(f"/portal/{SLUG}/apartments", query_string={"number": number})
        found[number] = set(re.findall(r">(A0\d01)<", text(page)))
    narrowed = {"number": "01", "status": "for_sale"}
    free = text(town.browser().get(f"/portal/{SLUG}/apartments", query_string=narrowed))

    assert found["a0101"] == found[" 0101"] == {"A0101"}
    assert found["01"] == {"A0101", "A0201"}
    assert not any(found[each] for each in ("%", "Z9", "Pattern", "x\0"))
    assert set(re.findall(r">(A0\d01)<", free)) == {"A0201"}
