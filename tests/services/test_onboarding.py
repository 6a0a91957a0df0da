"""Applications: written step by step, checked twice at once, joined, decided, and what follows."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.errors import BadInput, Mistakes, NotFound
from core.flow import IllegalMove
from core.work import Work
from models.events import Event, Saga
from models.onboarding import (
    ApplicantRole,
    Application,
    ApplicationCheck,
    ApplicationStatus,
    CheckKind,
    CheckStatus,
    DataLook,
    IdentifierKind,
)
from models.organizations import Invitation, KycStatus
from models.people import Party, PartyStatus
from services import identifiers, kyc, onboarding, onboarding_cases, people
from tests import make
from tests.onboarding import DETAILS, begun, checked, go_on, handed_in, open_to_all, written

pytestmark = pytest.mark.req("S2.05", "S2.06", "S2.07", "S1.09")
S = ApplicationStatus


def told(work: Work, *types: str) -> list[str]:
    query = select(Event.type).where(Event.type.in_(types)).order_by(Event.id)
    return list(work.session.scalars(query))


def checks(work: Work, application_id: UUID) -> dict[CheckKind, ApplicationCheck]:
    return {each.kind: each for each in onboarding_cases.checks_of(work, application_id)}


@pytest.mark.req("S1.08")
def test_an_application_is_written_step_by_step_and_makes_a_draft_when_handed_in(
    work: Work,
) -> None:
    code = begun(work)
    with pytest.raises(onboarding.NotReady):
        onboarding.submit(work, code, "")
    written(work, code)
    held = onboarding.read(work, code)
    assert held["answers"]["phone"] == "+254712345678"
    assert "23456789" not in str(held)

    onboarding.submit(work, code, "127.0.0.1")

    row = work.session.scalars(select(Application)).one()
    work.session.refresh(row)
    party = work.session.get_one(Party, row.party_id)
    assert (row.status, party.status, party.roles) == (S.submitted, PartyStatus.draft, ["customer"])
    assert party.emergency_contacts == [{"name": "Otieno", "phone": "+254722000000"}]
    assert (row.consent_version, row.consent_client) == (onboarding.CONSENT_VERSION, "127.0.0.1")
    with pytest.raises(onboarding.ApplicationOver):
        onboarding.submit(work, code, "")
    with pytest.raises(onboarding.ApplicationOver):
        onboarding.save(work, code, {"name": "x"})
    with pytest.raises(onboarding.ApplicationOver):
        onboarding.keep_paper(work, code, "x", "image/png", ("k", "0" * 64, 9))
    with pytest.raises(onboarding.ApplicationOver):
        onboarding.read(work, "nobody's")


def test_what_was_typed_wrong_is_said_field_by_field_and_before_anything_is_kept(
    work: Work,
) -> None:
    given = {"name": "A", "email": "x", "phone": "1", "identity": "?", "identity_kind": "club"}
    with pytest.raises(Mistakes) as refused:
        onboarding.details(given, "KE", has_identity=False)
    assert set(refused.value.found) == {"name", "email", "phone", "identity", "identity_kind"}
    for names, numbers in ((["x"], ["1"]), ([""], ["0722 000 000"]), ([""], [""])):
        with pytest.raises(BadInput) as wrong:
            onboarding.contacts(names, numbers, "KE")
        assert wrong.value.field == "contacts"


def test_the_form_is_open_to_all_only_where_the_organization_says_so(work: Work) -> None:
    with pytest.raises(NotFound):
        onboarding.begin(work, "org", ApplicantRole.vendor)
    address = open_to_all(work)
    work.session.commit()

    code = onboarding.begin(work, address, ApplicantRole.vendor)

    held = onboarding.read(work, code)
    assert (held["role"], held["number"], held["open"]) == ("vendor", "APP-000001", True)
    assert onboarding.open_form(work, address) == held["organization"]


def test_both_checks_are_asked_at_once_and_the_case_joins_when_both_are_in(work: Work) -> None:
    application_id = handed_in(work)

    row = go_on(work, application_id)

    assert row.status is S.checking
    both = checks(work, application_id)
    assert {each.status for each in both.values()} == {CheckStatus.requested}
    assert len(both) == 2
    answered = onboarding_cases.answered
    one, other = both.values()
    answered(work, one.id, "kyc", "chk_1", "passed", "Good.", {})
    answered(work, one.id, "kyc", "chk_1", "failed", "Late and twice.", {})
    assert (one.status, one.summary) == (CheckStatus.passed, "Good.")
    assert go_on(work, application_id).status is S.checking
    with pytest.raises(IllegalMove):
        onboarding.approve(work, application_id)
    answered(work, other.id, "kyc", "chk_2", "pending", "", {})
    assert go_on(work, application_id).status is S.checking
    answered(work, other.id, "kyc", "chk_2", "unclear", "A blurred picture.", {})
    assert go_on(work, application_id).status is S.ready
    assert told(work, "customer.applied", "party.created") == ["party.created", "customer.applied"]


@pytest.mark.req("S5.06")
def test_who_is_approved_becomes_active_verified_and_invited(work: Work) -> None:
    application_id = handed_in(work, ApplicantRole.owner)
    row = checked(work, application_id, "passed", "passed")
    assert row.party_id

    onboarding.approve(work, application_id)
    go_on(work, application_id)
    go_on(work, application_id)

    party = work.session.get_one(Party, row.party_id)
    assert (party.status, party.roles) == (PartyStatus.active, ["owner"])
    proof = kyc.of(work, party.id)
    assert proof
    assert proof.status is KycStatus.verified
    invited = work.session.scalars(select(Invitation)).one()
    assert (invited.email, invited.roles, invited.party_id) == (
        DETAILS["email"],
        ["Owner"],
        party.id,
    )
    assert told(work, "customer.approved", "kyc.updated") == ["kyc.updated", "customer.approved"]
    saga = work.session.scalars(select(Saga).where(Saga.subject_id == application_id)).one()
    assert saga.finished_at


@pytest.mark.req("S2.08")
def test_what_came_of_an_application_is_kept_in_its_four_places(work: Work) -> None:
    application_id = handed_in(work)
    row = checked(work, application_id, "passed", "passed")
    onboarding.approve(work, application_id)
    go_on(work, application_id)

    customer = work.session.get_one(Party, row.party_id)
    assert customer.status is PartyStatus.active
    assert {each.status for each in checks(work, application_id).values()} == {CheckStatus.passed}
    mail = work.session.scalars(select(Invitation)).one()
    assert mail.email == DETAILS["email"]
    trail = text("SELECT DISTINCT table_name FROM audit_entry WHERE row_id = ANY (:ids)")
    ids = [
        application_id,
        customer.id,
        *(each.id for each in checks(work, application_id).values()),
    ]
    assert set(work.session.scalars(trail, {"ids": ids})) == {
        "application",
        "application_check",
        "party",
    }


def test_who_is_rejected_is_told_why_and_stays_out(work: Work) -> None:
    application_id = handed_in(work)
    row = checked(work, application_id, "failed", "passed")
    with pytest.raises(people.WhyNeeded):
        onboarding.reject(work, application_id, " ")

    onboarding.reject(work, application_id, "The card is of somebody else")
    go_on(work, application_id)

    assert row.party_id
    party = work.session.get_one(Party, row.party_id)
    assert (party.status, party.status_reason) == (
        PartyStatus.inactive,
        "The card is of somebody else",
    )
    proof = kyc.of(work, party.id)
    assert proof
    assert proof.status is KycStatus.rejected
    assert told(work, "customer.approved", "customer.rejected") == ["customer.rejected"]


def test_what_is_missing_is_asked_for_and_only_what_failed_is_checked_anew(work: Work) -> None:
    code = begun(work)
    written(work, code)
    onboarding.submit(work, code, "")
    application_id = UUID(onboarding.read(work, code)["id"])
    work.session.expire_all()
    checked(work, application_id, "unclear", "passed")

    onboarding.ask_more(work, application_id, "A sharper picture")
    assert onboarding.read(work, code)["asked"] == "A sharper picture"
    onboarding.save(work, code, {"name": "Achieng A. Were"})
    onboarding.submit(work, code, "")
    work.session.expire_all()
    row = go_on(work, application_id)

    assert row.status is S.checking
    both = checks(work, application_id)
    assert (both[CheckKind.identity].round, both[CheckKind.identity].status) == (
        2,
        CheckStatus.requested,
    )
    assert both[CheckKind.background].round == 1


def test_a_check_that_is_never_answered_is_given_up_and_decided_by_hand(work: Work) -> None:
    application_id = handed_in(work)
    go_on(work, application_id)
    for each in checks(work, application_id).values():
        assert onboarding_cases.claim(work, each.id)
        onboarding_cases.not_answered(work, each.id, "503", refused=False)
        assert onboarding_cases.claim(work, each.id) is None, "not again at once"
    late = work.at(work.now + timedelta(hours=73))
    for each in checks(work, application_id).values():
        assert onboarding_cases.claim(late, each.id) is None
        assert each.status is CheckStatus.timed_out

    row = go_on(late, application_id)

    assert row.status is S.ready
    identity = checks(work, application_id)[CheckKind.identity]
    with pytest.raises(people.WhyNeeded):
        onboarding.decide_check(work, identity.id, "", ["picture"], good=True)
    onboarding.decide_check(work, identity.id, "Seen at the desk.", ["picture"], good=True)
    assert (identity.status, identity.findings) == (CheckStatus.passed, {"by_hand": ["picture"]})


def test_whom_the_provider_does_not_take_the_staff_checks(work: Work) -> None:
    application_id = handed_in(work)
    go_on(work, application_id)
    one, other = checks(work, application_id).values()
    onboarding_cases.not_answered(work, one.id, "no such country", refused=True)
    onboarding_cases.by_hand(work, other.id)

    assert {one.status, other.status} == {CheckStatus.asked}
    assert {one.provider, other.provider} == {"manual"}
    onboarding.decide_check(work, one.id, "Good.", [], good=True)
    onboarding.decide_check(work, other.id, "On a list.", ["lists"], good=False)
    assert go_on(work, application_id).status is S.ready


def test_who_is_blacklisted_meanwhile_is_not_let_in_by_an_approval(work: Work) -> None:
    application_id = handed_in(work)
    row = checked(work, application_id, "passed", "passed")
    assert row.party_id
    people.blacklist(work, row.party_id, "known elsewhere")

    onboarding.approve(work, application_id)
    go_on(work, application_id)

    saga = work.session.scalars(select(Saga).where(Saga.subject_id == application_id)).one()
    assert saga.status == "parked"
    assert work.session.get_one(Party, row.party_id).status is PartyStatus.blacklisted


def test_what_nobody_hands_in_runs_out_and_what_is_withdrawn_ends(work: Work) -> None:
    code = begun(work)
    application_id = handed_in(work)
    go_on(work, application_id)
    with pytest.raises(onboarding.ApplicationOver):
        onboarding.withdraw(work, "nobody's")

    assert onboarding_cases.expire_due(work.at(work.now + timedelta(days=31))) == 1

    assert onboarding.read(work, code)["status"] == "expired"
    work.session.execute(
        text("UPDATE application SET status = 'withdrawn' WHERE id = :id"), {"id": application_id}
    )
    work.session.expire_all()
    row = go_on(work, application_id)
    assert row.party_id
    assert work.session.get_one(Party, row.party_id).status is PartyStatus.inactive


@pytest.mark.req("S5.58", "S5.59")
def test_a_number_is_locked_masked_found_again_and_each_look_is_kept(work: Work) -> None:
    party = make.party(work)
    row = identifiers.keep(work, party.id, IdentifierKind.passport, "ab-123 4567")

    raw = work.session.execute(text("SELECT locked, shown FROM party_identifier")).one()
    assert "1234567" not in raw.locked
    assert raw.shown == "\N{BULLET}" * 4 + "567"
    assert list(identifiers.same(work, IdentifierKind.passport, "AB1234567")) == [party.id]
    assert not identifiers.same(work, IdentifierKind.national_id, "AB1234567")
    assert identifiers.reveal(work, row.id) == "AB1234567"
    assert [each.what for each in identifiers.looks(work, party.id)] == [IdentifierKind.passport]
    assert work.session.scalars(select(DataLook)).one().looked_at == work.now
    for wrong in ("12", "x" * 30, "12;DROP"):
        with pytest.raises(BadInput):
            identifiers.keep(work, party.id, IdentifierKind.passport, wrong)


@pytest.mark.req("S5.06", "S5.59")
def test_a_proof_of_identity_runs_out_after_reminders_each_once(work: Work) -> None:
    party = make.party(work)
    row = kyc.verify(work, party.id)
    assert row.expires_on

    def at(days: int) -> Work:
        assert row.expires_on
        return work.at(work.now + (row.expires_on - kyc.today(work)) + timedelta(days=days))

    assert [kyc.remind_due(at(-31)), kyc.remind_due(at(-30)), kyc.remind_due(at(-29))] == [0, 1, 0]
    assert [kyc.remind_due(at(-7)), kyc.remind_due(at(-1)), kyc.remind_due(at(0))] == [1, 1, 0]
    assert [kyc.expire_due(at(0)), kyc.expire_due(at(1)), kyc.expire_due(at(2))] == [0, 1, 0]
    assert row.status is KycStatus.expired
    kyc.verify(work, party.id)
    assert (row.status, row.reminded) == (KycStatus.verified, None)
    with pytest.raises(people.WhyNeeded):
        kyc.refuse(work, party.id, "")
    kyc.refuse(work, party.id, "forged")
    assert kyc.of_many(work, [party.id]) == {party.id: KycStatus.rejected}


def test_the_owner_of_the_unit_is_named_and_only_that_owner_decides(work: Work) -> None:
    unit = make.unit(work)
    assert onboarding.owner_of(work, unit.id) is None
    application_id = handed_in(work, ApplicantRole.resident, unit_id=unit.id)
    checked(work, application_id, "passed", "passed")
    with pytest.raises(people.WhyNeeded):
        onboarding.owner_decides(work, application_id, " ", yes=False)
    with pytest.raises(NotFound):
        onboarding.owner_decides(work, application_id, "", yes=True)
