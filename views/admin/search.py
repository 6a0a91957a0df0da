"""The one search box: names, phones, numbers, units. It finds only what the person may open."""

from typing import Any

from flask import render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from core import db
from views.admin import queries
from views.admin.columns import Column, exported
from views.admin.queries import Wish
from views.admin.registry import BY_TABLE, READ_VERB
from views.web.person import Person, signed_in

TABLES = ("party", "booking", "invoice", "apartment", "project", "payment_intent")
FEW, SHORTEST = 8, 2


class SearchView(BaseView):  # type: ignore[misc]
    """Search over everything."""

    route_base = "/search"
    default_view = "search"

    @expose("/")  # type: ignore[untyped-decorator]
    def search(self) -> Any:
        """Show what was found, by kind."""
        at_hand = signed_in()
        text = request.args.get("q", "").replace("\0", "").strip()[:100]
        groups = found(at_hand, text) if len(text) >= SHORTEST and at_hand.member else []
        return render_template("search/index.html", q=text, groups=groups, shortest=SHORTEST)


def found(at_hand: Person, text: str) -> list[dict[str, Any]]:
    """Search each kind of record that the person may read, through the scope."""
    groups = []
    for table in TABLES:
        screen = BY_TABLE.get(table)
        if screen is None or not at_hand.may(READ_VERB, table):
            continue
        notes = [screen.column(each) for each in screen.columns.split()[1:4]]
        wish = Wish(q=text, size=FEW, sort=screen.order)
        rows = queries.page(db.session(), screen, wish, notes, {"_name": screen.name_key})
        if not rows:
            continue
        groups.append(
            {
                "title": _(screen.title),
                "icon": screen.icon,
                "rows": [
                    {
                        "name": str(row._mapping["_name"] or "\u2013"),  # noqa: SLF001
                        "note": _note(notes, row),
                        "url": url_for(f"{table}.record", pk=row.id),
                    }
                    for row in rows[:FEW]
                ],
                "more": url_for(f"{table}.index", q=text) if len(rows) > FEW else None,
            }
        )
    return groups


def _note(columns: list[Column], row: Any) -> str:
    values = [exported(each, row._mapping[each.name]) for each in columns]  # noqa: SLF001
    return " \u00b7 ".join(str(each) for each in values if each not in (None, ""))
