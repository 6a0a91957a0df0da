"""Who is told what by the relay: followers, those who are named, staff at whose desk it is."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.notices import Notification
from models.organizations import Membership
from services import assignments, files, followers
from services.files import Kept
from tests import make, stories
from tests.stories import Story, unit
from workers import relay


def heard(session: Session, home: UUID) -> dict[UUID, list[str]]:
    """Let the relay tell everybody, and read what each was told."""
    while relay.turn():
        pass
    with unit(session, home) as work:
        told: dict[UUID, list[str]] = {}
        for row in work.session.scalars(select(Notification).order_by(Notification.id)):
            told.setdefault(row.profile_id, []).append(row.message % row.values)
        return told


def staff(session: Session, home: UUID, name: str, *roles: str) -> UUID:
    profile = make.user(db.door(), name)
    with unit(session, home) as work:
        make.member(work, profile, *roles)
    return profile


def written(session: Session, home: UUID, by: UUID, about: UUID, text: str) -> None:
    """Write a comment as somebody of the staff."""
    with seeing(session, Scope(home, profile_id=by, actor=f"user:{by}")):
        work = Work(session, Actor("user", str(by)))
        files.comment(work, "booking", about, text, "B-000001")
        session.commit()


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    """A booking of which nobody has anything left to hear."""
    confirmed = stories.confirmed(session, home)
    heard(session, home)
    return confirmed


def test_whoever_is_named_in_a_comment_is_told_of_it(
    session: Session, home: UUID, story: Story
) -> None:
    grace = staff(session, home, "grace", "Sales")
    otieno = staff(session, home, "otieno", "Accountant")
    guard = staff(session, home, "guard", "Guard")

    written(session, home, grace, story.booking_id, "Paid, @Otieno? And @guard. @grace too.")

    told = heard(session, home)
    assert told == {otieno: ["Grace named you on B-000001: Paid, @Otieno? And @guard. @grace too."]}
    assert guard not in told, "who may not read the record is not told of it"


def test_followers_hear_of_comments_files_and_moves_until_they_leave(
    session: Session, home: UUID, story: Story
) -> None:
    grace = staff(session, home, "grace", "Sales")
    otieno = staff(session, home, "otieno", "Accountant")
    with unit(session, home) as work:
        followers.follow(work, "booking", story.booking_id, [grace, grace])
    written(session, home, otieno, story.booking_id, "The transfer is there.")
    with unit(session, home) as work:
        files.attach(
            work, "booking", story.booking_id, Kept("scan.pdf", "application/pdf", "k", "s", 1)
        )
    story.approve()

    told = heard(session, home)[grace]

    assert told == [
        "Otieno wrote on B-000001: The transfer is there.",
        "The file scan.pdf was put to a record that you follow.",
        "Booking B-000001 moved on. It is now: Under review.",
        "Booking B-000001 moved on. It is now: Approved.",
    ]
    with unit(session, home) as work:
        assert otieno in followers.of(work, "booking", story.booking_id), "who writes follows"
        followers.leave(work, story.booking_id, grace)
    written(session, home, otieno, story.booking_id, "And booked.")
    assert heard(session, home)[grace] == told


def test_whoever_is_given_a_booking_follows_it(session: Session, home: UUID, story: Story) -> None:
    grace = staff(session, home, "grace", "Sales")

    with unit(session, home) as work:
        assignments.assign_to(work, story.booking_id, grace)
        assert followers.of(work, "booking", story.booking_id) == {grace}
        query = select(Membership).where(Membership.profile_id == grace)
        work.session.scalars(query).one().roles = ["Guard", "Executive"]
        work.session.flush()
        assert followers.of(work, "booking", story.booking_id) == {grace}
        assert followers.of(work, "saga", story.booking_id) == set(), "their roles do not read it"
