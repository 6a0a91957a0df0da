"""The dashboards' door: Dash has one address for all callbacks, and each asks who calls."""

import json
import re

import pytest
from flask.testing import FlaskClient

from services import access
from tests import stories
from tests.views.conftest import Office, elsewhere_office, office

__all__ = ["elsewhere_office", "office"]
ADDRESS = "/dashboards/sales/"
UPDATE = "/dashboards/_dash-update-component"


@pytest.fixture
def executive(office: Office) -> FlaskClient:
    return office.browser("Executive")


def drawn(client: FlaskClient, search: str = "") -> str:
    """Ask for what Dash draws at an address, as the browser does."""
    called = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": ADDRESS},
            {"id": "_pages_location", "property": "search", "value": search},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = client.post(UPDATE, json=called)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


@pytest.mark.req("S5.04")
@pytest.mark.parametrize("role", access.ROLES)
def test_it_opens_to_the_roles_that_hold_the_right(office: Office, role: str) -> None:
    client = office.browser(role)
    allowed = access.allows([role], "dashboard_sales", "read")

    for path in (ADDRESS, "/dashboards/_dash-layout", "/dashboards/_dash-dependencies"):
        assert (client.get(path).status_code == 200) == allowed, path
    if not allowed:
        assert client.post(UPDATE, json={}).status_code == 403


def test_visitors_sign_in_first(office: Office) -> None:
    visitor = office.app.test_client()

    assert visitor.get(ADDRESS).status_code == 302
    assert visitor.post(UPDATE, json={}).status_code == 401


def test_the_figures_are_those_of_the_books(office: Office, executive: FlaskClient) -> None:
    stories.confirmed(office.session, office.home).pay(stories.PRICE / 4)

    said = drawn(executive).replace("\\u00a0", " ")

    assert "KES 1,000,000.00" in said
    assert "KES 250,000.00" in said
    assert "KES 750,000.00" in said


@pytest.mark.req("S5.47")
def test_figures_of_another_organization_are_not_there(
    office: Office, elsewhere_office: Office, executive: FlaskClient
) -> None:
    stories.confirmed(office.session, office.home)
    theirs = stories.confirmed(elsewhere_office.session, elsewhere_office.home)
    theirs.pay(stories.PRICE / 8)

    said = drawn(executive)
    assert "125,000.00" not in said
    for search in (f"?project={theirs.apartment_id}", "?days=x&project=x&currency=%27"):
        assert "125,000.00" not in drawn(executive, search)


def test_without_projects_it_says_the_next_step(executive: FlaskClient) -> None:
    assert "Nothing to show yet" in drawn(executive)


def test_a_bar_leads_to_its_rows(office: Office, executive: FlaskClient) -> None:
    stories.confirmed(office.session, office.home)

    graphs = json.loads(drawn(executive))["response"]
    links = set(re.findall(r"/admin/(?:booking|apartment)/\?[^\"\\]*", json.dumps(graphs)))

    assert {link.split("/")[2] for link in links} == {"booking", "apartment"}
    for link in links:
        assert executive.get(link).status_code == 200, link
