"""Who approves: rules that administrators change, and a database that counts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from core import db
from core.db import broken_constraint
from core.errors import BadInput, Refused
from core.flow import Flow
from core.work import Actor, Work
from models.approvals import Approval, ApprovalRule, ApprovalStatus
from models.billing import INVOICE_FLOW
from models.bookings import BOOKING_FLOW, Booking, BookingStatus
from models.events import Event
from models.leasing import LEASE_FLOW
from models.notices import Notification
from models.periods import PERIOD_FLOW
from services import approval_rules, approvals, booking_ends, bookings
from services.approval_rules import GOVERNED, FirstRuleStays, RuleInForce
from services.approvals import ApprovedAlready, NotYourOwn, NotYours
from tests import make
from tests.services.test_races import AT_ONCE, race
from tests.stories import PRICE, Story, confirmed
from workers import approvals as desk
from workers.jobs import Desk

pytestmark = pytest.mark.req("S3.14", "S3.40")
APPROVE = "booking.approve"


def rule(work: Work, above: Decimal = Decimal(0)) -> ApprovalRule:
    query = select(ApprovalRule).where(
        ApprovalRule.governs == APPROVE,
        ApprovalRule.until_version.is_(None),
        ApprovalRule.above == above,
    )
    return work.session.scalars(query).one()


def require(work: Work, *roles: str, needed: int = 1, **more: object) -> ApprovalRule:
    """Change the rule for every amount."""
    given = {"separate": False, "remind_hours": 0, "lapse_hours": 0} | more
    return approval_rules.change(work, rule(work).id, roles, needed, **given)  # type: ignore[arg-type]


def member(story: Story, *roles: str) -> UUID:
    profile_id = make.user(db.door())
    with story.work() as work:
        make.member(work, profile_id, *roles)
    return profile_id


def as_member(work: Work, profile_id: UUID) -> Work:
    return replace(
        work,
        actor=Actor("user", str(profile_id)),
        scope=replace(work.scope, profile_id=profile_id),
    )


def approve(story: Story, profile_id: UUID) -> BookingStatus:
    with story.work() as work:
        return bookings.approve(as_member(work, profile_id), story.booking_id).status


def submit(story: Story, profile_id: UUID | None = None) -> None:
    with story.work() as work:
        bookings.submit(as_member(work, profile_id) if profile_id else work, story.booking_id)


def test_every_governed_move_has_a_name_and_a_first_rule(work: Work) -> None:
    flows: dict[str, Flow[Any]] = {
        "booking": BOOKING_FLOW,
        "invoice": INVOICE_FLOW,
        "lease": LEASE_FLOW,
        "ledger_period": PERIOD_FLOW,
    }
    governed = {f"{name}.{move}" for name, flow in flows.items() for move in flow.governed}

    assert set(GOVERNED) == governed
    assert set(work.session.scalars(select(ApprovalRule.governs))) == governed


def test_two_of_them_have_to_approve(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", "Executive", needed=2)
    story = confirmed(session, home)
    first, second = member(story, "Manager"), member(story, "Executive")
    submit(story)

    assert approve(story, first) is BookingStatus.under_review
    with pytest.raises(ApprovedAlready):
        approve(story, first)
    assert approve(story, second) is BookingStatus.approved


def test_only_whom_the_rule_names_approves(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Executive")
    story = confirmed(session, home)
    submit(story)

    with pytest.raises(NotYours) as refusal:
        approve(story, member(story, "Manager"))
    assert "Executive" in str(refusal.value)
    assert approve(story, member(story, "Executive")) is BookingStatus.approved


def test_whoever_asks_does_not_approve_where_the_rule_says_so(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", separate=True)
    story = confirmed(session, home)
    asker = member(story, "Manager")
    submit(story, asker)

    with pytest.raises(NotYourOwn):
        approve(story, asker)
    assert approve(story, member(story, "Manager")) is BookingStatus.approved


def test_what_is_under_way_keeps_the_rule_it_began_with(session: Session, home: UUID) -> None:
    before = confirmed(session, home)
    with before.work() as work:
        require(work, "Executive", needed=2)
    after = confirmed(session, home)
    manager = member(before, "Manager")
    submit(before)
    submit(after)

    assert (before.booking().flow_version, after.booking().flow_version) == (1, 2)
    assert approve(before, manager) is BookingStatus.approved
    with pytest.raises(NotYours):
        approve(after, manager)


def test_a_larger_amount_has_a_rule_of_its_own(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        for above, roles in ((PRICE, ["Executive"]), (PRICE * 2, ["Auditor"])):
            approval_rules.add(
                work,
                ApprovalRule(
                    organization_id=home,
                    governs=APPROVE,
                    above=above,
                    currency="KES",
                    roles=roles,
                ),
            )
    story = confirmed(session, home)
    submit(story)

    with pytest.raises(NotYours):
        approve(story, member(story, "Manager"))
    assert approve(story, member(story, "Executive")) is BookingStatus.approved


def test_nobody_is_asked_where_the_rule_asks_nobody(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", needed=0)
    story = confirmed(session, home)

    submit(story)

    assert story.booking().status is BookingStatus.approved


def test_another_total_is_approved_anew(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", needed=2)
    story = confirmed(session, home, price_locked_from="approved")
    first, second = member(story, "Manager"), member(story, "Manager")
    submit(story)
    approve(story, first)
    with story.work() as work:
        work.session.get_one(Booking, story.booking_id).base_price = PRICE + 1

    assert approve(story, second) is BookingStatus.under_review
    assert approve(story, first) is BookingStatus.approved


def test_a_rejected_booking_is_not_waited_for(session: Session, home: UUID) -> None:
    story = confirmed(session, home)
    submit(story)
    with story.work() as work:
        booking_ends.reject(work, story.booking_id, "no papers")
        states = work.session.scalars(select(Approval.status)).all()

    assert states == [ApprovalStatus.withdrawn]


def test_the_database_alone_refuses_what_nobody_approved(session: Session, home: UUID) -> None:
    story = confirmed(session, home)
    sales = member(story, "Sales")
    submit(story)

    with story.work() as work:
        for sql in (
            "UPDATE booking SET status = 'approved'",
            (
                "INSERT INTO approval_decision (id, organization_id, approval_id, profile_id,"
                " actor, roles, decided_at) SELECT gen_random_uuid(), organization_id, id,"
                " CAST(:sales AS uuid), 'x', '{Manager}', now() FROM approval"
            ),
        ):
            with pytest.raises(ProgrammingError, match="approve"), work.session.begin_nested():
                work.session.execute(text(sql), {"sales": sales})


def test_a_question_cannot_be_answered_by_writing_that_it_was(session: Session, home: UUID) -> None:
    story = confirmed(session, home)
    submit(story)

    with story.work() as work, pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        work.session.execute(text("UPDATE approval SET status = 'given', closed_at = now()"))
    assert broken_constraint(breach.value) == "approval_needs_more"


def test_rules_are_ended_and_never_changed(work: Work) -> None:
    for change in ("needed = 0", "roles = '{Sales}'", "until_version = 9, since_version = 8"):
        with pytest.raises(IntegrityError), work.session.begin_nested():
            work.session.execute(text(f"UPDATE approval_rule SET {change}"))  # noqa: S608


def test_the_rule_for_every_amount_stays(work: Work) -> None:
    with pytest.raises(FirstRuleStays):
        approval_rules.end(work, rule(work).id)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"above": Decimal(5)}, BadInput),
        ({"above": Decimal("5.001"), "currency": "KES"}, Refused),
        ({"above": Decimal(0)}, RuleInForce),
        ({"above": Decimal(5), "currency": "KES", "governs": "booking.cancel"}, BadInput),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    work: Work, given: dict[str, object], refusal: type[Refused]
) -> None:
    row = ApprovalRule(
        **{"governs": APPROVE, "roles": ["Manager"]} | given, organization_id=work.scope.home()
    )

    with pytest.raises(refusal):
        approval_rules.add(work, row)


def test_ending_a_rule_lets_the_smaller_one_count(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        row = ApprovalRule(
            organization_id=home, governs=APPROVE, above=PRICE, currency="KES", roles=["Executive"]
        )
        approval_rules.add(work, row)
        approval_rules.end(work, row.id)
    story = confirmed(session, home)
    submit(story)

    assert approve(story, member(story, "Manager")) is BookingStatus.approved


def test_many_who_approve_at_once_are_counted_right(
    app: Flask, session: Session, home: UUID
) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", needed=3)
    story = confirmed(session, home)
    people = [member(story, "Manager") for _ in range(AT_ONCE)]
    submit(story)
    free = iter(people)

    race(app, home, lambda work: bookings.approve(as_member(work, next(free)), story.booking_id))

    assert story.booking().status is BookingStatus.approved
    with story.work() as work:
        events = select(Event).where(Event.type == "booking.approved")
        assert len(work.session.scalars(events).all()) == 1


def test_those_who_approve_are_told_and_reminded(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", remind_hours=24)
    story = confirmed(session, home)
    manager = member(story, "Manager")
    submit(story)
    with Desk(home, "test").work() as work:
        fact = work.session.scalars(select(Event).where(Event.type == "approval.asked")).one()
        desk.asked(work, fact)
        asked_at = fact.happened_at
    with Desk(home, "test").work(now=asked_at + timedelta(hours=25)) as work:
        desk.remind_in(work)
        desk.remind_in(work)

    with story.work() as work:
        links = work.session.scalars(
            select(Notification.link).where(Notification.profile_id == manager)
        ).all()
    assert links == [f"/admin/booking/{story.booking_id}"] * 2


def test_what_nobody_approves_in_time_is_given_up(session: Session, home: UUID) -> None:
    with confirmed(session, home).work() as work:
        require(work, "Manager", lapse_hours=48)
    story = confirmed(session, home)
    submit(story)
    asked_at = story.booking().status_at
    for hours, status in ((47, BookingStatus.under_review), (48, BookingStatus.rejected)):
        with Desk(home, "test").work(now=asked_at + timedelta(hours=hours)) as work:
            desk.remind_in(work)
        assert story.booking().status is status


def test_the_roles_that_open_questions_name_are_offered_the_move(
    session: Session, home: UUID
) -> None:
    story = confirmed(session, home)
    with story.work() as work:
        assert approvals.named(work, APPROVE) == {"Admin", "Manager"}
        require(work, "Executive")
        assert approvals.named(work, APPROVE) == {"Executive"}
    submit(story)
    with story.work() as work:
        assert approvals.named(work, APPROVE) == {"Admin", "Manager", "Executive"}
