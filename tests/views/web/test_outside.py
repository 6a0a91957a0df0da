"""Signing in by a provider of identities: who is believed, whose account opens, who stays out."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.work import clock
from models.accounts import AccountMail, OutsideIdentity
from models.organizations import Membership, Profile, ProfileStatus
from tests import make
from tests.doubles.running import running
from tests.views.conftest import Office
from tests.views.web.test_sign_in import with_second_factor

pytestmark = pytest.mark.req("S5.07", "S5.48")
Faults = Callable[..., None]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("doubles.oidc", tmp_path_factory.mktemp("oidc"), "--port", "0") as (addresses, _):
        yield addresses[0]


@pytest.fixture
def faults(office: Office, address: str) -> Iterator[Faults]:
    """Set the provider up, and give its switches."""
    given = {"ISSUER": address, "CLIENT_ID": "makao", "CLIENT_SECRET": "oidc-test-secret"}
    given["LABEL"] = "Acme"
    kept = {f"OIDC_{name}": office.app.config[f"OIDC_{name}"] for name in given}
    office.app.config.update({f"OIDC_{name}": value for name, value in given.items()})

    def switch(*names: str) -> None:
        httpx.put(f"{address}/_/faults", json=list(names), trust_env=False).raise_for_status()

    switch()
    yield switch
    switch()
    office.app.config.update(kept)


@pytest.fixture
def grace(office: Office) -> None:
    """A member who came by an invitation to her address."""
    profile_id = office.person("Sales", name="grace")
    change(office, profile_id, email_confirmed_at=clock())


def change(office: Office, profile_id: object, **values: object) -> None:
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        owner.execute(update(Profile).where(Profile.id == profile_id).values(**values))
        owner.commit()


def asked(client: FlaskClient, email: str) -> str:
    """Go to the provider and say there who one is; gives the address that it sends one back to."""
    there = client.get("/login/with/?next=/admin/party/").location
    form = httpx.get(there, trust_env=False).text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.replace("&amp;", "&")))
    url = there.partition("?")[0]
    answer = httpx.post(url, data=hidden | {"email": email}, trust_env=False)
    back = answer.headers["Location"]
    return str(back[back.index("/login/with/back") :])


def enters(client: FlaskClient, email: str) -> str:
    """Sign in by the provider; gives what is said if that does not work, else where one is."""
    client.get(asked(client, email))
    page = client.get("/home/")
    if page.status_code == 200:
        return "inside"
    said = client.get("/login/").get_data(as_text=True)
    return " ".join(re.sub(r"<[^>]+>", " ", said).split())


def links(office: Office) -> int:
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        return owner.scalar(select(func.count()).select_from(OutsideIdentity)) or 0


def mails(office: Office) -> list[tuple[str, str]]:
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        rows = owner.execute(select(AccountMail.about, AccountMail.address))
        return [(row.about.value, row.address) for row in rows]


def test_a_member_signs_in_by_the_provider_beside_the_password(
    office: Office, faults: Faults, grace: None
) -> None:
    client = office.app.test_client()
    page = client.get("/login/?next=/admin/party/").get_data(as_text=True)
    assert "Sign in with Acme" in page
    assert "/login/with/?next=/admin/party/" in page

    back = client.get(asked(client, "Grace@example.org"))

    assert back.location == "/admin/party/"
    assert client.get("/admin/party/").status_code == 200
    assert enters(office.app.test_client(), "grace@example.org") == "inside"
    assert links(office) == 1
    assert mails(office) == [("outside_linked", "grace@example.org")], "once, when it was linked"
    by_password = office.app.test_client()
    data = {"username": "grace", "password": make.PASSWORD}
    assert by_password.post("/login/", data=data).status_code == 302


@pytest.mark.parametrize(
    "fault",
    [
        *("wrong_nonce", "wrong_audience", "wrong_issuer", "expired", "unknown_key", "forged"),
        *("unsigned", "garbage", "error"),
    ],
)
def test_what_the_provider_would_not_say_opens_nothing(
    office: Office, faults: Faults, grace: None, fault: str
) -> None:
    client = office.app.test_client()
    back = asked(client, "grace@example.org")
    faults(fault)

    client.get(back)

    said = client.get("/login/").get_data(as_text=True)
    away = fault in {"garbage", "error"}
    assert ("does not answer now" if away else "did not work") in said
    assert client.get("/home/").status_code == 302
    assert links(office) == 0


@pytest.mark.parametrize("fault", ["unverified", "no_address"])
def test_an_address_that_is_not_proved_opens_nothing(
    office: Office, faults: Faults, grace: None, fault: str
) -> None:
    faults(fault)
    assert "has not proved" in enters(office.app.test_client(), "grace@example.org")


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    office: Office, faults: Faults, grace: None
) -> None:
    client, other = office.app.test_client(), office.app.test_client()
    back = asked(client, "grace@example.org")

    other.get(back)
    assert other.get("/home/").status_code == 302, "a link that somebody else was sent"
    client.get(back)
    assert client.get("/home/").status_code == 200
    client.post("/logout/")
    client.get(back)
    assert client.get("/home/").status_code == 302
    faults("denied")
    gone = httpx.get(client.get("/login/with/").location, trust_env=False).headers["Location"]
    client.get(gone[gone.index("/login/with/back") :])
    assert "did not work" in client.get("/login/").get_data(as_text=True)


def test_nobody_becomes_a_member_by_it(office: Office, faults: Faults, grace: None) -> None:
    unconfirmed = office.person("Sales", name="juma")
    shut_out = office.person("Sales", name="amina")
    change(office, shut_out, email_confirmed_at=clock(), status=ProfileStatus.suspended)
    client = office.app.test_client

    assert "need an invitation" in enters(client(), "nobody@example.org")
    assert "need an invitation" in enters(client(), "amina@example.org")
    assert "cannot be opened this way yet" in enters(client(), "juma@example.org")
    change(office, unconfirmed, email_confirmed_at=clock())
    assert enters(client(), "juma@example.org") == "inside"
    with office.work() as work:
        assert work.session.scalar(select(func.count()).select_from(Membership)) == 3


def test_who_is_linked_stays_so_and_nobody_else_gets_the_account(
    office: Office, faults: Faults, grace: None
) -> None:
    client = office.app.test_client
    assert enters(client(), "grace@example.org") == "inside"
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        owner.execute(update(OutsideIdentity).values(known_as="somebody else's"))
        owner.commit()

    assert "cannot be opened this way yet" in enters(client(), "grace@example.org")
    assert links(office) == 1


@pytest.mark.req("S5.09")
def test_the_second_factor_is_asked_for_all_the_same(
    office: Office, faults: Faults, grace: None
) -> None:
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        profile_id = owner.scalars(select(Profile.id).where(Profile.name == "Grace")).one()
    with_second_factor(office, profile_id)
    client = office.app.test_client()

    answer = client.get(asked(client, "grace@example.org"))

    assert answer.location == "/login/code?next=/admin/party/"
    assert client.get("/home/").status_code == 302


def test_without_a_provider_there_is_no_such_way(office: Office) -> None:
    client = office.app.test_client()

    assert "/login/with" not in client.get("/login/").get_data(as_text=True)
    assert client.get("/login/with/").status_code == 404
    assert client.get("/login/with/back?code=x&state=y").status_code == 404


def test_a_provider_that_calls_itself_otherwise_is_not_asked(
    office: Office, faults: Faults, address: str
) -> None:
    office.app.config["OIDC_ISSUER"] = address.replace("127.0.0.1", "localhost")
    client = office.app.test_client()

    assert client.get("/login/with/").location == "/login/"
    assert "does not answer" in client.get("/login/").get_data(as_text=True)
