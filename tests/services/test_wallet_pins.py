"""The PIN of a wallet, and what the database refuses a member of the portal."""

from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.scope import seeing
from core.work import Work, clock
from services import (
    sign_in,
    wallet_orders,
    wallet_pins,
)
from services.wallet_pins import NoPin, PinLocked, PinTooEasy, WrongPin
from tests import make
from tests.purses import BANKED, PIN, Owner, Portal, an_owner, as_owner, owner, portal, told, web

__all__ = ["owner", "portal", "web"]


@pytest.mark.req("S1.78")
def test_a_pin_is_hashed_tried_and_locked(work: Work, owner: Owner, portal: Portal) -> None:
    for _ in range(4):
        with pytest.raises(WrongPin):
            _try(portal, "9999")
    with pytest.raises(PinLocked):
        _try(portal, "9999")
    with pytest.raises(PinLocked):
        _try(portal, PIN)

    (event,) = told(work, "wallet.pin_locked")
    assert event.data["wallet_id"] == str(owner.wallet_id)
    door = db.door()
    wallet_pins.choose(
        door, owner.profile_id, owner.wallet_id, "1357", password=make.PASSWORD, code="",
        now=clock(),
    )  # fmt: skip
    door.commit()
    portal.do(wallet_orders.withdraw, owner.ask(pin="1357"), Decimal(200), BANKED)


def _try(portal: Portal, pin: str) -> None:
    """Ask with a PIN, and keep what the database has counted, as views do."""
    with seeing(portal.web, portal.scope):
        try:
            work = as_owner(portal.web, portal.owner)
            wallet_orders.withdraw(work, portal.owner.ask(pin=pin), Decimal(200), BANKED)
        finally:
            portal.web.commit()


@pytest.mark.req("S1.78")
def test_the_pin_is_nowhere_and_is_not_chosen_without_the_password(
    work: Work, owner: Owner, superuser: Engine
) -> None:
    with superuser.connect() as connection:
        kept = connection.execute(
            text("SELECT to_jsonb(p)::text FROM wallet_pin AS p")
        ).scalar_one()
    assert PIN not in kept
    door = db.door()
    with pytest.raises(sign_in.WrongCredentials):
        _choose(owner, PIN, "no")
    door.commit()
    for easy in ("1234", "0000", "98765", "12", "12345678", "12a4"):
        with pytest.raises(PinTooEasy):
            _choose(owner, easy, make.PASSWORD)
    for table in ("wallet_pin",):
        with pytest.raises(DBAPIError):
            work.session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        work.session.rollback()


def _choose(owner: Owner, pin: str, password: str) -> None:
    wallet_pins.choose(
        db.door(),
        owner.profile_id,
        owner.wallet_id,
        pin,
        password=password,
        code="",
        now=clock(),
    )


def test_nobody_spends_without_a_pin(session: Session, work: Work, app: object) -> None:
    other = an_owner(session, work.scope.home(), "500")
    with Session(app.extensions["engines"]["owner"]) as past:  # type: ignore[attr-defined]
        past.execute(text("DELETE FROM wallet_pin"))
        past.commit()
    with Session(app.extensions["engines"]["web"]) as web, pytest.raises(NoPin):  # type: ignore[attr-defined]
        Portal(web, other).do(wallet_orders.withdraw, other.ask(), Decimal(200), BANKED)


ATTEMPTS = {
    "a status": "UPDATE wallet SET status = 'frozen'",
    "a checksum": "UPDATE wallet SET checksum = ''",
    "a balance": "UPDATE account SET balance = -99999 WHERE code = '2500'",
    "an order without a PIN": "INSERT INTO wallet_order (id, organization_id, wallet_id, kind,"
    " status, amount, currency, key, channel, asked_by_id) SELECT gen_random_uuid(),"
    " organization_id, id, 'withdrawal', 'requested', 5, 'KES', 'x', 'bank', acting_profile()"
    " FROM wallet",
    "to pay by itself": "INSERT INTO autopay (id, organization_id, party_id, wallet_id, currency,"
    " since, agreed_by_id) SELECT gen_random_uuid(), organization_id, party_id, id, 'KES',"
    " current_date, acting_profile() FROM wallet",
    "an order that is done": "UPDATE wallet_order SET status = 'done'",
    "a PIN": "SELECT set_wallet_pin(:profile, :wallet, '', '', now(), gen_random_uuid(),"
    " gen_random_uuid())",
    "to read PINs": "SELECT * FROM wallet_pin",
    "a movement": "INSERT INTO wallet_transaction (id, organization_id, wallet_id, party_id,"
    " processor, status, title, type, reference, currency, amount, record_type, happened_at)"
    " SELECT gen_random_uuid(), organization_id, id, party_id, 'x', 'failed', 'x',"
    " 'saving', 'x', 'KES', 5, 'credit', now() FROM wallet",
    "to spend": "SELECT ledger_post(gen_random_uuid(), :home, (SELECT id FROM book WHERE"
    " name = 'main'), 'x', 'x', 'wallet', :wallet, current_date, now(), NULL, 'KES',"
    " ARRAY['2500', '1010'], ARRAY['liability', 'asset'], ARRAY[:party, NULL]::uuid[],"
    " ARRAY[5, -5]::numeric[], gen_random_uuid(), 'x', gen_random_uuid())",
    "another's wallet": "SELECT open_wallet(:home, gen_random_uuid(), :other, 'mine.now', 'KES',"
    " now(), gen_random_uuid(), 'x', gen_random_uuid())",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_member_of_the_portal_cannot_write(
    work: Work, owner: Owner, portal: Portal, attempt: str
) -> None:
    portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    other = make.party(work).id
    work.session.commit()
    given = {
        "home": owner.home, "wallet": owner.wallet_id, "party": owner.party_id, "other": other,
        "profile": owner.profile_id,
    }  # fmt: skip
    with pytest.raises(DBAPIError) as refusal:
        portal.sql(ATTEMPTS[attempt], **given)
    assert getattr(refusal.value.orig, "sqlstate", "") == "42501"


def test_a_proof_holds_for_one_transaction(owner: Owner, portal: Portal) -> None:
    portal.do(wallet_orders.withdraw, owner.ask(), Decimal(200), BANKED)
    with pytest.raises(DBAPIError):
        portal.sql(ATTEMPTS["an order without a PIN"])
