"""Approvals: who has to agree before a governed move, as rules that administrators change.

A domain asks (`ask`) when a record comes to wait for its move, and hands each approval to `give`,
which says whether the move can be made now. What a rule asks for is written into the question by
the database (migrations/sql/approvals/), which also counts the decisions: a move without them is
refused there, whoever makes it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from core.db import refusing, uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, locked
from models.approvals import (
    APPROVAL_FLOW,
    Approval,
    ApprovalDecision,
    ApprovalRule,
    ApprovalStatus,
)
from models.organizations import Membership
from services import access
from services.events import Fact, emit

ON_LAPSE: dict[str, Callable[[Work, UUID], object]] = {}
"""What becomes of a record that nobody approved in time; each domain says so for its moves."""


class NotYours(Refused):
    """The rule names other roles, or another person than whoever asked."""

    code = "approval_not_yours"
    status = 403
    says = N_("This is approved by: %(roles)s.")


class NotYourOwn(Refused):
    """Whoever asks for an approval does not give it, says the rule."""

    code = "approval_not_your_own"
    status = 403
    says = N_("You have asked for this approval, so somebody else has to give it.")


class ApprovedAlready(Refused):
    """One person is one approval."""

    code = "approved_already"
    says = N_("You have approved this already. It waits for somebody else.")


@dataclass(frozen=True)
class ApprovalAsked(Fact, type="approval.asked", table="approval"):
    """A record waits until somebody agrees; `needed` of the `roles` have to."""

    approval_id: UUID
    governs: str
    about_table: str
    about_id: UUID
    about: str
    roles: tuple[str, ...]
    needed: int


@dataclass(frozen=True)
class ApprovalGiven(Fact, type="approval.given", table="approval"):
    """Somebody agreed; `missing` more have to."""

    approval_id: UUID
    about_table: str
    about_id: UUID
    about: str
    missing: int


@dataclass(frozen=True)
class ApprovalClosed(Fact, type="approval.closed", table="approval"):
    """Nobody is asked any longer: it was given, withdrawn, or nobody agreed in time (`new`)."""

    approval_id: UUID
    governs: str
    about_table: str
    about_id: UUID
    about: str
    new: ApprovalStatus


@dataclass(frozen=True, slots=True)
class Subject:
    """A record that waits: its name, what it is about, and the amount that is agreed to."""

    table: str
    id: UUID
    name: str
    about: str
    version: int
    amount: Decimal | None = None
    currency: str | None = None


def ask(work: Work, governs: str, subject: Subject) -> int:
    """Ask those whom the rule names; returns how many approvals are missing, 0 if none is needed.

    An open question about another amount is withdrawn, and what was approved with it.
    """
    old = _open(work, governs, subject.id)
    if old is not None:
        _close(work, old, "withdraw")
    question = _put(work, governs, subject)
    if not question.needed:
        _close(work, question, "give")
        return 0
    emit(
        work,
        ApprovalAsked(
            question.id,
            governs,
            subject.table,
            subject.id,
            question.subject_name,
            tuple(question.roles),
            question.needed,
        ),
    )
    return question.needed


def give(work: Work, governs: str, subject: Subject, note: str = "") -> int:
    """Approve, as whoever acts; returns how many approvals are still missing.

    The caller holds the lock of the subject, and makes the move when none is.

    Raises:
        NotYours, NotYourOwn: the rule does not let them.
        ApprovedAlready: they have.

    """
    question = _open(work, governs, subject.id)
    if question is None or (question.amount, question.currency) != (
        subject.amount,
        subject.currency,
    ):
        if ask(work, governs, subject) == 0:
            return 0
        question = _open(work, governs, subject.id)
        assert question
    _decide(work, question, note)
    given = select(func.count()).where(ApprovalDecision.approval_id == question.id)
    missing = question.needed - (work.session.scalar(given) or 0)
    if missing <= 0:
        _close(work, question, "give")
    emit(
        work,
        ApprovalGiven(
            question.id,
            question.subject_table,
            question.subject_id,
            question.subject_name,
            max(missing, 0),
        ),
    )
    return max(missing, 0)


def withdraw(work: Work, governs: str, subject_id: UUID) -> None:
    """Ask no longer: the record went another way."""
    question = _open(work, governs, subject_id)
    if question is not None:
        _close(work, question, "withdraw")


def question_of(work: Work, governs: str, subject_id: UUID) -> Approval | None:
    """Give the open question about a record."""
    return work.session.scalar(_waiting(governs, subject_id))


def why_not(
    work: Work, question: Approval, profile_id: UUID, roles: Collection[str]
) -> Refused | None:
    """Say why a person is not asked (any more); None if their approval is waited for."""
    if not set(roles) & set(question.roles):
        return NotYours(roles=_labels(question))
    if question.separate and question.asked_by_id == profile_id:
        return NotYourOwn()
    mine = select(ApprovalDecision.id).where(
        ApprovalDecision.approval_id == question.id, ApprovalDecision.profile_id == profile_id
    )
    return ApprovedAlready() if work.session.scalar(mine) else None


def waiting_for(profile_id: UUID, roles: Sequence[str]) -> Select[Approval]:
    """Select the questions to which a person's approval is waited for, the oldest first."""
    mine = select(ApprovalDecision.id).where(
        ApprovalDecision.approval_id == Approval.id, ApprovalDecision.profile_id == profile_id
    )
    return (
        select(Approval)
        .where(
            Approval.status == ApprovalStatus.waiting,
            Approval.roles.overlap(list(roles)),
            or_(Approval.separate.is_(False), Approval.asked_by_id.is_distinct_from(profile_id)),
            ~mine.exists(),
        )
        .order_by(Approval.asked_at)
    )


def due(work: Work, most: int = 200) -> Sequence[Approval]:
    """Lock the questions of which somebody should be reminded, or which lapse now."""
    query = (
        select(Approval)
        .where(
            Approval.status == ApprovalStatus.waiting,
            or_(Approval.remind_at <= work.now, Approval.lapses_at <= work.now),
        )
        .order_by(Approval.id)
        .limit(most)
    )
    return work.session.scalars(query.with_for_update(skip_locked=True)).all()


def lapse(work: Work, approval_id: UUID) -> None:
    """End a question that nobody answered in time, and let its domain end what waited for it."""
    question = locked(work, Approval, approval_id)
    if question.status is not ApprovalStatus.waiting:
        return
    _close(work, question, "lapse")
    ON_LAPSE[question.governs](work, question.subject_id)


def reminded(work: Work, question: Approval) -> None:
    """Remind again after the same time."""
    assert question.remind_at
    rule = work.session.get_one(ApprovalRule, question.rule_id)
    question.remind_at = work.now + timedelta(hours=rule.remind_hours)


def named(work: Work, governs: str) -> frozenset[str]:
    """List the roles that any question may still ask, for whom the move is offered."""
    in_force = select(func.unnest(ApprovalRule.roles)).where(
        ApprovalRule.governs == governs, ApprovalRule.until_version.is_(None)
    )
    asked = select(func.unnest(Approval.roles)).where(
        Approval.governs == governs, Approval.status == ApprovalStatus.waiting
    )
    return frozenset(work.session.scalars(in_force.union(asked)))


def _put(work: Work, governs: str, subject: Subject) -> Approval:
    question = Approval(
        id=uuid7(),
        organization_id=work.scope.home(),
        governs=governs,
        subject_table=subject.table,
        subject_id=subject.id,
        subject_name=subject.name[:200],
        about=subject.about[:200],
        version=subject.version,
        amount=subject.amount,
        currency=subject.currency,
        # What the rule says is written by the database.
        rule_id=subject.id,
        roles=[],
        needed=0,
        separate=False,
        asked_by_id=work.scope.profile_id,
        asked_at=work.now,
        created_at=work.now,
        custom={},
    )
    work.session.add(question)
    work.session.flush()
    work.session.refresh(question)
    return question


def _decide(work: Work, question: Approval, note: str) -> None:
    profile_id = work.scope.profile_id
    if profile_id is not None:  # else a machine that acts for nobody
        member = select(Membership.roles).where(
            Membership.profile_id == profile_id, Membership.active
        )
        refusal = why_not(work, question, profile_id, work.session.scalar(member) or [])
        if refusal:
            raise refusal
    once = {"uq_approval_decision_organization_id_approval_id_actor": ApprovedAlready()}
    with refusing(work.session, once):
        work.session.add(
            ApprovalDecision(
                organization_id=question.organization_id,
                approval_id=question.id,
                profile_id=profile_id,
                actor=str(work.actor),
                roles=[],
                note=note[:400],
                decided_at=work.now,
            )
        )
        work.session.flush()


def _labels(question: Approval) -> tuple[str, ...]:
    return tuple(access.ROLE_LABELS[each] for each in question.roles)


def _open(work: Work, governs: str, subject_id: UUID) -> Approval | None:
    return work.session.scalar(_waiting(governs, subject_id).with_for_update())


def _waiting(governs: str, subject_id: UUID) -> Select[Approval]:
    return select(Approval).where(
        Approval.governs == governs,
        Approval.subject_id == subject_id,
        Approval.status == ApprovalStatus.waiting,
    )


def _close(work: Work, question: Approval, move: str) -> None:
    APPROVAL_FLOW.move(question, move)
    question.closed_at = work.now
    emit(
        work,
        ApprovalClosed(
            question.id,
            question.governs,
            question.subject_table,
            question.subject_id,
            question.subject_name,
            question.status,
        ),
    )
