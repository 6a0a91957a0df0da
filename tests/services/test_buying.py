from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import NamedTuple
from uuid import UUID

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from models.bookings import Booking
from models.organizations import CredentialKind, Profile
from models.sales import Apartment
from services import bookings, sign_in
from services.bookings import ApartmentTaken
from tests import make

BUYERS = 50


class Signed(NamedTuple):
    """A buyer with a sign-in of their own."""

    profile_id: UUID
    party_id: UUID
    key: str


@pytest.fixture
def buyers(work: Work, home: UUID) -> list[Signed]:
    """Fifty people, signed in. They need no password: hashing fifty would take the longest here."""
    door = db.door()
    profiles = [_another(door, number) for number in range(BUYERS)]
    door.commit()
    made = []
    for profile_id in profiles:
        party = make.party(work)
        make.member(work, profile_id, "Buyer", party_id=party.id)
        key = sign_in.open_for(door, profile_id, CredentialKind.browser, work.now)
        made.append(Signed(profile_id, party.id, key))
    door.commit()
    return made


def _another(door: Session, number: int) -> UUID:
    name = f"buyer{number}"
    user = User(
        username=name, email=f"{name}@example.org", first_name=name, last_name="", active=True
    )
    door.add(user)
    door.flush()
    row = Profile(ab_user_id=user.id, name=name, email=user.email)
    door.add(row)
    door.flush()
    return row.id


@contextmanager
def as_buyer(app: Flask, home: UUID, who: Signed) -> Iterator[Work]:
    """Work as the web does for this buyer: as makao_app, known by a secret and nothing else."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    scope = Scope(home, who.profile_id, frozenset({"Buyer"}), frozenset({who.party_id}), who.key)
    with Session(engine) as session, seeing(session, scope):
        actor = Actor("user", str(who.profile_id))
        with unit_of_work(session, actor) as work:
            yield work


@pytest.mark.req("S3.46", "S3.26", "S3.34")
def test_of_fifty_buyers_at_once_one_gets_the_hold_and_all_others_may_wait(
    app: Flask, work: Work, home: UUID, buyers: list[Signed]
) -> None:
    project = make.project(work)
    apartment = make.apartment(work, project, packages=[make.package(work, project)])
    apartment_id = apartment.id
    work.session.commit()
    together = Barrier(BUYERS)

    def take(who: Signed) -> str:
        together.wait()
        try:
            with as_buyer(app, home, who) as mine:
                return str(bookings.hold(mine, apartment_id, who.party_id).id)
        except ApartmentTaken as refusal:
            with as_buyer(app, home, who) as mine:
                bookings.join_waiting_list(mine, apartment_id, who.party_id)
            return refusal.code

    with ThreadPoolExecutor(BUYERS) as pool:
        answers = list(pool.map(take, buyers))

    assert answers.count("apartment_taken") == BUYERS - 1
    held = select(Booking).where(Booking.hold_until.is_not(None))
    (booking,) = work.session.scalars(held)
    assert str(booking.id) in answers
    clones = select(func.count()).where(Apartment.source_id == apartment_id)
    assert work.session.scalar(clones) == 1
    waiting = select(func.count()).where(Booking.hold_until.is_(None))
    assert work.session.scalar(waiting) == BUYERS - 1
