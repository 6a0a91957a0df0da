"""The saga of an application: two checks at once, a decision when both are in, and what follows.

Killed anywhere it goes on where it was: each step is one transaction, and the checks are rows of
their own that workers/onboarding.py asks about with no transaction open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select

from core import box
from core.db import uuid7
from core.work import Work, found, locked
from models.events import Saga
from models.onboarding import (
    CHECK_FLOW,
    CHECKS_OVER,
    MANUAL,
    ApplicantRole,
    Application,
    ApplicationCheck,
    ApplicationStatus,
    CheckKind,
    CheckStatus,
    IdentifierKind,
)
from models.organizations import Membership
from models.people import Party, PartyStatus
from services import identifiers, invitations, kyc, onboarding, organizations, people, sagas
from services.events import Fact, emit
from services.onboarding import CheckDecided
from services.sagas import Done, Outcome, Park, Step, Wait

KIND = "onboard"
AGAIN = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
"""How long until a provider is asked again that gave no answer; the last repeats."""
LOOK_AGAIN = timedelta(minutes=5)
"""A provider tells when a check is over; this is for the case that it does not."""
MOST = 100
INVITED_AS = {
    ApplicantRole.customer: invitations.BUYER,
    ApplicantRole.owner: "Owner",
    ApplicantRole.resident: "Resident",
}
"""The role in the portal of who was approved; vendors have no pages there yet."""
RESULTS = {
    "passed": "find_good",
    "failed": "find_bad",
    "unclear": "find_unclear",
}
S = ApplicationStatus


@dataclass(frozen=True)
class CustomerApplied(Fact, type="customer.applied", table="party"):
    """Somebody has handed in an application, and is a draft until it is decided."""

    party_id: UUID
    application_id: UUID
    number: str
    role: ApplicantRole
    owner_id: UUID | None


@dataclass(frozen=True)
class CustomerApproved(Fact, type="customer.approved", table="party"):
    """Whoever applied is dealt with from now on."""

    party_id: UUID
    application_id: UUID
    number: str
    role: ApplicantRole


@dataclass(frozen=True)
class CustomerRejected(Fact, type="customer.rejected", table="party"):
    """Whoever applied is not dealt with, and is told why."""

    party_id: UUID
    application_id: UUID
    number: str
    role: ApplicantRole
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a provider is asked about one applicant: for the first time, or how it stands."""

    check_id: UUID
    kind: CheckKind
    reference: str
    by_provider: bool
    name: str
    email: str
    phone: str
    identity_kind: str
    identity: str = field(repr=False)


def begin_due(work: Work) -> int:
    """Begin the saga of each application that was handed in; tell how many."""
    begun = exists().where(Saga.kind == KIND, Saga.subject_id == Application.id)
    query = select(Application.id).where(Application.status == S.submitted, ~begun).limit(MOST)
    ids = work.session.scalars(query).all()
    for application_id in ids:
        sagas.begin(work, KIND, application_id, {})
    return len(ids)


def expire_due(work: Work) -> int:
    """Let applications run out that nobody has handed in in time; tell how many."""
    query = (
        select(Application.id)
        .where(Application.status.in_(onboarding.OPEN_STATES), Application.expires_at <= work.now)
        .limit(MOST)
    )
    ids = work.session.scalars(query).all()
    for application_id in ids:
        row = locked(work, Application, application_id)
        onboarding.moved(work, row, "expire")
        sagas.wake(work, KIND, row.id)
    return len(ids)


def take_in(work: Work, saga: Saga) -> Outcome:
    """Tell that somebody applies, keep the number of their paper, and ask for both checks."""
    row = locked(work, Application, saga.subject_id)
    if row.status is not S.submitted:
        return Done()
    assert row.party_id
    party = found(work, Party, row.party_id)
    if party.status is PartyStatus.draft:
        emit(work, people.PartyAdded(party.id, party.kind, tuple(party.roles)))
    emit(work, CustomerApplied(party.id, row.id, row.number, row.role, row.owner_id))
    return Done({"others": _take_up(work, row)})


def decide(work: Work, saga: Saga) -> Outcome:
    """Wait until both checks are in, and then until somebody has decided."""
    row = locked(work, Application, saga.subject_id)
    if row.status is S.submitted:  # more was asked for, and came
        _take_up(work, row)
    if row.status is S.checking:
        latest = checks_of(work, row.id)
        if all(each.status in CHECKS_OVER for each in latest):
            onboarding.moved(work, row, "join")
    if row.status in (S.checking, S.ready, S.more_asked, S.draft):
        return Wait(work.now + LOOK_AGAIN)
    return Done({"end": row.status.value})


def settle(work: Work, saga: Saga) -> Outcome:
    """Make of the decision what it means for the party."""
    row = locked(work, Application, saga.subject_id)
    if row.party_id is None:
        return Done()
    party = locked(work, Party, row.party_id)
    identity = next(
        (each for each in checks_of(work, row.id) if each.kind is CheckKind.identity), None
    )
    if row.status is not S.approved:
        if party.status is PartyStatus.draft:
            people.set_aside(work, party.id, row.reason)
        if row.status is S.rejected and identity and identity.status is CheckStatus.failed:
            kyc.refuse(work, party.id, identity.summary or row.reason)
        return Done()
    if party.status is PartyStatus.blacklisted:
        return Park("Who was approved is blacklisted. Take them off the list, or leave it so.")
    if party.status is PartyStatus.draft:
        people.admit(work, party.id)
    people.give_role(work, party.id, row.role.value)
    if identity and identity.status is CheckStatus.passed:
        kyc.verify(work, party.id)
    _invite(work, row)
    return Done()


def tell(work: Work, saga: Saga) -> Outcome:
    """Say how it ended; whoever hears of it welcomes them, or says why not."""
    row = found(work, Application, saga.subject_id)
    if row.party_id and row.status is S.approved:
        emit(work, CustomerApproved(row.party_id, row.id, row.number, row.role))
    elif row.party_id and row.status is S.rejected:
        emit(work, CustomerRejected(row.party_id, row.id, row.number, row.role, row.reason))
    return Done()


sagas.KINDS[KIND] = (
    Step("take_in", take_in),
    Step("decide", decide),
    Step("settle", settle),
    Step("tell", tell),
)


def checks_of(work: Work, application_id: UUID) -> list[ApplicationCheck]:
    """Give the latest check of each kind."""
    query = (
        select(ApplicationCheck)
        .where(ApplicationCheck.application_id == application_id)
        .order_by(ApplicationCheck.round)
    )
    latest = {each.kind: each for each in work.session.scalars(query)}
    return [latest[kind] for kind in CheckKind if kind in latest]


def due(work: Work) -> Sequence[UUID]:
    """List the checks that somebody has to look after now."""
    query = (
        select(ApplicationCheck.id)
        .where(ApplicationCheck.next_at <= work.now)
        .order_by(ApplicationCheck.next_at)
        .limit(MOST)
    )
    return work.session.scalars(query).all()


def claim(work: Work, check_id: UUID) -> Question | None:
    """Take a check to ask about; None if there is nothing (more) to ask.

    A try is counted before it is made, and what is not answered in time is given up here.
    """
    row = locked(work, ApplicationCheck, check_id)
    if row.status not in (CheckStatus.requested, CheckStatus.asked) or row.next_at is None:
        row.next_at = None
        return None
    if row.next_at > work.now:
        return None
    if row.due_at <= work.now:
        _end(work, row, "time_out")
        return None
    row.attempts += 1
    row.next_at = work.now + AGAIN[min(row.attempts, len(AGAIN)) - 1]
    held = found(work, Application, row.application_id)
    return Question(
        row.id,
        row.kind,
        row.reference,
        bool(organizations.setting(work, "kyc.by_provider")),
        held.name,
        held.email,
        held.phone,
        str(held.answers.get("identity_kind", "")),
        box.unlock(held.identity_locked, onboarding.identity_place(held.id)),
    )


def by_hand(work: Work, check_id: UUID) -> None:
    """Leave a check to the staff: a person looks at the papers, with a list of what to look at."""
    row = locked(work, ApplicationCheck, check_id)
    if row.status is not CheckStatus.requested:
        return
    CHECK_FLOW.move(row, "ask")
    row.provider, row.next_at = MANUAL, row.due_at
    emit(work, CheckDecided(row.application_id, row.id, row.kind, row.status))


def answered(  # noqa: PLR0913, PLR0917  # what a provider says
    work: Work,
    check_id: UUID,
    provider: str,
    reference: str,
    found_: str,
    summary: str,
    details: Mapping[str, str],
) -> None:
    """Note what a provider says of a check. Twice, late, or of what is over it changes nothing."""
    row = locked(work, ApplicationCheck, check_id)
    if row.status in CHECKS_OVER:
        return
    row.provider, row.reference, row.last_error = provider, reference, ""
    if row.status is CheckStatus.requested:
        CHECK_FLOW.move(row, "ask")
        row.attempts = 0
        emit(work, CheckDecided(row.application_id, row.id, row.kind, row.status))
    if found_ not in RESULTS:
        row.next_at = min(work.now + LOOK_AGAIN, row.due_at)
        return
    row.summary, row.findings = summary[:400], dict(details)
    _end(work, row, RESULTS[found_])


def not_answered(work: Work, check_id: UUID, error: str, *, refused: bool) -> None:
    """Note that a provider gave no answer; one that refuses leaves the check to the staff."""
    row = locked(work, ApplicationCheck, check_id)
    row.last_error = error[:500]
    if refused and row.status is CheckStatus.requested:
        by_hand(work, check_id)


def _take_up(work: Work, row: Application) -> int:
    """Keep the number of the paper and ask for the checks that are not passed; twice, anew.

    Gives how many other parties have the same number.
    """
    assert row.party_id
    kind = IdentifierKind(row.answers["identity_kind"])
    number = box.unlock(row.identity_locked, onboarding.identity_place(row.id))
    identifiers.keep(work, row.party_id, kind, number)
    onboarding.moved(work, row, "check")
    latest = {each.kind: each for each in checks_of(work, row.id)}
    for each in CheckKind:
        before = latest.get(each)
        if before and before.status is CheckStatus.passed:
            continue
        _request(work, row, each, before.round + 1 if before else 1)
    work.session.flush()
    return len(set(identifiers.same(work, kind, number)) - {row.party_id})


def _request(work: Work, row: Application, kind: CheckKind, number: int) -> None:
    hours = int(organizations.setting(work, "kyc.check_hours"))
    work.session.add(
        ApplicationCheck(
            id=uuid7(),
            organization_id=row.organization_id,
            application_id=row.id,
            kind=kind,
            round=number,
            provider="",
            status=CHECK_FLOW.start,
            next_at=work.now,
            due_at=work.now + timedelta(hours=hours),
            created_at=work.now,
        )
    )


def _end(work: Work, row: ApplicationCheck, name: str) -> None:
    CHECK_FLOW.move(row, name)
    row.done_at, row.next_at = work.now, None
    work.session.flush()
    emit(work, CheckDecided(row.application_id, row.id, row.kind, row.status))
    sagas.wake(work, KIND, row.application_id)


def _invite(work: Work, row: Application) -> None:
    """Invite whoever was approved to the portal by mail, unless they sign in for the party."""
    role = INVITED_AS.get(row.role)
    member = select(Membership.id).where(Membership.party_id == row.party_id, Membership.active)
    if role and row.email and work.session.scalar(member.limit(1)) is None:
        invitations.invite(work, row.email, [role], row.party_id)
