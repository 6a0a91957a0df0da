"""Onboarding in the background: checks are asked for, things run out, people are told."""

import logging
from datetime import date
from uuid import UUID

from flask import current_app
from sqlalchemy import text

from adapters import kyc as provider
from adapters.kyc import CheckProvider, Subject
from adapters.payments import ProviderRefused, ProviderUnavailable
from core import db
from core.text import N_
from core.work import Work, clock, found
from models.events import Event
from models.onboarding import (
    APPLICANT_ROLE_LABELS,
    KYC_FLOW,
    ApplicantRole,
    Application,
    ApplicationStatus,
)
from models.organizations import KycStatus
from models.people import Party
from services import application_mails, kyc, notices, onboarding_cases
from services.application_mails import About
from services.notices import Notice
from services.onboarding_cases import Question
from workers.jobs import Desk, homes, job
from workers.notices import notice_of

STAFF = ("Admin", "Manager")
PORTAL = "/portal/applications"
log = logging.getLogger(__name__)


def look_after() -> None:
    """Begin what was handed in, ask about checks, and let run out what nobody handed in."""
    query = text("SELECT onboarding_due(:at)")
    with db.session.session_factory() as session:
        due = list(session.scalars(query, {"at": clock()}))
    for home in due:
        try:
            look_after_one(home)
        except Exception:
            log.exception("onboarding in %s", home)


def look_after_one(home: UUID) -> None:
    """Do in one organization what is due there."""
    desk = Desk(home, "onboarding")
    with desk.work() as work:
        onboarding_cases.begin_due(work)
        onboarding_cases.expire_due(work)
        checks = onboarding_cases.due(work)
    for check_id in checks:
        try:
            _ask(desk, check_id)
        except Exception:
            log.exception("check %s", check_id)


@job()
def ask(desk: Desk, check_id: str) -> None:
    """Ask about one check, which its provider has told of."""
    _ask(desk, UUID(str(check_id)))


def _ask(desk: Desk, check_id: UUID) -> None:
    """Claim and commit, ask with no transaction open, and then write down what was said."""
    with desk.work() as work:
        question = onboarding_cases.claim(work, check_id)
    if question is None:
        return
    checks = provider.configured(current_app.config) if question.by_provider else None
    if checks is None:
        with desk.work() as work:
            onboarding_cases.by_hand(work, check_id)
        return
    try:
        report = _asked(checks, question)
    except (ProviderUnavailable, ProviderRefused) as error:
        with desk.work() as work:
            refused = isinstance(error, ProviderRefused)
            onboarding_cases.not_answered(work, check_id, str(error), refused=refused)
        return
    with desk.work() as work:
        onboarding_cases.answered(
            work,
            check_id,
            provider.NAME,
            report.reference,
            report.found,
            report.summary,
            report.details,
        )


def _asked(checks: CheckProvider, question: Question) -> provider.Report:
    if question.reference:
        return checks.status(question.reference)
    return checks.begin(
        Subject(
            check_id=str(question.check_id),
            kind=question.kind,
            name=question.name,
            email=question.email,
            phone=question.phone,
            identity_kind=question.identity_kind,
            identity=question.identity,
            notice_url=f"{current_app.config['PUBLIC_URL']}/checks/{provider.NAME}",
        )
    )


def run_out() -> None:
    """Let proofs of identity run out, and ask in time for new ones."""
    for home in homes():
        with Desk(home, "kyc.run_out").work() as work:
            kyc.expire_due(work)
            kyc.remind_due(work)


def applied(work: Work, event: Event) -> None:
    """Tell the managers, and the owner of the unit, that somebody applies."""
    row = found(work, Application, UUID(event.data["application_id"]))
    role = APPLICANT_ROLE_LABELS[ApplicantRole(event.data["role"])]
    says = N_("%(name)s applies as %(role)s: %(number)s.")
    values = {"name": row.name, "role": role, "number": row.number}
    link = f"/admin/application/{row.id}"
    notices.notify_roles(work, STAFF, notice_of(event, says, link, **values))
    if row.owner_id:
        notices.notify_party(work, row.owner_id, notice_of(event, says, PORTAL, **values))


def approved(work: Work, event: Event) -> None:
    """Welcome whoever applied; those without a sign-in get an invitation by mail."""
    says = N_("Welcome! Your application %(number)s is approved.")
    notice = notice_of(event, says, "/portal/", number=event.data["number"])
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def rejected(work: Work, event: Event) -> None:
    """Tell whoever applied why it was not accepted."""
    row = found(work, Application, UUID(event.data["application_id"]))
    says = N_("Your application %(number)s was not accepted: %(reason)s")
    values = {"number": row.number, "reason": event.data["reason"]}
    notice = notice_of(event, says, PORTAL, **values)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)
    if row.profile_id:
        notices.notify(work, [row.profile_id], notice)
    elif not application_mails.signs_in(work, row.party_id):
        application_mails.put(work, row, About.rejected)


def moved(work: Work, event: Event) -> None:
    """Write to whoever applies that something is missing, if no notice reaches them."""
    if event.data["new"] != ApplicationStatus.more_asked:
        return
    row = found(work, Application, UUID(event.data["application_id"]))
    if row.profile_id is None and not application_mails.signs_in(work, row.party_id):
        application_mails.put(work, row, About.more_asked)


def kyc_updated(work: Work, event: Event) -> None:
    """Tell a party how its proof of identity stands."""
    new = KycStatus(event.data["new"])
    says = N_("The proof of your identity: %(status)s.")
    values = {"status": KYC_FLOW.labels[new]}
    notices.notify_party(work, event.subject_id, notice_of(event, says, "/portal/data", **values))


def kyc_ending(work: Work, event: Event) -> None:
    """Ask a party to renew its proof of identity, and say so to the managers."""
    day = date.fromisoformat(event.data["expires_on"]).isoformat()
    says = N_("The proof of your identity runs out on %(day)s. Please bring a new paper.")
    notices.notify_party(work, event.subject_id, notice_of(event, says, "/portal/data", day=day))
    party = found(work, Party, event.subject_id)
    tells = N_("The proof of identity of %(name)s runs out on %(day)s.")
    link = f"/admin/party/{party.id}"
    told: Notice = notice_of(event, tells, link, name=party.name, day=day)
    notices.notify_roles(work, STAFF, told)
