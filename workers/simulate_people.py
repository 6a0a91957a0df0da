"""Who plays in a simulation: made-up people with real sign-ins; the database judges them by it."""

import hashlib
import hmac
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work, clock, unit_of_work
from models.organizations import CredentialKind, Membership, Profile
from services import invitations, organizations, sign_in, wallet_pins
from workers.demo_cast import FIRST, LAST

BUYER, SELLER, MANAGER, ACCOUNTANT = "Buyer", "Sales", "Manager", "Accountant"
STAFF = (SELLER, MANAGER, ACCOUNTANT)
HOST = "simulation.example"
SOURCE = "simulation"
PIN = "4826"
"""The PIN of all wallets of made-up people."""


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with a role and a sign-in, who does everything as themselves."""

    name: str
    role: str
    profile_id: UUID
    key: str
    home: UUID
    party_id: UUID | None

    @contextmanager
    def at(self, instant: datetime) -> Iterator[Work]:
        """Work as this person on the web, at an instant, in a transaction of its own."""
        scope = Scope(
            self.home,
            self.profile_id,
            frozenset({self.role}),
            frozenset({self.party_id}) if self.party_id else None,
            self.key,
            actor=f"user:{self.profile_id}",
            client=SOURCE,
        )
        with (
            Session(current_app.extensions["engines"]["web"]) as session,
            seeing(session, scope),
            unit_of_work(
                session, Actor("user", str(self.profile_id)), now=instant, source=SOURCE
            ) as work,
        ):
            yield work


@dataclass(frozen=True, slots=True)
class Machine:
    """The jobs of an organization, done at the instant of the play."""

    home: UUID

    @contextmanager
    def at(self, instant: datetime) -> Iterator[Work]:
        """Work as a job, in a transaction of its own."""
        actor = Actor("job", SOURCE)
        with (
            Session(current_app.extensions["engines"]["jobs"]) as session,
            seeing(session, Scope(self.home, actor=str(actor))),
            unit_of_work(session, actor, now=instant, source=SOURCE) as work,
        ):
            yield work


def gather(home: UUID, address: str, seed: int, buyers: int) -> list[Player]:
    """Bring the people of a seed together: those who played before come back."""
    names = random.Random(f"people of {seed}")  # noqa: S311  # a play, no secret
    roles = [*STAFF, *[BUYER] * buyers]
    return [
        _player(home, role, f"sim-{address}-{seed}-{number}", _name(names))
        for number, role in enumerate(roles)
    ]


def send_home(players: list[Player]) -> None:
    """End what they signed in with."""
    with _door() as door:
        for each in players:
            sign_in.end_all(door, each.profile_id, clock())


def password_of(username: str) -> str:
    """Give the password of somebody made up: only who has the secret key can know it."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return f"Sim-{hmac.new(key, username.encode(), hashlib.sha256).hexdigest()}"


def choose_pin(player: Player, wallet_id: UUID) -> None:
    """Set the PIN of somebody's wallet, as they do: with their password."""
    with _door() as door:
        query = select(User.username).join(Profile, Profile.ab_user_id == User.id)
        username = door.scalars(query.where(Profile.id == player.profile_id)).one()
        given = {"password": password_of(username), "code": ""}
        wallet_pins.choose(door, player.profile_id, wallet_id, PIN, now=clock(), **given)


def _name(names: random.Random) -> str:
    return f"{names.choice(FIRST)} {names.choice(LAST)}"


def _player(home: UUID, role: str, username: str, name: str) -> Player:
    email = f"{username}@{HOST}"
    with _door() as door:
        query = select(Profile).join(User, User.id == Profile.ab_user_id)
        profile = door.scalars(query.where(User.username == username)).one_or_none()
        profile = profile or sign_in.register(door, username, name, email, password_of(username))
        profile_id = profile.id
        secret = sign_in.open_for(
            door,
            profile_id,
            CredentialKind.browser,
            clock(),
            organization_id=home,
            user_agent=SOURCE,
        )
    machine = Machine(home)
    with machine.at(clock()) as work:
        member = work.session.scalar(_membership(profile_id))
        code = None if member else invitations.invite(work, email, [role])[1]
    if code:
        with Player(name, role, profile_id, secret, home, None).at(clock()) as work:
            organizations.accept(work, code)
    with machine.at(clock()) as work:
        party_id = work.session.scalars(_membership(profile_id)).one().party_id
    return Player(name, role, profile_id, secret, home, party_id)


def _membership(profile_id: UUID) -> Select[Membership]:
    return select(Membership).where(Membership.profile_id == profile_id, Membership.active)


@contextmanager
def _door() -> Iterator[Session]:
    with (
        Session(db.door.get_bind(), info={"before_scope": True}) as door,
        seeing(door, Scope(actor=f"command:{SOURCE}")),
        door.begin(),
    ):
        yield door
