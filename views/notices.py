"""What somebody was told: the list behind the bell."""

import base64
import re
from datetime import date
from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.errors import NotFound
from core.work import unit_of_work
from models.notices import Notification, Priority
from services import notices
from views.admin.words import day
from views.web.person import Person, actor, signed_in
from views.web.sign_in import safe_target

SHOWN = 100
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class NoticesView(BaseView):  # type: ignore[misc]
    """One's own notices."""

    route_base = "/notices"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """List them, newest first."""
        at_hand = signed_in()
        found = latest(at_hand, SHOWN)
        return render_template("notices/index.html", notices=found, cut=cut_at(SHOWN, len(found)))

    @expose("/<uuid:pk>")  # type: ignore[untyped-decorator]
    def open(self, pk: UUID) -> Any:
        """Mark one as read and go where it leads."""
        signed_in()
        with unit_of_work(db.session(), actor()) as work:
            notices.mark_read(work, pk)
            link = work.session.scalar(select(Notification.link).where(Notification.id == pk))
        return redirect(safe_target(link or "") or url_for(".index"))

    @expose("/read", methods=["POST"])  # type: ignore[untyped-decorator]
    def read(self) -> Any:
        """Mark all as read."""
        at_hand = signed_in()
        with unit_of_work(db.session(), actor()) as work:
            notices.mark_all_read(work, at_hand.profile_id)
        return redirect(url_for(".index"))


class ShortNoticeView(BaseView):  # type: ignore[misc]
    """The same notices by a name in few letters, as it stands in texts."""

    route_base = "/n"

    @expose("/<name>")  # type: ignore[untyped-decorator]
    def open(self, name: str) -> Any:
        """Go to a notice."""
        try:
            pk = UUID(bytes=base64.b64decode(f"{name}==", "-_", validate=True))
        except ValueError as error:
            raise NotFound from error
        return redirect(url_for("NoticesView.open", pk=pk))


def latest(at_hand: Person, most: int) -> list[dict[str, Any]]:
    """Give the newest notices in words."""
    if at_hand.member is None:
        return []
    query = (
        select(Notification)
        .where(Notification.profile_id == at_hand.profile_id)
        .order_by(Notification.id.desc())
        .limit(most)
    )
    return [
        {
            "text": said(each.message, each.values),
            "at": each.created_at,
            "url": url_for("NoticesView.open", pk=each.id),
            "unread": each.read_at is None,
            "meaning": "needs" if each.priority is Priority.high else "waiting",
        }
        for each in db.session().scalars(query)
    ]


def cut_at(most: int, shown: int) -> str:
    """Say that a list shows the newest rows only, where it does."""
    return str(_("These are the newest %(most)s.", most=most)) if shown >= most else ""


def said(message: str, values: dict[str, Any]) -> str:
    """Say a notice in the language at hand, and the words in it, too."""
    told = {key: _told(each) for key, each in values.items()}
    try:
        return str(_(message) % told if told else _(message))
    except (KeyError, TypeError, ValueError):
        return str(_(message))


def _told(value: Any) -> Any:
    """Say a day as a day, and a state in the reader's language."""
    if isinstance(value, str) and DAY.fullmatch(value):
        return day(date.fromisoformat(value))
    return _(value) if value and isinstance(value, str) else value
