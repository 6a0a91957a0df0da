"""Letting one's wallet pay by itself, and stopping it."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import BadInput, Refused
from core.money import decimals, parsed
from core.work import unit_of_work
from models.autopay import Autopay
from models.wallets import Wallet
from services import autopay_terms
from services.wallet_pins import PinLocked, WrongPin
from views.portal.pages import PortalView, needs, reading
from views.portal.wallet import TABLE, balance, own_or_none_such
from views.web.person import actor
from views.web.refusals import sentence


class PortalAutopayView(PortalView):
    """Automatic payment out of a wallet."""

    route_base = "/portal/wallet/autopay"
    default_view = "terms"

    @expose("/", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def terms(self) -> Any:
        """Say up to how much, and when; with the PIN."""
        refusal = None
        mine = own_or_none_such(reading())
        if request.method == "POST":
            try:
                _agree(mine)
            except Refused as refused:
                refusal = refused
                mine = own_or_none_such(reading())
            else:
                flash(_("From now on your wallet pays by itself. You can stop it here."), "success")
                return redirect(url_for("PortalAutopayView.terms"))
        work = reading()
        agreed = autopay_terms.of(work, mine.id)
        shown = _fields(mine, agreed, refusal)
        beside = {each["name"] for each in shown}
        page = self.page(
            "portal/autopay.html",
            "wallet",
            agreed=agreed,
            fields=shown,
            error=sentence(refusal) if refusal and refusal.field not in beside else "",
            **balance(work, mine),
        )
        return (page, refusal.status) if refusal else page

    @expose("/stop", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def stop(self) -> Any:
        """Stop at once, without a PIN."""
        wallet_id = own_or_none_such(reading()).id
        with unit_of_work(db.session(), actor()) as work:
            autopay_terms.stop(work, wallet_id)
        flash(_("Your wallet pays nothing by itself any more."), "success")
        return redirect(url_for("PortalAutopayView.terms"))


def terms_typed(currency: str) -> tuple[Decimal | None, int]:
    """Read the limit for one invoice, and how many days before it is due.

    Raises:
        BadInput: one of them cannot be read.

    """
    typed = request.form.get("most", "").strip()
    most = parsed(typed, currency, "most") if typed else None
    days = request.form.get("days_before", "0")
    if not (days.isascii() and days.isdigit() and len(days) <= 2):
        raise BadInput(_("Write a whole number."), field="days_before")
    return most, int(days)


def terms_fields(currency: str, agreed: Autopay | None) -> list[dict[str, Any]]:
    """Write the fields of the limit and of the day."""
    places = decimals(currency)
    most = f"{agreed.most:.{places}f}" if agreed and agreed.most is not None else ""
    return [
        {
            "name": "most",
            "label": _("At most for one invoice"),
            "kind": "money",
            "currency": currency,
            "decimals": places,
            "value": most,
            "hint": _("Empty means all that is due."),
        },
        {
            "name": "days_before",
            "label": _("Days before it is due"),
            "kind": "number",
            "step": 1,
            "value": str(agreed.days_before if agreed else 0),
            "hint": _("0 is the day itself; at most 28."),
        },
    ]


def filled(fields: list[dict[str, Any]], refusal: Refused | None) -> list[dict[str, Any]]:
    """Put in what was typed, and what is wrong with it."""
    for each in fields:
        each["value"] = request.form.get(each["name"], each.get("value", ""))
        wrong = refusal is not None and refusal.field == each["name"]
        each["errors"] = [sentence(refusal)] if refusal and wrong else []
        each["required"] = each["name"] != "most"
    return fields


def _agree(wallet: Wallet) -> None:
    """Agree to the terms that were typed. A wrong PIN is counted: that is kept, too."""
    wallet_id, (most, days) = wallet.id, terms_typed(wallet.currency)
    pin = request.form.get("pin", "").strip()
    wrong: Refused | None = None
    with unit_of_work(db.session(), actor()) as work:
        try:
            autopay_terms.agree(work, wallet_id, pin, most, days)
        except (WrongPin, PinLocked) as refusal:
            wrong = refusal
    if wrong is not None:
        raise wrong


def _fields(
    wallet: Wallet, agreed: Autopay | None, refusal: Refused | None
) -> list[dict[str, Any]]:
    pin = {"name": "pin", "label": _("PIN"), "kind": "password", "autocomplete": "off"}
    return filled([*terms_fields(wallet.currency, agreed), pin], refusal)
