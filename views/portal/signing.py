"""Signing a document: read it, have a code sent, write one's name, agree; or say why not.

Members of the staff who are to sign do it here, too.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import Refused
from core.work import Work, found, unit_of_work
from models.files import Document
from models.signing import SIGNER_FLOW, RequestStatus, SignatureRequest, Signer, SignerStatus
from services import signing_acts
from services.signing_acts import CodeOver, Given, WrongCode
from views.admin.words import moment
from views.files import sent
from views.portal.pages import PortalView, needs, reading
from views.portal.wallet_acts import field
from views.web.person import actor
from views.web.refusals import sentence

TABLE = "portal_signing"


class PortalSigningView(PortalView):
    """What one is to sign."""

    route_base = "/portal/sign"
    default_view = "waiting"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs("sign", TABLE)
    def waiting(self) -> str:
        """List what waits for one's signature."""
        rows = [row_of(*each) for each in signing_acts.to_sign(reading())]
        return self.page("portal/to_sign.html", "home", rows=rows)

    @expose("/<uuid:signer_id>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("sign", TABLE)
    def document(self, signer_id: UUID) -> Any:
        """Show what is to be signed, and take the signature."""
        if request.method == "POST":
            return self._taken(signer_id, lambda work: _sign(work, signer_id))
        return self._page(signer_id)

    @expose("/<uuid:signer_id>/code", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("sign", TABLE)
    def code(self, signer_id: UUID) -> Any:
        """Have a code sent."""

        def ask(work: Work) -> None:
            address = signing_acts.ask_code(work, signer_id)
            flash(_("A code is on its way to %(address)s.", address=masked(address)), "success")

        return self._taken(signer_id, ask)

    @expose("/<uuid:signer_id>/decline", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("sign", TABLE)
    def decline(self, signer_id: UUID) -> Any:
        """Say that one does not sign, and why."""

        def say(work: Work) -> None:
            signing_acts.decline(work, signer_id, request.form.get("reason", ""))
            flash(_("You declined, and whoever asked you is told why."), "success")

        return self._taken(signer_id, say)

    @expose("/<uuid:signer_id>/document.pdf")  # type: ignore[untyped-decorator]
    @needs("sign", TABLE)
    def pdf(self, signer_id: UUID) -> Response:
        """Give the document: the final one, once all have signed."""
        with unit_of_work(db.session(), actor()) as work:
            signing_acts.opened(work, signer_id)
        work = reading()
        _signer, asked = signing_acts.mine(work, signer_id)
        return sent(
            found(work, Document, asked.signed_document_id or asked.document_id), "no-store"
        )

    def _taken(self, signer_id: UUID, do: Callable[[Work], object]) -> Any:
        """Do it, and show what comes of it; a wrong code is counted though it is refused."""
        refusal: Refused | None = None
        try:
            with unit_of_work(db.session(), actor()) as work:
                try:
                    do(work)
                except (WrongCode, CodeOver) as refused:
                    refusal = refused
        except Refused as refused:
            if refused.status == 404:
                raise
            refusal = refused
        if refusal is None:
            return redirect(url_for("PortalSigningView.document", signer_id=signer_id))
        return self._page(signer_id, refusal), refusal.status

    def _page(self, signer_id: UUID, refusal: Refused | None = None) -> str:
        work = reading()
        signer, asked = signing_acts.mine(work, signer_id)
        fields, reason = _fields(signer, refusal), field("reason", _("Why not?"), refusal)
        beside = {each["name"] for each in [*fields, reason]}
        return self.page(
            "portal/sign.html",
            "home",
            signer=signer,
            asked=asked,
            state=SIGNER_FLOW.labels[signer.status],
            meaning=SIGNER_FLOW.meanings[signer.status],
            may_sign=_may_sign(work, signer, asked),
            is_final=asked.signed_document_id is not None,
            until=moment(asked.expires_at),
            address=masked(signer.email),
            fields=fields,
            decline=reason | {"kind": "long", "maxlength": 400},
            consent=_(signing_acts.CONSENT),
            error=sentence(refusal) if refusal and refusal.field not in beside else "",
        )


def row_of(signer: Signer, asked: SignatureRequest) -> dict[str, Any]:
    """Make the row of what is to be signed (templates/portal/rows.html)."""
    return {
        "title": asked.title,
        "text": _("Sign until %(time)s", time=moment(asked.expires_at)),
        "url": url_for("PortalSigningView.document", signer_id=signer.id),
        "icon": "signature",
        "state": _(SIGNER_FLOW.labels[signer.status]),
        "meaning": SIGNER_FLOW.meanings[signer.status],
    }


def masked(address: str) -> str:
    """Show enough of an address to know it by: w***@example.com."""
    name, _at, place = address.partition("@")
    return f"{name[:1]}***@{place}"


def _sign(work: Work, signer_id: UUID) -> None:
    form = request.form
    given = Given(
        form.get("code", ""),
        form.get("name", ""),
        form.get("sha256", ""),
        consents=form.get("consent") == "1",
    )
    signing_acts.sign(work, signer_id, given)
    flash(_("You have signed. You get the document as soon as all have."), "success")


def _may_sign(work: Work, signer: Signer, asked: SignatureRequest) -> bool:
    return (
        signer.status is SignerStatus.asked
        and asked.status is RequestStatus.open
        and asked.expires_at > work.now
    )


def _fields(signer: Signer, refusal: Refused | None) -> list[dict[str, Any]]:
    code = field("code", _("Code from the mail"), refusal, autocomplete="one-time-code")
    consent = field("consent", _("I agree"), refusal, kind="yesno")
    return [
        field("name", _("Your name"), refusal, value=signer.name, maxlength=120),
        code | {"maxlength": 6},
        consent | {"value": request.form.get("consent") == "1"},
    ]
