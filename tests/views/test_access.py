"""Who may open what: every route of the application, asked by everybody. Default: nobody.

A route that is not in the table fails: whoever adds one decides here who may use it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from services import access
from tests.beside import another
from tests.views.conftest import Office
from views.screens import SCREENS

SCREENS_BY_TABLE = {screen.name: screen for screen in SCREENS}
ROLES = (*access.ROLES, "Guard")
EVERYBODY, SIGNED_IN, BEARER = "everybody", "signed in", "bearer"
HERE = "decided by the row: see the tests of that face"
UNKNOWN = str(UUID(int=7))

OPEN: dict[str, str] = {
    "/": EVERYBODY,
    "/static/<path:filename>": EVERYBODY,
    "/static/appbuilder/<path:filename>": EVERYBODY,
    "/login/": EVERYBODY,
    "/login/code": EVERYBODY,
    "/login/forgotten": EVERYBODY,
    "/login/with/": EVERYBODY,
    "/login/with/back": EVERYBODY,
    "/login/password/<code>": EVERYBODY,
    "/logout/": EVERYBODY,
    "/livez": EVERYBODY,
    "/readyz": EVERYBODY,
    "/health": EVERYBODY,
    "/metrics": EVERYBODY,
    "/invitation/<code>": EVERYBODY,
    "/apply/<slug>": EVERYBODY,
    "/application/<code>": EVERYBODY,
    "/application/<code>/<step>": EVERYBODY,
    "/application/<code>/papers/<uuid:pk>/remove": EVERYBODY,
    "/application/<code>/withdraw": EVERYBODY,
    "/files/<uuid:pk>": HERE,
    "/api/v1/_openapi": EVERYBODY,
    "/api/v1/security/login": EVERYBODY,
    "/home/": SIGNED_IN,
    "/search/": SIGNED_IN,
    "/notices/": SIGNED_IN,
    "/notices/<uuid:pk>": SIGNED_IN,
    "/notices/read": SIGNED_IN,
    "/organization/choose": SIGNED_IN,
    "/profile/": SIGNED_IN,
    "/profile/contacts/": SIGNED_IN,
    "/profile/contacts/<channel>": SIGNED_IN,
    "/profile/contacts/<channel>/code": SIGNED_IN,
    "/profile/contacts/address": SIGNED_IN,
    "/profile/password": SIGNED_IN,
    "/profile/second-factor": SIGNED_IN,
    "/profile/second-factor/off": SIGNED_IN,
    "/profile/sign-ins": SIGNED_IN,
    "/profile/sign-ins/<uuid:pk>/end": SIGNED_IN,
    "/profile/sign-ins/end-others": SIGNED_IN,
    "/profile/keys": SIGNED_IN,
    "/dev/mail/": SIGNED_IN,
    "/dev/mail/<key>": SIGNED_IN,
    "/dev/texts/": SIGNED_IN,
    "/back": EVERYBODY,
    "/n/<name>": EVERYBODY,
    "/lang/<string:locale>": EVERYBODY,
    "/api/v1/menu/": BEARER,
}
RIGHTS = {
    "/holds/": ("booking", "read"),
    "/availability/": ("lease", "read"),
    "/availability/check": ("lease", "read"),
    "/entries/new": ("journal_entry", "post"),
    "/invoices/new": ("invoice", "draft"),
    "/bank/import": ("bank_statement", "take_in"),
    "/invoices/<uuid:pk>/edit": ("invoice", "draft"),
    "/papers/invoice/<uuid:pk>.pdf": ("invoice", "read"),
    "/papers/credit_note/<uuid:pk>.pdf": ("credit_note", "read"),
    "/papers/lease/<uuid:pk>.pdf": ("lease", "read"),
    "/papers/lease_template/<uuid:pk>.pdf": ("lease_template", "read"),
    "/inspections/<uuid:pk>": ("inspection", "read"),
    "/inspections/<uuid:pk>/fill": ("inspection", "write"),
    "/papers/style/<kind>.pdf": ("paper_style", "read"),
    "/reports/": ("financial_report", "read"),
    "/reports/<name>": ("financial_report", "read"),
    "/reports/<name>.<kind>": ("financial_report", "read"),
    "/organization/roles": ("membership", "read"),
    "/organization/settings": ("setting", "read"),
}
"""Pages that are no screens, and the right that opens them."""
IMPORTS = "/imports/"
OTHERS = (
    "/platform/",
    "/portal/",
    "/dashboards/",
    "/api/v1/card/",
    "/webhooks/",
    "/hooks/",
    "/checks/",
)
"""Faces with tables of their own (tests/views/portal, test_platform, tests/dashboards ...)."""
WRITES = {"add", "edit", "delete"}
IN_SCREENS = re.compile(r"^/(?P<face>admin|api/v1)/(?P<table>[a-z_]+)/(?P<rest>.*)$")
REFUSED = {302, 401, 403}


def rules(app: Flask) -> list[tuple[str, frozenset[str]]]:
    return sorted(
        (rule.rule, frozenset(rule.methods or ()) - {"HEAD", "OPTIONS"})
        for rule in app.url_map.iter_rules()
    )


def needed(rule: str, method: str) -> list[tuple[str, str]]:
    """Name the rights that a route of a screen needs."""
    found = IN_SCREENS.match(rule)
    assert found
    table, rest = found["table"], found["rest"]
    if found["face"] == "api/v1":
        return [(table, "read" if method == "GET" else "write")]
    last = rest.rpartition("/")[2]
    if last in WRITES and "views/" not in rest:
        return [(table, "write")]
    extra = {"comments": "record_comment", "files": "document", "views": "saved_view"}
    rights = [(table, "read")]
    if method == "POST" and last in extra:
        rights.append((extra[last], "write"))
    if last == "remove":
        rights.append(("document", "write"))
    return rights


def own_rows(role: str, rule: str) -> bool:
    """Whether a member of the portal reads there what is of their own party."""
    found = IN_SCREENS.match(rule)
    assert found
    return access.reads_own([role], found["table"]) and not found["rest"].startswith("related/")


def requests(app: Flask) -> Iterator[tuple[str, str]]:
    for rule, methods in rules(app):
        for method in sorted(methods):
            yield rule, method


def test_every_route_is_in_the_table(app: Flask) -> None:
    strays = [
        rule
        for rule, _methods in rules(app)
        if rule not in OPEN
        and rule not in RIGHTS
        and not rule.startswith((*OTHERS, IMPORTS))
        and not ((found := IN_SCREENS.match(rule)) and found["table"] in SCREENS_BY_TABLE)
    ]

    assert strays == []


def filled(rule: str) -> str:
    path = re.sub(r"<uuid:[a-z_]+>|<pk>", UNKNOWN, rule)
    for name, value in (("kind", "csv"), ("field", "x"), ("column", "x"), ("verb", "x")):
        path = path.replace(f"<{name}>", value)
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
    return re.sub(r"<[^>]+>", "x", path)


def mine(rule: str) -> bool:
    return not rule.startswith(OTHERS)


@pytest.mark.req("S5.04")
def test_visitors_reach_only_what_is_for_everybody(office: Office) -> None:
    client = office.app.test_client()
    opened = []
    for rule, method in requests(office.app):
        if not mine(rule) or OPEN.get(rule) in (EVERYBODY, HERE):
            continue
        answer = client.open(filled(rule), method=method)
        if answer.status_code not in REFUSED:
            opened.append((method, rule, answer.status_code))
        answer.close()

    assert opened == []


AS_A_PROGRAM = {"Accept": "application/json"}


@pytest.mark.req("S5.04", "S5.39")
@pytest.mark.parametrize("role", ROLES)
def test_pages_of_screens_open_to_the_roles_that_hold_the_right(office: Office, role: str) -> None:
    client = office.browser(role)
    wrong = []
    for rule, method in requests(office.app):
        if rule.startswith("/api/") or not IN_SCREENS.match(rule) or not mine(rule):
            continue
        allowed = all(access.allows([role], *right) for right in needed(rule, method))
        # As a program, so that a no is a line instead of a page with all around it.
        answer = client.open(filled(rule), method=method, headers=AS_A_PROGRAM)
        if (answer.status_code == 403) == allowed:
            wrong.append((method, rule, answer.status_code, allowed))
        answer.close()

    assert wrong == []


@pytest.mark.req("S5.04", "S5.39")
@pytest.mark.parametrize("role", ROLES)
def test_resources_open_to_the_roles_that_hold_the_right(office: Office, role: str) -> None:
    program = office.program(role)
    wrong: list[Any] = []
    for rule, method in requests(office.app):
        if not rule.startswith("/api/v1/") or not IN_SCREENS.match(rule) or rule in OPEN:
            continue
        if "<verb>" in rule:
            continue
        allowed = all(access.allows([role], *right) for right in needed(rule, method))
        allowed = allowed or (method == "GET" and own_rows(role, rule))
        answer = program(method, filled(rule), json={} if method in ("POST", "PUT") else None)
        if (answer.status_code == 403) == allowed:
            wrong.append((method, rule, answer.status_code, allowed))

    assert wrong == []


@pytest.mark.req("S5.04")
@pytest.mark.parametrize("role", ROLES)
def test_acts_are_open_to_the_roles_that_hold_the_verb(office: Office, role: str) -> None:
    client, program = office.browser(role), office.program(role)
    wrong = []
    for screen in SCREENS:
        for act in screen.acts:
            allowed = access.allows([role], screen.name, "read") and access.allows(
                [role], *act.needs(screen.name)
            )
            path = f"{screen.name}/{UNKNOWN}/{act.name}"
            page = client.post(f"/admin/{path}")
            api = program("POST", f"/api/v1/{path}", key="k", json={})
            if [page.status_code == 403, api.status_code == 403] != [not allowed] * 2:
                wrong.append((path, page.status_code, api.status_code, allowed))

    assert wrong == []


@pytest.mark.parametrize(("rule", "right"), RIGHTS.items())
def test_other_pages_open_to_the_roles_that_hold_the_right(
    office: Office, rule: str, right: tuple[str, str]
) -> None:
    for role in ROLES:
        address = rule.replace("<name>", "trial-balance").replace("<kind>", "csv")
        address = address.replace("<uuid:pk>", UNKNOWN)
        status = office.browser(role).get(address).status_code
        assert (status not in REFUSED) == access.allows([role], *right), role


@pytest.mark.parametrize("role", ROLES)
def test_imports_open_to_the_roles_that_hold_the_right(office: Office, role: str) -> None:
    client = office.browser(role)

    for path, verb in (("/imports/", "read"), ("/imports/new", "write")):
        opened = client.get(path).status_code == 200
        assert opened == access.allows([role], "import_run", verb), path


@pytest.mark.parametrize("rule", [rule for rule, kind in OPEN.items() if kind == SIGNED_IN])
def test_one_s_own_pages_open_to_every_member(office: Office, rule: str) -> None:
    methods = dict(rules(office.app))[rule]
    if "GET" in methods:
        assert office.browser("Guard").get(filled(rule)).status_code in (200, 404)


def test_no_route_takes_cookies_without_a_token_against_forgery(app: Flask) -> None:
    """Whatever is exempt from CSRF is under /api, where no cookie is read."""
    exempt = app.extensions["csrf"]._exempt_blueprints
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in exempt and set(rule.methods or ()) - {
            "GET",
            "HEAD",
            "OPTIONS",
        }:
            assert rule.rule.startswith("/api/"), rule.rule


@pytest.mark.req("S5.04")
def test_no_write_of_a_browser_is_taken_without_its_token(
    office: Office, addresses: dict[str, str]
) -> None:
    """Another site can have a browser send its cookie, but not know the token of its session."""
    with another(**addresses, RATELIMIT_ENABLED=False, TESTING=True) as app:
        guarded = replace(office, app=app)
        client, taken = guarded.browser(*access.ROLES), []
        for rule, methods in rules(app):
            if rule.startswith(("/api/", "/webhooks/")):  # proved by a key or a signature
                continue
            for method in methods - {"GET"}:
                answer = client.open(filled(rule), method=method, data={"reason": "x"})
                if answer.status_code != 400:
                    taken.append((method, rule, answer.status_code))
                answer.close()

        assert taken == []
        assert client.get("/home/").status_code == 200, "not even its end was"
