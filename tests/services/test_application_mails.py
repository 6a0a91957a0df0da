"""Applicants are written to, though they have no sign-in: the link, what is missing, why not."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from core import db
from core.work import Work
from models.events import Event
from models.notices import Dispatch
from models.onboarding import ApplicantRole, Application
from services import application_mails, notices, onboarding
from tests import make
from tests.onboarding import begun, checked, go_on, handed_in, open_to_all, written
from workers import letters, mail
from workers import onboarding as jobs

pytestmark = pytest.mark.req("S2.07")


def mails(work: Work) -> dict[str, Dispatch]:
    """The mails about applications, by what they are about."""
    query = select(Dispatch).where(Dispatch.application_id.isnot(None)).order_by(Dispatch.id)
    return {each.about: each for each in work.session.scalars(query)}


def told(work: Work, kind: str, do: Callable[[Work, Event], object]) -> None:
    """Let a listener hear the newest fact of a kind."""
    query = select(Event).where(Event.type == kind).order_by(Event.id.desc())
    do(work, work.session.scalars(query.limit(1)).one())


def text_of(app: Flask, work: Work, about: str) -> str:
    letter = mail._letter(work, mails(work)[about])
    assert letter
    with app.test_request_context():
        return letters.written(letter, "<1@example.org>").text


def test_who_is_invited_and_has_an_address_gets_the_link(app: Flask, work: Work) -> None:
    row = Application(role=ApplicantRole.vendor, name="Safi Ltd", email="Office@safi.example")
    code = onboarding.invite(work, row)

    assert mails(work)["invited"].address == "office@safi.example"
    assert f"/application/{code}" in text_of(app, work, "invited")
    assert code not in str(work.session.execute(text("SELECT locked FROM dispatch")).all())
    notices.sent(work, Dispatch, mails(work)["invited"].id)
    assert mails(work)["invited"].locked == ""


def test_who_applies_at_the_open_form_gets_the_link_when_they_hand_it_in(
    app: Flask, work: Work
) -> None:
    address = open_to_all(work)
    work.session.commit()
    code = onboarding.begin(work, address, ApplicantRole.customer)
    assert mails(work) == {}
    written(work, code)
    onboarding.submit(work, code, "")
    application_mails.received(work, code)

    assert work.session.scalar(select(func.count()).select_from(Dispatch)) == 1
    said = text_of(app, work, "received")
    assert f"/application/{code}" in said
    assert "APP-000001" in said


def test_what_is_missing_and_why_not_is_written_to_who_has_no_sign_in(
    app: Flask, work: Work
) -> None:
    application_id = handed_in(work)
    checked(work, application_id, "unclear", "passed")
    onboarding.ask_more(work, application_id, "The picture is dark. Send another.")
    told(work, "application.status_changed", jobs.moved)
    said = text_of(app, work, "more_asked")
    assert "The picture is dark." in said
    assert "Hello Achieng Were," in said

    onboarding.reject(work, application_id, "The paper is somebody else's.")
    told(work, "application.status_changed", jobs.moved)
    assert mail._letter(work, mails(work)["more_asked"]) is None
    go_on(work, application_id)
    told(work, "customer.rejected", jobs.rejected)
    assert "The paper is somebody else" in text_of(app, work, "rejected")


def test_who_signs_in_already_is_told_there_alone(work: Work) -> None:
    application_id = handed_in(work)
    row = checked(work, application_id, "unclear", "passed")
    profile = make.user(db.door())
    make.member(work, profile, "Buyer", party_id=row.party_id)
    onboarding.ask_more(work, application_id, "The picture is dark.")
    told(work, "application.status_changed", jobs.moved)

    assert "more_asked" not in mails(work)


@pytest.mark.parametrize(
    "about", ["NULL, 'received'", "(SELECT id FROM application), ''"], ids=["nothing", "no words"]
)
def test_a_mail_is_about_one_thing(work: Work, about: str) -> None:
    begun(work)
    columns = "id, organization_id, application_id, about, channel, address, due_at, created_at"
    rest = "'email', 'x@y.example', now(), now(), '{}' FROM organization"
    insert = (
        f"INSERT INTO dispatch ({columns}, custom) SELECT gen_random_uuid(), id, {about}, {rest}"
    )
    with pytest.raises(DBAPIError), work.session.begin_nested():
        work.session.execute(text(insert))
