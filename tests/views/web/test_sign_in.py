"""Signing in: who exists is not told, tries are counted, codes work once, sessions end at once."""

import re
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import clock
from models.organizations import Credential, Membership
from services import organizations, second_factor, sign_in
from tests import make
from tests.beside import another
from tests.views.conftest import Office


def enter(client: FlaskClient, name: str, password: str = make.PASSWORD) -> int:
    data = {"username": name, "password": password}
    return client.post("/login/", data=data).status_code


def with_second_factor(office: Office, profile_id: UUID) -> str:
    with Session(office.app.extensions["engines"]["door"]) as door:
        secret, _address = second_factor.begin(door, profile_id, "Makao")
        earlier = clock() - timedelta(minutes=5)
        code = pyotp.TOTP(secret).at(earlier)
        held = door.scalars(select(Credential.id)).first() or profile_id
        second_factor.confirm(door, profile_id, code, earlier, held)
        door.commit()
    return secret


@pytest.mark.req("S5.07")
def test_a_member_signs_in_and_out(office: Office) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    assert client.get("/home/").status_code == 302
    assert enter(client, "grace") == 302
    assert client.get("/home/").status_code == 200
    client.post("/logout/")
    assert client.get("/home/").status_code == 302


def test_who_exists_is_not_told(office: Office) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    pages = [
        client.post("/login/", data={"username": name, "password": "wrong"})
        for name in ("grace", "nobody")
        for _ in range(sign_in.TRIES + 2)
    ]

    # The form's token tells the second it was made in, and that may be another one.
    differs = re.compile(r'csrf[^>]*(?:value|content)="[^"]*"|grace|nobody')
    texts = [differs.sub("", each.get_data(as_text=True)) for each in pages]
    assert {each.status_code for each in pages} == {401}
    assert len(set(texts)) == 1, "nor by whom five wrong tries lock"


@pytest.mark.req("S5.07")
def test_the_fifth_wrong_try_locks(office: Office) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    wrong = [enter(client, "grace", "wrong") for _ in range(5)]
    right = client.post("/login/", data={"username": "grace", "password": make.PASSWORD})

    assert wrong == [401] * 5
    assert right.status_code == 401, "the right one, and nobody is told so"
    assert "wait 15 minutes" in right.get_data(as_text=True)


@pytest.mark.req("S5.08")
def test_a_code_is_asked_for_and_works_once(office: Office) -> None:
    secret = with_second_factor(office, office.person("Sales", name="grace"))
    code = pyotp.TOTP(secret).at(clock())
    first, second = office.app.test_client(), office.app.test_client()

    entered = []
    for client in (first, second):
        assert enter(client, "grace") == 302
        assert client.get("/home/").status_code == 302
        entered.append(client.post("/login/code", data={"code": code}).status_code)

    assert entered == [302, 401]
    assert first.get("/home/").status_code == 200


def test_a_sign_in_that_was_ended_opens_nothing(office: Office) -> None:
    profile_id = office.person("Sales")
    here, there = office.browser_of(profile_id), office.browser_of(profile_id)

    here.post("/profile/sign-ins/end-others")

    assert here.get("/home/").status_code == 200
    assert there.get("/home/").status_code == 302


def test_a_new_password_ends_all_other_sign_ins(office: Office) -> None:
    profile_id = office.person("Sales")
    here, there = office.browser_of(profile_id), office.browser_of(profile_id)
    new = "Another-secret-2"
    data = {"old": make.PASSWORD, "password": new, "again": new}

    assert here.post("/profile/password", data=data | {"again": "x"}).status_code == 422
    assert here.post("/profile/password", data=data).status_code == 302

    assert here.get("/home/").status_code == 200
    assert there.get("/home/").status_code == 302


def test_who_has_stolen_a_sign_in_does_not_guess_the_password_for_ever(office: Office) -> None:
    client = office.browser("Sales")
    new = "Another-secret-2"
    wrong = {"old": "wrong", "password": new, "again": new}
    statuses = [client.post("/profile/password", data=wrong).status_code for _ in range(6)]
    right = client.post("/profile/password", data=wrong | {"old": make.PASSWORD})

    assert statuses == [401] * sign_in.TRIES + [423]
    assert right.status_code == 423


def test_a_key_opens_the_organization_that_it_was_made_in_and_no_other(
    office: Office, elsewhere_office: Office
) -> None:
    profile_id = office.person("Admin")
    with elsewhere_office.work() as work:
        make.member(work, profile_id, "Admin")
    program = office.program_of(profile_id)
    there = program.headers | {"X-Organization-Id": str(elsewhere_office.home)}

    assert program("GET", "/api/v1/party/").status_code == 200
    assert program.client.get("/api/v1/party/", headers=there).status_code == 403
    told = Scope(elsewhere_office.home, key=program.headers["Authorization"].split()[1])
    with Session(office.app.extensions["engines"]["web"]) as web, seeing(web, told):
        assert web.scalar(select(func.acting_organization())) is None


@pytest.mark.req("S5.09")
def test_an_office_behind_one_address_signs_in_in_one_minute(
    addresses: dict[str, str], office: Office
) -> None:
    office.person("Sales", name="grace")
    limited = {"RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://"}
    asked = {"username": "grace", "password": make.PASSWORD, "provider": "db"}
    with another(**addresses, **limited, WTF_CSRF_ENABLED=False) as app:
        tokens = [app.test_client().post("/api/v1/security/login", json=asked) for _ in range(15)]
        door = [enter(app.test_client(), "grace") for _ in range(15)]

    assert [each.status_code for each in tokens] == [200] * 15
    assert door == [302] * 15


@pytest.mark.parametrize("kept", ["memory://", "redis://127.0.0.1:1/0"], ids=["", "no redis"])
def test_the_door_and_tokens_are_asked_seldom_with_or_without_redis(
    addresses: dict[str, str], kept: str
) -> None:
    limited = {"RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": kept}
    asked = {"username": "nobody", "password": "wrong", "provider": "db"}
    with another(**addresses, **limited, WTF_CSRF_ENABLED=False) as app:
        client = app.test_client()
        tokens = [client.post("/api/v1/security/login", json=asked).status_code for _ in range(11)]
        door = [client.post("/login/", data=asked).status_code for _ in range(11)]

    assert tokens == door == [401] * 10 + [429]


def test_a_role_taken_away_is_gone_with_the_next_click(office: Office) -> None:
    profile_id = office.person("Manager")
    client = office.browser_of(profile_id)
    before = client.get("/admin/party/").status_code
    with office.work() as work:
        mine = Membership.profile_id == profile_id
        work.session.execute(update(Membership).where(mine).values(roles=[]))

    assert (before, client.get("/admin/party/").status_code) == (200, 403)


def test_a_member_of_two_organizations_switches_between_them(
    office: Office, elsewhere_office: Office
) -> None:
    profile_id = office.person("Sales")
    with elsewhere_office.work() as work:
        make.member(work, profile_id, "Sales")
        make.party(work, name="Theirs")
    client = office.browser_of(profile_id)

    before = client.get("/admin/party/").get_data(as_text=True)
    client.post("/organization/choose", data={"organization": str(elsewhere_office.home)})
    after = client.get("/admin/party/").get_data(as_text=True)

    assert ["Theirs" in page for page in (before, after)] == [False, True]


def test_nobody_switches_to_where_they_do_not_belong(
    office: Office, elsewhere_office: Office
) -> None:
    client = office.browser("Sales")

    answer = client.post("/organization/choose", data={"organization": str(elsewhere_office.home)})

    assert answer.status_code == 404


def test_money_roles_enrol_a_second_factor_before_anything_else(office: Office) -> None:
    with office.work() as work:
        organizations.change_setting(work, "security.two_factor_for_money", True)  # noqa: FBT003
    profile_id = office.person("Accountant")
    client, sales = office.browser_of(profile_id), office.browser("Sales")
    program = office.program_of(profile_id)

    assert client.get("/admin/invoice/").location == "/profile/second-factor"
    assert sales.get("/admin/invoice/").status_code == 200
    assert program("GET", "/api/v1/invoice/").get_json()["code"] == "second_factor_needed"
    with_second_factor(office, profile_id)
    assert office.browser_of(profile_id).get("/admin/invoice/").status_code == 200


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_away_after_signing_in(office: Office, target: str) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    data = {"username": "grace", "password": make.PASSWORD}
    answer = client.post("/login/", query_string={"next": target}, data=data)

    assert answer.location == "/home/"


def test_an_invitation_makes_a_member_once(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        inviter = work.session.scalars(select(Membership.profile_id)).first()
    assert inviter
    page = admin.post(
        "/admin/member_invitation/add",
        data={"email": "new@example.org", "roles": ["Sales"]},
        follow_redirects=True,
    ).get_data(as_text=True)
    code = page.split("/invitation/")[1].split("<")[0].split("&")[0].split('"')[0].strip()
    visitor = office.app.test_client()
    data = {"name": "New One", "username": "newone", "password": make.PASSWORD}

    shown = visitor.get(f"/invitation/{code}").get_data(as_text=True)
    joined = visitor.post(f"/invitation/{code}", data=data)

    assert "Sales" in shown
    assert joined.status_code == 302
    allowed = visitor.get("/admin/party/")
    assert allowed.status_code == 200
    assert "Welcome to" in allowed.get_data(as_text=True)
    assert visitor.get(f"/invitation/{code}").status_code == 410


def test_whoever_opens_an_invitation_reads_as_whom_they_would_join(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    """A link can be opened by somebody else than whom it was sent to, in a browser signed in."""
    given = {"email": "wanted@mail.example", "roles": ["Sales"]}
    page = admin.post("/admin/member_invitation/add", data=given, follow_redirects=True)
    found = re.search(r"/invitation/([\w-]+)", page.get_data(as_text=True))
    assert found
    stranger = elsewhere_office.browser("Sales")

    shown = stranger.get(f"/invitation/{found[1]}").get_data(as_text=True)

    assert "this invitation was sent to wanted@mail.example" in shown
    assert "Sign out" in shown


def test_a_key_is_shown_once_and_opens_what_its_maker_may(office: Office) -> None:
    client = office.browser("Sales")

    page = client.post("/profile/keys", data={"label": "Till"}).get_data(as_text=True)
    key = page.split('id="key">')[1].split("<")[0]
    again = client.get("/profile/keys").get_data(as_text=True)
    bearer = {"Authorization": f"Bearer {key}"}

    assert key.startswith("mk_")
    assert key not in again
    assert office.app.test_client().get("/api/v1/party/", headers=bearer).status_code == 200
