"""A forgotten password: asking for a link by mail, and choosing a new one by it."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import format_time
from flask_babel import gettext as _

from core import db
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import clock
from models.organizations import Profile
from services import passwords
from services.sign_in import PasswordTooWeak
from views.web.person import person
from views.web.refusals import sentence

MOST = {"email": 320, "password": 400}
COMPLETED = {"email": "email", "password": "new-password"}


class PasswordView(BaseView):  # type: ignore[misc]
    """The way back in. What it says and how long it takes does not tell who exists."""

    route_base = "/login"
    default_view = "forgotten"

    @expose("/forgotten", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def forgotten(self) -> Any:
        """Ask for the address that a link is sent to."""
        if not current_app.config["SMTP_URL"]:
            raise NotFound
        refusal, typed = None, request.form.get("email", "")[: MOST["email"]]
        if request.method == "POST":
            door = db.door()
            try:
                passwords.ask(door, typed, clock())
            except Refused as refused:
                door.rollback()
                refusal = refused
            else:
                door.commit()
                said = _(
                    "If an account has the address %(address)s, a link is on its way to it. It"
                    " works once, for an hour.",
                    address=typed.strip(),
                )
                flash(said, "info")
                return redirect(url_for("SignInView.login"))
        field = _field("email", N_("E-mail address"), "email", refusal)
        page = render_template(
            "door_form.html",
            title=_("Forgotten password"),
            sentence=_("Type the e-mail address of your account. We send a link to it."),
            fields=[field | {"value": typed}],
            submit=_("Send the link"),
            back=_back(),
        )
        return page, refusal.status if refusal else 200

    @expose("/password/<code>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def choose(self, code: str) -> Any:
        """Choose a new password by a link that came by mail, or from whoever runs the platform."""
        door, refusal = db.door(), None
        try:
            owner = passwords.holder(door, code, clock())
            if request.method == "POST":
                owner = _choose(code)
                door.commit()
                flash(_done(owner), "success")
                return redirect(url_for("SignInView.login"))
        except passwords.LinkOver as over:
            door.rollback()
            flash(sentence(over), "danger")
            asks = bool(current_app.config["SMTP_URL"])
            return redirect(url_for(".forgotten" if asks else "SignInView.login"))
        except BadInput as refused:
            door.rollback()
            refusal = refused
        page = render_template(
            "door_form.html",
            title=_("Choose a new password"),
            sentence=_("It is for the account of %(email)s.", email=owner.email),
            fields=[
                _field("password", N_("New password"), "password", refusal)
                | {"hint": _(PasswordTooWeak.says)},
                _field("again", N_("New password again"), "password", refusal),
            ],
            submit=_("Keep the new password"),
            back=_back(),
            **_present(owner),
        )
        door.rollback()
        return page, refusal.status if refusal else 200


def _field(name: str, label: str, kind: str, refusal: Refused | None) -> dict[str, Any]:
    """Write a field for `ui.field`."""
    wrong = refusal is not None and refusal.field == name
    return {
        "name": name,
        "label": _(label),
        "kind": kind,
        "required": True,
        "maxlength": MOST[kind],
        "autocomplete": COMPLETED[kind],
        "errors": (sentence(refusal),) if refusal and wrong else (),
    }


def _choose(code: str) -> Profile:
    new = request.form.get("password", "")
    if new != request.form.get("again", ""):
        raise BadInput(N_("The two new passwords are not the same."), field="again")
    return passwords.choose(db.door(), code, new, clock())


def _done(owner: Profile) -> str:
    until = owner.account_locked_until
    if until and until > clock():
        return str(
            _(
                "The new password is kept. After too many wrong tries you can sign in with it from"
                " %(time)s on.",
                time=format_time(until, "short"),
            )
        )
    return str(_("The new password is kept, and you are signed out everywhere. Sign in with it."))


def _present(owner: Profile) -> dict[str, Any]:
    """Say who is signed in here, where that is somebody else than the link is for."""
    at_hand = person()
    if at_hand is None or at_hand.profile_id == owner.id:
        return {}
    return {"who": _("You are signed in as %(name)s.", name=at_hand.name), "stranger": True}


def _back() -> dict[str, str]:
    return {"label": _("Back to sign-in"), "url": url_for("SignInView.login")}
