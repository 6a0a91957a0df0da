"""Who runs the platform: what they see and do in the browser, and that nobody else can."""

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.scope import Scope, seeing
from core.work import clock
from models.accounts import AccountMail
from models.events import AuditEntry, Event
from models.notices import Notification
from models.organizations import (
    Credential,
    CredentialKind,
    Invitation,
    Membership,
    Organization,
    Profile,
)
from services import accounts, organizations
from tests import make, stories
from tests.views.conftest import Office
from tests.views.test_told import heard
from workers import chains, jobs

pytestmark = pytest.mark.req("S5.01", "S5.39")
PAGES = ("/platform/", "/platform/people", "/platform/health", "/platform/acts")
WHY = {"reason": "they asked by phone"}


@pytest.fixture
def naomi(office: Office) -> UUID:
    """Somebody who runs the platform and belongs nowhere."""
    with Session(office.app.extensions["engines"]["door"]) as door:
        profile_id = make.user(door, "naomi")
    with owner_of(office) as owner:
        assert accounts.appoint(owner, "naomi", clock(), "test:1")
        owner.commit()
    return profile_id


@pytest.fixture
def browser(office: Office, naomi: UUID) -> FlaskClient:
    client = office.app.test_client()
    client.post("/login/", data={"username": "naomi", "password": make.PASSWORD})
    return client


def owner_of(office: Office) -> Session:
    """A session of the tables' owner, which sees every organization."""
    return Session(office.app.extensions["engines"]["owner"], info={"before_scope": True})


def said(client: FlaskClient, path: str, **given: str) -> str:
    answer = client.post(path, data=given, follow_redirects=True)
    return answer.get_data(as_text=True)


def done(client: FlaskClient) -> list[tuple[str, str]]:
    """What the page of acts says: what, and why."""
    page = client.get("/platform/acts").get_data(as_text=True)
    rows = re.findall(r'rowheader">(.*?)</th>.*?Why"><span>(.*?)</span>', page, re.DOTALL)
    return [(what.strip(), why.strip()) for what, why in rows]


def test_pages_are_for_administrators_of_the_platform_alone(
    office: Office, browser: FlaskClient, admin: FlaskClient
) -> None:
    assert browser.get("/home/").location == "/platform/"
    for path in (*PAGES, "/platform/organizations/new"):
        assert browser.get(path).status_code == 200, path
        assert admin.get(path).status_code == 403, path
        assert office.app.test_client().get(path).status_code == 302, path
    assert "Platform" not in admin.get("/home/").get_data(as_text=True)
    assert admin.post(f"/platform/organizations/{office.home}/suspend", data=WHY).status_code == 403
    for path in ("/admin/booking/", "/admin/party/", f"/admin/organization/{office.home}"):
        assert browser.get(path).status_code == 403, "no business of anybody is shown"


def test_an_organization_is_begun_with_its_first_administrator(
    office: Office, browser: FlaskClient
) -> None:
    given = {"name": "Palm Grove", "email": "pia@palm.example", "zone": "Africa/Lagos"}
    path = "/platform/organizations/new"
    assert browser.post(path, data={**given, "currency": "XXQ"}).status_code == 422
    assert browser.post(path, data={**given, "currency": "NGN", "email": "x"}).status_code == 422
    page = said(browser, path, **given, currency="ngn")
    again = browser.post(path, data={**given, "currency": "NGN"})

    assert (again.status_code, "Palm Grove" in page) == (409, True)
    link = re.findall(r"/invitation/[\w-]+", page)[0]
    visitor = office.app.test_client()
    account = {"name": "Pia", "username": "pia", "password": make.PASSWORD}
    assert visitor.post(link, data=account).status_code == 302
    assert visitor.get("/organization/settings").location == "/profile/second-factor"
    assert "Palm Grove" in visitor.get("/profile/second-factor").text
    with owner_of(office) as owner:
        row = owner.scalars(select(Organization).where(Organization.slug == "palm-grove")).one()
        kinds = select(Event.type).where(Event.organization_id == row.id).order_by(Event.id)
        assert owner.scalars(kinds).all()[:2] == ["organization.founded", "member.invited"]
        assert (row.currency, row.time_zone) == ("NGN", "Africa/Lagos")
        new = row.id
    path = f"/platform/organizations/{new}/invite"
    refused = browser.post(path, data={"email": "second@palm.example"})
    assert refused.status_code == 409
    assert "They invite others" in refused.get_data(as_text=True)
    with owner_of(office) as owner:
        owner.scalars(
            select(Membership).where(Membership.organization_id == new)
        ).one().active = False
        owner.commit()
    second = said(browser, path, email="second@palm.example")
    assert "on its way by mail" in second
    assert "/invitation/" not in second
    assert "Invited: second@palm.example" in browser.get("/platform/").get_data(as_text=True)


@pytest.mark.req("S5.47")
def test_in_a_suspended_organization_nobody_works_and_no_job_either(
    office: Office, elsewhere_office: Office, browser: FlaskClient
) -> None:
    stories.held(office.session, office.home)
    profile_id = office.person("Admin", name="grace")
    member, program = office.browser_of(profile_id), office.program("Admin")
    with office.work() as work:
        slug = work.session.scalars(select(Organization.slug)).one()
    path = f"/platform/organizations/{office.home}"
    assert "Say why" in said(browser, f"{path}/suspend", reason=" ")

    assert "is suspended" in said(browser, f"{path}/suspend", reason="no contract")
    assert "stands so already" in said(browser, f"{path}/suspend", reason="again")

    refused = member.get("/admin/booking/")
    assert refused.status_code == 403
    assert "is suspended (no contract)" in refused.get_data(as_text=True)
    assert member.get("/profile/").status_code == 200
    told = program("GET", "/api/v1/booking/").get_json()
    assert told["code"] == "organization_suspended"
    assert office.app.test_client().get(f"/portal/{slug}/").status_code == 404
    assert elsewhere_office.browser("Sales").get("/admin/booking/").status_code == 200
    db.use(office.app, "jobs")
    with office.app.app_context():
        assert office.home not in {*jobs.homes(), *jobs.homes_due("events")}
        rung: list[UUID | None] = []
        note = jobs.job()(lambda desk: rung.append(desk.home))
        note(office.home)
        note(elsewhere_office.home)
        assert rung == [elsewhere_office.home]
        assert chains.verify("audit") == []
    db.use(office.app, "web")
    with owner_of(office) as owner:
        mine = AuditEntry.organization_id == office.home
        assert (
            owner.scalars(select(AuditEntry).where(mine, AuditEntry.seal_id.is_(None))).all() == []
        )

    assert "works again" in said(browser, f"{path}/resume", reason="signed")
    assert member.get("/admin/booking/").status_code == 200
    assert [why for _what, why in done(browser)[:2]] == ["signed", "no contract"]


@pytest.mark.req("S5.07", "S5.09")
def test_accounts_are_helped_and_locked_with_a_reason(office: Office, browser: FlaskClient) -> None:
    profile_id = office.person("Sales", name="grace")
    held = office.browser_of(profile_id)
    with owner_of(office) as owner:
        owner.get_one(Profile, profile_id).two_factor_enabled = True
        owner.commit()
    path = f"/platform/people/{profile_id}"
    assert "grace@example.org" in browser.get("/platform/people?search=GRA").get_data(as_text=True)
    assert "Nobody is called that" in browser.get("/platform/people?search=%25").get_data(
        as_text=True
    )
    assert "Say why" in said(browser, f"{path}/lock_out", reason="")
    assert held.get("/home/").status_code == 200

    for verb in ("send_link", "take_second_factor", "end_sign_ins", "lock_out"):
        assert "It is done" in said(browser, f"{path}/{verb}", **WHY), verb
    assert held.get("/home/").status_code == 302
    assert "Let them in first" in said(browser, f"{path}/send_link", **WHY)
    with owner_of(office) as owner:
        profile = owner.get_one(Profile, profile_id)
        assert (profile.status, profile.two_factor_enabled) == ("suspended", False)
        about = owner.scalars(select(AccountMail.about).order_by(AccountMail.id)).all()
        assert about == ["password_link", "second_factor_off"]
        actors = select(AuditEntry.actor).where(AuditEntry.row_id == profile_id)
        assert any(each.startswith("user:") for each in owner.scalars(actors))
    assert "It is done" in said(browser, f"{path}/let_in", **WHY)
    client = office.app.test_client()
    data = {"username": "grace", "password": make.PASSWORD}
    assert client.post("/login/", data=data).status_code == 302
    assert done(browser)[-2] == ("Sent a link to a new password to Grace", WHY["reason"])
    assert browser.post(f"{path}/explode", data=WHY).status_code == 404


def test_nobody_shuts_themselves_out_by_mistake(browser: FlaskClient, naomi: UUID) -> None:
    assert "your own account" in said(browser, f"/platform/people/{naomi}/lock_out", **WHY)
    assert browser.get("/platform/").status_code == 200


def test_the_platform_needs_a_second_factor_outside_the_demo(
    office: Office, browser: FlaskClient
) -> None:
    kept = office.app.config["DEMO"]
    office.app.config["DEMO"] = False
    try:
        assert browser.get("/platform/").location == "/profile/second-factor"
    finally:
        office.app.config["DEMO"] = kept


def test_health_counts_what_stands_still(
    office: Office, browser: FlaskClient, superuser: Engine
) -> None:
    stories.held(office.session, office.home)
    with superuser.connect() as door:
        door.execute(
            text(
                "INSERT INTO delivery (id, organization_id, event_id, subject_id, subscriber,"
                " due_at, parked_at) SELECT gen_random_uuid(), organization_id, id, subject_id,"
                " 'x', now(), now() FROM event LIMIT 3"
            )
        )

    page = browser.get("/platform/health").get_data(as_text=True)

    parked = re.findall(r'Parked deliveries"><span>.*?>(\d+)</span>', page, re.DOTALL)
    assert parked == ["3"]
    assert "None is alive" in page
    assert "It never ran" in page


@pytest.mark.req("S5.05", "S5.47")
@pytest.mark.parametrize("role", ["makao_app", "makao_worker", "makao_auth"])
def test_no_role_of_a_process_makes_an_administrator_of_the_platform(
    office: Office, naomi: UUID, role: str
) -> None:
    """With the secret of an organization's administrator, and with none."""
    grace = office.person("Admin", name="grace")
    key = office.secret(grace, CredentialKind.browser)
    names = {"makao_app": "web", "makao_worker": "jobs", "makao_auth": "door"}
    engine = create_engine(office.app.extensions["engines"][names[role]].url, poolclass=NullPool)
    tries = (
        "INSERT INTO platform_admin (id, profile_id, created_at) VALUES (:home, :grace, now())",
        "DELETE FROM platform_act",
        "SELECT platform_suspend(:home, true, 'x', gen_random_uuid(), gen_random_uuid(), now())",
        "UPDATE organization SET suspended_at = now() WHERE id = :home",
        "SELECT * FROM platform_organizations('', 9)",
        "SELECT platform_note('lock', 'profile', :grace, 'x', 'x', now())",
        "SELECT platform_tell(:home, :grace, 'x', 'x', :grace, '{}', :home, now())",
    )
    said = []
    for statement in tries:
        with Session(engine) as session, seeing(session, Scope(office.home, key=key)):
            with pytest.raises(ProgrammingError) as refused:
                session.execute(text(statement), {"grace": grace, "home": office.home})
            said.append(getattr(refused.value.orig, "sqlstate", ""))

    assert said == ["42501"] * len(tries)


@pytest.mark.parametrize("kind", [CredentialKind.api_key, CredentialKind.token])
def test_neither_key_nor_token_runs_the_platform(
    office: Office, naomi: UUID, kind: CredentialKind
) -> None:
    key = office.secret(naomi, kind)
    with (
        Session(office.app.extensions["engines"]["web"]) as session,
        seeing(session, Scope(key=key)),
        pytest.raises(ProgrammingError, match="not an administrator of the platform"),
    ):
        session.execute(text("SELECT * FROM platform_organizations('', 9)"))


def test_commands_name_and_dismiss_and_both_are_shown(office: Office, browser: FlaskClient) -> None:
    office.person("Sales", name="grace")
    run = office.app.test_cli_runner()

    with office.app.app_context():
        named = [run.invoke(args=["person", "appoint", "grace"]).output for _ in range(2)]
        gone = [run.invoke(args=["person", "dismiss", "grace"]).output for _ in range(2)]
        nobody = run.invoke(args=["person", "appoint", "nobody"])

    assert named == ["grace runs the platform now.\n", "grace runs it already.\n"]
    assert gone == ["grace does not run the platform any more.\n", "grace does not run it.\n"]
    assert (nobody.exit_code, nobody.output) == (1, "Error: Nobody signs in as nobody.\n")
    acts = [what for what, _why in done(browser)]
    assert acts[0] == "Is no administrator of the platform any more: Grace"
    assert "Made an administrator of the platform: Grace" in acts
    with owner_of(office) as owner:
        assert owner.scalars(select(Credential.id)).first()
        assert owner.scalars(select(Invitation.id)).first() is None


def test_who_works_there_hears_that_an_administrator_is_invited(
    office: Office, browser: FlaskClient
) -> None:
    mary = office.person("Manager", name="mary")
    said(browser, f"/platform/organizations/{office.home}/invite", email="new@corp.example")
    with office.work() as work:
        organizations.invite(work, "usual@corp.example", ["Sales"])
    heard(office.app)

    with office.work() as work:
        told = select(Notification.profile_id, Notification.values).where(
            Notification.message.contains("platform")
        )
        assert work.session.execute(told).all() == [(mary, {"email": "new@corp.example"})]
