"""Becoming a member by a link, and a customer by being invited to buy."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.organizations import Invitation, Membership
from models.people import Party
from services import people
from tests import make
from tests.views.conftest import Office


def invited(admin: FlaskClient, email: str, role: str = "Buyer") -> str:
    """Invite somebody; gives the path of the link."""
    given = {"email": email, "roles": [role]}
    page = admin.post("/admin/member_invitation/add", data=given, follow_redirects=True)
    found = re.search(r"/invitation/[\w-]+", page.get_data(as_text=True))
    assert found
    return found[0]


@pytest.mark.parametrize("known", [True, False])
def test_an_invited_buyer_is_a_customer_and_can_book(
    office: Office,
    admin: FlaskClient,
    known: bool,  # noqa: FBT001
) -> None:
    with office.work() as work:
        project = make.project(work)
        flat = make.apartment(work, project, packages=[make.package(work, project)]).id
        if known:
            people.add(work, "Known Before", email="joins@mail.example")
    link = invited(admin, "Joins@mail.example")
    visitor = office.app.test_client()
    data = {"name": "Amina Njeri", "username": "amina", "password": make.PASSWORD}

    assert visitor.post(link, data=data).status_code == 302
    held = visitor.post(f"/portal/apartments/{flat}/hold")

    assert held.status_code == 302, held.get_data(as_text=True)
    with office.work() as work:
        (name,) = work.session.scalars(
            select(Party.name).where(Party.email == "joins@mail.example")
        ).all()
        assert name == ("Known Before" if known else "Amina Njeri")


def test_a_customer_is_invited_from_their_own_page(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        party_id = people.add(work, "Otieno Okello", email="otieno@mail.example").id
        mute = people.add(work, "No Mail").id

    page = admin.post(f"/admin/party/{party_id}/invite", follow_redirects=True)
    refused = admin.post(f"/admin/party/{mute}/invite", follow_redirects=True)

    assert "/invitation/" in page.get_data(as_text=True)
    assert "no e-mail address" in refused.get_data(as_text=True)
    with office.work() as work:
        row = work.session.scalars(select(Invitation)).one()
        assert (row.party_id, row.roles) == (party_id, ["Buyer"])


def test_a_member_who_is_to_buy_becomes_a_customer(office: Office, admin: FlaskClient) -> None:
    member = office.person("Sales", name="seller")
    with office.work() as work:
        query = select(Membership.id).where(Membership.profile_id == member)
        row_id = work.session.scalars(query).one()

    admin.post(
        f"/admin/membership/{row_id}/change_roles",
        data={"roles": ["Buyer", "Sales"], "active": "1"},
    )

    with office.work() as work:
        again = work.session.get_one(Membership, row_id, populate_existing=True)
        assert again.party_id
        assert "customer" in work.session.get_one(Party, again.party_id).roles
