"""Sessions: a browser holds a secret, what belongs to it is kept in Postgres and can be ended.

Visitors have Flask's signed cookie, which holds little: the CSRF token and messages.
"""

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, g, session
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin

from core import db
from core.work import clock
from models.organizations import CredentialKind
from services import sign_in
from services.sign_in import LASTS, Identity
from views.web import person

MARK = "k."
"""What the cookie of somebody signed in begins with."""


class SignedIn(dict[str, Any], SessionMixin):
    """What a browser's session holds, kept in the row of the sign-in."""

    def __init__(self, identity: Identity, secret: str, *, new: bool = False) -> None:
        """Begin with what the row holds."""
        super().__init__(identity.data)
        self.identity = identity
        self.secret = secret
        self.new = new
        self.ended = False
        self.kept = dict(identity.data)

    @property
    def changed(self) -> bool:
        """Whether it holds something else than the row."""
        return self.kept != dict(self)


class Sessions(SessionInterface):
    """Flask's way to a session."""

    visitors = SecureCookieSessionInterface()

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Find the sign-in behind the cookie. Programs have none: /api takes no cookies."""
        if request.path.startswith(("/api/", "/static/", "/webhooks/")):
            return self.visitors.session_class()
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        if not cookie.startswith(MARK):
            return self.visitors.open_session(app, request)
        secret = cookie.removeprefix(MARK)
        identity = sign_in.identify(db.door(), secret, clock())
        db.door().commit()
        if identity is None or identity.kind is not CredentialKind.browser:
            return self.visitors.session_class()
        return SignedIn(identity, secret)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed; hand out, or take back, the secret."""
        held = g.get("session_instead", session)
        if held is not session and "_flashes" in session:
            held["_flashes"] = session["_flashes"]  # what this request says, the next page shows
        if not isinstance(held, SignedIn):
            self.visitors.save_session(app, held, response)
            return
        name, options = self.get_cookie_name(app), self._options(app)
        if held.ended:
            response.delete_cookie(name, **options)
            return
        if held.changed:
            sign_in.keep_data(db.door(), held.identity.credential_id, dict(held))
            db.door().commit()
        if held.new:
            lasts = LASTS[CredentialKind.browser] - timedelta(hours=1)
            response.set_cookie(name, MARK + held.secret, max_age=lasts, **options)
        response.vary.add("Cookie")

    def _options(self, app: Flask) -> dict[str, Any]:
        return {
            "httponly": True,
            "samesite": self.get_cookie_samesite(app),
            "secure": self.get_cookie_secure(app),
            "path": self.get_cookie_path(app),
        }


def open_browser(secret: str) -> None:
    """Let the browser at hand go on with a new secret.

    Nothing of the old session is carried over but the language that somebody chose at the door.
    """
    identity = sign_in.identify(db.door(), secret, clock())
    assert identity, "a sign-in that was just opened is there"
    g.session_instead = SignedIn(identity, secret, new=True)
    if "locale" in session:
        g.session_instead["locale"] = session["locale"]
    person.recognise(identity, secret)


def init_app(app: Flask) -> None:
    """Recognise the person at hand before anything else of a request runs."""
    app.session_interface = Sessions()

    @app.before_request
    def _recognise() -> None:
        held = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        if isinstance(held, SignedIn):
            person.recognise(held.identity, held.secret)
        else:
            person.recognise(None, "")
