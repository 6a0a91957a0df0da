"""What whoever runs the platform may do to accounts, and what the person notices of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core import db
from core.work import Work, clock
from models.events import AuditEntry
from models.organizations import KycStatus, Profile, ProfileStatus
from services import second_factor, sign_in
from tests import make

Run = Callable[..., Result]
NAME = "grace"


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["person", *words])


@pytest.fixture
def grace(app: Flask, work: Work) -> FlaskClient:
    """A browser of a salesperson, signed in."""
    make.member(work, make.user(db.door(), NAME), "Sales")
    work.session.commit()
    client = app.test_client()
    assert enters(client) == 302
    return client


def enters(client: FlaskClient, password: str = make.PASSWORD) -> int:
    return client.post("/login/", data={"username": NAME, "password": password}).status_code


def profile() -> Profile:
    db.door.rollback()
    return db.door().scalars(select(Profile).where(Profile.email == f"{NAME}@example.org")).one()


def trail(superuser: Engine) -> list[tuple[Any, ...]]:
    with superuser.connect() as connection:
        columns = (AuditEntry.action, AuditEntry.severity, AuditEntry.actor)
        of_profiles = select(*columns).where(AuditEntry.table_name == "profile")
        return [tuple(row) for row in connection.execute(of_profiles.order_by(AuditEntry.at))]


@pytest.mark.req("S3.20", "S5.07", "S5.09")
def test_the_list_says_how_each_account_stands_and_where_they_belong(
    run: Run, work: Work, grace: FlaskClient
) -> None:
    make.user(db.door(), "juma")

    everybody, some = run("list"), run("list", "--search", "GRAC")

    assert [line.split("\t")[0] for line in everybody.output.splitlines()] == ["grace", "juma"]
    (line,) = some.output.splitlines()
    assert line.split("\t")[2:6] == [
        "grace@example.org",
        "active",
        "identity pending",
        "no second factor",
    ]
    assert "in no organization" in everybody.output
    assert "in no organization" not in line
    assert run("list", "--search", "%").output == ""


@pytest.mark.req("S5.07", "S5.39", "S5.40")
def test_who_is_suspended_is_out_at_once_and_comes_back(
    run: Run, grace: FlaskClient, app: Flask, superuser: Engine
) -> None:
    assert run("suspend", NAME.upper()).exit_code == 0

    assert grace.get("/home/").status_code == 302
    assert enters(app.test_client()) == 401
    assert profile().status is ProfileStatus.suspended

    assert run("activate", f"{NAME}@example.org").exit_code == 0
    assert enters(app.test_client()) == 302
    told = trail(superuser)[-2:]
    assert [each[:2] for each in told] == [("suspend", "warning"), ("activate", "warning")]
    assert {each[2].split(":")[0] for each in told} == {"command"}


@pytest.mark.req("S5.09")
def test_wrong_tries_are_forgotten_and_a_suspension_is_not(
    run: Run, grace: FlaskClient, app: Flask
) -> None:
    for _ in range(sign_in.TRIES):
        enters(app.test_client(), "wrong")
    assert enters(app.test_client()) == 401
    assert "locked until" in run("list").output

    run("unlock", NAME)
    assert enters(app.test_client()) == 302

    run("suspend", NAME)
    run("unlock", NAME)
    assert enters(app.test_client()) == 401


@pytest.mark.req("S5.09", "S5.48")
def test_an_operator_takes_a_password_away_and_hands_over_a_link(
    run: Run, grace: FlaskClient, app: Flask
) -> None:
    done = run("reset", NAME)
    (path,) = re.findall(r"(/login/password/\S+)", done.output)

    assert grace.get("/home/").status_code == 302, "signed out"
    again = app.test_client()
    assert enters(again) == 401, "the old password opens nothing"
    new = {"password": "Another-one-2", "again": "Another-one-2"}
    assert again.post(path, data=new).status_code == 302
    assert enters(again, "Another-one-2") == 302
    assert "on its way to grace@example.org" in run("reset", NAME, "--mail").output


@pytest.mark.req("S5.09")
def test_a_second_factor_goes_only_if_that_is_said(run: Run, grace: FlaskClient) -> None:
    door = db.door()
    held = profile()
    second_factor.begin(door, held.id, "Makao")
    held.two_factor_enabled = True
    door.commit()

    run("reset", NAME)
    assert profile().two_factor_enabled
    run("reset", NAME, "--second-factor")
    assert not profile().two_factor_enabled
    assert profile().two_factor_secret is None


@pytest.mark.req("S5.08")
@pytest.mark.parametrize("status", KycStatus)
def test_how_far_an_identity_is_checked_is_noted(
    run: Run, grace: FlaskClient, status: KycStatus
) -> None:
    assert run("kyc", NAME, status).exit_code == 0
    assert profile().kyc_status is status


@pytest.mark.parametrize("words", ["suspend", "activate", "unlock", "reset", "kyc"])
def test_nobody_of_that_name_is_one_sentence(run: Run, session: Session, words: str) -> None:
    result = run(words, "nobody", *(["verified"] if words == "kyc" else []))
    assert (result.exit_code, result.output) == (1, "Error: Nobody signs in as nobody.\n")


def test_a_lock_that_is_over_is_not_told(run: Run, grace: FlaskClient) -> None:
    profile().account_locked_until = clock() - timedelta(minutes=1)
    db.door().commit()
    assert "locked" not in run("list").output
