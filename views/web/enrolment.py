"""What has to be done before anything else: a second factor, where the roles held move money."""

from typing import Any

from flask import Flask, redirect, request, url_for

from core.errors import Refused
from core.text import N_
from models.organizations import TWO_FACTOR_FOR_MONEY
from services import access, organizations
from views.web.person import Person, person

OPEN = ("/static/", "/logout/", "/login", "/organization/choose", "/livez", "/readyz", "/health")
PASSWORD, SECOND_FACTOR = "/profile/password", "/profile/second-factor"


class SecondFactorNeeded(Refused):
    """The roles held here move money, and need a second factor first."""

    code = "second_factor_needed"
    status = 403
    says = N_("Your roles need a second factor. Sign in with a browser and set it up first.")


def init_app(app: Flask) -> None:
    """Lead browsers to what is due; programs are refused where they are recognised."""
    app.before_request(_lead)


def _lead() -> Any:
    at_hand = person()
    if at_hand is None or request.path.startswith(OPEN):
        return None
    if request.path in (PASSWORD, SECOND_FACTOR) or not lacks_second_factor(at_hand):
        return None
    return redirect(url_for("ProfileView.second_factor"))


def check_program(at_hand: Person) -> None:
    """Refuse a program whose holder has something to do first.

    Raises:
        SecondFactorNeeded: they hold a role that needs it.

    """
    if lacks_second_factor(at_hand):
        raise SecondFactorNeeded


def lacks_second_factor(at_hand: Person) -> bool:
    """Whether somebody holds a role that moves money, without the factor that it needs here."""
    if at_hand.identity.two_factor_enabled or not access.MONEY_ROLES & set(at_hand.roles):
        return False
    said = at_hand.member.two_factor_for_money if at_hand.member else None
    return bool(organizations.SETTINGS[TWO_FACTOR_FOR_MONEY].default if said is None else said)
