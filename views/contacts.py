"""How to reach oneself: which address and phone are confirmed, and having another address."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import select

from adapters import sms
from core import db, phones
from core.errors import NotFound, Refused
from core.text import N_
from core.work import clock
from models.notices import Channel
from models.organizations import Organization, Profile
from services import contacts
from views.admin.inputs import Input, control
from views.web.person import Person, signed_in
from views.web.refusals import sentence

CHANGE = (
    Input("email", N_("New e-mail address"), length=320, shape="email"),
    Input("password", N_("Present password"), shape="password"),
)


class ContactsView(BaseView):  # type: ignore[misc]
    """The page of one's address and phone. Open to whoever is signed in, for themselves."""

    route_base = "/profile/contacts"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """Show what is confirmed, and ask for the code that is on its way."""
        return _page(signed_in())

    @expose("/<channel>/code", methods=["POST"])  # type: ignore[untyped-decorator]
    def ask(self, channel: str) -> Any:
        """Have a code sent."""
        at_hand, way, door = signed_in(), _way(channel), db.door()
        try:
            contacts.ask(door, at_hand.profile_id, way, clock(), _region())
        except Refused as refusal:
            door.rollback()
            return _page(at_hand, refusal, way)
        door.commit()
        return redirect(url_for(".index"))

    @expose("/<channel>", methods=["POST"])  # type: ignore[untyped-decorator]
    def confirm(self, channel: str) -> Any:
        """Confirm by a code."""
        at_hand, way, door = signed_in(), _way(channel), db.door()
        here, code = at_hand.identity.credential_id, request.form.get("code", "")[:40]
        try:
            contacts.confirm(door, at_hand.profile_id, way, code, clock(), but=here)
        except Refused as refusal:
            door.commit()  # the wrong try is counted
            return _page(at_hand, refusal, way)
        door.commit()
        flash(_("It is confirmed."), "success")
        return redirect(url_for(".index"))

    @expose("/address", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def address(self) -> Any:
        """Have another address, once a code that goes there is given."""
        at_hand, door, refusal = signed_in(), db.door(), None
        if request.method == "POST":
            email, password = (request.form.get(each.name, "") for each in CHANGE)
            try:
                contacts.ask_for(door, at_hand.profile_id, email, password, clock())
            except Refused as refused:
                door.commit()  # the wrong password is counted
                refusal = refused
            else:
                door.commit()
                return redirect(url_for(".index"))
        page = {
            "title": _("Another e-mail address"),
            "sentence": _(
                "We send a code to the new address. Once you have typed it here, the new one takes"
                " the place of the old one, which is told, and you are signed out elsewhere."
            ),
            "groups": [{"title": "", "fields": [_field(each, refusal) for each in CHANGE]}],
            "errors": [{"text": sentence(refusal), "field_id": f"f-{refusal.field}"}]
            if refusal
            else [],
            "submit": _("Send me a code"),
            "cancel_url": url_for(".index"),
        }
        return render_template("admin/form.html", page=page), refusal.status if refusal else 200


def _page(at_hand: Person, refusal: Refused | None = None, at: Channel | None = None) -> Any:
    door, now = db.door(), clock()
    row = door.scalars(select(Profile).where(Profile.id == at_hand.profile_id)).one()
    door.refresh(row)
    ways = [
        _shown(row, way, refusal if way is at else None)
        | {"pending": contacts.pending(door, row.id, way, now), "reachable": _reachable(way)}
        for way in Channel
    ]
    page = render_template("profile/contacts.html", ways=ways)
    door.commit()
    return (page, refusal.status) if refusal else page


def _shown(row: Profile, way: Channel, refusal: Refused | None) -> dict[str, Any]:
    phone = way is Channel.sms
    return {
        "name": way.value,
        "title": _("Phone") if phone else _("E-mail"),
        "icon": "device-mobile" if phone else "mail",
        "address": row.phone if phone else row.email,
        "confirmed_at": row.phone_confirmed_at if phone else row.email_confirmed_at,
        "change_url": url_for("ProfileView.profile") if phone else url_for(".address"),
        "error": sentence(refusal) if refusal else "",
    }


def _field(field: Input, refusal: Refused | None) -> dict[str, Any]:
    wrong = refusal is not None and refusal.field == field.name
    typed = None if field.shape == "password" else request.form.get(field.name)
    return control(field, typed, errors=(sentence(refusal),) if refusal and wrong else ())


def _way(channel: str) -> Channel:
    if channel not in {each.value for each in Channel}:
        raise NotFound
    return Channel(channel)


def _reachable(way: Channel) -> bool:
    """Whether a code could be sent that way: workers/letters.py sends it."""
    config = current_app.config
    return bool(config["SMTP_URL"] if way is Channel.email else sms.configured(config))


def _region() -> str:
    """Say whose numbers are written without a country's code: those of the home at hand."""
    currency = db.session().scalar(select(Organization.currency).limit(1))
    return phones.region(currency or "")
