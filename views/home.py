"""The first page: what waits for the person at hand."""

from typing import Any

from flask import current_app, redirect, render_template, url_for
from flask_appbuilder import BaseView, IndexView, expose
from flask_babel import gettext as _

from core import db
from views.admin.registry import BY_TABLE, Screen
from views.admin.waiting import Waiting
from views.admin.words import money
from views.notices import latest
from views.web.person import Person, person, signed_in

FEW = 6


class Index(IndexView):  # type: ignore[misc]
    """The address without a path."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """Go to the first page, or to the door."""
        return redirect(url_for("SignInView.login" if person() is None else "HomeView.home"))


class HomeView(BaseView):  # type: ignore[misc]
    """What waits for me."""

    route_base = ""
    default_view = "home"

    @expose("/home/")  # type: ignore[untyped-decorator]
    def home(self) -> Any:
        """Show what waits, oldest first."""
        at_hand = signed_in()
        if _belongs_in_portal(at_hand):
            return redirect("/portal/")
        if at_hand.member is None and at_hand.identity.platform_admin:
            return redirect(url_for("PlatformView.organizations"))
        shortcuts = []
        if at_hand.may("hold", "booking") and "apartment" in BY_TABLE:
            url = url_for("apartment.index", status="for_sale")
            shortcuts.append({"label": _("Book an apartment"), "url": url, "icon": "plus"})
        recent = [
            {
                "at": each["at"],
                "who": "",
                "what": each["text"],
                "kind": "message",
                "meaning": "waiting" if each["unread"] else "over",
            }
            for each in latest(at_hand, FEW)
        ]
        return render_template(
            "appbuilder/index.html",
            title=_("Home"),
            greeting=_("Good day, %(name)s", name=at_hand.name.split(" ")[0]),
            sentence=_("What waits for you, the oldest first."),
            waiting=waiting(at_hand) if at_hand.member else [],
            recent=recent,
            shortcuts=shortcuts,
        )


def _belongs_in_portal(at_hand: Person) -> bool:
    if at_hand.member is None or at_hand.member.staff or "Buyer" not in at_hand.roles:
        return False
    return any(rule.rule == "/portal/" for rule in current_app.url_map.iter_rules())


def waiting(at_hand: Person) -> list[dict[str, Any]]:
    """Find what waits for somebody's roles, a few of each kind."""
    return sorted(
        (
            _line(screen, kind, row)
            for screen in BY_TABLE.values()
            for kind in screen.waiting
            if at_hand.may(kind.verb, screen.name)
            for row in db.session().execute(kind.find(at_hand).limit(FEW))
        ),
        key=lambda each: each["at"],
    )


def _line(screen: Screen, kind: Waiting, row: Any) -> dict[str, Any]:
    words = [str(each) for each in (row.who, row.about) if each]
    if row.amount is not None:
        words.append(money(row.amount, row.currency))
    return {
        "title": _(kind.title, name=row.name),
        "text": " \u00b7 ".join(words),
        "at": row.at,
        "url": url_for(f"{getattr(row, 'table', screen.name)}.record", pk=row.id),
        "meaning": kind.meaning,
        "icon": kind.icon,
    }
