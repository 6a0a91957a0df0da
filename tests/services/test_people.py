"""Where a party stands: draft, active, set aside, blacklisted and back, and what it opens."""

from threading import Barrier, Thread
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.db import broken_constraint
from core.errors import Refused
from core.flow import IllegalMove
from core.work import Work
from models.bookings import Booking
from models.events import Event
from models.people import Party, PartyStatus
from services import bookings, people
from tests import make, stories

pytestmark = pytest.mark.req("S2.05", "S2.10")


def flat(work: Work) -> UUID:
    place = make.project(work)
    return make.apartment(work, place, packages=[make.package(work, place)]).id


def test_a_party_is_active_unless_it_is_made_as_a_draft(work: Work) -> None:
    draft = make.party(work, status=PartyStatus.draft)

    assert make.party(work).status is PartyStatus.active
    assert draft.status is PartyStatus.draft
    people.admit(work, draft.id)
    assert people.active(work, draft.id) is draft
    with pytest.raises(IllegalMove):
        people.admit(work, draft.id)


def test_who_is_blacklisted_comes_back_in_two_steps_each_with_its_fact(work: Work) -> None:
    party = make.party(work)
    for empty in (people.blacklist, people.take_off):
        with pytest.raises(people.WhyNeeded) as refused:
            empty(work, party.id, " ")
        assert refused.value.field == "reason"

    people.blacklist(work, party.id, " forged papers ")

    assert (party.status, party.status_reason) == (PartyStatus.blacklisted, "forged papers")
    assert party.status_at == work.now
    with pytest.raises(people.Blacklisted):
        people.active(work, party.id)
    with pytest.raises(IllegalMove):
        people.take_up(work, party.id)
    people.take_off(work, party.id, "a mistake")
    with pytest.raises(people.NotActive):
        people.active(work, party.id)
    people.take_up(work, party.id)
    facts = work.session.scalars(
        select(Event).where(Event.type == "party.status_changed").order_by(Event.sequence)
    ).all()
    told = [(each.data["old"], each.data["new"], each.data["reason"]) for each in facts]
    assert told == [
        ("active", "blacklisted", "forged papers"),
        ("blacklisted", "inactive", "a mistake"),
        ("inactive", "active", ""),
    ]
    assert {each.actor for each in facts} == {str(work.actor)}


@pytest.mark.parametrize("status", PartyStatus)
def test_only_who_is_active_books_whoever_asks(work: Work, status: PartyStatus) -> None:
    party, home = make.party(work, status=PartyStatus.draft), flat(work)
    if status is PartyStatus.active:
        people.admit(work, party.id)
    elif status is PartyStatus.inactive:
        people.set_aside(work, party.id, "moved away")
    elif status is PartyStatus.blacklisted:
        people.blacklist(work, party.id, "forged papers")

    if status is PartyStatus.active:
        bookings.hold(work, home, party.id)
        return
    with pytest.raises(Refused) as refused:
        bookings.hold(work, home, party.id)
    codes = {PartyStatus.blacklisted: "party_blacklisted"}
    assert refused.value.code == codes.get(status, "party_not_active")
    other = bookings.hold(work, home, make.party(work).id)
    with pytest.raises(Refused):
        bookings.join_waiting_list(work, home, party.id)
    work.session.flush()
    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        work.session.execute(
            text("UPDATE booking SET customer_id = :who WHERE id = :id"),
            {"who": party.id, "id": other.id},
        )
    assert broken_constraint(broken.value) == people.IS_ACTIVE


def test_what_runs_goes_on_when_its_customer_is_blacklisted(work: Work) -> None:
    party = make.party(work)
    booking = bookings.hold(work, flat(work), party.id)

    people.blacklist(work, party.id, "forged papers")
    booking.custom = {"seen": "yes"}
    work.session.flush()

    assert work.session.get_one(Booking, booking.id).customer_id == party.id


def test_a_booking_and_a_blacklisting_at_once_wait_for_each_other(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        party_id, flat_id = make.party(work).id, flat(work)
    engine = create_engine(app.config["WORKER_DATABASE_URI"], poolclass=NullPool)
    held, said = Barrier(2), []

    def book() -> None:
        with Session(engine) as mine, stories.unit(mine, home) as work:
            bookings.hold(work, flat_id, party_id)
            held.wait()
            held.wait()

    def blacklist() -> None:
        held.wait()
        with Session(engine) as mine, stories.unit(mine, home) as work:
            work.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            try:
                people.blacklist(work, party_id, "forged papers")
            except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
                said.append(type(getattr(error, "orig", error)).__name__)
                work.session.rollback()
        held.wait()

    threads = [Thread(target=book), Thread(target=blacklist)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert said == ["LockNotAvailable"]
    with stories.unit(session, home) as work:
        people.blacklist(work, party_id, "forged papers")
        assert work.session.get_one(Party, party_id).status is PartyStatus.blacklisted
