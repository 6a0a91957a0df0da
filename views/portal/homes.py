"""My home: the units that one owns a part of, or lives in."""

from typing import Any

from flask import url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core.work import Work
from models.estate import OCCUPANCY_ROLE_LABELS, UNIT_TYPE_LABELS
from services import estate
from services.estate import Home
from views.admin.words import day, number
from views.portal import leases
from views.portal.pages import HOMES, PortalView, lives_here, needs, reading
from views.web.person import signed_in


class PortalHomesView(PortalView):
    """What one owns, and where one lives."""

    default_view = "homes"

    @expose("/homes")  # type: ignore[untyped-decorator]
    @needs("read", HOMES)
    def homes(self) -> str:
        """Show each unit, as what one is there, and what can be done from it."""
        work = reading()
        mine = [_said(each) for each in homes_of(work)]
        return self.page("portal/homes.html", "homes", mine=mine, leases=leases.shows(work))


def homes_of(work: Work) -> list[Home]:
    """List the units of the party at hand; none of who is no owner or resident."""
    member = signed_in().member
    if not lives_here() or member is None or member.party_id is None:
        return []
    return estate.homes(work, member.party_id)


def home_row(home: Home) -> dict[str, Any]:
    """Make the row of a unit (templates/portal/rows.html)."""
    said = _said(home)
    return {
        "title": said["title"],
        "text": said["place"],
        "url": url_for("PortalHomesView.homes"),
        "icon": "building",
        "state": said["as_"][0],
        "meaning": "good",
    }


def _said(home: Home) -> dict[str, Any]:
    """Say a unit in words: where it is, what it is, and what one is there."""
    unit = home.unit
    as_ = []
    if home.owns:
        share = number(home.owns.share.normalize())
        whole = home.owns.share_parts == home.owns.share_of
        as_.append(_("Yours") if whole else _("%(share)s %% yours", share=share))
    if home.lives:
        as_.append(_(OCCUPANCY_ROLE_LABELS[home.lives.role]))
    facts = [(_("Type"), _(UNIT_TYPE_LABELS[unit.type]))]
    if unit.area:
        facts.append((_("Area"), f"{number(unit.area.normalize())} m²"))
    if unit.bedrooms:
        facts.append((_("Bedrooms"), number(unit.bedrooms)))
    if home.owns:
        facts.append((_("Owned since"), day(home.owns.since)))
    if home.lives:
        facts.append((_("Lives there since"), day(home.lives.since)))
        if home.lives.until:
            facts.append((_("Until"), day(home.lives.until)))
    return {
        "id": unit.id,
        "title": unit.number,
        "place": ", ".join(filter(None, (home.block, home.estate.name))),
        "address": home.estate.address,
        "as_": as_,
        "facts": facts,
    }
