"""Languages: what the browser asks for holds for a visitor, what the profile says for a person."""

from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.organizations import Profile
from tests import make
from tests.views.conftest import Office

SIGN_IN = {"en": "Sign in", "fr": "Se connecter", "sw": "Ingia", "ar": "تسجيل الدخول"}
HOME = {"en": "Home", "fr": "Accueil", "sw": "Mwanzo", "ar": "الرئيسية"}


def speaks(office: Office, profile_id: UUID, language: str) -> None:
    with Session(office.app.extensions["engines"]["owner"]) as owner:
        owner.execute(update(Profile).where(Profile.id == profile_id).values(locale=language))
        owner.commit()


@pytest.mark.parametrize("language", SIGN_IN)
def test_a_visitor_reads_the_language_of_the_browser(office: Office, language: str) -> None:
    asked = {"Accept-Language": f"{language}-KE,{language};q=0.9,de;q=0.5"}

    page = office.app.test_client().get("/login/", headers=asked).get_data(as_text=True)

    assert f'lang="{language}"' in page
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert SIGN_IN[language] in page


def test_a_language_that_is_not_spoken_here_becomes_english(office: Office) -> None:
    page = office.app.test_client().get("/login/", headers={"Accept-Language": "xx"})

    assert SIGN_IN["en"] in page.get_data(as_text=True)


def test_a_language_chosen_at_the_door_is_kept_inside(office: Office) -> None:
    office.person("Sales", name="grace")
    client = office.app.test_client()

    client.get("/login/?lang=ar")
    client.post("/login/", data={"username": "grace", "password": make.PASSWORD})

    assert 'lang="ar" dir="rtl"' in client.get("/home/").get_data(as_text=True)


@pytest.mark.parametrize("language", HOME)
def test_a_buyer_reads_the_language_of_the_profile(office: Office, language: str) -> None:
    profile_id = office.person("Buyer")
    speaks(office, profile_id, language)

    answer = office.browser_of(profile_id).get("/portal/", headers={"Accept-Language": "de"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert HOME[language] in page


@pytest.mark.parametrize("path", ["/", "/home/", "/portal/payments"])
def test_a_language_in_the_address_is_kept_where_the_answer_only_leads_elsewhere(
    office: Office, path: str
) -> None:
    visitor = office.app.test_client()

    page = visitor.get(f"{path}?lang=sw", follow_redirects=True).get_data(as_text=True)

    assert SIGN_IN["sw"] in page
