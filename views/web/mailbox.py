"""What the demo has sent: mails at /dev/mail, texts at /dev/texts, as the doubles took them."""

from datetime import UTC, datetime
from typing import Any

import httpx
from flask import current_app, render_template, request
from flask_appbuilder import BaseView, expose

from core.errors import NotFound
from views.web.person import signed_in

PATIENCE_SECONDS = 3


class MailboxView(BaseView):  # type: ignore[misc]
    """A mailbox that holds everybody's mail, to look at in the demo."""

    route_base = "/dev/mail"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """List the mails, newest first."""
        asked = {"limit": "50", "to": request.args.get("to", "")[:320]}
        found = _read("MAILBOX_URL", "/mails", {key: each for key, each in asked.items() if each})
        mails = [
            each | {"at": datetime.fromtimestamp(each["received_at"], UTC)}
            for each in (found or {}).get("mails", [])
        ]
        return render_template("dev/mails.html", mails=mails, reached=found is not None)

    @expose("/<key>")  # type: ignore[untyped-decorator]
    def mail(self, key: str) -> Any:
        """Show one mail, as text: what others wrote is not run here."""
        if not key.replace("-", "").isalnum():
            raise NotFound
        found = _read("MAILBOX_URL", f"/mails/{key}", {})
        if found is None:
            raise NotFound
        return render_template("dev/mail.html", mail=found)


class TextsView(BaseView):  # type: ignore[misc]
    """A phone that holds everybody's texts, to look at in the demo."""

    route_base = "/dev/texts"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """List the texts, newest first."""
        asked = {"limit": "50", "to": request.args.get("to", "")[:40]}
        found = _read("SMS_BOX_URL", "/texts", {key: each for key, each in asked.items() if each})
        texts = [
            each | {"at": datetime.fromtimestamp(each["received_at"], UTC)}
            for each in (found or {}).get("texts", [])
        ]
        return render_template("dev/texts.html", texts=texts, reached=found is not None)


def _read(double: str, path: str, query: dict[str, str]) -> Any:
    signed_in()
    base = current_app.config.get(double)
    if not current_app.config.get("DEMO") or not base:
        raise NotFound
    try:
        answer = httpx.get(base + path, params=query, timeout=PATIENCE_SECONDS)
        return answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError):
        return None
