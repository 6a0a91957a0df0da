"""Admin screens: applications and their checks, proofs of identity, and locked numbers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, flash, url_for
from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.onboarding import (
    APPLICANT_ROLE_LABELS,
    MANUAL,
    Application,
    ApplicationCheck,
    Identifier,
    PartyKyc,
)
from services import identifiers, kyc, onboarding
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Board, Group, Preset, Related, Screen

MENU = N_("People")
REASON = Input("reason", N_("Reason"), Kind.long, length=400)
LOOKED_AT = {
    "picture": N_("The picture fits the person"),
    "number": N_("The number is that of the paper"),
    "dates": N_("The paper is not out of date"),
    "lists": N_("No list of sanctions names them"),
    "references": N_("Somebody was asked about them"),
}
"""What the staff has looked at, by hand."""


def invite(work: Work, row: Application) -> Application:
    """Give somebody a link by which they apply; it is shown once."""
    code = onboarding.invite(work, row)
    page = url_for("ApplyingView.state", code=code)
    link = f"{current_app.config['PUBLIC_URL']}{page}"
    if row.email:
        flash(
            _("The link is on its way by mail. It is shown here once: %(link)s", link=link), "info"
        )
    else:
        flash(_("Send them this link. It is shown here once: %(link)s", link=link), "info")
    return row


def ask_more(work: Work, row_id: UUID, asked: str) -> object:
    """Give it back, and say what is missing."""
    return onboarding.ask_more(work, row_id, asked)


def reject(work: Work, row_id: UUID, reason: str) -> object:
    """Reject it, and say why."""
    return onboarding.reject(work, row_id, reason)


def find_good(work: Work, row_id: UUID, summary: str, **ticked: bool) -> object:
    """Say that nothing speaks against them."""
    return onboarding.decide_check(work, row_id, summary, _ticked(ticked), good=True)


def find_bad(work: Work, row_id: UUID, summary: str, **ticked: bool) -> object:
    """Say what speaks against them."""
    return onboarding.decide_check(work, row_id, summary, _ticked(ticked), good=False)


def _ticked(given: dict[str, bool]) -> Sequence[str]:
    return [name for name, ticked in given.items() if ticked]


def verify(work: Work, row_id: UUID) -> object:
    """Note that the identity is proved anew."""
    return kyc.verify(work, _party(work, row_id))


def refuse(work: Work, row_id: UUID, reason: str) -> object:
    """Note that the proof is not accepted."""
    return kyc.refuse(work, _party(work, row_id), reason)


def _party(work: Work, row_id: UUID) -> UUID:
    return work.session.get_one(PartyKyc, row_id).party_id


CHECKLIST = (
    Input("summary", N_("What was found"), Kind.long, length=400),
    *(Input(name, says, Kind.yesno, required=False) for name, says in LOOKED_AT.items()),
)
APPLICATION = Screen(
    Application,
    title=N_("Applications"),
    one=N_("Application"),
    sentence=N_("Who wants to be a customer, resident, owner or vendor, and what was found out."),
    menu=MENU,
    icon="user-question",
    columns="number status name role unit email phone submitted_at",
    more="owner status_at expires_at created_at",
    form="role name email unit",
    fixed="role name email unit",
    search="number name email phone",
    filters="status role unit submitted_at status_at",
    add=invite,
    board=Board(note="name", age="status_at"),
    acts=(
        Act(
            onboarding.approve,
            N_("Approve"),
            move="approve",
            icon="check",
            confirm=N_("They become active, and are invited to the portal by mail."),
            done=N_("It is approved. They are welcomed within seconds."),
        ),
        Act(
            ask_more,
            N_("Ask for more"),
            move="ask_more",
            icon="message-question",
            inputs=(Input("asked", N_("What is missing"), Kind.long, length=1000),),
            done=N_("They see what is missing at their link, and can complete it."),
        ),
        Act(
            reject,
            N_("Reject"),
            move="reject",
            icon="x",
            tone="danger",
            inputs=(REASON,),
            done=N_("It is rejected. They are told why."),
        ),
    ),
    groups=(
        Group(N_("Who applies"), "name role email phone party"),
        Group(N_("For which unit"), "unit owner"),
        Group(N_("How it stands"), "status status_at submitted_at expires_at asked reason"),
        Group(N_("Consent"), "consent_version consent_client"),
    ),
    labels={
        "role": N_("Applies as"),
        "owner": N_("Owner of the unit"),
        "submitted_at": N_("Handed in"),
        "asked": N_("What is missing"),
        "consent_version": N_("Version of the text"),
        "consent_client": N_("Agreed to from"),
        "expires_at": N_("Ends by itself"),
        "party": N_("Person or company"),
    },
    hints={
        "unit": N_("Of a resident: its owner is asked, too."),
        "name": N_("As far as you know it; they can correct it."),
    },
    inputs={"email": {"shape": "email", "required": False}},
    related=(
        Related(
            ApplicationCheck,
            "application_id",
            N_("Checks"),
            "kind status provider summary done_at due_at last_error",
            order="-kind",
            labels={
                "kind": N_("What is checked"),
                "provider": N_("By"),
                "summary": N_("What was found"),
                "done_at": N_("Done"),
                "due_at": N_("Given up at"),
            },
        ),
    ),
    presets=(
        Preset(N_("Ready to decide"), "status=ready"),
        Preset(N_("Being checked"), "status=checking"),
        Preset(N_("More was asked for"), "status=more_asked"),
    ),
    empty=N_("Nobody has applied. Invite somebody, or open the form to all in the settings."),
    drawing="people",
)
assert set(APPLICANT_ROLE_LABELS), "roles have words"


def _by_hand(row: Any) -> str:
    return "" if row.provider in (MANUAL, "kyc", "") else N_("It is not for the staff to decide.")


CHECK = Screen(
    ApplicationCheck,
    title=N_("Checks of applicants"),
    one=N_("Check"),
    sentence=N_("Identity and background, asked of a provider or looked into by the staff."),
    menu=MENU,
    icon="user-scan",
    columns="kind status application application.name provider summary due_at done_at",
    more="round attempts last_error created_at",
    filters="kind status provider due_at",
    called="kind",
    heading=N_("Check: %(name)s"),
    acts=(
        Act(
            find_good,
            N_("Passed"),
            move="find_good",
            icon="shield-check",
            inputs=CHECKLIST,
            unless=_by_hand,
            bulk=False,
            done=N_("It is noted. When both checks are in, the application can be decided."),
        ),
        Act(
            find_bad,
            N_("Failed"),
            move="find_bad",
            icon="shield-x",
            tone="danger",
            inputs=CHECKLIST,
            unless=_by_hand,
            bulk=False,
            done=N_("It is noted. When both checks are in, the application can be decided."),
        ),
    ),
    groups=(
        Group(N_("Check"), "application kind status provider round"),
        Group(N_("What came of it"), "summary findings done_at due_at attempts last_error"),
    ),
    labels={
        "kind": N_("What is checked"),
        "provider": N_("By"),
        "summary": N_("What was found"),
        "findings": N_("In detail"),
        "done_at": N_("Done"),
        "due_at": N_("Given up at"),
        "round": N_("Round"),
        "application": N_("Application"),
        "application.name": N_("Name"),
    },
    presets=(Preset(N_("Under way"), "status=asked"), Preset(N_("Unclear"), "status=unclear")),
    empty=N_("Checks come with the applications that are handed in."),
    drawing="people",
)
KYC = Screen(
    PartyKyc,
    title=N_("Proofs of identity"),
    one=N_("Proof of identity"),
    sentence=N_("Whose identity is proved, and until when."),
    menu=MENU,
    icon="id-badge-2",
    columns="party status verified_on expires_on reason",
    filters="status verified_on expires_on",
    search="party.name",
    called="party",
    acts=(
        Act(
            verify,
            N_("Proved anew"),
            move="verify",
            icon="shield-check",
            confirm=N_("You have seen a paper that is good."),
            done=N_("It is proved from today on."),
        ),
        Act(
            refuse,
            N_("Do not accept"),
            move="refuse",
            icon="shield-x",
            tone="danger",
            inputs=(REASON,),
            done=N_("It is not accepted. They are told."),
        ),
    ),
    groups=(Group(N_("Proof of identity"), "party status verified_on expires_on reason"),),
    labels={
        "party": N_("Person or company"),
        "verified_on": N_("Proved on"),
        "expires_on": N_("Good until"),
    },
    presets=(Preset(N_("Expired"), "status=expired"),),
    empty=N_("They come with the applications that are approved."),
    drawing="people",
)
IDENTIFIER = Screen(
    Identifier,
    title=N_("Numbers of papers"),
    one=N_("Number of a paper"),
    sentence=N_("Identity cards, passports and tax numbers, locked. Each look is noted and shown."),
    menu=MENU,
    icon="id",
    columns="party kind shown created_at",
    filters="kind created_at",
    search="party.name",
    called="shown",
    heading=N_("Number: %(name)s"),
    acts=(
        Act(
            identifiers.reveal,
            N_("Show the number"),
            icon="eye",
            bulk=False,
            confirm=N_("It is noted that you looked, and the person can see it."),
            outcome=str,
        ),
    ),
    groups=(Group(N_("Number of a paper"), "party kind shown created_at"),),
    labels={
        "party": N_("Person or company"),
        "kind": N_("Paper"),
        "shown": N_("Number"),
    },
    empty=N_("They come with the applications that are handed in."),
    drawing="people",
)
SCREENS = [APPLICATION, CHECK, KYC, IDENTIFIER]
