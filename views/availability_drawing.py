"""Units over months, drawn: bars with words, addresses and widths, for one table."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from models.estate import OCCUPANCY_ROLE_LABELS, UNIT_FLOW, OccupancyRole, UnitStatus, UnitType
from models.leasing import LEASE_FLOW, LeaseStatus
from services import availability
from services.availability import MONTHS, Kind, Row, Sheet, Span, Wish
from views.admin.columns import in_words
from views.admin.words import day
from views.web.person import signed_in

PARTS = 60
"""A month is so many parts wide, whatever its days; a bar, as many as its days come to."""
ICONS = {
    "draft": "pencil",
    "pending_signature": "signature",
    "active": "key",
    "notice": "logout",
    "ended": "archive",
    "terminated": "x",
    "occupancy": "home",
    "blocked": "ban",
    "free": "plus",
}


class Drawing:
    """Units as rows of a table: bars with words, addresses and widths."""

    def __init__(self, wish: Wish, today: date, *, may_add: bool) -> None:
        """Make once what is the same on each row."""
        self.wish, self.today = wish, today
        self.day = cache(day)
        self.words = {each: in_words(each) for each in UnitType}
        self.states = _states()
        self.bases = {Kind.lease: _base("lease"), Kind.occupancy: _base("occupancy")}
        self.unit = _base("unit")
        self.add = url_for("lease.add") if may_add else ""
        self.draft = _("draft a lease")
        self.at = cache(self._at)

    def rows(self, sheet: Sheet) -> list[dict[str, Any]]:
        """Draw the units of a page."""
        return [self._row(row) for row in sheet.rows]

    def _row(self, row: Row) -> dict[str, Any]:
        note = [row.block, self.words[row.type]]
        if row.bedrooms:
            note.append(ngettext("%(num)s bedroom", "%(num)s bedrooms", row.bedrooms))
        tracks = [[self._bar(row, span) for span in row.spans]]
        return {
            "number": row.number,
            "url": f"{self.unit}{row.id}" if self.unit else "",
            "note": " \N{MIDDLE DOT} ".join(filter(None, note)),
            "tracks": tracks + [self._lane(row, lane) for lane in row.drafts],
        }

    def _lane(self, row: Row, lane: Sequence[Span]) -> list[dict[str, Any]]:
        """Draw drafts, with what is left open before, between and after them."""
        drawn: list[dict[str, Any]] = []
        at = 0
        for span in lane:
            begins, ends = self.at(span.first), self.at(span.last, after=True)
            if begins > at:
                drawn.append({"gap": True, "width": _width(begins - at)})
            drawn.append(self._bar(row, span))
            at = ends
        if at < PARTS * MONTHS:
            drawn.append({"gap": True, "width": _width(PARTS * MONTHS - at)})
        return drawn

    def _bar(self, row: Row, span: Span) -> dict[str, Any]:
        begins, ends = self.at(span.first), self.at(span.last, after=True)
        held, url = span.held, self._url(row, span)
        state = held.state if held else span.kind.value
        word, meaning, icon = self.states[state]
        late = " mk-late" if begins > PARTS * MONTHS / 2 else ""
        return {
            "width": _width(ends - begins) + late,
            "meaning": meaning,
            "kind": "draft" if state == LeaseStatus.draft else span.kind.value,
            "icon": icon,
            "name": held.who if held else word,
            "state": word if held else "",
            "number": held.number if held else "",
            "days": self._days(span),
            "more": self.draft if url and span.kind is Kind.free else "",
            "url": url,
        }

    def _days(self, span: Span) -> str:
        held = span.held
        first = held.since if held else span.first
        last = held.until if held else span.last
        if last is None:
            return str(_("from %(day)s", day=self.day(first)))
        return f"{self.day(first)} \N{EN DASH} {self.day(last)}"

    def _url(self, row: Row, span: Span) -> str:
        if span.held:
            base = self.bases[span.kind]
            return f"{base}{span.held.id}" if base else ""
        if span.kind is not Kind.free or not self.add:
            return ""
        since = max(span.first, self.today) if span.last >= self.today else span.first
        return f"{self.add}?unit={row.id}&since={since.isoformat()}"

    def _at(self, on: date, *, after: bool = False) -> int:
        """Say how many parts from the left a day begins, or with `after`, ends."""
        month = (on.year - self.wish.month.year) * 12 + on.month - self.wish.month.month
        first = on.replace(day=1)
        days = (availability.month_after(first, 1) - first).days
        return month * PARTS + round((on.day - (not after)) / days * PARTS)


def _base(table: str) -> str:
    """Give the address that those of records begin with, to who may read them."""
    return url_for(f"{table}.index") if signed_in().may("read", table) else ""


def _width(parts: int) -> str:
    """Name a width by its digits, as static/pages.css knows them: no style stands in a page."""
    digits = f"{parts:03d}"
    return f"mk-h{digits[0]} mk-t{digits[1]} mk-o{digits[2]}"


def _states() -> dict[str, tuple[str, str, str]]:
    """Say by state what it is called, what it means and which picture it has."""
    said: dict[str, tuple[str, str, str]] = {
        each.value: (_(LEASE_FLOW.labels[each]), LEASE_FLOW.meanings[each], ICONS[each.value])
        for each in LeaseStatus
        if each is not LeaseStatus.cancelled
    }
    said |= {
        each.value: (_(OCCUPANCY_ROLE_LABELS[each]), "good", ICONS["occupancy"])
        for each in OccupancyRole
    }
    out = UnitStatus.out_of_use
    blocked = (_(UNIT_FLOW.labels[out]), UNIT_FLOW.meanings[out], ICONS["blocked"])
    return said | {"blocked": blocked, "free": (_("Free"), "free", ICONS["free"])}


def legend() -> list[dict[str, str]]:
    """Say what the bars of each kind look like."""
    states = _states() | {
        "occupancy": (_("Lived in, without a lease"), "good", ICONS["occupancy"]),
    }
    shown = ("free", "draft", "pending_signature", "active", "notice", "ended", "terminated")
    made = []
    for name in (*shown, "occupancy", "blocked"):
        said, meaning, icon = states[name]
        made.append({"label": said, "meaning": meaning, "icon": icon, "kind": name})
    return made
