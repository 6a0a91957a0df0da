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
PLACES = (
    ("home", "home"),
    ("browse", "building-community"),
    ("bookings", "calendar-check"),
    ("payments", "credit-card"),
    ("me", "user"),
)


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
    around = menu.frame() | {
        "place": place,
        "organization": shop or member,
        "home_url": _home_url(shop),
        "places": _places(),
        "contact": " \N{MIDDLE DOT} ".join(filter(None, contact)),
    }
    if is_buyer():
        around["notices_url"] = url_for("PortalHomeView.notices")
    if member and member.staff:
        link = {"label": _("Administration"), "url": "/home/", "icon": "layout-dashboard"}
        around["person_links"] = [link, *around["person_links"]]
    return around


def _places() -> list[dict[str, str]]:
    labels = {
        "home": _("Home"),
        "browse": _("Browse"),
        "bookings": _("Bookings"),
        "payments": _("Payments"),
        "me": _("Me"),
    }
    places: tuple[tuple[str, str], ...] = PLACES
    if not g.user.may("read", TABLE) and g.user.may("read", "portal_wallet"):
        labels["payments"] = _("Wallet")
        places = (("payments", "wallet"), ("browse", "building-community"), ("me", "user"))
    urls = {"home": "/portal/", "payments": _money_url()}
    return [
        {
            "key": key,
            "label": labels[key],
            "icon": icon,
            "url": urls.get(key, f"/portal/{key}"),
        }
        for key, icon in places
    ]


def _money_url() -> str:
    """Lead a buyer to what is due, and whoever only keeps a wallet to that."""
    return "/portal/payments" if g.user.may("read", TABLE) else "/portal/wallet/"


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
