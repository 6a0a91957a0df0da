"""Leasing > Availability: units of an estate over twelve months, and what stands on each day."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.text import N_
from core.work import Work
from models.estate import Block, Estate, UnitType
from services import availability, estate
from services.availability import MONTHS, Answer, Held, Kind, Sheet, Wish
from views.admin.columns import in_words
from views.admin.rights import require
from views.admin.words import day, number
from views.availability_drawing import Drawing, legend
from views.web.person import actor, signed_in

TITLE = N_("Availability")
MOST_ESTATES, MOST_BLOCKS = 500, 500
SIZES = (availability.PAGE, 100, 200)
STEP = 6
"""By how many months one goes on."""
FIRST_YEAR, LAST_YEAR, MOST_BEDROOMS = 1900, 2200, 50


class AvailabilityView(BaseView):  # type: ignore[misc]
    """Which units are free, and when."""

    route_base = "/availability"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """Show the units of an estate over twelve months."""
        require("lease", "read")
        work = Work(db.session(), actor())
        return render_template("leasing/availability.html", page=_page(work))

    @expose("/check")  # type: ignore[untyped-decorator]
    def check(self) -> Any:
        """Say of a lease that is being typed whether its unit is free on its days."""
        require("lease", "read")
        unit_id, since, until = _id("unit"), _day("since"), _day("until")
        answer = None
        if unit_id and since and not (until and until < since):
            work = Work(db.session(), actor())
            answer = availability.asked(
                work, unit_id, since, until, party_id=_id("party"), lease_id=_id("row")
            )
        said = _answer(answer, until) if answer else []
        return render_template("leasing/unit_free.html", said=said)


def _page(work: Work) -> dict[str, Any]:
    query = select(Estate).order_by(Estate.name).limit(MOST_ESTATES)
    estates = list(work.session.scalars(query))
    page: dict[str, Any] = {
        "title": _(TITLE),
        "sentence": _("Which units of an estate are let, kept or free, day by day, for a year."),
        "crumbs": [{"label": _("Leasing")}, {"label": _(TITLE)}],
    }
    if not estates:
        return page | {"empty": _no_estate()}
    place = next((each for each in estates if each.id == _id("estate")), estates[0])
    blocks = _blocks(work, place)
    unread = [_("Estate")] if request.args.get("estate", str(place.id)) != str(place.id) else []
    wish = _wish(work, place, blocks, unread)
    sheet = availability.look(work, place, wish)
    narrowed = wish.block_id or wish.type or wish.bedrooms is not None or wish.only_free
    return page | {
        "estate": place.name,
        "days": f"{day(wish.month)} \N{EN DASH} {day(wish.last)}",
        "unread": unread,
        "fields": _fields(estates, place, blocks, wish),
        "months": _months(wish, sheet.today),
        "rows": Drawing(wish, sheet.today, may_add=signed_in().may("write", "lease")).rows(sheet),
        "legend": legend(),
        "ways": _ways(wish, sheet.today),
        "count_label": _count(sheet),
        "pages": _pages(wish, sheet),
        "sizes": _sizes(wish, sheet),
        "clear_url": _address(block=None, type=None, bedrooms=None, free=None, page=None),
        "empty": None if sheet.total or narrowed else _no_unit(place),
    }


def _wish(work: Work, place: Estate, blocks: list[Any], unread: list[str]) -> Wish:
    """Read what is asked for; what cannot be read is left out, and told."""
    block_id, size = _id("block"), request.args.get("size", SIZES[0], int)
    types = {each.value: each for each in UnitType}
    bedrooms = request.args.get("bedrooms", "").strip()
    if bedrooms and not (bedrooms.isascii() and bedrooms.isdigit() and len(bedrooms) < 3):
        unread.append(_("Bedrooms"))
        bedrooms = ""
    return Wish(
        place.id,
        _month(estate.today(work, place), unread),
        # A block of the estate that was looked at before means nothing in this one.
        block_id=block_id if block_id in {each.id for each in blocks} else None,
        type=types.get(request.args.get("type", "")),
        bedrooms=int(bedrooms) if bedrooms else None,
        only_free=request.args.get("free") == "1",
        page=min(max(request.args.get("page", 1, int), 1), 100_000),
        size=size if size in SIZES else SIZES[0],
    )


def _month(today: date, unread: list[str]) -> date:
    given = request.args.get("month", "")
    try:
        month = date.fromisoformat(f"{given[:7]}-01") if given else today.replace(day=1)
    except ValueError:
        month = None
    if month is None or not FIRST_YEAR <= month.year <= LAST_YEAR:
        unread.append(_("First month"))
        return today.replace(day=1)
    return month


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _day(name: str) -> date | None:
    try:
        given = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return given if FIRST_YEAR <= given.year <= LAST_YEAR else None


def _blocks(work: Work, place: Estate) -> list[Any]:
    query = select(Block.id, Block.name).where(Block.estate_id == place.id)
    return list(work.session.execute(query.order_by(Block.name).limit(MOST_BLOCKS)))


def _fields(
    estates: list[Estate], place: Estate, blocks: list[Any], wish: Wish
) -> list[dict[str, Any]]:
    """Describe what can be asked, with what is asked now (macros/ui.html)."""
    any_ = {"placeholder": _("Any")}
    offered = [{"value": str(each.id), "label": each.name} for each in blocks]
    return [
        _choice(
            "estate",
            _("Estate"),
            [{"value": str(each.id), "label": each.name} for each in estates],
            str(place.id),
        ),
        {
            "name": "month",
            "label": _("First month"),
            "kind": "month",
            "value": f"{wish.month:%Y-%m}",
            "placeholder": f"{wish.month:%Y-%m}",
        },
        _choice("block", _("Block"), offered, str(wish.block_id or "")) | any_,
        _choice(
            "type",
            _("Type"),
            [{"value": each.value, "label": in_words(each)} for each in UnitType],
            wish.type.value if wish.type else "",
        )
        | any_,
        {
            "name": "bedrooms",
            "label": _("Bedrooms"),
            "kind": "number",
            "min": 0,
            "max": MOST_BEDROOMS,
            "value": wish.bedrooms,
        },
        {
            "name": "free",
            "label": _("Only with free days"),
            "kind": "yesno",
            "value": wish.only_free,
        },
    ]


def _choice(name: str, label: str, options: Any, value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": "choice", "options": options, "value": value}


def _months(wish: Wish, today: date) -> list[dict[str, Any]]:
    months = [availability.month_after(wish.month, each) for each in range(MONTHS)]
    return [
        {
            "label": format_date(each, "LLL"),
            "year": format_date(each, "y"),
            "says_year": each == wish.month or each.month == 1,
            "now": (each.year, each.month) == (today.year, today.month),
        }
        for each in months
    ]


def _ways(wish: Wish, today: date) -> list[dict[str, Any]]:
    """Give the addresses of earlier and later months, and of this one."""
    this = today.replace(day=1)
    made = []
    for label, icon, month in (
        (_("Earlier"), "chevron-left", availability.month_after(wish.month, -STEP)),
        (_("This month"), "calendar-event", this),
        (_("Later"), "chevron-right", availability.month_after(wish.month, STEP)),
    ):
        if month != wish.month and FIRST_YEAR <= month.year <= LAST_YEAR:
            url = _address(month=f"{month:%Y-%m}")
            made.append({"label": label, "icon": icon, "url": url})
    return made


def _count(sheet: Sheet) -> str:
    shown = len(sheet.rows)
    if shown == sheet.total:
        return str(ngettext("%(num)s unit", "%(num)s units", shown))
    return str(_("%(shown)s of %(count)s units", shown=number(shown), count=number(sheet.total)))


def _pages(wish: Wish, sheet: Sheet) -> dict[str, Any] | None:
    last = -(-sheet.total // wish.size)
    if last <= 1:
        return None
    near = range(max(sheet.page - 2, 1), min(sheet.page + 2, last) + 1)
    numbers = [
        {"label": number(each), "url": _address(page=each), "current": each == sheet.page}
        for each in sorted({1, last, *near})
    ]
    step = {-1: "previous_url", 1: "next_url"}
    around = {
        key: _address(page=sheet.page + by)
        for by, key in step.items()
        if 1 <= sheet.page + by <= last
    }
    return {"numbers": numbers, **around}


def _sizes(wish: Wish, sheet: Sheet) -> list[dict[str, Any]]:
    if sheet.total <= SIZES[0]:
        return []
    return [
        {
            "label": number(each),
            "url": _address(size=each, page=None),
            "current": each == wish.size,
        }
        for each in SIZES
    ]


def _address(**other: Any) -> str:
    """Give the address at hand with other values; None takes one away."""
    kept = {key: value for key, value in request.args.items() if value and key not in other}
    return url_for("AvailabilityView.index", **kept | other)


def _no_estate() -> dict[str, Any]:
    empty = {
        "title": _("No estate yet"),
        "text": _("An estate with its units comes first; then this shows who has which, and when."),
    }
    return empty | _step("estate", _("Add an estate"))


def _no_unit(place: Estate) -> dict[str, Any]:
    empty = {
        "title": _("No units in %(name)s yet", name=place.name),
        "text": _("Add its units, or import a register of them; then their days stand here."),
    }
    return empty | _step("unit", _("Add a unit"), estate=place.id)


def _step(table: str, label: str, **given: Any) -> dict[str, Any]:
    if not signed_in().may("write", table):
        return {}
    return {"action": {"label": label, "url": url_for(f"{table}.add", **given), "icon": "plus"}}


def _answer(answer: Answer, until: date | None) -> list[dict[str, str]]:
    """Put into sentences whether a unit is free, each with its tone."""
    if answer.out_of_use:
        return [{"tone": "needs", "text": _("The unit is out of use. Put it into use first.")}]
    # Who lives there by a lease is told of once.
    leases = [each for each in answer.taken if each.kind is Kind.lease]
    said = [{"tone": "needs", "text": _taken(each)} for each in (leases or answer.taken)[:3]]
    if answer.free and until is None:
        said = [{"tone": "good", "text": _("The unit is free from that day on.")}]
    elif answer.free:
        said = [{"tone": "good", "text": _("The unit is free on these days.")}]
    elif answer.until and answer.opens:
        text = _("It is free up to %(day)s: let the lease end by then.", day=day(answer.until))
        said.append({"tone": "waiting", "text": text})
    hopes = ", ".join(each.number for each in answer.hopes[:3])
    if hopes:
        text = _("Other drafts are for some of these days, too: %(numbers)s.", numbers=hopes)
        said.append({"tone": "waiting", "text": text})
    return said


def _taken(held: Held) -> str:
    since, until = day(held.since), day(held.until)
    values = {"who": held.who, "number": held.number, "since": since, "until": until}
    if held.kind is Kind.lease and held.until is None:
        return str(_("%(who)s has the unit from %(since)s on (%(number)s).", **values))
    if held.kind is Kind.lease:
        return str(_("%(who)s has the unit from %(since)s to %(until)s (%(number)s).", **values))
    if held.until is None:
        return str(_("%(who)s has the unit from %(since)s on.", **values))
    return str(_("%(who)s has the unit from %(since)s to %(until)s.", **values))
