"""Dash inside the application: one server, the frame of the admin around it, one door for all."""

from typing import Any

import dash
from dash import Dash, dcc, html
from flask import Flask, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.wrappers import Response

from core.errors import Forbidden
from core.text import N_
from core.work import clock
from dashboards import sales, theme

PREFIX = "/dashboards/"
PAGES = {"sales": ("dashboard_sales", sales)}
"""Name in the address -> the table of the permission `can_read`, and the page's module."""


class Framed(Dash):
    """Dash whose index is a template of ours."""

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        """Render the page inside the frame."""
        appbuilder = current_app.extensions["appbuilder"]
        return render_template(
            "dash_index.html",
            appbuilder=appbuilder,
            base_template=appbuilder.base_template,
            dash=parts | {"app_entry": _entry()},
            page=_head(),
            title=parts.get("title", ""),
        )


def init_app(app: Flask) -> Dash:
    """Mount all pages under /dashboards/, behind the guard."""
    theme.register()
    served = Framed(
        __name__,
        server=app,  # type: ignore[arg-type]
        routes_pathname_prefix=PREFIX,
        requests_pathname_prefix=PREFIX,
        use_pages=True,
        pages_folder="",
        serve_locally=True,
        suppress_callback_exceptions=True,
        update_title="",
        title="",
    )
    for name, (_table, page) in PAGES.items():
        dash.register_page(name, path=f"/{name}/", title=page.TITLE, layout=_checked(name))  # type: ignore[no-untyped-call]
        page.listen(served, guarded(name))
    served.layout = html.Div(
        [dcc.Location(id="leave", refresh=True), dash.page_container], id="dashboards"
    )
    app.before_request(_guard)
    app.after_request(_csrf_cookie)
    app.after_request(lambda response: _allow_scripts(served, response))
    return served


def guarded(name: str) -> Any:
    """Make a check that each callback of a page calls first: Dash has one address for all."""
    table = PAGES[name][0]

    def check() -> None:
        if not g.user.may("read", table):
            raise Forbidden

    return check


def _checked(name: str) -> Any:
    page, check = PAGES[name][1], guarded(name)

    def layout(**said: str) -> Any:
        check()
        return page.layout(**said)

    return layout


def _head() -> dict[str, Any] | None:
    """Describe the head of the page at hand: title, filters, and the time its figures are of."""
    name = request.path.removeprefix(PREFIX).partition("/")[0]
    if name not in PAGES:
        return None
    page = PAGES[name][1]
    return {
        "title": _(page.TITLE),
        "sentence": _(page.SENTENCE),
        "filters": page.filters(request.args),
        "as_of": clock(),
    }


def _entry() -> Markup:
    """Give the place that Dash draws in, with what stands there until it does."""
    waits = Markup('<p class="mk-quiet" role="status">{}</p>').format(_("Drawing the figures."))
    return Markup('<div id="react-entry-point">{}</div>').format(waits)


def _guard() -> Response | None:
    if not request.path.startswith(PREFIX) or request.path.startswith(f"{PREFIX}_dash-component"):
        return None
    if not g.user.is_authenticated:
        if request.path.startswith(f"{PREFIX}_"):
            return Response("Sign in again.", 401)
        return redirect(url_for("SignInView.login", next=request.full_path))
    name = request.path.removeprefix(PREFIX).partition("/")[0]
    tables = {PAGES[name][0]} if name in PAGES else {table for table, _page in PAGES.values()}
    if not any(g.user.may("read", table) for table in tables):
        raise Forbidden(N_("Your roles do not show you this dashboard. A manager's would."))
    return None


def _allow_scripts(served: Dash, response: Any) -> Any:
    """Tell the policy which inline scripts are Dash's own; it adds some with its first request."""
    if request.path.startswith(PREFIX) and "dash_hashes" not in current_app.extensions:
        current_app.extensions["dash_hashes"] = served.csp_hashes()
    return response


def _csrf_cookie(response: Any) -> Any:
    """Give Dash the token that it sends back with each callback."""
    if request.path.startswith(PREFIX) and g.user.is_authenticated:
        response.set_cookie(
            "_csrf_token", generate_csrf(), samesite="Lax", path=PREFIX, secure=request.is_secure
        )
    return response
