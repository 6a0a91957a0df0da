"""Oneself: name and language, password, second factor, sign-ins, API keys."""

import secrets
from typing import Any
from uuid import UUID

import segno
from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import select

from core import db, phones
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, clock, unit_of_work
from models.organizations import CredentialKind, Organization, Profile
from services import access, passwords, second_factor, sign_in
from views.admin import inputs
from views.admin.columns import Kind
from views.admin.inputs import Input, control
from views.admin.registry import BY_TABLE
from views.web.person import Person, actor, signed_in
from views.web.refusals import sentence

KEY_PREFIX = "mk_"
FIELDS = (
    Input("name", N_("Name"), length=120),
    Input("phone", N_("Phone"), length=40, required=False, shape="phone"),
    Input(
        "email_notices",
        N_("Send me notices by mail, too"),
        Kind.yesno,
        required=False,
    ),
    Input(
        "text_notices",
        N_("Send me what is urgent by text message, too"),
        Kind.yesno,
        required=False,
        hint=N_("Only to a phone that you have confirmed."),
    ),
)


class ProfileView(BaseView):  # type: ignore[misc]
    """The pages about oneself. Each is open to whoever is signed in, for themselves."""

    route_base = "/profile"
    default_view = "profile"

    @expose("/", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def profile(self) -> Any:
        """Change name, phone, language and whether notices come by mail."""
        at_hand, refusal = signed_in(), None
        if request.method == "POST":
            try:
                self._save(at_hand)
            except Refused as refused:
                refusal = refused
            else:
                flash(_("Your profile is kept."), "success")
                return redirect(url_for(".profile"))
        row = db.session().scalars(select(Profile).where(Profile.id == at_hand.profile_id)).one()
        fields = [_shown(each, getattr(row, each.name), refusal) for each in (*FIELDS, _locale())]
        return _form(_("Profile"), fields, refusal, sentence_=row.email)

    def _save(self, at_hand: Person) -> None:
        with unit_of_work(db.session(), actor()) as work:
            query = select(Profile).where(Profile.id == at_hand.profile_id)
            row = work.session.scalars(query).one()
            for each in (*FIELDS, _locale()):
                value = inputs.read(work.session, each, request.form.get(each.name))
                if each.name == "phone" and value and value != row.phone:
                    value = phones.e164(value, phones.region(_currency(work)))
                setattr(row, each.name, value)
            session["locale"] = row.locale

    @expose("/password", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def password(self) -> Any:
        """Change the password; all other sign-ins, tokens and keys end."""
        at_hand, refusal = signed_in(), None
        if request.method == "POST":
            try:
                _change_password(at_hand)
            except Refused as refused:
                db.door().commit()  # the wrong try is counted
                refusal = refused
            else:
                flash(_("The password is changed, and you are signed out elsewhere."), "success")
                return redirect(url_for("HomeView.home"))
        asked = (
            Input("old", N_("Present password"), shape="password"),
            Input(
                "password", N_("New password"), shape="password", hint=sign_in.PasswordTooWeak.says
            ),
            Input("again", N_("New password again"), shape="password"),
        )
        fields = [_shown(each, None, refusal) for each in asked]
        return _form(_("Password"), fields, refusal, submit=_("Change password"))

    @expose("/second-factor", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def second_factor(self) -> Any:
        """Enrol an authenticator app: scan, and type its first code."""
        at_hand, error = signed_in(), ""
        door = db.door()
        if at_hand.identity.two_factor_enabled:
            return render_template("profile/second_factor.html", enabled=True)
        if request.method == "POST":
            code, here = request.form.get("code", ""), at_hand.identity.credential_id
            try:
                codes = second_factor.confirm(door, at_hand.profile_id, code, clock(), here)
            except Refused as refusal:
                door.rollback()
                error = sentence(refusal)
            else:
                door.commit()
                return render_template("profile/recovery_codes.html", codes=codes)
        secret, address = second_factor.begin(
            door, at_hand.profile_id, current_app.config["APP_NAME"]
        )
        door.commit()
        picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="#fff")
        page = render_template(
            "profile/second_factor.html", picture=picture, secret=secret, error=error
        )
        return (page, 422) if error else page

    @expose("/second-factor/off", methods=["POST"])  # type: ignore[untyped-decorator]
    def second_factor_off(self) -> Any:
        """Do without the second factor again; takes a code."""
        at_hand, door = signed_in(), db.door()
        try:
            code = request.form.get("code", "")
            second_factor.switch_off(door, at_hand.profile_id, code, clock())
        except Refused as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash(_("The second factor is switched off."), "success")
        door.commit()
        return redirect(url_for(".second_factor"))

    @expose("/sign-ins")  # type: ignore[untyped-decorator]
    def sign_ins(self) -> Any:
        """List where one is signed in."""
        at_hand = signed_in()
        held = sign_in.held(db.door(), at_hand.profile_id, clock())
        here = at_hand.identity.credential_id
        kinds = (CredentialKind.browser, CredentialKind.token)
        rows = [(each, each.id == here) for each in held if each.kind in kinds]
        page = render_template("profile/sign_ins.html", rows=rows)
        db.door().commit()
        return page

    @expose("/sign-ins/<uuid:pk>/end", methods=["POST"])  # type: ignore[untyped-decorator]
    def end(self, pk: UUID) -> Any:
        """End one of one's sign-ins, tokens or keys at once."""
        at_hand, door = signed_in(), db.door()
        mine = {each.id: each for each in sign_in.held(door, at_hand.profile_id, clock())}
        if pk not in mine:
            raise NotFound
        sign_in.end(door, pk, clock())
        is_key = mine[pk].kind is CredentialKind.api_key
        door.commit()
        flash(_("It is ended, and opens nothing any more."), "success")
        return redirect(url_for(".keys" if is_key else ".sign_ins"))

    @expose("/sign-ins/end-others", methods=["POST"])  # type: ignore[untyped-decorator]
    def end_others(self) -> Any:
        """End all sign-ins, tokens and keys but the one at hand."""
        at_hand = signed_in()
        here = at_hand.identity.credential_id
        sign_in.end_all(db.door(), at_hand.profile_id, clock(), but=here)
        db.door().commit()
        flash(_("You are signed out everywhere else."), "success")
        return redirect(url_for(".sign_ins"))

    @expose("/keys", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def keys(self) -> Any:
        """List API keys, and make one: it is shown once."""
        at_hand, made, error = signed_in(), "", ""
        if request.method == "POST":
            try:
                made = _make_key(at_hand)
            except Refused as refusal:
                db.door().rollback()
                error = sentence(refusal)
        held = sign_in.held(db.door(), at_hand.profile_id, clock())
        page = render_template(
            "profile/keys.html",
            keys=[each for each in held if each.kind is CredentialKind.api_key],
            made=made,
            error=error,
            scopes=_scopes(at_hand),
        )
        db.door().commit()
        return (page, 422) if error else page


def _currency(work: Work) -> str:
    return work.session.scalar(select(Organization.currency).limit(1)) or ""


def _locale() -> Input:
    names = {code: each["name"] for code, each in current_app.config["LANGUAGES"].items()}
    return Input("locale", N_("Language"), choices=names)


def _shown(field: Input, value: Any, refusal: Refused | None) -> dict[str, Any]:
    wrong = refusal is not None and refusal.field == field.name
    typed = request.form.get(field.name) if request.method == "POST" else value
    shown = None if field.shape == "password" else typed
    return control(field, shown, errors=(sentence(refusal),) if refusal and wrong else ())


def _form(
    title: str,
    fields: list[dict[str, Any]],
    refusal: Refused | None,
    *,
    sentence_: str = "",
    submit: str = "",
) -> Any:
    page = {
        "title": title,
        "sentence": sentence_,
        "groups": [{"title": "", "fields": fields}],
        "errors": [{"text": sentence(refusal), "field_id": f"f-{refusal.field}"}]
        if refusal
        else [],
        "submit": submit or _("Save"),
    }
    return render_template("admin/form.html", page=page), refusal.status if refusal else 200


def _change_password(at_hand: Person) -> None:
    door, form = db.door(), request.form
    new = form.get("password", "")
    if new != form.get("again", ""):
        raise BadInput(N_("The two new passwords are not the same."), field="again")
    here = at_hand.identity.credential_id
    old = form.get("old", "")
    passwords.change(door, at_hand.profile_id, old, new, clock(), but=here)
    door.commit()


def _scopes(at_hand: Person) -> list[dict[str, str]]:
    """List what a key could be limited to: what its maker may do."""
    found = [
        {"value": f"{table}:{verb}", "label": f"{_(screen.title)}: {verb.replace('_', ' ')}"}
        for table, screen in BY_TABLE.items()
        for verb in screen.rights()
        if access.allows(at_hand.roles, table, verb)
    ]
    return [{"value": "*:read", "label": _("Read everything")}, *found]


def _make_key(at_hand: Person) -> str:
    label = request.form.get("label", "").strip()
    if not label:
        raise BadInput(N_("Say what the key is for."), field="label")
    known = {each["value"] for each in _scopes(at_hand)}
    scopes = [each for each in request.form.getlist("scopes") if each in known]
    home = at_hand.member.organization_id if at_hand.member else None
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    door = db.door()
    sign_in.open_for(
        door,
        at_hand.profile_id,
        CredentialKind.api_key,
        clock(),
        organization_id=home,
        label=label,
        scopes=scopes,
        secret=secret,
    )
    door.commit()
    return secret
