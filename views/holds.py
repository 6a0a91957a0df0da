"""The calendar of holds: which apartments are kept for whom, by the day on which that ends."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import format_date, to_user_timezone
from flask_babel import gettext as _
from sqlalchemy import Row, select

from core import db
from core.work import clock
from models.bookings import Booking, BookingStatus
from models.organizations import Profile
from models.people import Party
from models.sales import Apartment
from views.admin.rights import require
from views.admin.words import moment, money

DAYS = 7
MOST = 500


class HoldsView(BaseView):  # type: ignore[misc]
    """Holds, day by day."""

    route_base = "/holds"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """Show a week of holds that end, and those that end later."""
        require("booking", "read")
        return render_template("admin/board.html", page=_page())


def _page() -> dict[str, Any]:
    today = to_user_timezone(clock()).date()
    days = [today + timedelta(days=number) for number in range(DAYS)]
    held = _holds()
    columns = [_column(day, [row for row in held if _day(row) == day], today) for day in days]
    later = [row for row in held if _day(row) > days[-1]]
    if later:
        columns.append(
            {"key": "later", "label": _("Later"), "meaning": "over", "count": len(later)}
            | {"cards": [_card(row) for row in later]}
        )
    return {
        "title": _("Holds"),
        "sentence": _("What is kept for somebody who is choosing, by the day on which that ends."),
        "crumbs": [{"label": _("Sales")}, {"label": _("Holds")}],
        "columns": columns,
        "list_url": url_for("booking.index", status="pending"),
    }


def _holds() -> Sequence[Any]:
    query = (
        select(
            Booking.id,
            Booking.number,
            Booking.hold_until,
            Booking.total,
            Booking.currency,
            Apartment.name.label("apartment"),
            Party.name.label("customer"),
            Profile.name.label("assignee"),
        )
        .join(Apartment, Apartment.id == Booking.original_id)
        .join(Party, Party.id == Booking.customer_id)
        .outerjoin(Profile, Profile.id == Booking.assigned_to_id)
        .where(Booking.status == BookingStatus.pending, Booking.hold_until.is_not(None))
        .order_by(Booking.hold_until)
        .limit(MOST)
    )
    rows: Sequence[Any] = db.session.execute(query).all()
    return rows


def _day(row: Row[Any]) -> date:
    ends: date = to_user_timezone(row.hold_until).date()
    return ends


def _column(day: date, rows: Sequence[Row[Any]], today: date) -> dict[str, Any]:
    label = _("Today") if day == today else format_date(day, "EEE d MMM")
    meaning = "needs" if day == today and rows else "waiting"
    return {
        "key": day.isoformat(),
        "label": label,
        "meaning": meaning,
        "count": len(rows),
        "cards": [_card(row) for row in rows],
    }


def _card(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": url_for("booking.record", pk=row.id),
        "name": f"{row.apartment} \u00b7 {row.number}",
        "note": row.customer,
        "amount": money(row.total, row.currency),
        "age": moment(row.hold_until),
        "assignee": row.assignee or "",
        "countdown": {
            "ends_at": row.hold_until,
            "text": _("Held for"),
            "ended_text": _("The hold has ended"),
        },
    }
