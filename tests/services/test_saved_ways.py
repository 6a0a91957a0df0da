"""Cards that are saved, removed, and pay by themselves: what services and database keep."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import box, db
from core.flow import IllegalMove
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.autopay import Autopay, RunOutcome
from models.billing import PaymentMethod
from models.events import Event
from models.payments import IntentStatus, PaymentIntent
from models.saved_ways import SavedWay
from models.wallets import Wallet
from services import (
    asking,
    autopay,
    autopay_terms,
    credit,
    credit_notes,
    invariants,
    payments,
    saved_ways,
)
from services.autopay_terms import NotTheirCard
from services.payments import Outcome, Part
from tests import make
from tests.saved import VISA, agreed, owed, save
from tests.services.test_autopay import agreed as by_wallet
from tests.services.test_autopay import later, run, wallet

pytestmark = pytest.mark.req("S2.19", "S2.20", "S2.22", "S2.23")


@pytest.fixture
def profile_id(work: Work) -> UUID:
    return make.user(db.door())


def charges(work: Work) -> list[PaymentIntent]:
    query = select(PaymentIntent).where(PaymentIntent.saved_way_id.is_not(None))
    return list(work.session.scalars(query.order_by(PaymentIntent.id)))


def told(work: Work, kind: str) -> list[Event]:
    return list(work.session.scalars(select(Event).where(Event.type == kind)))


def test_a_card_is_kept_once_and_what_it_is_charged_by_is_locked(
    work: Work, profile_id: UUID
) -> None:
    party_id = make.party(work).id
    way = save(work, party_id, profile_id)
    again = save(work, party_id, profile_id)
    renewed = save(work, party_id, profile_id, replace(VISA, token="cus_2 pm_2"))

    assert way.id == again.id == renewed.id
    assert saved_ways.token_of(renewed) == "cus_2 pm_2"
    assert "cus_2" not in renewed.token_locked
    (old,) = work.session.scalars(select(SavedWay).where(SavedWay.revoked_at.is_not(None)))
    assert (saved_ways.token_of(old), saved_ways.to_forget(work)) == ("cus_1 pm_1", [old.id])
    other = save(work, make.party(work).id, profile_id)
    assert other.id != way.id
    assert len(told(work, "saved_way.kept")) == 2
    assert box.current(way.token_locked)


def test_without_the_payers_word_or_the_money_nothing_is_kept(work: Work, profile_id: UUID) -> None:
    party_id = make.party(work).id
    paid, unpaid = owed(work, party_id, "5"), owed(work, party_id, "6")
    silent = payments.begin(work, [Part(paid.id)], PaymentMethod.card, provider="stripe")
    silent.recorded_by_id = profile_id
    payments.settle(work, silent.id, Outcome("succeeded"))
    failed = payments.begin(
        work, [Part(unpaid.id)], PaymentMethod.card, provider="stripe", saves=True
    )
    failed.recorded_by_id = profile_id
    payments.settle(work, failed.id, Outcome("failed"))

    assert saved_ways.keep(work, silent.id, VISA) is None
    assert saved_ways.keep(work, failed.id, VISA) is None
    card = payments.begin(work, [Part(unpaid.id)], PaymentMethod.card, saves=True, again=True)
    assert card.saves is False  # the house's own provider keeps no cards


def test_a_card_pays_on_the_day_up_to_the_limit_after_credit_and_once(
    work: Work, profile_id: UUID
) -> None:
    way = save(work, make.party(work).id, profile_id)
    agreed(work, way, most="80")
    before = owed(work, way.party_id, "30", 9)
    payments.record(work, [Part(before.id)], PaymentMethod.cash)
    credit_notes.write(work, before.id, Decimal(30), "Taken back")
    asked = owed(work, way.party_id, "100")

    assert run(work) == [RunOutcome.begun]
    (charge,) = charges(work)
    assert charge.amount == 50
    assert (charge.provider, charge.saved_way_id) == ("stripe", way.id)
    assert credit.available(work, way.party_id, "KES") == 0
    assert run(work) == run(later(work, 1)) == run(later(work, 9)) == []
    payments.settle(work, charge.id, Outcome("succeeded"))
    autopay.charge_ended(work, charge.id)

    assert asked.paid_amount == 80
    (rest,) = told(work, "autopay.paid_in_part")
    assert (Decimal(rest.data["rest"]), rest.data["card"]) == (Decimal(20), "Visa 4242")
    assert run(later(work, 9)) == []
    work.session.commit()
    assert invariants.broken(work.session) == {}


def test_a_declined_card_is_told_of_and_tried_three_times_in_a_week(
    work: Work, profile_id: UUID
) -> None:
    way = save(work, make.party(work).id, profile_id)
    agreed(work, way)
    asked = owed(work, way.party_id, "100")
    days = []
    for day in range(12):
        now = later(work, day)
        for _ in run(now):
            days.append(day)
            payments.settle(now, charges(now)[-1].id, Outcome("failed", code="card_declined"))
            autopay.charge_ended(now, charges(now)[-1].id)

    assert days == [0, 1, 3, 7]
    assert asked.paid_amount == 0
    said = told(work, "autopay.failed")
    assert [each.data["again_on"] is None for each in said] == [False, False, False, True]


@pytest.mark.parametrize(
    ("outcome", "fact"),
    [
        (Outcome("failed", code="authentication_required"), "autopay.payer_wanted"),
        (Outcome("cancelled"), ""),
    ],
)
def test_what_wants_its_payer_or_was_given_up_is_not_tried_again(
    work: Work, profile_id: UUID, outcome: Outcome, fact: str
) -> None:
    way = save(work, make.party(work).id, profile_id)
    agreed(work, way)
    owed(work, way.party_id, "100")
    run(work)
    payments.settle(work, charges(work)[0].id, outcome)
    autopay.charge_ended(work, charges(work)[0].id)

    assert run(later(work, 1)) == run(later(work, 7)) == []
    assert len(told(work, fact)) == (1 if fact else 0)
    assert told(work, "autopay.failed") == []


def test_a_card_that_was_removed_pays_nothing(work: Work, profile_id: UUID) -> None:
    way = save(work, make.party(work).id, profile_id)
    terms = agreed(work, way)
    asked = owed(work, way.party_id, "100")

    saved_ways.remove(work, way.id)
    saved_ways.remove(work, way.id)

    assert (terms.active, saved_ways.own(work)) == (False, [])
    assert autopay.due(work) == []
    assert autopay.pay(work, terms.id, asked.id) is None
    claimed = saved_ways.claim(work, way.id)
    assert claimed
    assert saved_ways.claim(work, way.id) is None
    saved_ways.forgotten(work, way.id)
    saved_ways.forgotten(work, way.id)
    assert len(told(work, "saved_way.removed")) == 1


def test_one_way_is_in_force_and_only_who_saved_a_card_agrees_to_it(
    app: Flask, work: Work, profile_id: UUID
) -> None:
    row = wallet(work, "500")
    old = by_wallet(work, row)
    way = save(work, row.party_id, profile_id)
    work.session.commit()
    payer = Scope(work.scope.home(), profile_id=profile_id, actor="test:1")
    with seeing(work.session, payer):
        mine = Work(work.session, Actor("user", str(profile_id)))
        made = autopay_terms.agree_card(mine, way.id, Decimal(9), 3)
        again = autopay_terms.agree_card(mine, way.id, None, 0)
        assert made.id == again.id
        assert autopay_terms.by_card(mine) == {way.id: made}
    assert (old.active, made.active, made.most) == (False, True, None)
    with pytest.raises(NotTheirCard):
        autopay_terms.agree_card(work, way.id, None, 0)
    autopay_terms.stop_card(work, way.id)
    assert work.session.scalars(select(Autopay).where(Autopay.active)).all() == []
    assert work.session.scalars(select(Wallet.id)).one() == row.id


def test_a_lost_answer_is_asked_about_however_long_it_takes(work: Work, profile_id: UUID) -> None:
    """It may have been made: given up as what was not, a second try would charge twice."""
    way = save(work, make.party(work).id, profile_id)
    agreed(work, way)
    owed(work, way.party_id, "100")
    run(work)
    (charge,) = charges(work)
    asking.begin_charge(work, charge)
    with pytest.raises(IllegalMove):
        payments.cancel(work, charge.id)
    much_later = work.at(work.now + timedelta(days=2))
    asking.postpone(much_later, charge.id)

    assert (charge.status, charge.check_at is not None) == (IntentStatus.processing, True)
    assert run(later(work, 9)) == []


PORTAL = {
    "a charge": "INSERT INTO payment_intent (id, organization_id, number, party_id, method,"
    " provider, status, flow_version, amount, currency, created_at, custom, saved_way_id)"
    " SELECT gen_random_uuid(), organization_id, 'X', party_id, 'card', provider, 'pending', 1, 1,"
    " 'KES', now(), '{}', id FROM saved_way WHERE revoked_at IS NULL LIMIT 1",
    "a card": "INSERT INTO saved_way (id, organization_id, party_id, provider, token_locked,"
    " fingerprint, last_four, currency, custom) SELECT gen_random_uuid(), organization_id,"
    " party_id, provider, 'x', 'y', '4242', 'KES', '{}' FROM saved_way LIMIT 1",
    "another token": "UPDATE saved_way SET token_locked = 'x'",
    "another owner": "UPDATE saved_way SET party_id = :other",
    "it back": "UPDATE saved_way SET revoked_at = NULL",
    "no card": "DELETE FROM saved_way",
    "more": "UPDATE payment_intent SET amount = 99 WHERE saved_way_id IS NOT NULL",
    "a saved one": "UPDATE payment_intent SET saves = true",
    "automatic payment by another's card": "INSERT INTO autopay (id, organization_id, party_id,"
    " saved_way_id, currency, since, active, agreed_by_id, custom) SELECT gen_random_uuid(),"
    " organization_id, party_id, id, 'USD', current_date, true, acting_profile(), '{}'"
    " FROM saved_way WHERE agreed_by_id IS DISTINCT FROM acting_profile() LIMIT 1",
}
REFUSED = {"42501", "23001", "0"}
"""Not for whoever asks, agreed to by nobody, or not seen; else it was done, or badly tried."""
STAFF = {**PORTAL, "removed": "UPDATE saved_way SET revoked_at = now(), forget_at = now()"}


def tried(session: Session, statement: str, other: UUID) -> str:
    """Run it as the web would; gives how many rows, or what the database said. Nothing stays."""
    try:
        done = session.execute(text(statement), {"other": other})
        return str(done.rowcount)  # type: ignore[attr-defined]
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", None) or str(error)
    finally:
        session.rollback()


@pytest.mark.parametrize("role", ["Resident", "Admin", "Accountant", "Manager"])
@pytest.mark.req("S5.48")
def test_nobody_writes_cards_or_charges_past_the_services(
    app: Flask, work: Work, profile_id: UUID, role: str
) -> None:
    door = db.door()
    party_id, other = make.party(work).id, make.party(work).id
    mine = make.user(door)
    member = {"party_id": party_id} if role == "Resident" else {}
    make.member(work, mine, role, **member)
    way = save(work, party_id, mine)
    save(work, party_id, profile_id, replace(VISA, fingerprint="another"))
    agreed(work, way)
    owed(work, party_id, "100")
    run(work)
    home = work.scope.home()
    work.session.commit()
    told_to = Scope(home, key=make.key(door, mine), everywhere=True)
    attempts = PORTAL if role == "Resident" else STAFF
    with Session(app.extensions["engines"]["web"]) as session, seeing(session, told_to):
        said = {name: tried(session, each, other) for name, each in attempts.items()}
    assert {name: each for name, each in said.items() if each not in REFUSED} == {}


@pytest.mark.parametrize(
    "broken",
    ["UPDATE autopay SET active = false", "UPDATE autopay SET most = 5", ""],
)
def test_not_even_a_job_charges_what_nobody_agreed_to(
    work: Work, profile_id: UUID, broken: str
) -> None:
    way = save(work, make.party(work).id, profile_id)
    agreed(work, way)
    asked = owed(work, way.party_id, "100")
    work.session.flush()
    if broken:
        work.session.execute(text(broken))
    else:
        saved_ways.remove(work, way.id)

    with pytest.raises(DBAPIError, match="nobody has agreed to that"):
        payments.begin(
            work,
            [Part(asked.id)],
            PaymentMethod.card,
            provider="stripe",
            again=True,
            saved_way_id=way.id,
        )
    work.session.rollback()
