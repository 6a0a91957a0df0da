"""Signing in and out: password, second factor, and the way to the right first page."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import g, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from werkzeug.wrappers import Response

from core import db
from core.errors import Refused
from core.work import clock
from models.organizations import CredentialKind, Profile
from services import second_factor, sign_in
from views.web import sessions
from views.web.refusals import sentence

WAITING = "second_factor_of"
PATIENCE_SECONDS = 300


class SignInView(BaseView):  # type: ignore[misc]
    """The door."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def login(self) -> Any:
        """Ask for user name and password."""
        target = safe_target(request.args.get("next", ""))
        if g.user.is_authenticated:
            return redirect(target or url_for("HomeView.home"))
        error, typed = "", request.form.get("username", "")
        if request.method == "POST":
            door = db.door()
            try:
                profile = sign_in.check(door, typed, request.form.get("password", ""), clock())
            except Refused as refusal:
                error = sentence(refusal)
                door.commit()  # the wrong try is counted
            else:
                return admit(profile, target)
        page = render_template(
            "appbuilder/general/security/login_db.html", error=error, username=typed
        )
        return (page, 401) if error else page

    @expose("/login/code", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def code(self) -> Any:
        """Ask for the second factor, within five minutes of the password."""
        target = safe_target(request.args.get("next", ""))
        profile_id, since = session.get(WAITING, [None, 0])
        if not profile_id or since < int(clock().timestamp()) - PATIENCE_SECONDS:
            return redirect(url_for("SignInView.login", next=target or None))
        error = ""
        if request.method == "POST":
            door = db.door()
            try:
                given = request.form.get("code", "")
                second_factor.check(door, UUID(profile_id), given, clock())
            except Refused as refusal:
                error = sentence(refusal)
                door.commit()
            else:
                return _enter(UUID(profile_id), target)
        page = render_template("second_factor.html", errors=[error] if error else [])
        return (page, 401) if error else page

    @expose("/logout/", methods=["POST"])  # type: ignore[untyped-decorator]
    def logout(self) -> Response:
        """End this sign-in, here and in the database."""
        held = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        if isinstance(held, sessions.SignedIn):
            sign_in.end(db.door(), held.identity.credential_id, clock())
            db.door().commit()
            held.ended = True
        return redirect(url_for("SignInView.login"))


def admit(profile: Profile, target: str) -> Response:
    """Let somebody in who has shown who they are, or ask for the second factor first."""
    if not profile.two_factor_enabled:
        return _enter(profile.id, target)
    session[WAITING] = [str(profile.id), int(clock().timestamp())]
    db.door().commit()
    return redirect(url_for("SignInView.code", next=target or None))


def _enter(profile_id: UUID, target: str) -> Response:
    door = db.door()
    secret = sign_in.open_for(
        door,
        profile_id,
        CredentialKind.browser,
        clock(),
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
    )
    door.commit()
    session.pop(WAITING, None)
    sessions.open_browser(secret)
    door.commit()
    return redirect(target or url_for("HomeView.home"))


def safe_target(path: str) -> str:
    """Keep a target inside this site; anything else is nothing."""
    parts = urlsplit(path.replace("\\", "/"))
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside and not parts.netloc and not parts.scheme else ""
