"""Notices lead to pages that are there, and are said as people say things."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from services.notices import Notice, notify_roles
from tests.views.conftest import Office
from views import notices
from views.notices import said

ROOT = Path(__file__).parents[2]
ROW = "00000000-0000-0000-0000-000000000007"
LINK = re.compile(r'f?"(/(?:admin|portal|imports)/[^"]*)"')
LINKS = {
    (path.name, link)
    for path in sorted((ROOT / "workers").glob("*.py"))
    for link in LINK.findall(path.read_text())
}


@pytest.mark.req("S5.36")
@pytest.mark.parametrize(("file", "link"), sorted(LINKS))
def test_a_link_that_a_notice_carries_leads_to_a_page(app: Flask, file: str, link: str) -> None:
    address = re.sub(r"\{[^}]*table[^}]*\}", "booking", link)
    address = re.sub(r"\{[^}]*\}", ROW, address).partition("?")[0]
    try:
        app.url_map.bind("localhost").match(address)
    except RequestRedirect:
        pytest.fail(f"{file}: {link} goes a long way round")
    except HTTPException:
        pytest.fail(f"{file}: {link} leads nowhere")


def test_there_are_links_to_look_at() -> None:
    assert len(LINKS) > 5


def test_a_day_is_told_as_a_day(app: Flask) -> None:
    with app.test_request_context():
        told = said("Due on %(due)s.", {"due": "2026-12-05"})

    assert told == "Due on 5 Dec 2026."


def test_a_list_that_ends_somewhere_says_so(
    office: Office, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.work() as work:
        notify_roles(work, ["Admin"], Notice("Hello.", once="hello"))
    before = admin.get("/notices/").get_data(as_text=True)
    monkeypatch.setattr(notices, "SHOWN", 1)

    page = admin.get("/notices/").get_data(as_text=True)

    assert "Hello." in before
    assert "These are the newest" not in before
    assert "These are the newest 1." in page
