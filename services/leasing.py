"""Leases: drafted, checked, agreed to where they leave the guideline, sent, signed, cancelled."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing, uuid7
from core.errors import BadInput, Mistakes, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.estate import Estate, Unit
from models.leasing import LEASE_FLOW, Lease, LeaseParty, LeaseStatus, LesseeRole
from models.people import Party
from models.signing import RequestStatus, SignatureRequest
from services import approvals, estate, guidelines, lease_checks, organizations, people
from services.approvals import Subject
from services.billing import ReasonNeeded
from services.events import Fact, emit

OVERRIDE = "lease.approve_override"
MOST = 200


class OverrideNotApproved(Refused):
    """It leaves the guideline, and nobody else has agreed yet."""

    code = "override_not_approved"
    says = N_("It leaves the guideline: a second person has to agree before it is sent.")


class NotSent(Refused):
    """Nobody was asked to sign it."""

    code = "lease_not_sent"
    says = N_("It is signed when it was sent for signature, and once.")


class AllSigned(Refused):
    """What all have signed is not called off before it is sealed."""

    code = "all_signed"
    says = N_("All have signed it already. Once it has begun it can be ended, not cancelled.")


TAKEN = {
    "ex_lease_days": lease_checks.UnitLet(field="since"),
    "party_is_active": people.NotActive(party="", field="party"),
}


@dataclass(frozen=True)
class LeaseCreated(Fact, type="lease.created", table="lease"):
    """A lease was drafted: its terms are kept, and nobody is bound yet."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    since: date
    until: date | None
    rent: Decimal
    deposit: Decimal
    currency: str


@dataclass(frozen=True)
class LeaseSent(Fact, type="lease.sent_for_signature", table="lease"):
    """Those who sign a lease were asked to; until then the unit is kept for it."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    signers: tuple[UUID, ...]


@dataclass(frozen=True)
class LeaseSigned(Fact, type="lease.signed", table="lease"):
    """All have signed a lease; `how` says whether on paper or electronically."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    signed_on: date
    how: str


@dataclass(frozen=True)
class LeaseCancelled(Fact, type="lease.cancelled", table="lease"):
    """A lease did not come about."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    reason: str


def draft(work: Work, lease: Lease, others: Sequence[tuple[UUID, LesseeRole]] = ()) -> Lease:
    """Keep the terms of a lease; the unit stays free until it is sent for signature.

    Raises:
        Mistakes: what cannot be, by field: the unit is not free, the party is not active, terms
            cannot be, or leave the guideline and nobody has said why.

    """
    _complete(work, lease)
    _refuse(lease_checks.problems(work, lease, others=[each for each, _role in others]))
    lease.number = organizations.next_number(work, "lease", "LSE")
    lease.id, lease.created_at, lease.next_on = lease.id or uuid7(), work.now, lease.since
    with refusing(work.session, TAKEN):
        work.session.add(lease)
        work.session.flush()
    stand = [(lease.party_id, LesseeRole.principal), *others]
    work.session.add_all(
        LeaseParty(
            organization_id=lease.organization_id, lease_id=lease.id, party_id=who, role=role
        )
        for who, role in stand
    )
    work.session.flush()
    work.session.refresh(lease, ["flow_version"])
    emit(
        work,
        LeaseCreated(
            lease.id,
            lease.number,
            lease.unit_id,
            lease.party_id,
            lease.since,
            lease.until,
            lease.rent,
            lease.deposit,
            lease.currency,
        ),
    )
    _ask_override(work, lease)
    return lease


def revise(work: Work, lease: Lease) -> None:
    """Guard a change of a draft.

    Raises:
        IllegalMove: it was sent already.
        Mistakes: as `draft`.

    """
    LEASE_FLOW.check(lease, "send_for_signature")
    _complete(work, lease)
    lease.next_on = lease.since
    _refuse(lease_checks.problems(work, lease, others=_others(work, lease)))
    _ask_override(work, lease)


def approve_override(work: Work, lease_id: UUID, note: str = "") -> Lease:
    """Agree that a lease leaves its guideline; with the last approval it can be sent.

    Raises:
        IllegalMove: it is no draft.
        As `approvals.give`.

    """
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "approve_override")
    approvals.give(work, OVERRIDE, _subject(work, lease), note.strip())
    return lease


def send_for_signature(work: Work, lease_id: UUID) -> Lease:
    """Ask all who stand in a lease to sign it, and keep the unit for it meanwhile.

    Raises:
        IllegalMove: it is no draft.
        Mistakes: something has come between since it was drafted.
        OverrideNotApproved: it leaves the guideline, and nobody has agreed.
        UnitLet: another lease was faster.

    """
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "send_for_signature")
    _refuse(lease_checks.problems(work, lease, others=_others(work, lease)))
    unit = locked(work, Unit, lease.unit_id)
    if guidelines.breaches(work, lease, unit) and not _approved(work, lease):
        raise OverrideNotApproved
    with keeping(work):
        LEASE_FLOW.move(lease, "send_for_signature")
        days = organizations.setting(work, "lease.signature_days")
        lease.hold_until = work.now + timedelta(days=days)
        work.session.flush()
    estate.reserve(work, unit.id)
    signers = (lease.party_id, *_others(work, lease))
    emit(work, LeaseSent(lease.id, lease.number, lease.unit_id, lease.party_id, signers))
    return lease


def record_signed_on_paper(work: Work, lease_id: UUID, signed_on: date) -> Lease:
    """Note that all have signed it by hand; what follows from it begins.

    Raises:
        NotSent: it was not sent for signature, or is signed.
        BadInput: the day is to come.

    """
    if signed_on > estate.today(work, _place(work, found(work, Lease, lease_id))):
        raise BadInput(N_("That day is still to come."), field="signed_on")
    return signed(work, lease_id, signed_on, "paper")


def signed(work: Work, lease_id: UUID, signed_on: date, how: str) -> Lease:
    """Note that all have signed a lease; once.

    Raises:
        NotSent: it was not sent for signature, or is signed.

    """
    lease = locked(work, Lease, lease_id)
    if lease.status is not LeaseStatus.pending_signature or lease.signed_on is not None:
        raise NotSent
    lease.signed_on, lease.hold_until = signed_on, None
    work.session.flush()
    emit(work, LeaseSigned(lease.id, lease.number, lease.unit_id, lease.party_id, signed_on, how))
    return lease


def cancel(work: Work, lease_id: UUID, reason: str = "") -> Lease:
    """Give up a lease that is not active yet; the unit is free again.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: it is active, or over.
        NotSent: all have signed, and what follows is under way.
        AllSigned: all have signed, and their document is being sealed.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    lease = locked(work, Lease, lease_id)
    LEASE_FLOW.check(lease, "cancel")
    if lease.signed_on is not None:
        raise NotSent
    if _sealing(work, lease):
        raise AllSigned
    return give_up(work, lease, reason.strip())


def give_up(work: Work, lease: Lease, reason: str) -> Lease:
    """End a locked lease that does not come about, whoever wanted it so."""
    sent = lease.status is LeaseStatus.pending_signature
    LEASE_FLOW.move(lease, "cancel")
    lease.reason, lease.hold_until = reason[:400], None
    work.session.flush()
    approvals.withdraw(work, OVERRIDE, lease.id)
    if sent:
        estate.release(work, lease.unit_id)
    emit(
        work,
        LeaseCancelled(lease.id, lease.number, lease.unit_id, lease.party_id, lease.reason),
    )
    return lease


def unsigned(work: Work, most: int = MOST) -> list[UUID]:
    """List the leases whose time to be signed is over."""
    query = (
        select(Lease.id)
        .where(
            Lease.status == LeaseStatus.pending_signature,
            Lease.signed_on.is_(None),
            Lease.hold_until <= work.now,
        )
        .order_by(Lease.id)
        .limit(most)
    )
    return list(work.session.scalars(query))


def expire(work: Work, lease_id: UUID) -> None:
    """Cancel a lease that was not signed in time; again, or signed meanwhile, nothing."""
    lease = locked(work, Lease, lease_id)
    waits = lease.status is LeaseStatus.pending_signature and lease.signed_on is None
    late = lease.hold_until is not None and lease.hold_until <= work.now
    if waits and late and not _sealing(work, lease):
        give_up(work, lease, "not signed in time")


def _sealing(work: Work, lease: Lease) -> bool:
    """Say whether all have signed already, so that nothing but the seal is missing."""
    live = (RequestStatus.open, RequestStatus.sealing)
    query = select(SignatureRequest.status).where(
        SignatureRequest.subject_id == lease.id, SignatureRequest.status.in_(live)
    )
    return work.session.scalar(query.with_for_update()) is RequestStatus.sealing


def keeping(work: Work) -> AbstractContextManager[None]:
    """Turn into a refusal that another lease has the unit, in a savepoint."""
    return refusing(work.session, TAKEN)


def lessees(work: Work, lease_id: UUID) -> list[LeaseParty]:
    """List who stands in a lease, the principal first."""
    query = select(LeaseParty).where(LeaseParty.lease_id == lease_id)
    return list(work.session.scalars(query.order_by(LeaseParty.role.desc(), LeaseParty.id)))


def _others(work: Work, lease: Lease) -> list[UUID]:
    query = select(LeaseParty.party_id).where(
        LeaseParty.lease_id == lease.id, LeaseParty.role != LesseeRole.principal
    )
    return list(work.session.scalars(query.order_by(LeaseParty.id)))


def _complete(work: Work, lease: Lease) -> None:
    """Fill in what follows from the unit, and bring amounts into their form."""
    lease.organization_id = work.scope.home()
    lease.override_reason = (lease.override_reason or "").strip()
    lease.increase_steps = (lease.increase_steps or "").strip()
    if lease.unit_id:
        lease.currency = _place(work, lease).currency
        for name in ("rent", "deposit"):
            amount: Any = getattr(lease, name)
            setattr(lease, name, exact(Decimal(amount or 0), lease.currency, name))


def _refuse(wrong: dict[str, Refused]) -> None:
    if wrong:
        raise Mistakes(wrong)


def _approved(work: Work, lease: Lease) -> bool:
    return _agreed(work, lease) == "given"


def _agreed(work: Work, lease: Lease) -> str:
    """Say whether agreement to the terms as they are is `given` or `waiting`; else nothing."""
    work.session.flush()
    return str(work.session.scalar(select(func.lease_asked(lease.id))) or "")


def _ask_override(work: Work, lease: Lease) -> None:
    """Ask for agreement where a lease leaves its guideline; else ask no longer."""
    unit = found(work, Unit, lease.unit_id)
    if not guidelines.breaches(work, lease, unit):
        approvals.withdraw(work, OVERRIDE, lease.id)
    elif not _agreed(work, lease):
        approvals.ask(work, OVERRIDE, _subject(work, lease))


def _subject(work: Work, lease: Lease) -> Subject:
    party, unit = found(work, Party, lease.party_id), found(work, Unit, lease.unit_id)
    about = f"{party.name} \N{MIDDLE DOT} {unit.number} \N{MIDDLE DOT} {lease.override_reason}"
    version = lease.flow_version or 1
    return Subject(
        "lease", lease.id, lease.number, about[:200], version, lease.rent, lease.currency
    )


def _place(work: Work, lease: Lease) -> Estate:
    return found(work, Estate, found(work, Unit, lease.unit_id).estate_id)


def _nothing(work: Work, lease_id: UUID) -> None:
    """Leave a draft as it is that nobody agreed to."""


approvals.ON_LAPSE[OVERRIDE] = _nothing
