"""A link to a new password: one a person, used once, over in an hour, a way around nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.errors import BadInput, Refused
from core.work import clock
from models.accounts import AccountMail, MailAbout, OutsideIdentity, PasswordLink
from models.events import AuditEntry
from models.organizations import Profile, ProfileStatus
from services import passwords, sign_in
from services.passwords import LinkOver
from tests import make

pytestmark = pytest.mark.req("S5.48")
NEW = "Another-one-2"


@pytest.fixture
def door(session: Session) -> Session:
    return db.door()


@pytest.fixture
def amina(door: Session) -> UUID:
    return make.user(door, "amina")


def mails(door: Session, about: MailAbout) -> list[str]:
    query = select(AccountMail.address).where(AccountMail.about == about)
    return list(door.scalars(query))


def test_a_link_opens_a_new_password_once_and_everything_else_ends(
    door: Session, amina: UUID, superuser: Engine
) -> None:
    now, held = clock(), make.key(door, amina)
    code = passwords.open_link(door, amina, now, mailed=True)
    with pytest.raises(sign_in.PasswordTooWeak):
        passwords.choose(door, code, "short1A", now)

    passwords.choose(door, code, NEW, now)
    door.commit()

    assert sign_in.identify(door, held, now) is None
    with pytest.raises(sign_in.WrongCredentials):
        sign_in.check(door, "amina", make.PASSWORD, now)
    assert sign_in.check(door, "amina", NEW, now).id == amina
    with pytest.raises(LinkOver):
        passwords.choose(door, code, "Yet-another-3", now)
    assert mails(door, MailAbout.password_changed) == ["amina@example.org"]
    assert door.get_one(Profile, amina).email_confirmed_at == now
    assert code.encode() not in door.scalars(select(PasswordLink.code_hash)).all()
    door.commit()
    with superuser.connect() as connection:
        told = select(AuditEntry.table_name, AuditEntry.after).where(AuditEntry.after.is_not(None))
        after = [(row.table_name, str(row.after)) for row in connection.execute(told)]
    assert any("password_changed_at" in said for table, said in after if table == "profile")
    assert not any("code_hash" in said for _table, said in after)


@pytest.mark.parametrize("how", ["chosen by a link", "reset"])
def test_who_had_a_provider_open_the_account_does_no_more(
    door: Session, amina: UUID, how: str
) -> None:
    now = clock()
    linked = OutsideIdentity(profile_id=amina, issuer="https://x.example", known_as="1")
    linked.linked_at = now
    door.add(linked)
    door.flush()
    if how == "reset":
        passwords.take_away(door, door.get_one(Profile, amina), now)
    else:
        code = passwords.open_link(door, amina, now, mailed=True)
        passwords.choose(door, code, NEW, now)

    assert door.scalars(select(OutsideIdentity.id)).all() == []


@pytest.mark.parametrize("why", ["too old", "replaced", "changed", "shut out", "never made"])
def test_a_link_that_is_over_opens_nothing(door: Session, amina: UUID, why: str) -> None:
    now = clock()
    code = passwords.open_link(door, amina, now, mailed=True)
    if why == "replaced":
        passwords.open_link(door, amina, now, mailed=True)
    elif why == "changed":
        here = sign_in.identify(door, make.key(door, amina), now)
        assert here
        passwords.change(door, amina, make.PASSWORD, NEW, now, but=here.credential_id)
    elif why == "shut out":
        door.execute(update(Profile).values(status=ProfileStatus.suspended))
    later = now + (timedelta(minutes=61) if why == "too old" else timedelta(minutes=59))

    with pytest.raises(LinkOver):
        passwords.choose(door, code if why != "never made" else "made up", "Yet-another-3", later)


def test_a_link_used_by_many_at_once_is_used_once(app: Flask, door: Session, amina: UUID) -> None:
    code = passwords.open_link(door, amina, clock(), mailed=True)
    door.commit()
    engine = create_engine(app.config["AUTH_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(4)

    def choose(number: int) -> str:
        with Session(engine) as each:
            together.wait()
            try:
                passwords.choose(each, code, f"{NEW}-{number}", clock())
            except Refused as refusal:
                return refusal.code
            each.commit()
            return ""

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(choose, range(4)))

    assert sorted(said) == ["", *["password_link_over"] * 3]
    assert sign_in.check(door, "amina", f"{NEW}-{said.index('')}", clock())
    assert mails(door, MailAbout.password_changed) == ["amina@example.org"]


def test_links_made_by_many_at_once_leave_one_alive(app: Flask, door: Session, amina: UUID) -> None:
    engine = create_engine(app.config["AUTH_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(4)

    def make_one(_number: int) -> None:
        with Session(engine) as each:
            together.wait()
            passwords.open_link(each, amina, clock(), mailed=True)
            each.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make_one, range(4)))

    live = select(func.count()).select_from(PasswordLink).where(PasswordLink.ended_at.is_(None))
    assert door.scalar(live) == 1


def test_asking_does_the_same_whoever_is_there_and_stops_after_three(
    door: Session, amina: UUID
) -> None:
    now = clock()
    for address in ("amina@example.org", "nobody@example.org"):
        for _ in range(5):
            passwords.ask(door, address.title(), now)
    door.flush()

    asked = mails(door, MailAbout.password_link)
    assert sorted(asked) == ["amina@example.org"] * 3 + ["nobody@example.org"] * 3
    assert door.scalar(select(func.count()).select_from(PasswordLink)) == 0
    passwords.ask(door, "amina@example.org", now + timedelta(minutes=61))
    assert len(mails(door, MailAbout.password_link)) == 7
    for wrong in ("", "amina", "a b@c.de", "x" * 400 + "@example.org", "a\0@example.org"):
        with pytest.raises(BadInput):
            passwords.ask(door, wrong, now)


@pytest.mark.parametrize("second_factor", [False, True])
def test_a_link_forgets_wrong_passwords_but_no_wrong_codes(
    door: Session,
    amina: UUID,
    second_factor: bool,  # noqa: FBT001
) -> None:
    now = clock()
    held = door.get_one(Profile, amina)
    held.two_factor_enabled = second_factor
    for _ in range(5):
        sign_in.count_wrong_try(held, now)

    passwords.choose(door, passwords.open_link(door, amina, now, mailed=True), NEW, now)

    assert bool(held.account_locked_until) is second_factor
    assert held.two_factor_enabled is second_factor


def test_old_mails_and_links_are_forgotten(door: Session, amina: UUID) -> None:
    now = clock()
    passwords.ask(door, "amina@example.org", now - timedelta(days=3))
    passwords.open_link(door, amina, now - timedelta(days=40), mailed=True)

    passwords.clean(door, now)

    assert door.scalars(select(AccountMail)).all() == []
    assert door.scalars(select(PasswordLink)).all() == []
