"""What every request passes: its id, headers that shut doors, languages, and the ways to say no."""

import logging
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from core import db, log
from core.errors import Refused
from core.scope import current
from views.web import refusals
from views.web.person import person, request_id

logger = logging.getLogger(__name__)
DOORS = ("/login", "/invitation/", "/apply/", "/application/")
"""Where nobody is signed in: a page of these that is too old is only loaded again."""
CODES = {400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}


def init_app(app: Flask) -> None:
    """Hang everything on the application."""
    app.before_request(_begin)
    app.after_request(_headers)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _bug)


def wants_json() -> bool:
    """Whether the caller is a program."""
    return request.path.startswith("/api/") or (request.accept_mimetypes.best == "application/json")


def locale() -> str:
    """Choose the language: the person's own, else what the browser asks for."""
    if not has_request_context():
        return "en"
    at_hand = person()
    known = list(current_app.config["LANGUAGES"])
    if session.get("locale") in known:
        return str(session["locale"])
    if at_hand and at_hand.identity.locale in known:
        return at_hand.identity.locale
    return request.accept_languages.best_match(known) or "en"


def time_zone() -> str | None:
    """Name the organization's zone for what pages show; UTC without one."""
    return g.get("time_zone") or None


def _begin() -> None:
    log.clear()
    log.bind(request_id=request_id(), path=_path(), method=request.method)
    _take_language()


def _path() -> str:
    """Name the page for the log, without the code of a link that opens something."""
    code = (request.view_args or {}).get("code")
    return request.path.replace(str(code), "<code>") if code else request.path


def _take_language() -> None:
    """Keep the language that an address asks for, also where the answer only leads elsewhere."""
    asked = request.args.get("lang")
    if asked in current_app.config["LANGUAGES"] and not request.path.startswith("/api/"):
        session["locale"] = asked


def _headers(response: Response) -> Response:
    response.headers.setdefault("X-Request-Id", request_id())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers.setdefault("Content-Security-Policy", _policy())
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store" if person() else "no-cache")
    return response


def _policy() -> str:
    """Write the Content Security Policy. Dash alone may have scripts and styles inside its page."""
    scripts, styles, images = "'self'", "style-src 'self'", "'self' data: blob:"
    if request.path.startswith("/dashboards/"):
        scripts = " ".join(["'self'", *current_app.extensions.get("dash_hashes", ())])
        styles += "; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'"
    if tiles := urlsplit(current_app.config["MAP_TILES"]).netloc:
        images += f" https://{tiles}"
    return (
        f"default-src 'self'; script-src {scripts}; {styles}; img-src {images}; font-src 'self';"
        " connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none';"
        " form-action 'self'"
    )


def refused(refusal: Refused) -> Any:
    """Say a refusal: to a program as a problem, to a person as a page with the way on."""
    db.session.rollback()
    if wants_json():
        return refusals.answer(refusal)
    if refusal.status == 401:
        return redirect(url_for("SignInView.login", next=page_at_hand()))
    return _page(refusal.status, refusals.sentence(refusal)), refusal.status


def _page(status: int, sentence: str) -> str:
    """Say a no on a page; without a person there is no menu around it."""
    kind = {403: "closed", 404: "missing", 429: "busy"}.get(status, "broken")
    return render_template(
        "errors/problem.html",
        title=_title(status),
        text=sentence,
        kind=kind,
        number=request_id() if status >= 500 else "",
        bare=person() is None,
    )


def _title(status: int) -> str:
    titles = {
        400: _("That could not be read"),
        401: _("Please sign in"),
        403: _("You may not do that"),
        404: _("There is nothing here"),
        405: _("That way does not work"),
        409: _("That cannot be done now"),
        410: _("That is over"),
        413: _("That is too large"),
        422: _("Something has to be mended"),
        429: _("Too fast"),
        500: _("Something went wrong"),
        503: _("Back in a moment"),
    }
    return str(titles.get(status, titles[400 if status < 500 else 500]))


def page_at_hand() -> str:
    """Name the page that somebody is on: what they sent from it is no address to come back to."""
    if request.method in ("GET", "HEAD"):
        return request.full_path
    parts = urlsplit(request.referrer or "")
    here = parts.netloc == request.host
    return f"{parts.path}?{parts.query}".rstrip("?") if here else "/"


def _csrf(error: CSRFError) -> Any:
    if person() is None and not wants_json() and not request.path.startswith(DOORS):
        # Their sign-in ended while the page was open; what they typed waits in the browser.
        return redirect(url_for("SignInView.login", next=page_at_hand()))
    return _problem(400, _("This page is too old. Load it again, and repeat what you did."), error)


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    sentences = {
        404: _("The address is wrong, or what was here is gone or not yours to see."),
        405: _("This address does not take that kind of request."),
        413: _("A file or form is larger than 20 MB. Send a smaller one."),
        429: _("Wait a little, then try again."),
    }
    if status == 401 and not wants_json():
        return redirect(url_for("SignInView.login", next=page_at_hand()))
    return _problem(status, sentences.get(status, _("The request could not be read.")), error)


def _database(error: SQLAlchemyError) -> Any:
    db.session.rollback()
    refusal = refusals.refusal_of(error)
    if refusal.says == refusals.REPORTED:
        return _problem(500, refusals.sentence(refusal), error)
    return refused(refusal)


def _bug(error: Exception) -> Any:
    logger.error("a bug", exc_info=error)
    db.session.rollback()
    db.door.rollback()
    return _problem(500, _("It is not your fault, and it has been reported."), error)


def _problem(status: int, sentence: str, error: Exception) -> Any:
    headers = error.get_headers() if isinstance(error, HTTPException) else []
    kept = {key: value for key, value in headers if key.lower() in {"retry-after", "allow"}}
    if wants_json():
        code = CODES.get(status, "bad_request" if status < 500 else "bug")
        body = {
            "type": f"urn:makao:refusal:{code}",
            "title": code.replace("_", " ").capitalize(),
            "status": status,
            "detail": sentence,
            "code": code,
        }
        response = refusals.problem(body)
        response.headers.update(kept)
        return response
    return _page(status, sentence), status, kept


def organization_at_hand() -> Any:
    """Give the id of the organization that the request works in."""
    return current().organization_id
