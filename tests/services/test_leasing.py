"""Leases: what is checked before one is made, who agrees to more, and that a unit is let once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.db import uuid7
from core.errors import Mistakes
from core.flow import IllegalMove
from core.work import Work
from models.dunning import LateFeeKind, LateFeeRule
from models.estate import Estate, Occupancy, OccupancyRole, Unit, UnitStatus, UnitType
from models.events import Event
from models.files import Document
from models.leasing import Guideline, Lease, LeaseStatus, LesseeRole
from models.signing import REQUEST_FLOW, SignatureRequest
from services import billing, estate, guidelines, late_fees, leasing, ledger, people
from services.approvals import NotYourOwn
from services.billing import ReasonNeeded
from services.leasing import AllSigned, NotSent, OverrideNotApproved
from tests import make
from tests.services.test_approvals import as_member
from tests.services.test_races import AT_ONCE, race

pytestmark = pytest.mark.req("S2.09", "S2.10")
SINCE = date(2026, 3, 1)


def facts(work: Work, kind: str) -> list[dict[str, Any]]:
    return list(work.session.scalars(select(Event.data).where(Event.type == kind)))


def codes(work: Work, **given: Any) -> dict[str, str]:
    """Say what is refused at which field."""
    with pytest.raises(Mistakes) as refusal:
        make.lease(work, **given)
    return {field: each.code for field, each in refusal.value.found.items()}


@pytest.mark.req("S2.11", "S2.17", "S2.18", "S2.53")
def test_a_draft_keeps_its_terms_and_leaves_the_unit_free(work: Work) -> None:
    other = make.party(work).id
    lease = make.lease(work, others=[(other, LesseeRole.lessee)])

    assert (lease.status, lease.number, lease.currency) == (LeaseStatus.draft, "LSE-000001", "KES")
    assert [each.party_id for each in leasing.lessees(work, lease.id)] == [lease.party_id, other]
    assert work.session.get_one(Unit, lease.unit_id).status is UnitStatus.vacant
    assert [each["rent"] for each in facts(work, "lease.created")] == ["25000"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"since": SINCE, "until": SINCE - timedelta(days=1)}, "until"),
        ({"rent": Decimal(0)}, "rent"),
        ({"deposit": Decimal(-1)}, "deposit"),
    ],
)
def test_terms_that_cannot_be_are_refused_at_their_field(
    work: Work, given: dict[str, Any], field: str
) -> None:
    assert codes(work, **given) == {field: "bad_input"}


def test_a_leap_day_begins_and_ends_a_lease(work: Work) -> None:
    leap = date(2028, 2, 29)

    assert make.lease(work, since=leap, until=leap).until == leap


def test_who_is_blacklisted_or_not_active_rents_nothing(work: Work) -> None:
    good, bad, idle = (make.party(work).id for _ in range(3))
    people.blacklist(work, bad, "never paid")
    people.set_aside(work, idle)

    assert codes(work, party_id=bad) == {"party": "party_blacklisted"}
    assert codes(work, party_id=idle) == {"party": "party_not_active"}
    assert codes(work, party_id=good, others=[(bad, LesseeRole.guarantor)]) == {
        "party": "party_blacklisted"
    }


def test_a_unit_that_is_out_of_use_is_not_let(work: Work) -> None:
    unit = make.unit(work)
    estate.take_out_of_use(work, unit.id)

    assert codes(work, unit_id=unit.id) == {"unit": "unit_out_of_use"}


def test_a_unit_that_somebody_lives_in_is_not_let_to_another(work: Work) -> None:
    unit, lives = make.unit(work), make.party(work).id
    row = Occupancy(unit_id=unit.id, party_id=lives, role=OccupancyRole.tenant, since=SINCE)
    estate.move_in(work, row)

    assert codes(work, unit_id=unit.id, since=SINCE, until=None) == {"since": "unit_taken"}
    assert make.lease(work, unit.id, since=SINCE, until=None, party_id=lives).number


def test_two_live_leases_of_a_unit_share_no_day(work: Work) -> None:
    unit, until = make.unit(work).id, date(2026, 12, 31)
    first = make.lease(work, unit, since=SINCE, until=until)
    second = make.lease(work, unit, since=until, until=None)
    leasing.send_for_signature(work, first.id)

    assert work.session.get_one(Unit, unit).status is UnitStatus.reserved
    assert codes(work, unit_id=unit, since=until, until=None) == {"since": "unit_let"}
    with pytest.raises(Mistakes):
        leasing.send_for_signature(work, second.id)
    after = make.lease(work, unit, since=until + timedelta(days=1), until=None)
    assert leasing.send_for_signature(work, after.id).status is LeaseStatus.pending_signature


@pytest.mark.req("S2.13")
def test_of_many_leases_sent_at_once_one_gets_the_unit(
    app: Flask, session: Session, home: UUID, work: Work
) -> None:
    unit = make.unit(work).id
    drafts = iter([make.lease(work, unit).id for _ in range(AT_ONCE)])
    work.session.commit()

    said = race(app, home, lambda each: leasing.send_for_signature(each, next(drafts)))

    assert said.count("") == 1
    assert set(said) <= {"", "unit_let", "bad_input"}
    live = select(Lease.id).where(Lease.status == LeaseStatus.pending_signature)
    assert len(work.session.scalars(live).all()) == 1


def bounded(work: Work, **given: Any) -> Estate:
    place = make.estate(work)
    row = Guideline(organization_id=work.scope.home(), estate_id=place.id, **given)
    guidelines.check(work, row)
    work.session.add(row)
    work.session.flush()
    return place


def test_the_closest_guideline_counts(work: Work) -> None:
    place = bounded(work, max_rent=Decimal(10_000))
    unit, shop = make.unit(work, place), make.unit(work, place, type=UnitType.shop)
    one = {"organization_id": work.scope.home(), "estate_id": place.id}
    work.session.add(Guideline(**one, unit_type=UnitType.shop, max_rent=Decimal(90_000)))
    work.session.flush()

    assert codes(work, unit_id=unit.id) == {"rent": "outside_guideline"}
    assert make.lease(work, shop.id).rent == 25_000
    work.session.add(Guideline(**one, unit_id=shop.id, min_deposit=Decimal(60_000)))
    work.session.flush()
    assert codes(work, unit_id=shop.id) == {"deposit": "outside_guideline"}


@pytest.mark.parametrize(
    ("until", "fits"),
    [(date(2026, 8, 31), True), (date(2026, 8, 30), False), (date(2028, 3, 31), False)],
)
def test_a_term_is_counted_in_whole_months(work: Work, until: date, *, fits: bool) -> None:
    unit = make.unit(work, bounded(work, min_months=6, max_months=24)).id
    given: dict[str, Any] = {"unit_id": unit, "since": SINCE, "until": until}

    if fits:
        lease = make.lease(work, **given)
        assert leasing.send_for_signature(work, lease.id)
    else:
        assert codes(work, **given) == {"until": "outside_guideline"}


def test_outside_the_guideline_a_reason_and_a_second_person_are_needed(work: Work) -> None:
    unit = make.unit(work, bounded(work, max_rent=Decimal(10_000))).id
    first, second = (make.user(db.door()) for _ in range(2))
    for each in (first, second):
        make.member(work, each, "Manager")
    asks = as_member(work, first)
    lease = make.lease(asks, unit, override_reason="a parking space is with it")

    with pytest.raises(OverrideNotApproved):
        leasing.send_for_signature(asks, lease.id)
    with pytest.raises(NotYourOwn):
        leasing.approve_override(asks, lease.id)
    with pytest.raises(DBAPIError), work.session.begin_nested():
        change = "UPDATE lease SET status = 'pending_signature' WHERE id = :id"
        work.session.execute(text(change), {"id": lease.id})
    leasing.approve_override(as_member(work, second), lease.id)
    assert leasing.send_for_signature(asks, lease.id).status is LeaseStatus.pending_signature


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("until", date(2031, 2, 28)),
        ("deposit", Decimal(0)),
        ("notice_days", 0),
        ("increase_percent", Decimal(5)),
        ("override_reason", "a friend of the house"),
    ],
)
def test_what_is_changed_after_somebody_agreed_is_agreed_to_anew(
    work: Work, column: str, value: object
) -> None:
    unit = make.unit(work, bounded(work, max_rent=Decimal(10_000))).id
    lease = make.lease(work, unit, override_reason="a parking space is with it")
    leasing.approve_override(work, lease.id)

    change = text(f"UPDATE lease SET {column} = :value WHERE id = :id")  # noqa: S608
    work.session.execute(change, {"value": value, "id": lease.id})
    work.session.refresh(lease)
    with pytest.raises(DBAPIError), work.session.begin_nested():
        sent = text("UPDATE lease SET status = 'pending_signature' WHERE id = :id")
        work.session.execute(sent, {"id": lease.id})
    with pytest.raises(OverrideNotApproved):
        leasing.send_for_signature(work, lease.id)
    leasing.revise(work, lease)
    leasing.approve_override(work, lease.id)
    assert leasing.send_for_signature(work, lease.id).status is LeaseStatus.pending_signature


def test_saving_a_draft_unchanged_asks_nobody_twice(work: Work) -> None:
    unit = make.unit(work, bounded(work, max_rent=Decimal(10_000))).id
    lease = make.lease(work, unit, override_reason="a parking space is with it")

    leasing.revise(work, lease)
    assert len(facts(work, "approval.asked")) == 1
    lease.notice_days = 60
    leasing.revise(work, lease)
    assert len(facts(work, "approval.asked")) == 2


@pytest.mark.req("S2.13", "S2.14")
def test_it_is_signed_once_and_after_it_was_sent(work: Work) -> None:
    lease = make.lease(work)
    today = work.now.date()

    with pytest.raises(NotSent):
        leasing.record_signed_on_paper(work, lease.id, today)
    leasing.send_for_signature(work, lease.id)
    leasing.record_signed_on_paper(work, lease.id, today)
    with pytest.raises(NotSent):
        leasing.record_signed_on_paper(work, lease.id, today)
    with pytest.raises(NotSent):
        leasing.cancel(work, lease.id, "changed our mind")
    assert [each["how"] for each in facts(work, "lease.signed")] == ["paper"]


@pytest.mark.req("S2.16")
def test_what_is_not_signed_in_time_is_cancelled_and_the_unit_free(work: Work) -> None:
    lease = make.lease(work)
    leasing.send_for_signature(work, lease.id)

    assert leasing.unsigned(work) == []
    later = work.at(work.now + timedelta(days=15))
    for each in leasing.unsigned(later):
        leasing.expire(later, each)
    leasing.expire(later, lease.id)

    assert lease.status is LeaseStatus.cancelled
    assert work.session.get_one(Unit, lease.unit_id).status is UnitStatus.vacant
    assert len(facts(work, "lease.cancelled")) == 1


def out_for_signature(work: Work, lease: Lease) -> SignatureRequest:
    """Write down that a document of a lease is out; who signs it is not what is looked at."""
    home, about = work.scope.home(), {"subject_table": "lease", "subject_id": lease.id}
    file = {"title": "Lease", "content_type": "application/pdf", "storage_key": "k", "size": 9}
    document = Document(id=uuid7(), organization_id=home, sha256="a", **file, **about)
    work.session.add(document)
    work.session.flush()
    asked = {"title": "Lease", "document_id": document.id, "sha256": "a", "created_at": work.now}
    until = work.now + timedelta(days=9)
    request = SignatureRequest(id=uuid7(), organization_id=home, expires_at=until, **asked, **about)
    work.session.add(request)
    work.session.flush()
    return request


@pytest.mark.req("S2.16")
def test_what_all_have_signed_is_neither_cancelled_nor_expires_while_it_is_sealed(
    work: Work,
) -> None:
    lease = make.lease(work)
    leasing.send_for_signature(work, lease.id)
    request = out_for_signature(work, lease)
    REQUEST_FLOW.move(request, "all_signed")
    work.session.flush()

    with pytest.raises(AllSigned):
        leasing.cancel(work, lease.id, "changed our mind")
    leasing.expire(work.at(work.now + timedelta(days=15)), lease.id)
    assert lease.status is LeaseStatus.pending_signature


@pytest.mark.req("S2.16", "S2.17")
def test_a_lease_is_cancelled_for_a_reason_and_stays_so(work: Work) -> None:
    lease = make.lease(work)

    with pytest.raises(ReasonNeeded):
        leasing.cancel(work, lease.id)
    leasing.cancel(work, lease.id, "they found another")
    with pytest.raises(IllegalMove):
        leasing.send_for_signature(work, lease.id)


def test_a_late_fee_follows_the_rule_of_the_lease(work: Work) -> None:
    lease = make.lease(work)
    one = {"organization_id": work.scope.home(), "currency": "KES", "kind": LateFeeKind.fixed}
    own = LateFeeRule(**one, name="own", amount=Decimal(300), lease_id=lease.id)
    work.session.add_all([LateFeeRule(**one, name="all", amount=Decimal(5)), own])
    line = billing.Line("Rent", Decimal(1000), "4200")
    asked = [
        billing.draft(work, lease.party_id, "KES", "Rent", [line], lease_id=lease_id)
        for lease_id in (lease.id, None)
    ]
    for each in asked:
        billing.issue(work, each.id, ledger.business_date(work) - timedelta(days=1))

    foreseen = {each.invoice_id: each.amount for each in late_fees.foresee(work)}
    fees = [late_fees.charge(work, each.id) for each in asked]

    assert foreseen == {asked[0].id: 300, asked[1].id: 5}
    assert [each.amount for each in fees if each] == [300, 5]
