"""Becoming a member by a link, and a customer by being invited to buy."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core import db
from models.notices import Dispatch
from models.organizations import Invitation, Membership, Profile
from models.people import Party
from services import invitations, people
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


def test_a_link_that_was_shown_does_not_prove_whose_the_address_is(
    office: Office, admin: FlaskClient
) -> None:
    shown = invited(admin, "boss@corp.example", "Sales")
    with office.work() as work:
        dispatch = work.session.scalars(select(Dispatch)).one()
        read = invitations.read(work, dispatch)
        assert read
        mailed = f"/invitation/{read[1]}"
    assert mailed != shown
    data = {"name": "The Boss", "username": "boss", "password": make.PASSWORD}

    assert office.app.test_client().post(shown, data=data).status_code == 302
    assert confirmed(office, "boss@corp.example") is False
    # Joined once: the other link is over, too.
    other = office.app.test_client().post(mailed, data=data | {"username": "boss2"})
    assert other.status_code == 404 or "invitation" in other.get_data(as_text=True).lower()


def test_the_mailed_link_proves_whose_the_address_is(office: Office, admin: FlaskClient) -> None:
    invited(admin, "boss@corp.example", "Sales")
    with office.work() as work:
        read = invitations.read(work, work.session.scalars(select(Dispatch)).one())
        assert read
    data = {"name": "The Boss", "username": "boss", "password": make.PASSWORD}

    joined = office.app.test_client().post(f"/invitation/{read[1]}", data=data)

    assert joined.status_code == 302
    assert confirmed(office, "boss@corp.example") is True


def confirmed(office: Office, email: str) -> bool:
    """Whether the account of an address has shown that it is its owner's."""
    with office.app.app_context():
        door = db.door()
        profile = door.scalars(select(Profile).where(Profile.email == email)).one()
        shown = profile.email_confirmed_at is not None
        door.rollback()
    return shown


@pytest.mark.parametrize("name", ["boss@corp.example", "BOSS@corp.example", "any@thing"])
def test_a_user_name_is_nobody_else_s_address(
    office: Office, admin: FlaskClient, name: str
) -> None:
    link = invited(admin, "joins@mail.example")
    data = {"name": "Amina Njeri", "username": name, "password": make.PASSWORD}

    refused = office.app.test_client().post(link, data=data)

    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert "no e-mail address" in refused.get_data(as_text=True)
