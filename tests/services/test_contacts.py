"""An address or a phone is somebody's own once a code that went there has come back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.errors import BadInput, Refused
from core.work import Work, clock
from models.accounts import AccountMail, MailAbout
from models.notices import Channel, Dispatch, Priority
from models.organizations import Profile
from services import contacts, notices, sign_in
from services.contacts import (
    AddressTaken,
    ContactCodeOver,
    TooManyContactCodes,
    WrongContactCode,
)
from services.notices import Notice
from tests import make

pytestmark = pytest.mark.req("S1.79")
HERE, PHONE = uuid4(), "+254712345678"


@pytest.fixture
def door(session: Session) -> Session:
    return db.door()


@pytest.fixture
def amina(door: Session) -> UUID:
    return person(door, "amina")


def person(door: Session, name: str, phone: str = PHONE) -> UUID:
    found = make.user(door, name)
    door.get_one(Profile, found).phone = phone
    door.commit()
    return found


def sent(door: Session, who: UUID) -> str:
    """Send what was asked for last, as a job does; gives the code."""
    query = select(AccountMail).where(AccountMail.profile_id == who)
    mail = door.scalars(query.order_by(AccountMail.id.desc())).first()
    assert mail
    code = contacts.make(door, mail)
    door.commit()
    return code


def confirmed(door: Session, who: UUID, channel: Channel = Channel.sms) -> None:
    contacts.ask(door, who, channel, clock())
    contacts.confirm(door, who, channel, sent(door, who), clock(), but=HERE)
    door.commit()


def about(door: Session, what: MailAbout) -> list[str]:
    return list(door.scalars(select(AccountMail.address).where(AccountMail.about == what)))


@pytest.mark.req("S1.76", "S1.77")
@pytest.mark.parametrize("channel", list(Channel))
def test_a_code_confirms_once_and_for_ten_minutes(
    door: Session, amina: UUID, channel: Channel, superuser: Engine
) -> None:
    now = clock()
    contacts.ask(door, amina, channel, now)
    code = sent(door, amina)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    with pytest.raises(WrongContactCode):
        contacts.confirm(door, amina, channel, wrong, now, but=HERE)

    row = contacts.confirm(door, amina, channel, f" {code} ", now, but=HERE)
    door.commit()

    assert (row.email_confirmed_at, row.phone_confirmed_at) == (
        (now, None) if channel is Channel.email else (None, now)
    )
    with pytest.raises(ContactCodeOver):
        contacts.confirm(door, amina, channel, code, now, but=HERE)
    contacts.ask(door, amina, channel, now)
    late = sent(door, amina)
    with superuser.connect() as owner:
        owner.execute(text("UPDATE contact_code SET expires_at = now()"))
    with pytest.raises(ContactCodeOver):
        contacts.confirm(door, amina, channel, late, now, but=HERE)


def test_five_wrong_tries_use_a_code_up_and_a_newer_one_ends_it(door: Session, amina: UUID) -> None:
    contacts.ask(door, amina, Channel.sms, clock())
    first = sent(door, amina)
    contacts.ask(door, amina, Channel.sms, clock())
    second = sent(door, amina)
    wrong = next(f"{each:06}" for each in range(9) if f"{each:06}" not in {first, second})
    for refusal in (*[WrongContactCode] * 4, ContactCodeOver):
        with pytest.raises(refusal):
            contacts.confirm(door, amina, Channel.sms, wrong, clock(), but=HERE)
        door.commit()
    with pytest.raises(ContactCodeOver):
        contacts.confirm(door, amina, Channel.sms, second, clock(), but=HERE)


def test_tries_at_once_are_each_counted(app: Flask, door: Session, amina: UUID) -> None:
    contacts.ask(door, amina, Channel.sms, clock())
    code = sent(door, amina)
    wrong = "000000" if code != "000000" else "000001"
    together, engine = (
        Barrier(8),
        create_engine(app.config["AUTH_DATABASE_URI"], poolclass=NullPool),
    )

    def attempt(_: int) -> str:
        with Session(engine) as mine:
            together.wait()
            try:
                contacts.confirm(mine, amina, Channel.sms, wrong, clock(), but=HERE)
            except Refused as refusal:
                mine.commit()
                return refusal.code
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(attempt, range(8)))
    assert said == ["contact_code_over"] * 4 + ["wrong_contact_code"] * 4


def test_of_two_who_show_a_phone_at_once_the_last_has_it(app: Flask, door: Session) -> None:
    two = [person(door, name) for name in ("amina", "baraka")]
    for each in two:
        contacts.ask(door, each, Channel.sms, clock())
    codes = [sent(door, each) for each in two]
    together, engine = (
        Barrier(2),
        create_engine(app.config["AUTH_DATABASE_URI"], poolclass=NullPool),
    )

    def attempt(at: int) -> None:
        with Session(engine) as mine:
            together.wait()
            contacts.confirm(mine, two[at], Channel.sms, codes[at], clock(), but=HERE)
            mine.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, range(2)))
    held = select(Profile.id).where(Profile.phone_confirmed_at.is_not(None))
    assert len(door.scalars(held).all()) == 1
    assert len(about(door, MailAbout.phone_taken)) == 1


def test_five_codes_an_hour_to_a_person_and_to_a_number(door: Session, amina: UUID) -> None:
    other = person(door, "baraka")
    for _ in range(5):
        contacts.ask(door, amina, Channel.sms, clock())
    for who, channel in ((amina, Channel.sms), (amina, Channel.email), (other, Channel.sms)):
        with pytest.raises(TooManyContactCodes):
            contacts.ask(door, who, channel, clock())
    later = clock() + timedelta(hours=1, minutes=1)
    contacts.ask(door, other, Channel.sms, later)


def test_codes_beyond_five_are_not_made_however_often_a_mail_is_tried(
    door: Session, amina: UUID
) -> None:
    contacts.ask(door, amina, Channel.sms, clock())
    codes = [sent(door, amina) for _ in range(6)]
    assert all(codes[:5])
    assert codes[5] == ""


@pytest.mark.req("S1.76")
def test_a_changed_phone_is_not_confirmed_and_an_old_code_does_not_confirm_it(
    door: Session, amina: UUID
) -> None:
    confirmed(door, amina)
    contacts.ask(door, amina, Channel.sms, clock())
    code = sent(door, amina)

    door.get_one(Profile, amina).phone = "+254712345670"
    door.commit()

    row = door.get_one(Profile, amina)
    door.refresh(row)
    assert row.phone_confirmed_at is None
    with pytest.raises(ContactCodeOver):
        contacts.confirm(door, amina, Channel.sms, code, clock(), but=HERE)


def test_a_phone_without_its_country_is_one_of_the_homes(door: Session, amina: UUID) -> None:
    door.get_one(Profile, amina).phone = "0712 345 678"
    assert contacts.ask(door, amina, Channel.sms, clock(), "KE") == PHONE
    door.get_one(Profile, amina).phone = "12"
    with pytest.raises(BadInput):
        contacts.ask(door, amina, Channel.sms, clock(), "KE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE profile SET phone_confirmed_at = now()",
        "UPDATE profile SET email = 'thief@example.org'",
        "SELECT digest FROM contact_code",
        "UPDATE contact_code SET proved_in = pg_current_xact_id()::text",
    ],
)
def test_by_hand_nothing_is_confirmed_that_was_not_shown(
    door: Session, amina: UUID, statement: str
) -> None:
    contacts.ask(door, amina, Channel.sms, clock())
    sent(door, amina)
    with pytest.raises(DBAPIError):
        door.execute(text(statement))
    door.rollback()


@pytest.mark.parametrize("role", ["web", "jobs"])
def test_only_the_door_has_codes_made_and_judged(
    app: Flask, door: Session, amina: UUID, role: str
) -> None:
    with app.extensions["engines"][role].connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT try_contact_code(:who, 'sms', '1')"), {"who": amina})


@pytest.mark.req("S1.77")
def test_another_address_takes_the_place_of_the_old_one_once_it_is_shown(
    door: Session, amina: UUID
) -> None:
    here, there = make.key(door, amina), make.key(door, amina)
    kept = sign_in.identify(door, here, clock())
    assert kept
    with pytest.raises(sign_in.WrongCredentials):
        contacts.ask_for(door, amina, "new@example.org", "wrong", clock())
    door.commit()
    contacts.ask_for(door, amina, " New@Example.org ", make.PASSWORD, clock())
    assert door.get_one(Profile, amina).email == "amina@example.org", "not before it is shown"
    code = sent(door, amina)

    contacts.confirm(door, amina, Channel.email, code, clock(), but=kept.credential_id)
    door.commit()

    row = door.get_one(Profile, amina)
    assert row.email == door.get_one(User, row.ab_user_id).email == "new@example.org"
    assert row.email_confirmed_at
    assert about(door, MailAbout.email_changed) == ["amina@example.org"]
    assert sign_in.identify(door, here, clock())
    assert sign_in.identify(door, there, clock()) is None
    assert sign_in.check(door, "new@example.org", make.PASSWORD, clock()).id == amina


def test_whether_an_address_is_taken_shows_only_to_who_reads_its_mail(
    door: Session, amina: UUID
) -> None:
    other = person(door, "baraka", "")
    theirs = door.get_one(Profile, other).email

    asked = contacts.ask_for(door, amina, theirs, make.PASSWORD, clock())
    code = sent(door, amina)
    with pytest.raises(AddressTaken):
        contacts.confirm(door, amina, Channel.email, code, clock(), but=HERE)
    door.commit()

    assert asked == theirs
    door.expire_all()
    assert door.get_one(Profile, amina).email == "amina@example.org"
    assert door.get_one(Profile, other).email == theirs


URGENT = Notice("Booking %(number)s is approved.", "test:1", {"number": "B-1"}, "/", Priority.high)


@pytest.mark.req("S1.80", "S5.55")
@pytest.mark.parametrize(
    ("priority", "shown", "wished", "texts"),
    [
        (Priority.high, True, True, [PHONE]),
        (Priority.high, False, True, []),
        (Priority.high, True, False, []),
        (Priority.normal, True, True, []),
        (Priority.low, True, True, []),
    ],
)
def test_a_text_tells_of_what_is_urgent_to_a_phone_that_is_confirmed(  # noqa: PLR0913
    work: Work, door: Session, priority: Priority, texts: list[str], *, shown: bool, wished: bool
) -> None:
    who = person(door, "amina")
    make.member(work, who, "Sales")
    if shown:
        confirmed(door, who)
    door.get_one(Profile, who).text_notices = wished
    door.commit()

    notices.notify(work, [who], Notice(URGENT.message, "1", URGENT.values, "/", priority))

    query = select(Dispatch.address).where(Dispatch.channel == Channel.sms)
    assert list(work.session.scalars(query)) == texts
