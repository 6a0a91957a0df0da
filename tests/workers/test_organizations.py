"""Beginning an organization without a demo: the command's link makes its first administrator."""

import re
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from models.events import Event
from models.organizations import Membership, Organization
from tests import make

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    return lambda *words: app.test_cli_runner().invoke(
        args=["organization", "found", *words, "--email", "grace@example.com"]
    )


def founded(superuser: Engine) -> list[Organization]:
    with Session(superuser) as session, seeing(session, Scope(everywhere=True)):
        return list(session.scalars(select(Organization)))


@pytest.mark.req("S5.04", "S5.47")
def test_who_follows_the_link_administers_the_new_organization(
    app: Flask, run: Run, session: Session, superuser: Engine
) -> None:
    done = run("Baobab Court", "--zone", "Africa/Kampala", "--currency", "ugx")
    assert done.exit_code == 0, done.output
    (code,) = re.findall(r"/invitation/([\w-]+)", done.output)

    given = {"username": "grace", "name": "Grace", "password": make.PASSWORD}
    joined = app.test_client().post(f"/invitation/{code}", data=given)

    assert joined.location == "/home/"
    (home,) = founded(superuser)
    assert (home.name, home.slug, home.time_zone, home.currency) == (
        "Baobab Court",
        "baobab-court",
        "Africa/Kampala",
        "UGX",
    )
    with seeing(session, Scope(home.id, actor="test:1")):
        (member,) = session.scalars(select(Membership)).all()
        assert member.roles == ["Admin"]
        types = set(session.scalars(select(Event.type)))
    assert {"organization.founded", "member.invited"} <= types


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Baobab", "--zone", "Mars/Olympus"), "no IANA time zone"),
        (("Baobab", "--currency", "XYZ"), "no ISO currency"),
        (("Baobab", "--address", "No Spaces"), "small letters"),
        (("مجمع",), "small letters"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    run: Run, superuser: Engine, words: tuple[str, ...], says: str
) -> None:
    done = run(*words)

    assert done.exit_code != 0
    assert says in done.output
    assert founded(superuser) == []


def test_an_address_that_is_taken_is_said(run: Run) -> None:
    assert run("Baobab").exit_code == 0
    again = run("Baobab")
    assert again.exit_code == 1
    assert "taken" in again.output
