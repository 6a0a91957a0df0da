import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from core import db
from core.work import Work
from models.bookings import BookingStatus
from models.events import Event, ScheduledRun
from models.notices import Notification
from tests import make, stories
from tests.stories import unit
from workers import bookings, relay, scheduler
from workers.schedule import SCHEDULE, Entry

pytestmark = pytest.mark.req("S2.04")


def entry(ran: list[int], every: timedelta = timedelta(days=1)) -> Entry:
    return Entry("a test", every, lambda: ran.append(1))


def test_a_due_time_is_run_once_however_many_schedulers_there_are(
    app: Flask, session: Session, home: UUID
) -> None:
    ran: list[int] = []

    def one() -> None:
        with app.app_context():
            scheduler.run_once(entry(ran))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ran == [1]


def test_after_an_outage_it_runs_once_for_all_that_was_missed(
    superuser: Engine, session: Session
) -> None:
    ran: list[int] = []
    assert scheduler.run_once(entry(ran))
    with superuser.connect() as door:
        door.execute(text("UPDATE scheduled_run SET due_at = due_at - interval '9 days'"))
    assert scheduler.run_once(entry(ran))
    assert not scheduler.run_once(entry(ran))
    assert ran == [1, 1]


def test_what_failed_or_died_is_run_again_after_a_while(
    superuser: Engine, session: Session
) -> None:
    ran: list[int] = []

    def breaks() -> None:
        ran.append(1)
        raise RuntimeError("broken")

    broken = Entry("a test", timedelta(days=1), breaks)
    scheduler.run_once(broken)
    assert not scheduler.run_once(broken)
    with superuser.connect() as door:
        door.execute(text("UPDATE scheduled_run SET started_at = now() - interval '11 minutes'"))
    assert scheduler.run_once(entry(ran))
    assert session.scalars(select(ScheduledRun.error)).all() == [""]
    assert session.scalar(select(func.count()).where(ScheduledRun.finished_at.is_not(None))) == 1


def test_due_times_are_the_same_for_everybody() -> None:
    daily = Entry("x", timedelta(days=1), int, at=timedelta(hours=2))
    day = datetime(2026, 3, 1, tzinfo=UTC)
    assert daily.due(day + timedelta(hours=1, minutes=59)) == day - timedelta(hours=22)
    assert daily.due(day + timedelta(hours=2)) == day + timedelta(hours=2)


def test_what_was_run_is_not_asked_about_at_every_turn() -> None:
    asked: dict[str, tuple[datetime, datetime]] = {}
    minutely = Entry("x", timedelta(minutes=1), int)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    seconds = (0, 1, 29, 31, 32, 60, 61)

    turns = [scheduler.to_ask(minutely, asked, noon + timedelta(seconds=each)) for each in seconds]

    assert turns == [True, False, False, True, False, True, False]


def test_the_page_names_each_entry_once() -> None:
    assert len({each.name for each in SCHEDULE}) == len(SCHEDULE)


@pytest.mark.parametrize("each", SCHEDULE, ids=lambda each: each.name)
def test_everything_on_the_page_runs_and_twice_does_no_harm(
    each: Entry, work: Work, app: Flask, tmp_path: object
) -> None:
    app.config["DATA"] = str(tmp_path)
    make.project(work)
    work.session.commit()
    each.run()
    each.run()


@pytest.mark.req("S3.47", "S3.40")
def test_a_hold_frees_itself_and_the_first_in_line_hears_of_it(
    session: Session, home: UUID, superuser: Engine
) -> None:
    from services import bookings as rules  # noqa: PLC0415

    story = stories.held(session, home)
    waiting = make.user(db.door())
    with unit(session, home) as work:
        party = make.party(work)
        rules.join_waiting_list(work, story.apartment_id, party.id)
        make.member(work, waiting, "Buyer", party_id=party.id)
    with superuser.connect() as door:
        door.execute(text("UPDATE booking SET hold_until = now() WHERE hold_until IS NOT NULL"))
    bookings.expire_holds()
    while relay.turn():
        pass

    assert story.booking().status is BookingStatus.expired
    with unit(session, home) as work:
        assert work.session.scalars(select(Notification.profile_id)).all() == [waiting]
        assert work.session.scalar(select(func.count()).where(Event.type == "booking.expired")) == 1


def test_a_buyer_is_reminded_once_that_a_hold_ends(session: Session, home: UUID) -> None:
    story = stories.held(session, home, hold_minutes=10)
    buyer = make.user(db.door())
    with unit(session, home) as work:
        make.member(work, buyer, "Buyer", party_id=story.customer_id)
    bookings.remind()
    bookings.remind()
    with unit(session, home) as work:
        said = work.session.scalars(select(Notification.message)).all()
        assert len(said) == 1


@pytest.mark.req("S3.48", "S3.25")
def test_paid_and_approved_the_relay_makes_the_customer_the_owner(
    session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    story.pay()
    story.approve()
    while relay.turn():
        pass
    with unit(session, home) as work:
        assert work.session.scalar(text("SELECT count(*) FROM apartment_owner")) == 1
        parked = text("SELECT count(*) FROM delivery WHERE done_at IS NULL")
        assert work.session.scalar(parked) == 0
