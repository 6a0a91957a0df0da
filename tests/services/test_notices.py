from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from core import db
from core.work import Work
from models.notices import Dispatch, Notification, Priority
from services import notices
from services.notices import Notice
from tests import make
from tests.doubles.running import running
from tests.stories import unit
from workers import mail

pytestmark = pytest.mark.req("S2.02")
WELCOME = Notice("Booking %(number)s is approved.", "test:1", {"number": "B-1"}, "/portal/")


@pytest.fixture
def people(work: Work) -> list[UUID]:
    """An administrator, a member of the sales staff, and a customer with a party."""
    profiles = [make.user(db.door()) for _ in range(3)]
    party = make.party(work)
    for profile, role in zip(profiles, ("Admin", "Sales", "Buyer"), strict=True):
        party_id = party.id if role == "Buyer" else None
        make.member(work, profile, role, party_id=party_id)
    return [*profiles, party.id]


def told(work: Work) -> list[UUID]:
    return list(work.session.scalars(select(Notification.profile_id)))


def mails(work: Work) -> list[str]:
    return list(work.session.scalars(select(Dispatch.address).order_by(Dispatch.address)))


def test_whoever_is_told_twice_is_told_once(work: Work, people: list[UUID]) -> None:
    assert notices.notify(work, people[:2], WELCOME) == 2
    assert notices.notify(work, people[:2], WELCOME) == 0
    assert len(told(work)) == len(mails(work)) == 2


def test_a_role_and_a_party_are_told_through_their_members(work: Work, people: list[UUID]) -> None:
    admin, _, buyer, party = people
    notices.notify_roles(work, ["Admin"], WELCOME)
    notices.notify_party(work, party, WELCOME)
    assert set(told(work)) == {admin, buyer}


def test_mail_goes_only_to_whoever_wants_it_and_for_what_matters(
    work: Work, people: list[UUID], superuser: Engine
) -> None:
    with superuser.connect() as door:
        quiet = text("UPDATE profile SET email_notices = false WHERE id = :id")
        door.execute(quiet, {"id": people[0]})
    notices.notify(work, people[:2], WELCOME)
    notices.notify(work, people[:2], Notice("x", "test:2", priority=Priority.low))
    assert (len(told(work)), len(mails(work))) == (4, 1)


def test_what_is_read_or_over_is_forgotten_in_time(work: Work, people: list[UUID]) -> None:
    notices.notify(work, people[:3], WELCOME)
    first = work.session.scalars(select(Notification.id)).first()
    assert first
    notices.mark_read(work, first)
    notices.mark_all_read(work, people[1])
    assert notices.clean(work) == 0
    assert notices.clean(work.at(work.now + timedelta(days=91))) == 3
    assert told(work) == []


@pytest.fixture
def post(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A mail server that keeps what it gets."""
    options = ("--port", "0", "--http-port", "0")
    with running("doubles.mail", tmp_path, *options) as (addresses, _):
        kept = app.config["SMTP_URL"]
        app.config["SMTP_URL"] = next(each for each in addresses if each.startswith("smtp"))
        yield tmp_path
        app.config["SMTP_URL"] = kept


def test_a_mail_is_sent_once_in_the_language_of_its_reader(
    session: Session, work: Work, people: list[UUID], post: Path
) -> None:
    notices.notify(work, people[:1], WELCOME)
    work.session.commit()
    mail.dispatch_due()
    mail.dispatch_due()

    with unit(session, work.scope.home()) as again:
        sent = again.session.scalars(select(Dispatch)).one()
        assert (sent.attempts, sent.failed_at) == (1, None)
        assert sent.sent_at
    assert any(post.rglob("*"))


def test_a_mail_server_that_is_away_is_tried_later_and_given_up_in_the_end(
    app: Flask, work: Work, people: list[UUID]
) -> None:
    kept, app.config["SMTP_URL"] = app.config["SMTP_URL"], "smtp://127.0.0.1:1"
    notices.notify(work, people[:1], WELCOME)
    work.session.commit()
    for _ in range(len(notices.AGAIN) + 1):
        mail.dispatch_due()
        work.session.execute(text("UPDATE dispatch SET due_at = now()"))
        work.session.commit()
    app.config["SMTP_URL"] = kept

    row = work.session.scalars(select(Dispatch)).one()
    assert row.failed_at
    assert "cannot be reached" in row.last_error


def test_an_address_that_is_none_is_given_up_at_once(
    work: Work, people: list[UUID], post: Path
) -> None:
    notices.notify(work, people[:1], WELCOME)
    work.session.execute(text("UPDATE dispatch SET address = 'nobody'"))
    work.session.commit()
    mail.dispatch_due()
    assert work.session.scalars(select(Dispatch.failed_at)).one()
