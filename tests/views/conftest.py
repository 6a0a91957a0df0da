"""Browsers and programs of people with roles, against the application as the web runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import Actor, Work, clock
from models.organizations import CredentialKind
from services import organizations, sign_in
from tests import make


@dataclass
class Office:
    """An organization, seen by a machine of ours: for making rows and looking at them."""

    app: Flask
    home: UUID
    session: Session

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Work in the organization, and commit."""
        with seeing(self.session, Scope(self.home, actor="test:1")):
            yield Work(self.session, Actor("test", "1"))
            self.session.commit()

    def person(self, *roles: str, name: str = "", party_id: UUID | None = None) -> UUID:
        """Make a member with these roles; returns their profile."""
        with Session(self.app.extensions["engines"]["door"]) as door:
            profile_id = make.user(door, name)
        with self.work() as work:
            make.member(work, profile_id, *roles, party_id=party_id)
        return profile_id

    def secret(self, profile_id: UUID, kind: CredentialKind, *scopes: str) -> str:
        """Open a sign-in or a key for somebody; returns its secret."""
        prefix = "mk_" if kind is CredentialKind.api_key else ""
        with Session(self.app.extensions["engines"]["door"]) as door:
            secret = sign_in.open_for(
                door,
                profile_id,
                kind,
                clock(),
                organization_id=self.home,
                scopes=scopes,
                secret=prefix + token_urlsafe(32),
            )
            door.commit()
        return secret

    def browser(self, *roles: str, party_id: UUID | None = None) -> FlaskClient:
        """A browser of a new member with these roles, signed in."""
        return self.browser_of(self.person(*roles, party_id=party_id))

    def browser_of(self, profile_id: UUID) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("makao", "k." + self.secret(profile_id, CredentialKind.browser))
        return client

    def program(self, *roles: str) -> "Program":
        """A program with an API key of a new member with these roles."""
        return self.program_of(self.person(*roles))

    def program_of(self, profile_id: UUID, *scopes: str) -> "Program":
        secret = self.secret(profile_id, CredentialKind.api_key, *scopes)
        return Program(self.app.test_client(), {"Authorization": f"Bearer {secret}"})


@dataclass
class Program:
    """A client that sends its key."""

    client: FlaskClient
    headers: dict[str, str]

    def __call__(self, method: str, path: str, key: str = "", **given: Any) -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.client.open(path, method=method, headers=headers, **given)


@pytest.fixture
def office(app: Flask, wiped: None) -> Iterator[Office]:
    """An organization in which money roles need no second factor."""
    with Session(app.extensions["engines"]["jobs"]) as session:
        yield _founded(app, session)


@pytest.fixture
def elsewhere_office(office: Office) -> Office:
    """Another organization, whose rows nobody of the first may see."""
    return _founded(office.app, office.session)


def _founded(app: Flask, session: Session) -> Office:
    made = Office(app, make.organization(session), session)
    with made.work() as work:
        organizations.change_setting(work, "security.two_factor_for_money", False)  # noqa: FBT003
    return made


@pytest.fixture
def admin(office: Office) -> FlaskClient:
    return office.browser("Admin")


@pytest.fixture
def api(office: Office) -> Program:
    return office.program("Admin")
