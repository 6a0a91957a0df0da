"""Applications in the portal: one's own, those an owner decides, and who looked at one's data."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core import db, phones
from core.errors import Refused
from core.work import Work, unit_of_work
from models.onboarding import (
    APPLICANT_ROLE_LABELS,
    APPLICATION_FLOW,
    CHECK_FLOW,
    CHECK_KIND_LABELS,
    IDENTIFIER_LABELS,
    KYC_FLOW,
    Application,
    ApplicationStatus,
    Identifier,
)
from models.people import Party
from services import identifiers, kyc, onboarding, onboarding_cases, organizations, people
from views.admin.words import day, moment
from views.portal.pages import PAYMENTS, PortalView, needs, reading, tell
from views.web.person import actor, signed_in
from views.web.refusals import sentence

MOST = 100


class PortalApplicationsView(PortalView):
    """Who applies to live in one's units, and what is kept of oneself."""

    default_view = "applications"

    @expose("/applications")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def applications(self) -> str:
        """List the applications for one's units, and one's own."""
        work, mine = reading(), _party()
        query = (
            select(Application)
            .options(selectinload(Application.unit))
            .where(Application.status != ApplicationStatus.draft)
            .order_by(Application.id.desc())
            .limit(MOST)
        )
        rows = [_said(work, each, mine) for each in work.session.scalars(query)]
        return self.page(
            "portal/applications.html",
            "me",
            to_decide=[each for each in rows if each["decides"]],
            others=[each for each in rows if not each["decides"]],
        )

    @expose("/applications/<uuid:application_id>/<answer>", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def decide(self, application_id: UUID, answer: str) -> Any:
        """Say yes or no as the owner of the unit."""
        try:
            with unit_of_work(db.session(), actor()) as work:
                reason = request.form.get("reason", "")
                onboarding.owner_decides(work, application_id, reason, yes=answer == "approve")
        except Refused as refusal:
            tell(refusal)
        else:
            flash(_("It is decided. They are told within seconds."), "success")
        return redirect(url_for(".applications"))

    @expose("/data", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def data(self) -> Any:
        """Show what is kept of oneself, masked, and who looked at it in clear; say whom to call."""
        work, mine, refusal = reading(), _party(), None
        if request.method == "POST":
            try:
                _keep_contacts(request.form.get("contacts", ""))
            except Refused as refused:
                refusal = refused
            else:
                flash(_("It is kept."), "success")
                return redirect(url_for(".data"))
        typed = request.form.get("contacts") if refusal else None
        party = work.session.scalar(select(Party).where(Party.id == mine)) if mine else None
        proof = kyc.of(work, mine) if mine else None
        numbers = work.session.scalars(select(Identifier).where(Identifier.party_id == mine)).all()
        looks = identifiers.looks(work, mine) if mine else []
        page = self.page(
            "portal/data.html",
            "me",
            proof=_proof(proof),
            numbers=[(_(IDENTIFIER_LABELS[each.kind]), each.shown) for each in numbers],
            looks=[
                {
                    "who": each.profile.name if each.profile else _("Somebody"),
                    "what": _(IDENTIFIER_LABELS[each.what]),
                    "when": moment(each.looked_at),
                }
                for each in looks
            ],
            contacts=None if party is None else typed or people.lines(party),
            error=sentence(refusal) if refusal else "",
        )
        return (page, refusal.status) if refusal else page


def _keep_contacts(typed: str) -> None:
    with unit_of_work(db.session(), actor()) as work:
        region = phones.region(organizations.home(work).currency)
        people.keep_own_contacts(work, people.read_contacts(typed, region))


def _party() -> UUID | None:
    member = signed_in().member
    return member.party_id if member else None


def _said(work: Work, row: Application, mine: UUID | None) -> dict[str, Any]:
    decides = row.status is ApplicationStatus.ready and row.owner_id == mine and mine is not None
    return {
        "id": row.id,
        "number": row.number,
        "name": row.name,
        "role": _(APPLICANT_ROLE_LABELS[row.role]),
        "unit": row.unit.number if row.unit else "",
        "status": _(APPLICATION_FLOW.labels[row.status]),
        "meaning": APPLICATION_FLOW.meanings[row.status],
        "reason": row.reason if row.status is ApplicationStatus.rejected else row.asked,
        "decides": decides,
        "checks": [
            {
                "kind": _(CHECK_KIND_LABELS[each.kind]),
                "status": _(CHECK_FLOW.labels[each.status]),
                "meaning": CHECK_FLOW.meanings[each.status],
            }
            for each in (onboarding_cases.checks_of(work, row.id) if decides else ())
        ],
    }


def _proof(row: Any) -> dict[str, str]:
    status = row.status if row else KYC_FLOW.start
    return {
        "status": _(KYC_FLOW.labels[status]),
        "meaning": KYC_FLOW.meanings[status],
        "until": day(row.expires_on) if row and row.expires_on else "",
    }
