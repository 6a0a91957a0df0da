"""What all pages of the portal share: the frame, who may be here, and whose catalogue it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from flask import flash, g, url_for
from flask_appbuilder import BaseView
from flask_babel import gettext as _

from core import db
from core.errors import NotFound, Refused
from core.work import Work
from models.organizations import Organization
from services import catalogue
from views.admin import menu
from views.admin.rights import require
from views.web.person import actor, look_at, signed_in
from views.web.refusals import sentence

TABLE = "portal_sales"
"""The name by which roles hold the verbs of the portal (services/access.py)."""
PAYMENTS, HOMES, WALLET = "portal_payments", "portal_home", "portal_wallet"
"""What others than buyers hold: to pay what is due, to see one's unit, to keep money."""


@dataclass(frozen=True, slots=True)
class Shop:
    """An organization whose catalogue is looked at; `own` where the person at hand works in it."""

    id: UUID
    name: str
    slug: str
    email: str
    phone: str
    own: bool


def reading() -> Work:
    """Give a unit of work that only reads; it ends with the request."""
    return Work(db.session(), actor())


def needs(verb: str, table: str = TABLE) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let only those pass who are signed in and hold the verb; the others are told why not."""

    def guard(page: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(page)
        def guarded(*args: Any, **values: Any) -> Any:
            signed_in()
            require(table, verb)
            _use_zone()
            return page(*args, **values)

        return guarded

    return guard


def is_buyer() -> bool:
    """Whether the person at hand buys here."""
    return bool(g.user.may("book", TABLE))


def enter_shop(slug: str) -> Shop:
    """Look at the catalogue of the organization behind a web address.

    Raises:
        NotFound: there is none, or it shows its catalogue to nobody outside.

    """
    member = g.user.member
    own = member is not None and member.slug == slug
    if not own:
        home = catalogue.public_organization(reading(), slug)
        if home is None:
            raise NotFound
        look_at(home)
    organization = catalogue.organization(reading())
    g.time_zone = organization.time_zone
    return _shop(organization, own=own)


def tell(refusal: Refused) -> None:
    """Say a refusal on the page that comes next."""
    flash(sentence(refusal), "warning")


class PortalView(BaseView):  # type: ignore[misc]
    """A place of the portal."""

    route_base = "/portal"

    def page(self, template: str, place: str, shop: Shop | None = None, **context: Any) -> str:
        """Render a page in the portal's frame."""
        around = {"frame": frame(place, shop), "shop": shop}
        html: str = self.render_template(template, **around, **context)
        return html


def frame(place: str, shop: Shop | None = None) -> dict[str, Any]:
    """Put together what stands around each page."""
    member = g.user.member
    contact = (shop.email, shop.phone) if shop else ()
    places = _places()
    if place == "wallet" and place not in {each["key"] for each in places}:
        place = "payments"
    around = menu.frame() | {
        "place": place,
        "organization": shop or member,
        "home_url": _home_url(shop),
        "places": places,
        "contact": " \N{MIDDLE DOT} ".join(filter(None, contact)),
    }
    if is_buyer() or lives_here():
        around["notices_url"] = url_for("PortalHomeView.notices")
    if member and member.staff:
        link = {"label": _("Administration"), "url": "/home/", "icon": "layout-dashboard"}
        around["person_links"] = [link, *around["person_links"]]
    return around


def _places() -> list[dict[str, str]]:
    """List the places, at most five: a thumb reaches no more."""
    buys, lives = g.user.may("read", TABLE), lives_here()
    every = (
        ("home", _("Home"), "home", "/portal/", True),
        ("homes", _("My home"), "building", "/portal/homes", lives),
        ("browse", _("Browse"), "building-community", "/portal/browse", not lives),
        ("bookings", _("Bookings"), "calendar-check", "/portal/bookings", buys),
        ("payments", _("Payments"), "credit-card", "/portal/payments", buys or lives),
        ("wallet", _("Wallet"), "wallet", "/portal/wallet/", lives and not buys),
        ("me", _("Me"), "user", "/portal/me", True),
    )
    return [
        {"key": key, "label": label, "icon": icon, "url": url}
        for key, label, icon, url, shown in every
        if shown
    ]


def lives_here() -> bool:
    """Whether the person at hand owns or lives in a unit of an estate, or is to."""
    member = g.user.member
    return bool(g.user.may("read", HOMES)) and bool(member and not member.staff)


def _home_url(shop: Shop | None) -> str:
    if shop and not (is_buyer() and shop.own):
        return f"/portal/{shop.slug}/"
    return "/portal/"


def _use_zone() -> None:
    if g.user.member and "time_zone" not in g:
        g.time_zone = catalogue.organization(reading()).time_zone


def _shop(organization: Organization, *, own: bool) -> Shop:
    return Shop(
        organization.id,
        organization.name,
        organization.slug,
        organization.email,
        organization.phone,
        own,
    )
