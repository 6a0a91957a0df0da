"""Applying on the web without a sign-in, deciding as a manager and as an owner, and one's data."""

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from core import db
from models.estate import Ownership
from models.onboarding import (
    ApplicantRole,
    Application,
    ApplicationStatus,
    Identifier,
)
from models.people import Party, PartyStatus
from services import estate, onboarding
from tests import make
from tests.onboarding import (
    DETAILS,
    begun,
    checked,
    go_on,
    handed_in,
    open_to_all,
    picture,
    written,
)
from tests.views.conftest import Office

pytestmark = pytest.mark.req("S2.05", "S2.06", "S2.07", "S1.01", "S1.09")
HOSTILE = {
    "a page": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>",
    "a program": b"MZ\x90\x00",
    "nothing": b"",
    "a table": b"a,b\n1,2\n",
}


def sent(content: bytes, name: str = "card.png", **more: str) -> dict[str, object]:
    return {"paper": (io.BytesIO(content), name), **more}


def application(office: Office) -> Application:
    with office.work() as work:
        row = work.session.scalars(select(Application).order_by(Application.id.desc())).first()
        assert row
        work.session.refresh(row)
        work.session.expunge(row)
        return row


@pytest.mark.req("S1.08")
def test_anybody_applies_at_the_open_form_and_sees_how_it_stands(
    app: Flask, office: Office
) -> None:
    with office.work() as work:
        address = open_to_all(work)
    visitor = app.test_client()
    assert visitor.get(f"/apply/{address}").status_code == 200
    assert visitor.post(f"/apply/{address}", data={"role": "king"}).status_code == 422
    opened = visitor.post(f"/apply/{address}", data={"role": "customer"})
    first = opened.headers["Location"]
    assert re.fullmatch(r"/application/[\w-]{20,}/details", first)
    wrong = visitor.post(first, data={**DETAILS, "phone": "12", "email": "x"})
    assert wrong.status_code == 422
    assert wrong.text.count('aria-invalid="true"') == 2
    assert "Palm Road" in wrong.text

    following = visitor.post(first, data=DETAILS).headers["Location"]
    assert following.endswith("/contacts")
    assert (
        visitor.post(following, data={"contact_name": "x", "contact_phone": ""}).status_code == 422
    )
    lines = {"contact_name": ["Otieno", ""], "contact_phone": ["0722 000 000", ""]}
    papers = visitor.post(following, data=lines).headers["Location"]
    early = visitor.post(papers.replace("papers", "consent"), data={"agreed": "1"})
    assert early.status_code == 422
    for content in HOSTILE.values():
        assert visitor.post(papers, data=sent(content)).status_code == 422
    assert visitor.post(papers, data=sent(picture(), more="1")).headers["Location"] == papers
    assert "card.png" in visitor.get(papers).text
    consent = visitor.post(papers, data={}).headers["Location"]
    assert visitor.post(consent, data={}).status_code == 422
    state = visitor.post(consent, data={"agreed": "1"}).headers["Location"]

    shown = visitor.get(state).text
    assert "Handed in" in shown
    assert "23456789" not in visitor.get(state).text
    row = application(office)
    assert (row.status, row.email) == (ApplicationStatus.submitted, DETAILS["email"])
    assert visitor.get(first).headers["Location"] == state
    stranger = app.test_client()
    assert stranger.get("/application/not-the-secret").status_code == 410
    assert visitor.post(f"{state}/withdraw").status_code == 302
    assert application(office).status is ApplicationStatus.withdrawn


def test_who_is_invited_takes_a_paper_back_and_writes_on_later(
    app: Flask, office: Office, admin: FlaskClient
) -> None:
    given = {"role": "vendor", "name": "Bahari Plumbing", "email": "hello@bahari.example"}
    assert admin.post("/admin/application/add", data=given).status_code == 302
    link = re.search(r"/application/[\w-]{20,}", admin.get("/admin/application/").text)
    assert link
    visitor = app.test_client()
    assert "Bahari Plumbing" in visitor.get(f"{link[0]}/details").text
    visitor.post(f"{link[0]}/papers", data=sent(picture()))
    remove = re.search(r'action="([^"]*/remove)"', visitor.get(f"{link[0]}/papers").text)
    assert remove
    visitor.post(remove[1])
    assert "/remove" not in visitor.get(f"{link[0]}/papers").text


def test_a_manager_sees_both_checks_side_by_side_and_decides(
    office: Office, admin: FlaskClient
) -> None:
    with office.work() as work:
        application_id = handed_in(work)
        checked(work, application_id, "passed", "unclear")
    page = f"/admin/application/{application_id}"

    shown = admin.get(page).text

    assert shown.index("Passed") < shown.index("Unclear")
    assert admin.get("/admin/application/board").status_code == 200
    assert "23456789" not in shown
    admin.post(f"{page}/reject", data={"reason": ""})
    assert application(office).status is ApplicationStatus.ready
    admin.post(f"{page}/ask_more", data={"asked": "A sharper picture"})
    assert application(office).status is ApplicationStatus.more_asked
    admin.post(f"{page}/reject", data={"reason": "Nothing came"})
    with office.work() as work:
        row = go_on(work, application_id)
        assert row.status is ApplicationStatus.rejected


def test_an_owner_decides_who_lives_in_the_unit_and_nobody_else_does(
    office: Office,
) -> None:
    with office.work() as work:
        unit, owner, other = make.unit(work), make.party(work), make.party(work)
        own = Ownership(unit_id=unit.id, party_id=owner.id, share_parts=1, share_of=1)
        own.since = work.now.date() - timedelta(days=9)
        estate.own(work, own)
        code = begun(work, ApplicantRole.resident, unit_id=unit.id)
        written(work, code)
        onboarding.submit(work, code, "")
        work.session.expire_all()
        row = work.session.scalars(select(Application)).one()
        checked(work, row.id, "passed", "passed")
        assert row.owner_id == owner.id
        party_id, application_id, owner_id, other_id = row.party_id, row.id, owner.id, other.id
    mine = office.browser_of(office.person("Owner", party_id=owner_id))
    theirs = office.browser_of(office.person("Owner", party_id=other_id))
    page = "/portal/applications"

    assert DETAILS["name"] not in theirs.get(page).text
    theirs.post(f"{page}/{application_id}/approve")
    assert application(office).status is ApplicationStatus.ready
    assert DETAILS["name"] in mine.get(page).text
    mine.post(f"{page}/{application_id}/reject", data={"reason": " "})
    assert application(office).status is ApplicationStatus.ready
    mine.post(f"{page}/{application_id}/approve")

    with office.work() as work:
        go_on(work, application_id)
        assert party_id
        assert work.session.get_one(Party, party_id).status is PartyStatus.active


@pytest.mark.req("S5.58", "S5.59")
def test_a_look_at_a_number_is_shown_to_the_person(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        application_id = handed_in(work)
        row = checked(work, application_id, "passed", "passed")
        onboarding.approve(work, application_id)
        go_on(work, application_id)
        number, party_id = work.session.scalars(select(Identifier.id)).one(), row.party_id
    sales = office.browser("Sales")
    assert sales.post(f"/admin/party_identifier/{number}/reveal").status_code == 403
    assert "23456789" not in admin.get(f"/admin/party_identifier/{number}").text
    mine = office.browser_of(office.person("Buyer", party_id=party_id))
    assert "Nobody has looked" in mine.get("/portal/data").text

    shown = admin.post(f"/admin/party_identifier/{number}/reveal", follow_redirects=True).text

    assert "23456789" in shown
    told = mine.get("/portal/data").text
    assert "Nobody has looked" not in told
    assert "\N{BULLET}789" in told


@pytest.mark.req("S5.47")
def test_the_secret_of_a_link_opens_one_application_and_no_table(
    app: Flask, office: Office
) -> None:
    with office.work() as work:
        begun(work)
        handed_in(work)
    with app.app_context():
        session = db.session()
        for table in ("application", "application_check", "party_identifier", "party", "party_kyc"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608
        session.rollback()
