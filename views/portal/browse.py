"""The catalogue: projects and apartments, for everybody whom an organization shows it to."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.errors import BadInput, NotFound
from core.money import parsed
from core.work import clock
from models.files import Document
from models.sales import APARTMENT_FLOW, ApartmentStatus
from services import buying, catalogue, offers
from services.catalogue import ORDERS, SHOWN, Card, Facets, Wanted
from views import files
from views.admin.words import money, number
from views.portal import drawn
from views.portal.pages import PortalView, Shop, enter_shop, is_buyer, reading
from views.web.person import person, signed_in
from views.web.refusals import sentence

ICONS = {
    ApartmentStatus.for_sale: "check",
    ApartmentStatus.in_progress: "hourglass",
    ApartmentStatus.booked: "lock",
    ApartmentStatus.sold: "archive",
}


FIGURES = ("floor_min", "price_max", "area_min")
MOST = 10**9
"""Nothing that is looked for is larger, and a column of whole numbers holds no more."""


class CatalogueView(PortalView):
    """Projects, plans, apartments."""

    default_view = "shop"

    @expose("/browse")  # type: ignore[untyped-decorator]
    def browse(self) -> Response:
        """Lead to the catalogue of one's own organization."""
        member = signed_in().member
        if member is None:
            raise NotFound
        return redirect(url_for("CatalogueView.shop", slug=member.slug))

    @expose("/<slug>/")  # type: ignore[untyped-decorator]
    def shop(self, slug: str) -> str:
        """Show the projects, on a map and as cards."""
        shop = enter_shop(slug)
        sites = catalogue.sites(reading())
        return self.page(
            "public/shop.html",
            "browse",
            shop,
            sites=sites,
            free=sum(each.free for each in sites),
            map=drawn.draw(sites, current_app.config["MAP_TILES"]),
        )

    @expose("/<slug>/apartments")  # type: ignore[untyped-decorator]
    def apartments(self, slug: str) -> str:
        """Show apartments, narrowed and ordered as asked for."""
        shop = enter_shop(slug)
        work = reading()
        facets = catalogue.facets(work)
        wanted, errors = wanted_of(request.args)
        page = request.args.get("page", 1, int) or 1
        found = catalogue.search(work, wanted, page)
        return self.page(
            "public/apartments.html",
            "browse",
            shop,
            found=found,
            items=[item(shop, card) for card in found.cards],
            fields=filter_fields(facets, request.args, errors),
            chips=chips(shop, facets, wanted),
            orders=orders(wanted.order),
            number=wanted.number,
            asked=asked(),
        )

    @expose("/<slug>/projects/<uuid:project_id>")  # type: ignore[untyped-decorator]
    def project(self, slug: str, project_id: UUID) -> str:
        """Show a project and its plan: which apartments are free, floor by floor."""
        shop = enter_shop(slug)
        work = reading()
        site = catalogue.site(work, project_id)
        blocks = catalogue.plan(work, project_id)
        cards = [card for block in blocks for floor in block.floors for card in floor.cards]
        counts = {status: sum(card.status is status for card in cards) for status in SHOWN}
        return self.page(
            "public/project.html",
            "browse",
            shop,
            site=site,
            blocks=blocks,
            legend=[(status, state(status), count) for status, count in counts.items() if count],
            state=state,
            said=said,
            map=drawn.draw([site], current_app.config["MAP_TILES"]),
        )

    @expose("/<slug>/apartments/<uuid:apartment_id>")  # type: ignore[untyped-decorator]
    def apartment(self, slug: str, apartment_id: UUID) -> str:
        """Show one apartment: what it has, what can be chosen, and the way to book it."""
        shop = enter_shop(slug)
        work = reading()
        offer = offers.offer(work, apartment_id)
        buys = shop.own and is_buyer()
        return self.page(
            "public/apartment.html",
            "browse",
            shop,
            offer=offer,
            card=offer.card,
            state=state(offer.card.status),
            buys=buys,
            visits=person() is None,
            mine=buying.purchase_of(work, apartment_id) if buys else None,
            now=clock(),
        )

    @expose("/<slug>/pictures/<uuid:document_id>")  # type: ignore[untyped-decorator]
    def picture(self, slug: str, document_id: UUID) -> Response:
        """Send a picture of the catalogue to whoever may look at it."""
        enter_shop(slug)
        query = select(Document).where(Document.id == document_id, Document.use.in_(files.PUBLIC))
        document = reading().session.scalar(query)
        if document is None:
            raise NotFound
        return files.sent(document, "public, max-age=86400, immutable")


def wanted_of(args: Mapping[str, str]) -> tuple[Wanted, dict[str, str]]:
    """Read what is looked for out of an address; what cannot be read narrows nothing, and is told.

    Without a status, what is free is meant; but whoever knows a number means that one.
    """
    errors: dict[str, str] = {}
    sought = args.get("number", "").replace("\0", "").strip()[:80]
    status = args.get("status", _usual_status(args))
    wanted = Wanted(
        number=sought,
        layout=args.get("layout", "")[:80],
        view=args.get("view", "")[:80],
        status=ApartmentStatus(status) if status in {s.value for s in SHOWN} else None,
        order=args["order"] if args.get("order") in ORDERS else ORDERS[0],
    )
    try:
        wanted = replace(wanted, project_id=UUID(args["project"]) if args.get("project") else None)
    except ValueError:
        errors["project"] = _("There is no such project here.")
    figures = {name: _figure(name, args.get(name, ""), errors) for name in FIGURES}
    floor = figures["floor_min"]
    return replace(
        wanted,
        floor_min=None if floor is None else int(floor),
        price_max=figures["price_max"],
        area_min=figures["area_min"],
    ), errors


def _usual_status(args: Mapping[str, str]) -> str:
    return "all" if args.get("number", "").strip() else ApartmentStatus.for_sale.value


def _figure(name: str, text: str, errors: dict[str, str]) -> Decimal | None:
    if not text.strip():
        return None
    try:
        value = parsed(text, "KES", name)
    except BadInput as refusal:
        errors[name] = sentence(refusal)
        return None
    if abs(value) >= MOST:
        errors[name] = _("That is more than can be looked for.")
        return None
    return value


def filter_fields(
    facets: Facets, args: Mapping[str, str], errors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Describe the filters as fields of a form (templates/macros/ui.html)."""
    everything = {"value": "", "label": _("All")}
    states = [{"value": "all", "label": _("All")}] + [
        {"value": each.value, "label": state(each)["label"]} for each in SHOWN
    ]
    plain = [
        ("project", _("Project"), [{"value": str(key), "label": n} for key, n in facets.projects]),
        ("layout", _("Layout"), [{"value": each, "label": each} for each in facets.layouts]),
        ("view", _("View"), [{"value": each, "label": each} for each in facets.views]),
        (
            "floor_min",
            _("From floor"),
            [{"value": str(each), "label": str(each)} for each in facets.floors],
        ),
    ]
    fields: list[dict[str, Any]] = [
        {"name": name, "label": label, "options": [everything, *options]}
        for name, label, options in plain
        if len(options) > 1
    ]
    fields.append({"name": "status", "label": _("Status"), "options": states})
    fields.append({"name": "price_max", "label": _("Price up to"), "options": None})
    fields.append({"name": "area_min", "label": _("Area from (m²)"), "options": None})
    for field in fields:
        standard = _usual_status(args) if field["name"] == "status" else ""
        field["value"] = args.get(field["name"], standard)
        field["error"] = errors.get(field["name"], "")
    return fields


def chips(shop: Shop, facets: Facets, wanted: Wanted) -> list[dict[str, Any]]:
    """List what narrows the search now, each with the address without it."""
    names = dict(facets.projects)
    shown = {
        "number": (_("Number"), wanted.number),
        "project": (_("Project"), names.get(wanted.project_id) if wanted.project_id else None),
        "layout": (_("Layout"), wanted.layout),
        "view": (_("View"), wanted.view),
        "floor_min": (_("From floor"), wanted.floor_min),
        "price_max": (_("Price up to"), wanted.price_max and money(wanted.price_max)),
        "area_min": (_("Area from"), wanted.area_min and f"{number(wanted.area_min)} m²"),
    }
    return [
        {"label": label, "value": value, "remove_url": address(shop.slug, asked() | {name: ""})}
        for name, (label, value) in shown.items()
        if value not in (None, "")
    ]


def orders(chosen: str) -> list[dict[str, Any]]:
    """List the ways to order a search."""
    labels = {
        "price": _("Lowest price first"),
        "dearest": _("Highest price first"),
        "largest": _("Largest first"),
        "floor": _("Highest floor first"),
        "name": _("By name"),
    }
    return [
        {"value": name, "label": label, "selected": name == chosen}
        for name, label in labels.items()
    ]


def asked() -> dict[str, str]:
    """Give what the address at hand asks for, but for the page."""
    return {name: value for name, value in request.args.items() if name != "page" and value}


def address(slug: str, values: Mapping[str, str]) -> str:
    """Give the address of a search."""
    kept = {name: value for name, value in values.items() if value}
    base = url_for("CatalogueView.apartments", slug=slug)
    return f"{base}?{urlencode(kept)}" if kept else base


def state(status: ApartmentStatus) -> dict[str, str]:
    """Say a state with its word, its colour and its sign."""
    return {
        "label": _(APARTMENT_FLOW.labels[status]),
        "meaning": APARTMENT_FLOW.meanings[status],
        "icon": ICONS[status],
    }


def picture_url(shop: Shop, document_id: UUID) -> str:
    """Give the address of a picture."""
    return url_for("CatalogueView.picture", slug=shop.slug, document_id=document_id)


def said(card: Card) -> str:
    """Say an apartment in one line, for who hears it."""
    facts = [card.name, card.layout, f"{number(card.area)} m²", state(card.status)["label"]]
    if card.status is ApartmentStatus.for_sale:
        facts.append(_("from %(price)s", price=money(card.price_from, card.currency)))
    return ", ".join(each for each in facts if each)


def item(shop: Shop, card: Card) -> dict[str, Any]:
    """Make the card of an apartment (templates/portal/offers.html)."""
    facts = [{"icon": "ruler-2", "text": f"{number(card.area)} m²"}]
    if card.layout:
        facts.insert(0, {"icon": "bed", "text": card.layout})
    if card.floor is not None:
        facts.append({"icon": "stairs", "text": _("Floor %(number)s", number=card.floor)})
    if card.view:
        facts.append({"icon": "eye", "text": card.view})
    shown = state(card.status)
    return {
        "title": card.name,
        "url": url_for("CatalogueView.apartment", slug=shop.slug, apartment_id=card.id),
        "picture_url": picture_url(shop, card.photo_id) if card.photo_id else "",
        "note": card.project,
        "facts": facts,
        "price": _("from %(price)s", price=money(card.price_from, card.currency)),
        "state": shown["label"],
        "meaning": shown["meaning"],
        "floor": card.floor,
    }
