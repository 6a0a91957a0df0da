"""The way back in: a link by mail, which tells nobody who exists and passes no second factor."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from doubles.mail.box import Box
from models.organizations import Profile
from tests import make
from tests.doubles.running import running
from tests.views.conftest import Office
from tests.views.web.test_sign_in import enter, with_second_factor
from workers import account_mails

NEW = "Another-one-2"
Letters = Callable[[], list[dict[str, str]]]


@pytest.fixture
def letters(app: Flask, tmp_path: Path) -> Iterator[Letters]:
    """Send what is due, and give all mails that came."""
    options = ("--port", "0", "--http-port", "0")
    with running("doubles.mail", tmp_path, *options) as (addresses, _):
        kept = app.config["SMTP_URL"]
        app.config["SMTP_URL"] = next(each for each in addresses if each.startswith("smtp"))
        box = Box(next(tmp_path.rglob("mail.sqlite3")).parent)

        def came() -> list[dict[str, str]]:
            with app.app_context():
                account_mails.send_due()
            found = [box.one(each["id"]) for each in box.newest("", 50, 0)["mails"]]
            return [each for each in found if each]

        yield came
        app.config["SMTP_URL"] = kept


def ask(client: FlaskClient, address: str) -> str:
    page = client.post("/login/forgotten", data={"email": address}, follow_redirects=True)
    assert page.status_code == 200
    return page.get_data(as_text=True)


def choose(client: FlaskClient, path: str, new: str = NEW, again: str = NEW) -> str:
    given = {"password": new, "again": again}
    return client.post(path, data=given, follow_redirects=True).get_data(as_text=True)


@pytest.mark.req("S5.07", "S5.48")
def test_who_has_forgotten_gets_a_link_in_their_language_and_chooses_anew(
    office: Office, letters: Letters
) -> None:
    profile_id = office.person("Sales", name="grace")
    with Session(office.app.extensions["engines"]["door"]) as door:
        door.execute(update(Profile).where(Profile.id == profile_id).values(locale="fr"))
        door.commit()
    before, visitor = office.browser_of(profile_id), office.app.test_client()
    assert "/login/forgotten" in visitor.get("/login/").get_data(as_text=True)

    assert "Grace@example.org" in ask(visitor, "Grace@example.org")
    (letter,) = letters()
    path = re.findall(r"(/login/password/\S+)", letter["text"])[0]

    assert letter["recipients"] == "grace@example.org"
    assert letter["subject"] == "Choisir un nouveau mot de passe"
    assert "grace@example.org" in visitor.get(path).get_data(as_text=True)
    assert "not the same" in choose(visitor, path, again="Other-one-3")
    assert "at least 10" in choose(visitor, path, "short", "short")
    assert "signed out everywhere" in choose(visitor, path)
    assert before.get("/home/").status_code == 302
    assert (enter(visitor, "grace"), enter(visitor, "grace", NEW)) == (401, 302)
    assert "used, replaced" in choose(office.app.test_client(), path)
    assert "mot de passe a" in letters()[0]["subject"], "and they are told"


def test_nobody_is_told_who_exists(office: Office, letters: Letters) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    there, not_there = (ask(client, f"{name}@example.org") for name in ("grace", "nobody"))

    plain = re.compile(r'value="[^"]+"|grace|nobody')
    assert plain.sub("", there) == plain.sub("", not_there)
    assert [each["recipients"] for each in letters()] == ["grace@example.org"]
    assert client.post("/login/forgotten", data={"email": "grace"}).status_code == 422


@pytest.mark.req("S5.09")
def test_a_link_passes_no_second_factor(office: Office, letters: Letters) -> None:
    profile_id = office.person("Sales", name="grace")
    secret = with_second_factor(office, profile_id)
    client = office.app.test_client()
    ask(client, "grace@example.org")
    choose(client, re.findall(r"(/login/password/\S+)", letters()[0]["text"])[0])

    data = {"username": "grace", "password": NEW}
    assert client.post("/login/", data=data).location == "/login/code"
    assert client.get("/home/").status_code == 302
    client.post("/login/code", data={"code": pyotp.TOTP(secret).now()})
    assert client.get("/home/").status_code == 200


def test_a_link_opened_in_somebody_else_s_browser_changes_only_whose_it_is(
    office: Office, letters: Letters
) -> None:
    office.person("Sales", name="grace")
    stranger_id = office.person("Sales", name="juma")
    ask(office.app.test_client(), "grace@example.org")
    path = re.findall(r"(/login/password/\S+)", letters()[0]["text"])[0]
    stranger = office.browser_of(stranger_id)

    page = stranger.get(path).get_data(as_text=True)
    choose(stranger, path)

    assert "You are signed in as Juma" in page
    assert stranger.get("/home/").status_code == 200
    client = office.app.test_client
    assert (enter(client(), "juma"), enter(client(), "grace")) == (302, 401)


def test_without_a_mail_server_nobody_is_sent_there(office: Office) -> None:
    client, kept = office.app.test_client(), office.app.config["SMTP_URL"]
    office.app.config["SMTP_URL"] = ""
    try:
        assert "/login/forgotten" not in client.get("/login/").get_data(as_text=True)
        assert client.get("/login/forgotten").status_code == 404
        assert client.get("/login/password/x").location == "/login/"
    finally:
        office.app.config["SMTP_URL"] = kept


def test_a_profile_tells_of_its_new_password_too(office: Office, letters: Letters) -> None:
    client = office.browser_of(office.person("Sales", name="grace"))
    new = {"old": make.PASSWORD, "password": NEW, "again": NEW}
    client.post("/profile/password", data=new)

    (letter,) = letters()
    assert letter["subject"] == "Your password was changed."
    assert "/login/forgotten" in letter["text"]
