"""Cards that a payer has saved: seen, removed, and let pay by themselves."""

from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import NotFound, Refused
from core.work import Work, found, unit_of_work
from models.saved_ways import SavedWay
from services import autopay_terms, ledger, saved_ways, ways
from views.portal.autopay import filled, terms_fields, terms_typed
from views.portal.pages import PAYMENTS, PortalView, needs, reading
from views.web.person import actor
from views.web.refusals import sentence


class PortalCardsView(PortalView):
    """Saved cards."""

    route_base = "/portal/cards"
    default_view = "cards"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def cards(self) -> str:
        """List the cards at hand, and which of them pays by itself."""
        work = reading()
        agreed = autopay_terms.by_card(work)
        rows = [_row(work, way) | {"agreed": agreed.get(way.id)} for way in saved_ways.own(work)]
        return self.page("portal/cards.html", "payments", rows=rows)

    @expose("/<uuid:way_id>/remove", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("pay", PAYMENTS)
    def remove(self, way_id: UUID) -> Any:
        """Remove a card for ever, here and at the provider."""
        with unit_of_work(db.session(), actor()) as work:
            home = saved_ways.remove(work, way_id).organization_id
        current_app.extensions["ring"]("workers.saved_ways.forget", home, way_id, queue="money")
        flash(_("The card is removed. Nothing is charged to it any more."), "success")
        return redirect(url_for("PortalCardsView.cards"))

    @expose("/<uuid:way_id>/autopay", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("pay", PAYMENTS)
    def terms(self, way_id: UUID) -> Any:
        """Say up to how much a card pays by itself, and when."""
        refusal = None
        if request.method == "POST":
            try:
                most, days = terms_typed(_kept(reading(), way_id).currency)
                with unit_of_work(db.session(), actor()) as work:
                    autopay_terms.agree_card(work, way_id, most, days)
            except Refused as refused:
                if refused.status in {403, 404}:
                    raise
                refusal = refused
            else:
                flash(_("From now on this card pays by itself. You can stop it here."), "success")
                return redirect(url_for("PortalCardsView.cards"))
        work = reading()
        way = _kept(work, way_id)
        agreed = autopay_terms.by_card(work).get(way_id)
        shown = filled(terms_fields(way.currency, agreed), refusal)
        beside = {each["name"] for each in shown}
        page = self.page(
            "portal/card_terms.html",
            "payments",
            agreed=agreed,
            fields=shown,
            error=sentence(refusal) if refusal and refusal.field not in beside else "",
            **_row(work, way),
        )
        return (page, refusal.status) if refusal else page

    @expose("/<uuid:way_id>/autopay/stop", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("pay", PAYMENTS)
    def stop(self, way_id: UUID) -> Any:
        """Stop at once."""
        with unit_of_work(db.session(), actor()) as work:
            autopay_terms.stop_card(work, _kept(work, way_id).id)
        flash(_("This card pays nothing by itself any more."), "success")
        return redirect(url_for("PortalCardsView.cards"))


def _kept(work: Work, way_id: UUID) -> SavedWay:
    """Find a card that was not removed.

    Raises:
        NotFound: there is none such.

    """
    way = found(work, SavedWay, way_id)
    if way.revoked_at is not None:
        raise NotFound
    return way


def _row(work: Work, way: SavedWay) -> dict[str, Any]:
    """Gather what is said of a card; only who has saved it lets it pay by itself."""
    by = ways.WAYS.get(way.provider)
    return {
        "way": way,
        "by": _(by.label) if by else way.provider,
        "over": way.expires_on is not None and way.expires_on < ledger.business_date(work),
        "mine": way.agreed_by_id == work.scope.profile_id,
    }
