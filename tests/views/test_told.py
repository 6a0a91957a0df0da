"""What people are told: links that open, words in their language, mails with a way in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import Model
from sqlalchemy import Engine, select, text

from core import db
from doubles.mail.box import Box
from models.events import AuditEntry
from models.files import Follower
from models.notices import Dispatch, Notification
from models.organizations import Invitation, Membership
from models.payments import PaymentIntent, Refund
from services import booking_ends, bookings, events, refunds
from services.payments import Outcome
from tests import make, stories
from tests.doubles.running import running
from tests.stories import unit
from tests.views.conftest import Office
from views.admin import audit_labels, labels, timeline
from workers import mail, relay, sagas


@contextmanager
def machines(app: Flask) -> Iterator[None]:
    """Work as the jobs do."""
    db.use(app, "jobs")
    with app.app_context():
        yield
    db.use(app, "web")


def heard(app: Flask) -> None:
    with machines(app):
        while relay.turn():
            pass


def test_what_staff_are_told_leads_to_pages_that_open(app: Flask, office: Office) -> None:
    session, home = office.session, office.home
    everybody = office.person("Admin", "Sales", "Accountant")
    story = stories.confirmed(session, home)
    story.pay()
    heard(app)
    with unit(session, home) as work:
        booking_ends.reject(work, story.booking_id, "no papers")
    with machines(app):
        sagas.advance_due()
    heard(app)
    with unit(session, home) as work:
        refund_id = work.session.scalars(select(Refund.id)).one()
        refunds.settled(work, refund_id, Outcome("failed", reason="The account is closed."))
    heard(app)
    with machines(app):
        sagas.advance_due()
    heard(app)

    with unit(session, home) as work:
        mine = select(Notification.link).where(Notification.profile_id == everybody)
        links = set(work.session.scalars(mine))
    browser = office.browser_of(everybody)
    assert {each.split("/")[2] for each in links} == {"booking", "refund", "saga"}
    assert {each: browser.get(each).status_code for each in links} == dict.fromkeys(links, 200)


@pytest.fixture
def post(app: Flask, tmp_path: Path) -> Iterator[Box]:
    """A mail server that keeps what it gets."""
    options = ("--port", "0", "--http-port", "0")
    with running("doubles.mail", tmp_path, *options) as (addresses, _):
        kept = app.config["SMTP_URL"]
        app.config["SMTP_URL"] = next(each for each in addresses if each.startswith("smtp"))
        yield Box(next(tmp_path.rglob("mail.sqlite3")).parent)
        app.config["SMTP_URL"] = kept


def mails(app: Flask, post: Box) -> list[dict[str, str]]:
    with machines(app):
        mail.dispatch_due()
        mail.dispatch_due()
    found = [post.one(each["id"]) for each in post.newest("", 50, 0)["mails"]]
    return [each for each in found if each]


def test_an_invitation_comes_by_mail_and_opens_once(
    app: Flask, office: Office, admin: FlaskClient, post: Box
) -> None:
    given = {"email": "wanjiku@example.org", "roles": ["Sales"]}
    assert admin.post("/admin/member_invitation/add", data=given).status_code == 302

    (letter,) = mails(app, post)

    found = re.search(r"(/invitation/\S+)", letter["text"])
    assert found
    assert "invites you" in letter["subject"]
    visitor = app.test_client()
    account = {"name": "Wanjiku", "username": "wanjiku", "password": make.PASSWORD}
    assert visitor.post(found[1], data=account).status_code == 302
    assert visitor.post(found[1], data=account).status_code == 410
    with office.work() as work:
        assert work.session.scalars(select(Dispatch.locked)).one() == "", "the code is forgotten"
        query = select(Membership.roles).where(Membership.roles == ["Sales"])
        assert work.session.scalars(query).one() == ["Sales"]


def test_an_invitation_that_was_withdrawn_is_not_sent(
    app: Flask, office: Office, admin: FlaskClient, post: Box
) -> None:
    given = {"email": "wanjiku@example.org", "roles": ["Sales"]}
    admin.post("/admin/member_invitation/add", data=given)
    with office.work() as work:
        invitation = work.session.scalars(select(Invitation.id)).one()
    admin.post(f"/admin/member_invitation/{invitation}/withdraw")

    assert mails(app, post) == []
    with office.work() as work:
        row = work.session.scalars(select(Dispatch)).one()
        assert (row.locked, row.last_error) == ("", "it opens nothing any more")


def test_a_mail_and_a_notice_speak_the_language_of_who_reads(
    app: Flask, office: Office, superuser: Engine, post: Box
) -> None:
    story = stories.confirmed(office.session, office.home)
    buyer = office.person("Buyer", party_id=story.customer_id)
    with superuser.connect() as door:
        door.execute(text("UPDATE profile SET locale = 'fr' WHERE id = :id"), {"id": buyer})
    with office.work() as work:
        bookings.submit(work, story.booking_id)
    heard(app)

    subjects = [each["subject"] for each in mails(app, post)]

    said = "La réservation B-000001 a avancé. Elle est maintenant : En cours d'examen."
    assert said in [each.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for each in subjects]
    page = office.browser_of(buyer).get("/notices/").get_data(as_text=True)
    assert "La réservation B-000001 a avancé." in page
    assert "Under review" not in page


def test_a_record_is_followed_and_left_from_its_page(office: Office) -> None:
    with office.work() as work:
        party_id = make.party(work).id
    sales = office.browser("Sales")
    where = f"/admin/party/{party_id}"

    sales.post(f"{where}/follow")
    sales.post(f"{where}/follow")
    page = sales.get(where).get_data(as_text=True)
    with office.work() as work:
        following = len(work.session.scalars(select(Follower.id)).all())
    sales.post(f"{where}/follow?leave=1")

    assert following == 1
    assert f"{where}/follow?leave=1" in page
    with office.work() as work:
        assert work.session.scalars(select(Follower.id)).all() == []
    assert office.browser("Buyer").post(f"{where}/follow").status_code == 403


def test_every_fact_is_told_in_words() -> None:
    """The timeline of a record falls back to the fact's own type: nobody should ever read that."""
    assert set(events.CATALOGUE) - set(timeline.SAID) == set()


def test_a_refund_that_nobody_sends_waits_for_the_accountant(app: Flask, office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    story.pay()
    with unit(office.session, office.home) as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    with machines(app):
        sagas.advance_due()
    accountant = office.browser("Accountant")
    with unit(office.session, office.home) as work:
        (refund_id,) = work.session.scalars(select(Refund.id))
        number = work.session.scalars(select(PaymentIntent.number)).one()

    home = accountant.get("/home/").get_data(as_text=True)
    record = accountant.get(f"/admin/refund/{refund_id}").get_data(as_text=True)
    accountant.post(f"/admin/refund/{refund_id}/settle", data={})

    assert f"Pay back by hand: {number}" in home
    assert f"<h1>Refund of {number}</h1>" in record
    assert "Pay back by hand" not in accountant.get("/home/").get_data(as_text=True)


def test_every_column_that_the_audit_trail_tells_of_has_a_name() -> None:
    named = {*labels.LABELS, *audit_labels.AUDITED}
    bare = {
        column.name
        for table in Model.metadata.tables.values()
        for column in table.columns
        if not table.name.startswith("ab_")
        if column.name not in audit_labels.TECHNICAL
        if not {column.name, column.name.removesuffix("_id")} & named
    }

    assert bare == set()


def test_an_audit_entry_tells_what_was_and_what_became_in_words(office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    with unit(office.session, office.home) as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
        entry = work.session.scalars(
            select(AuditEntry.id)
            .where(
                AuditEntry.row_id == story.booking_id,
                AuditEntry.changed.contains(["status"]),
            )
            .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        ).first()

    page = office.browser("Auditor").get(f"/admin/audit_entry/{entry}").get_data(as_text=True)

    assert "Status: In progress" in page
    assert "Status: Cancelled" in page
    assert "flow_version" not in page
