"""Applications: what an applicant writes step by step, and what the staff does with it.

Applicants have no sign-in: what they do goes through functions of the database that take the secret
of their link (migrations/sql/onboarding/). The saga in services/onboarding_cases.py takes it up.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from core import box, phones
from core.db import uuid7
from core.errors import BadInput, Mistakes, NotFound, Refused
from core.text import N_
from core.work import Work, locked
from models.estate import Ownership
from models.onboarding import (
    APPLICATION_FLOW,
    CHECK_FLOW,
    ApplicantRole,
    Application,
    ApplicationCheck,
    ApplicationStatus,
    CheckKind,
    CheckStatus,
    IdentifierKind,
)
from models.people import PartyKind
from services import application_mails, estate, identifiers, organizations, sagas
from services.application_mails import About
from services.events import Fact, emit
from services.people import WhyNeeded

LASTS = timedelta(days=30)
CONSENT_VERSION = "2026-11"
CONSENT = N_(
    "I agree that %(organization)s keeps what I have written and the papers I have sent, has my"
    " identity and background checked by a provider, and keeps the result as long as we deal with"
    " each other and one year longer. I may see, correct and withdraw it at any time."
)
CONTACTS_AT_MOST = 5
OPEN_STATES = (ApplicationStatus.draft, ApplicationStatus.more_asked)


class ApplicationOver(Refused):
    """The link is unknown, or what it opens can no longer be changed."""

    code = "application_over"
    status = 410
    says = N_("This application can no longer be changed.")


class NotReady(Refused):
    """Something that every application has is missing."""

    code = "application_incomplete"
    status = 422
    says = N_("Fill in your details, and put a picture of your paper to the application, first.")


@dataclass(frozen=True)
class ApplicationInvited(Fact, type="application.invited", table="application"):
    """Somebody was given a link by which to apply."""

    application_id: UUID
    role: ApplicantRole


@dataclass(frozen=True)
class ApplicationStatusChanged(Fact, type="application.status_changed", table="application"):
    """An application moved on."""

    application_id: UUID
    number: str
    old: ApplicationStatus
    new: ApplicationStatus
    reason: str


@dataclass(frozen=True)
class CheckDecided(Fact, type="application.check_decided", table="application"):
    """One check of an applicant has a result, by a provider or by the staff."""

    application_id: UUID
    check_id: UUID
    kind: CheckKind
    new: CheckStatus


def hash_of(code: str) -> bytes:
    """Give what is kept of the secret of a link."""
    return organizations.hash_of(code)


def begin(work: Work, address: str, role: ApplicantRole) -> str:
    """Begin an application at the open form of an organization; gives the secret of its link.

    Raises:
        NotFound: there is no such organization, or it takes applications by invitation alone.

    """
    code = secrets.token_urlsafe(24)
    made = func.begin_application(address, uuid7(), hash_of(code), role.value)
    if not work.session.scalar(select(made)):
        raise NotFound
    return code


def open_form(work: Work, address: str) -> str:
    """Name the organization that takes applications from everybody at this address.

    Raises:
        NotFound: it does not, or there is none.

    """
    query = select(func.open_form(address).table_valued("organization", "locale"))
    row = work.session.execute(query).one_or_none()
    if row is None or row.organization is None:
        raise NotFound
    return str(row.organization)


def invite(work: Work, application: Application) -> str:
    """Write an application down that somebody is to fill in; gives the secret of its link."""
    code = secrets.token_urlsafe(24)
    application.id = application.id or uuid7()
    application.organization_id = work.scope.home()
    application.number = organizations.next_number(work, "application", "APP")
    application.code_hash = hash_of(code)
    application.answers = {
        key: value
        for key, value in (("name", application.name), ("email", application.email))
        if value
    }
    application.status_at, application.expires_at = work.now, work.now + LASTS
    application.created_at = work.now
    if application.unit_id and application.role is ApplicantRole.resident:
        application.owner_id = owner_of(work, application.unit_id)
    work.session.add(application)
    work.session.flush()
    emit(work, ApplicationInvited(application.id, application.role))
    application_mails.put(work, application, About.invited, code)
    return code


def owner_of(work: Work, unit_id: UUID) -> UUID | None:
    """Find whoever owns most of a unit today."""
    query = (
        select(Ownership.party_id)
        .where(Ownership.unit_id == unit_id, *estate.on(Ownership, work.now.date()))
        .order_by((Ownership.share_parts * 1.0 / Ownership.share_of).desc(), Ownership.id)
        .limit(1)
    )
    return work.session.scalar(query)


def read(work: Work, code: str) -> dict[str, Any]:
    """Give what the holder of a link may read of their application.

    Raises:
        ApplicationOver: the link is unknown.

    """
    found: dict[str, Any] | None = work.session.scalar(select(func.read_application(code)))
    if found is None:
        raise ApplicationOver(N_("This link opens nothing. Ask for a new one."))
    return found


def save(work: Work, code: str, typed: Mapping[str, Any], identity: str = "") -> None:
    """Keep what was typed in a step; a number of a paper is locked before it goes anywhere.

    Raises:
        ApplicationOver: it can no longer be changed.
        BadInput: no paper has such a number.

    """
    number = None
    if identity:
        held = read(work, code)
        number = box.lock(identifiers.plain(identity), identity_place(held["id"]))
    done = func.save_application(code, literal(json.loads(json.dumps(dict(typed))), JSONB), number)
    if not work.session.scalar(select(done)):
        raise ApplicationOver


def identity_place(application_id: str | UUID) -> str:
    """Name where the number of an applicant's paper is locked for."""
    return f"application:identity:{application_id}"


def details(given: Mapping[str, str], region: str, *, has_identity: bool) -> dict[str, Any]:
    """Read the first step: who applies.

    Raises:
        Mistakes: what cannot be taken as it is, field by field.

    """
    wrong: dict[str, Refused] = {}
    read = {
        each: str(given.get(each, "")).strip() for each in ("name", "email", "phone", "address")
    }
    if not 2 <= len(read["name"]) <= 120:
        wrong["name"] = BadInput(N_("Write your whole name."), field="name")
    try:
        organizations.check_address(read["email"])
    except BadInput as refusal:
        wrong["email"] = refusal
    try:
        read["phone"] = phones.e164(read["phone"], region)
    except BadInput as refusal:
        wrong["phone"] = refusal
    if given.get("identity") or not has_identity:
        try:
            identifiers.plain(str(given.get("identity", "")))
        except BadInput as refusal:
            wrong["identity"] = refusal
    if given.get("identity_kind") not in list(IdentifierKind):
        wrong["identity_kind"] = BadInput(N_("Choose one of those that are offered."))
    if wrong:
        raise Mistakes(wrong)
    kind = given.get("kind")
    read["kind"] = kind if kind in list(PartyKind) else PartyKind.person.value
    return read | {"identity_kind": given["identity_kind"], "address": read["address"][:400]}


def contacts(names: Sequence[str], numbers: Sequence[str], region: str) -> list[dict[str, str]]:
    """Read whom to call in an emergency, from lines that may be empty.

    Raises:
        BadInput: somebody has a name and no number, or the other way round.

    """
    found = []
    for name, number in list(zip(names, numbers, strict=False))[:CONTACTS_AT_MOST]:
        if not name.strip() and not number.strip():
            continue
        if not name.strip():
            raise BadInput(N_("Say whose number that is."), field="contacts")
        called = phones.e164(number.strip(), region, "contacts")
        found.append({"name": name.strip()[:120], "phone": called})
    if not found:
        raise BadInput(N_("Name at least one person to call in an emergency."), field="contacts")
    return found


def keep_paper(work: Work, code: str, title: str, mime: str, kept: tuple[str, str, int]) -> None:
    """Put a stored file (key, SHA-256, bytes) to an application.

    Raises:
        ApplicationOver: it can no longer be changed, or has ten already.

    """
    if not work.session.scalar(
        select(func.keep_application_paper(code, uuid7(), title[:200], mime, *kept))
    ):
        raise ApplicationOver(N_("No more files can be put to this application."))


def drop_paper(work: Work, code: str, paper_id: UUID) -> None:
    """Take a file back."""
    work.session.scalar(select(func.drop_application_paper(code, paper_id)))


def submit(work: Work, code: str, client: str) -> None:
    """Hand an application in; whoever applies is a draft party from now on.

    Raises:
        NotReady: details or papers are missing.
        ApplicationOver: it is handed in already, or over.

    """
    held = read(work, code)
    if not held["open"]:
        raise ApplicationOver
    answers = held["answers"]
    if not (answers.get("name") and answers.get("email") and answers.get("contacts")):
        raise NotReady
    if not held["has_identity"] or not held["papers"]:
        raise NotReady
    if not work.session.scalar(
        select(func.submit_application(code, uuid7(), CONSENT_VERSION, client[:400]))
    ):
        raise ApplicationOver
    application_mails.received(work, code)


def withdraw(work: Work, code: str) -> None:
    """Give up an application.

    Raises:
        ApplicationOver: it is decided already.

    """
    if not work.session.scalar(select(func.withdraw_application(code))):
        raise ApplicationOver


def owner_decides(work: Work, application_id: UUID, reason: str, *, yes: bool) -> None:
    """Say yes or no as the owner of the unit.

    Raises:
        WhyNeeded: no, and nobody said why.
        NotFound: it is not for this owner to decide, or not now.

    """
    if not yes and not reason.strip():
        raise WhyNeeded(field="reason")
    if not work.session.scalar(select(func.owner_decides(application_id, yes, reason.strip()))):
        raise NotFound


def ask_more(work: Work, application_id: UUID, asked: str) -> Application:
    """Give an application back to be completed, and say what is missing.

    Raises:
        WhyNeeded: nobody said what.
        IllegalMove: it is not being checked or decided.

    """
    if not asked.strip():
        raise WhyNeeded(field="asked")
    row = locked(work, Application, application_id)
    row.asked, row.expires_at = asked.strip()[:1000], work.now + LASTS
    return moved(work, row, "ask_more")


def approve(work: Work, application_id: UUID) -> Application:
    """Approve: the saga admits the party, welcomes and invites them.

    Raises:
        IllegalMove: the checks are not both in, or it is decided.

    """
    row = locked(work, Application, application_id)
    return _decided(work, moved(work, row, "approve"))


def reject(work: Work, application_id: UUID, reason: str) -> Application:
    """Reject, and say why; the applicant is told.

    Raises:
        WhyNeeded: nobody said why.
        IllegalMove: it is decided, or not handed in.

    """
    if not reason.strip():
        raise WhyNeeded(field="reason")
    row = locked(work, Application, application_id)
    APPLICATION_FLOW.check(row, "reject")
    row.reason = reason.strip()[:400]
    return _decided(work, moved(work, row, "reject", row.reason))


def decide_check(
    work: Work, check_id: UUID, summary: str, ticked: Sequence[str], *, good: bool
) -> ApplicationCheck:
    """Say by hand what came of a check, with the list of what was looked at.

    Raises:
        WhyNeeded: nobody said what was found.
        IllegalMove: it has a result already, or was not asked yet.

    """
    if not summary.strip():
        raise WhyNeeded(field="summary")
    row = locked(work, ApplicationCheck, check_id)
    CHECK_FLOW.move(row, "find_good" if good else "find_bad")
    row.summary, row.done_at, row.next_at = summary.strip()[:400], work.now, None
    row.findings = {**row.findings, "by_hand": sorted(ticked)}
    work.session.flush()
    emit(work, CheckDecided(row.application_id, row.id, row.kind, row.status))
    sagas.wake(work, "onboard", row.application_id)
    return row


def moved(work: Work, row: Application, name: str, reason: str = "") -> Application:
    """Make one move of the flow and tell of it."""
    old = row.status
    APPLICATION_FLOW.move(row, name)
    row.status_at = work.now
    work.session.flush()
    emit(work, ApplicationStatusChanged(row.id, row.number, old, row.status, reason))
    return row


def _decided(work: Work, row: Application) -> Application:
    sagas.wake(work, "onboard", row.id)
    return row
