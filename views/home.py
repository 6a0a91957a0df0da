"""The first page and one's own profile."""

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import BaseView, expose

from views.person import person


class HomeView(BaseView):  # type: ignore[misc]
    """What waits for me."""

    route_base = ""
    default_view = "home"

    @expose("/home/")  # type: ignore[untyped-decorator]
    def home(self) -> Any:
        """Show what waits for the person at hand."""
        if person() is None:
            return redirect(url_for("SignInView.login"))
        return self.render_template("appbuilder/index.html")


class ProfileView(BaseView):  # type: ignore[misc]
    """Oneself."""

    route_base = "/profile"
    default_view = "password"

    @expose("/password", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def password(self) -> Any:
        """Change the password."""
        return "password"
