"""The frame around every page: menu by domain, organizations, languages, notices."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, has_request_context, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from core import db
from core.text import N_
from models.notices import Notification
from views.admin.registry import BY_TABLE, READ_VERB
from views.web.person import Person, person

MENUS = (
    (N_("Sales"), "building-skyscraper"),
    (N_("Estates"), "building-community"),
    (N_("Leasing"), "key"),
    (N_("Money"), "cash"),
    (N_("Accounting"), "book-2"),
    (N_("People"), "users"),
    (N_("Organization"), "settings"),
    (N_("Records of the system"), "history"),
)
"""The domains, in the order of the menu, each with its icon."""
PAGES = (
    (N_("Sales"), N_("Dashboard"), "/dashboards/sales/", "dashboard_sales"),
    (N_("Sales"), N_("Holds"), "/holds/", "booking"),
    (N_("Sales"), N_("Import"), "/imports/", "import_run"),
    (N_("Leasing"), N_("Availability"), "/availability/", "lease"),
    (N_("Accounting"), N_("Reports"), "/reports/", "financial_report"),
    (N_("Organization"), N_("Roles"), "/organization/roles", "membership"),
    (N_("Organization"), N_("Settings"), "/organization/settings", "setting"),
)
"""Pages that are no screens: menu, label, address, and the table whose reading opens them."""
PLATFORM = N_("Platform")
PLATFORM_PAGES = (
    (N_("Organizations"), "/platform/"),
    (N_("People"), "/platform/people"),
    (N_("Health"), "/platform/health"),
    (N_("What was done"), "/platform/acts"),
)
"""For those who run the platform, whatever their roles in an organization."""


def init_app(app: Flask) -> None:
    """Give every template its `frame`, and what Flask-AppBuilder's own templates ask for."""
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    appbuilder = current_app.extensions["appbuilder"]
    return {
        "frame": frame(),
        "appbuilder": appbuilder,
        "base_template": appbuilder.base_template,
    }


def frame() -> dict[str, Any]:
    """Describe the frame of the page at hand."""
    made: dict[str, Any] = {"name": current_app.config["APP_NAME"]}
    if not has_request_context():
        return made
    at_hand = person()
    made |= {"language": str(get_locale() or "en"), "languages": _languages()}
    if at_hand is None:
        return made | {"reset_url": _reset_url(), "sign_in_links": _ways_in()}
    return made | {
        "menu": menu(at_hand),
        "search_url": url_for("SearchView.search") if at_hand.member else None,
        "notices_url": url_for("NoticesView.index"),
        "notices": _unread(at_hand),
        "organization": {"name": at_hand.member.name} if at_hand.member else None,
        "organizations": [
            {
                "id": str(each.organization_id),
                "name": each.name,
                "current": each == at_hand.member,
            }
            for each in at_hand.identity.memberships
        ],
        "switch_url": url_for("OrganizationView.choose"),
        "person": {"name": at_hand.name, "email": at_hand.email},
        "person_links": _person_links(),
        "sign_out_url": url_for("SignInView.logout"),
        # Whoever is no staff finds these pages inside the portal, which is all they know.
        "layout": None if _works_here(at_hand) else "portal/base.html",
    }


def _works_here(at_hand: Person) -> bool:
    return at_hand.identity.platform_admin or bool(at_hand.member and at_hand.member.staff)


def menu(at_hand: Person) -> list[dict[str, Any]]:
    """Give what the person may open, by domain, and where they are. What is closed is left out."""
    made: list[dict[str, Any]] = [_here(_item(_("Home"), url_for("HomeView.home"), exact=True))]
    made[0]["icon"] = "home"
    for name, icon, items in _parts(at_hand):
        pages = [_here(each) for each in items]
        opened = any(each["current"] for each in pages) or len(pages) < 20
        made.append({"label": name, "icon": icon, "pages": pages, "open": opened})
    return made


def _parts(at_hand: Person) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Give the parts of the menu as their roles open them; put together once for each set of roles.

    Every page has a menu of some ninety items, and what it says follows from the roles, which are
    declared in code, and from the language.
    """
    admin = at_hand.identity.platform_admin
    scopes = frozenset(at_hand.identity.scopes)
    key = (*at_hand.roles, admin, scopes, str(get_locale()), request.script_root)
    known: dict[Any, Any] = current_app.extensions.setdefault("menus", {})
    if key not in known:
        known[key] = _put_together(at_hand)
    found: list[tuple[str, str, list[dict[str, Any]]]] = known[key]
    return found


def _put_together(at_hand: Person) -> list[tuple[str, str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name, _icon in MENUS}
    for screen in BY_TABLE.values():
        if at_hand.may(READ_VERB, screen.name):
            groups[screen.menu].append(_item(_(screen.title), url_for(f"{screen.name}.index")))
    for name, label, url, table in PAGES:
        if at_hand.may(READ_VERB, table):
            groups[name].append(_item(_(label), url))
    groups[PLATFORM] = _platform(at_hand)
    parts = (*MENUS, (PLATFORM, "server"))
    return [(_(name), icon, groups[name]) for name, icon in parts if groups[name]]


def _platform(at_hand: Person) -> list[dict[str, Any]]:
    if not at_hand.identity.platform_admin:
        return []
    return [_item(_(label), url, exact=True) for label, url in PLATFORM_PAGES]


def _item(label: str, url: str, *, exact: bool = False) -> dict[str, Any]:
    return {"label": label, "url": url, "exact": exact}


def _here(item: dict[str, Any]) -> dict[str, Any]:
    """Say of an item whether it is the page at hand."""
    url = item["url"]
    here = request.path == url if item["exact"] else request.path.startswith(url)
    return {"label": item["label"], "url": url, "current": here}


def _unread(at_hand: Person) -> int:
    """Count unread notices; above a hundred it does not matter how many."""
    if at_hand.member is None:
        return 0
    few = (
        select(Notification.id)
        .where(Notification.profile_id == at_hand.profile_id, Notification.read_at.is_(None))
        .limit(100)
        .subquery()
    )
    try:
        return db.session.scalar(select(func.count()).select_from(few)) or 0
    except Exception:  # noqa: BLE001  # the page that says what is broken has a frame too
        db.session.rollback()
        return 0


def _languages() -> list[dict[str, Any]]:
    now = str(get_locale() or "en")
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return [
        {
            "code": code,
            "name": each["name"],
            "current": code == now,
            "url": f"{request.path}?{urlencode([*kept, ('lang', code)])}",
        }
        for code, each in current_app.config["LANGUAGES"].items()
    ]


def _reset_url() -> str | None:
    """Where a link to a new password is asked for; nowhere without a server to mail it by."""
    return url_for("PasswordView.forgotten") if current_app.config["SMTP_URL"] else None


def _ways_in() -> list[dict[str, str]]:
    """List the ways in beside the password."""
    if not current_app.config["OIDC_ISSUER"]:
        return []
    url = url_for("OutsideView.ask", next=request.args.get("next") or None)
    label = _("Sign in with %(name)s", name=current_app.config["OIDC_LABEL"])
    return [{"label": label, "url": url, "icon": "login-2"}]


def _person_links() -> list[dict[str, str]]:
    return [
        {"label": _("Profile"), "url": url_for("ProfileView.profile"), "icon": "user"},
        {"label": _("How to reach you"), "url": url_for("ContactsView.index"), "icon": "mail"},
        {"label": _("Password"), "url": url_for("ProfileView.password"), "icon": "key"},
        {
            "label": _("Second factor"),
            "url": url_for("ProfileView.second_factor"),
            "icon": "shield",
        },
        {"label": _("Sign-ins"), "url": url_for("ProfileView.sign_ins"), "icon": "devices"},
        {"label": _("API keys"), "url": url_for("ProfileView.keys"), "icon": "api"},
    ]
