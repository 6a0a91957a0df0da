"""Confirming an address and a phone in the browser, with the codes that really went there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.accounts import AccountMail
from models.notices import Dispatch, Priority
from models.organizations import Profile
from services import contacts, notices
from services.notices import Notice
from tests import make
from tests.doubles.running import running
from tests.views.conftest import Office
from tests.views.test_told import machines
from workers import account_mails, mail

PHONE = "+254712345678"


@pytest.fixture
def tower(app: Flask, tmp_path: Path) -> Iterator[str]:
    """A provider of texts that keeps what it gets; gives its address."""
    kept = {name: app.config[name] for name in ("SMS_URL", "SMS_USER", "SMS_KEY", "SMS_BOX_URL")}
    with running("doubles.sms", tmp_path, "--port", "0", "--key", "k") as (addresses, _):
        url = addresses[0]
        app.config |= {"SMS_URL": url, "SMS_USER": "sandbox", "SMS_KEY": "k", "SMS_BOX_URL": url}
        yield url
    app.config |= kept


def texts(tower: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{tower}/texts").json()["texts"]
    return found


def sent(app: Flask, tower: str) -> str:
    """Let jobs send what waits; gives the newest text."""
    with machines(app):
        account_mails.text_due()
        mail.text_due()
    return str(texts(tower)[0]["message"])


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


def with_phone(browser: FlaskClient, **other: str) -> None:
    given = {"name": "Amina", "phone": "0712 345 678", "locale": "en", "text_notices": "1"} | other
    kept = browser.post("/profile/", data=given)
    assert kept.status_code == 302, re.findall(r"alert-circle.{0,300}", kept.text, re.DOTALL)


def urgent(once: str, link: str = "/") -> Notice:
    says, values = "Booking %(number)s is approved.", {"number": "B-1"}
    return Notice(says, once, values, link, Priority.high)


@pytest.mark.req("S1.79", "S1.76", "S5.55")
@pytest.mark.parametrize("role", ["Admin", "Buyer"])
def test_a_phone_is_confirmed_by_the_code_that_came_as_a_text(
    app: Flask, office: Office, tower: str, role: str
) -> None:
    browser = office.browser(role)
    with_phone(browser)
    assert "Not confirmed" in browser.get("/profile/contacts/").text
    assert browser.post("/profile/contacts/sms/code").status_code == 302
    code = code_in(sent(app, tower))
    wrong = f"{(int(code) + 1) % 10**6:06}"

    assert browser.post("/profile/contacts/sms", data={"code": wrong}).status_code == 422
    assert browser.post("/profile/contacts/sms", data={"code": code}).status_code == 302

    assert texts(tower)[0]["to"] == PHONE
    assert "Confirmed on" in browser.get("/profile/contacts/").text


@pytest.mark.req("S1.80")
def test_what_is_urgent_comes_as_a_text_in_ones_language_with_a_short_way_to_it(
    app: Flask, office: Office, tower: str
) -> None:
    who = office.person("Sales")
    browser = office.browser_of(who)
    with_phone(browser, locale="fr")
    browser.post("/profile/contacts/sms/code")
    browser.post("/profile/contacts/sms", data={"code": code_in(sent(app, tower))})
    says = Notice("Booking %(number)s is approved.", "1", {"number": "B-1"}, "/profile/keys")
    with office.work() as work:
        notices.notify(
            work, [who], Notice(says.message, "1", says.values, says.link, Priority.high)
        )

    said = sent(app, tower)

    assert "approuvée" in said
    link = said.rpartition(app.config["PUBLIC_URL"])[2]
    assert len(link) < 30
    led = browser.get(link, follow_redirects=True)
    assert led.request.path == "/profile/keys"
    assert browser.get("/n/nobody").status_code == 404


@pytest.mark.faults
def test_a_text_that_passes_is_tried_again_and_one_refused_for_good_is_not(
    app: Flask, office: Office, tower: str
) -> None:
    who = office.person("Sales")
    browser = office.browser_of(who)
    with_phone(browser)
    browser.post("/profile/contacts/sms/code")
    browser.post("/profile/contacts/sms", data={"code": code_in(sent(app, tower))})
    for number, refused in enumerate((405, 406)):
        httpx.post(f"{tower}/faults", json={"codes": {PHONE: refused}})
        with office.work() as work:
            notices.notify(work, [who], urgent(str(number)))
        with machines(app):
            mail.text_due()
    with office.work() as work:
        query = select(Dispatch).where(Dispatch.address == PHONE).order_by(Dispatch.id)
        passes, over = work.session.scalars(query)
        assert (passes.failed_at, passes.attempts) == (None, 1)
        assert passes.due_at > work.now
        assert "405" in passes.last_error
        assert over.failed_at
        assert "406" in over.last_error


@pytest.mark.req("S1.77", "S1.79")
def test_another_address_is_asked_for_with_the_password_and_confirmed_by_its_code(
    office: Office,
) -> None:
    who = office.person("Buyer")
    browser = office.browser_of(who)
    given = {"email": "new@example.org", "password": "wrong"}
    assert browser.post("/profile/contacts/address", data=given).status_code == 401
    given["password"] = make.PASSWORD
    assert browser.post("/profile/contacts/address", data=given).status_code == 302
    assert "new@example.org" in browser.get("/profile/contacts/").text
    code = _made(office.app)

    assert browser.post("/profile/contacts/email", data={"code": code}).status_code == 302

    with Session(office.app.extensions["engines"]["door"], info={"before_scope": True}) as door:
        assert door.get_one(Profile, who).email == "new@example.org"


def test_the_demo_shows_its_texts_and_nobody_elses_way_is_known(
    app: Flask, office: Office, tower: str
) -> None:
    browser = office.browser("Admin")
    with_phone(browser)
    browser.post("/profile/contacts/sms/code")
    code = code_in(sent(app, tower))
    demo, app.config["DEMO"] = app.config["DEMO"], True
    try:
        assert code in browser.get("/dev/texts/").text
    finally:
        app.config["DEMO"] = demo
    assert browser.post("/profile/contacts/fax/code").status_code == 404


def _made(app: Flask) -> str:
    """Make the code of the newest mail, as the job does when it goes."""
    with Session(app.extensions["engines"]["door"], info={"before_scope": True}) as door:
        newest = door.scalars(select(AccountMail).order_by(AccountMail.id.desc())).first()
        assert newest
        code = contacts.make(door, newest)
        door.commit()
        return code
