"""Signing in by a provider of identities, beside the password: there, and back."""

import logging
from secrets import compare_digest
from typing import Any

from flask import current_app, flash, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from adapters.oidc import Oidc, OidcRefused, OidcUnavailable
from core import db
from core.errors import NotFound, Refused
from core.work import clock
from services import outside
from views.web import sign_in
from views.web.refusals import sentence

log = logging.getLogger(__name__)
ASKED = "asked_outside"
PATIENCE_SECONDS = 600


class OutsideView(BaseView):  # type: ignore[misc]
    """The way to the provider, and back with its answer."""

    route_base = "/login/with"
    default_view = "ask"

    @expose("/")  # type: ignore[untyped-decorator]
    def ask(self) -> Any:
        """Send the person to the provider."""
        try:
            begun = _provider().begin(_back())
        except OidcUnavailable as error:
            return _failed(error)
        target = sign_in.safe_target(request.args.get("next", ""))
        session[ASKED] = [
            *(begun.state, begun.nonce, begun.verifier, target, int(clock().timestamp())),
        ]
        return redirect(begun.url)

    @expose("/back")  # type: ignore[untyped-decorator]
    def back(self) -> Any:
        """Take the provider's answer to the question that this browser asked, once."""
        provider = _provider()
        state, nonce, verifier, target, since = session.pop(ASKED, ["", "", "", "", 0])
        ours = compare_digest(str(state).encode(), request.args.get("state", "").encode())
        fresh = since > int(clock().timestamp()) - PATIENCE_SECONDS
        code = request.args.get("code", "")
        if not (state and ours and fresh and code):
            return _failed(OidcRefused(request.args.get("error", "no answer to a question")[:80]))
        try:
            said = provider.finish(_back(), code, verifier, nonce)
        except (OidcRefused, OidcUnavailable) as error:
            return _failed(error)
        door = db.door()
        try:
            profile = outside.enter(
                door, said.issuer, said.subject, said.email, clock(), verified=said.verified
            )
        except Refused as refusal:
            door.rollback()
            flash(sentence(refusal), "danger")
            return redirect(url_for("SignInView.login"))
        return sign_in.admit(profile, target)


def _failed(error: Exception) -> Response:
    log.warning("signing in outside: %s: %s", type(error).__name__, error)
    label = current_app.config["OIDC_LABEL"]
    if isinstance(error, OidcUnavailable):
        said = _("%(name)s does not answer now. Use your password, or try again.", name=label)
    else:
        said = _("Signing in with %(name)s did not work. Try it again from here.", name=label)
    flash(said, "danger")
    return redirect(url_for("SignInView.login"))


def _provider() -> Oidc:
    """Give our client, one a process: it remembers what the provider says of itself.

    Raises:
        NotFound: none is set up.

    """
    config = current_app.config
    if not config["OIDC_ISSUER"]:
        raise NotFound
    wanted = (config["OIDC_ISSUER"], config["OIDC_CLIENT_ID"], config["OIDC_CLIENT_SECRET"])
    kept: Oidc | None = current_app.extensions.get("oidc")
    if kept is None or (kept.issuer, kept.client_id, kept.client_secret) != wanted:
        kept = current_app.extensions["oidc"] = Oidc(*wanted)
    return kept


def _back() -> str:
    return f"{current_app.config['PUBLIC_URL']}{url_for('OutsideView.back')}"
