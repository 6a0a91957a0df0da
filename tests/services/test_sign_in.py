from datetime import timedelta

import pyotp
import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import box, db
from core.db import broken_constraint
from core.errors import BadInput
from core.work import clock
from models.organizations import CredentialKind, Profile
from services import access, passwords, second_factor, sign_in
from tests import make

pytestmark = pytest.mark.req("S3.20")


@pytest.fixture
def door(session: Session) -> Session:
    return db.door()


@pytest.mark.req("S5.48")
def test_a_password_is_kept_as_a_slow_hash_only(door: Session) -> None:
    make.user(door, "amina")

    kept = door.scalars(select(User.password)).one()

    assert kept.startswith("scrypt:")
    assert make.PASSWORD not in kept
    assert sign_in.check(door, "AMINA@example.org", make.PASSWORD, clock())


@pytest.mark.req("S5.09")
def test_five_wrong_tries_lock_for_a_quarter_of_an_hour(door: Session) -> None:
    profile_id, now = make.user(door, "amina"), clock()
    for _ in range(5):
        with pytest.raises(sign_in.WrongCredentials):
            sign_in.check(door, "amina", "wrong", now)

    with pytest.raises(sign_in.WrongCredentials):  # the right one, and nobody is told so
        sign_in.check(door, "amina", make.PASSWORD, now)
    profile = door.get_one(Profile, profile_id)
    assert profile.account_locked_until == now + timedelta(minutes=15)
    assert sign_in.check(door, "amina", make.PASSWORD, now + timedelta(minutes=16))


def test_who_exists_is_not_told(door: Session) -> None:
    make.user(door, "amina")
    said = []
    for login in ("amina", "nobody"):
        with pytest.raises(sign_in.WrongCredentials) as refused:
            sign_in.check(door, login, "wrong", clock())
        said.append(str(refused.value))

    assert said[0] == said[1]


@pytest.mark.parametrize("password", ["short1A", "alllowercase1", "ALLUPPERCASE1", "NoDigitsHere"])
def test_a_weak_password_is_refused(door: Session, password: str) -> None:
    with pytest.raises(sign_in.PasswordTooWeak):
        sign_in.register(door, "amina", "Amina", "amina@example.org", password)


def test_a_name_is_taken_once_however_it_is_written(door: Session) -> None:
    make.user(door, "amina")

    with pytest.raises(BadInput):
        sign_in.register(door, "AMINA", "Amina", "other@example.org", make.PASSWORD)


@pytest.mark.req("S5.07")
def test_a_new_password_ends_every_other_sign_in(door: Session) -> None:
    profile_id, now = make.user(door), clock()
    here, there = make.key(door, profile_id), make.key(door, profile_id)
    mine = sign_in.identify(door, here, now)
    assert mine

    passwords.change(door, profile_id, make.PASSWORD, "Another-one-2", now, but=mine.credential_id)

    assert sign_in.identify(door, here, now)
    assert sign_in.identify(door, there, now) is None


@pytest.mark.req("S5.09")
def test_a_code_works_once_and_a_recovery_code_too(door: Session) -> None:
    profile_id, now = make.user(door), clock()
    here = sign_in.identify(door, make.key(door, profile_id), now)
    assert here
    secret, address = second_factor.begin(door, profile_id, "Makao")
    assert address.startswith("otpauth://totp/")
    totp = pyotp.TOTP(secret)
    codes = second_factor.confirm(door, profile_id, totp.at(now), now, here.credential_id)
    profile = door.get_one(Profile, profile_id)
    assert profile.two_factor_enabled
    assert secret not in (profile.two_factor_secret or "")

    later = now + timedelta(minutes=2)
    second_factor.check(door, profile_id, totp.at(later), later)
    for used in (totp.at(later), "000000"):
        with pytest.raises(second_factor.WrongCode):
            second_factor.check(door, profile_id, used, later)
    second_factor.check(door, profile_id, codes[0], later)
    with pytest.raises(second_factor.WrongCode):
        second_factor.check(door, profile_id, codes[0], later)


def test_what_is_locked_for_one_place_opens_nowhere_else() -> None:
    locked = box.lock("secret", "profile:x:1")

    assert box.unlock(locked, "profile:x:1") == "secret"
    for place, text in (("profile:x:2", locked), ("profile:x:1", locked[:-4] + "AAAA")):
        with pytest.raises(ValueError, match="place"):
            box.unlock(text, place)


def test_a_token_ends_by_itself(door: Session) -> None:
    profile_id, now = make.user(door), clock()
    secret = sign_in.open_for(door, profile_id, CredentialKind.token, now)

    assert sign_in.identify(door, secret, now + timedelta(minutes=14))
    assert sign_in.identify(door, secret, now + timedelta(minutes=16)) is None


@pytest.mark.req("S3.21", "S3.28", "S5.05")
@pytest.mark.parametrize(
    ("role", "verb", "table", "held"),
    [
        ("Admin", "anything", "whatever", True),
        ("Sales", "confirm", "booking", True),
        ("Sales", "approve", "booking", False),
        ("Sales", "read", "journal_entry", False),
        ("Accountant", "record", "payment_intent", True),
        ("Accountant", "write", "project", False),
        ("Auditor", "read", "audit_entry", True),
        ("Auditor", "write", "party", False),
        ("Buyer", "read", "booking", False),
        ("Nobody", "read", "project", False),
    ],
)
def test_a_role_is_a_list_of_verbs(role: str, verb: str, table: str, *, held: bool) -> None:
    assert access.allows([role], table, verb) is held
    assert (role in access.holders(table, verb)) is held


@pytest.mark.req("S5.48")
def test_the_database_takes_no_user_name_that_is_another_s_address(door: Session) -> None:
    make.user(door, "boss")
    twin = make.user(door, "twin")
    user_id = door.get_one(Profile, twin).ab_user_id
    named = update(User).where(User.id == user_id).values(username="boss@example.org")

    with pytest.raises(IntegrityError) as broken, door.begin_nested():
        door.execute(named)

    assert broken_constraint(broken.value) == "username_is_no_address"
    assert sign_in.check(door, "boss@example.org", make.PASSWORD, clock()).name == "Boss"
