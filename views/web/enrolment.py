"""What comes before anything else: an organization that works, a second factor where it is due."""

from typing import Any

from flask import Flask, current_app, redirect, request, url_for

from core.errors import Refused
from core.text import N_
from models.organizations import TWO_FACTOR_FOR_MONEY
from services import access, organizations
from views.web.person import Person, person

OPEN = ("/static/", "/logout/", "/login", "/organization/choose", "/livez", "/readyz", "/health")
OWN = ("/profile/", "/platform/", "/invitation/")
"""What is open to a person, whatever becomes of their organization."""
PASSWORD, SECOND_FACTOR = "/profile/password", "/profile/second-factor"


class SecondFactorNeeded(Refused):
    """The roles held here move money, and need a second factor first."""

    code = "second_factor_needed"
    status = 403
    says = N_("Your roles need a second factor. Sign in with a browser and set it up first.")


class OrganizationSuspended(Refused):
    """Nobody works in the organization now: whoever runs the platform has suspended it."""

    code = "organization_suspended"
    status = 403
    says = N_("%(name)s is suspended (%(reason)s). Ask whoever runs this site.")


def init_app(app: Flask) -> None:
    """Lead browsers to what is due; programs are refused where they are recognised."""
    app.before_request(_lead)


def _lead() -> Any:
    at_hand = person()
    if at_hand is None or request.path.startswith(OPEN):
        return None
    if not request.path.startswith(OWN):
        check_works(at_hand)
    if request.path in (PASSWORD, SECOND_FACTOR) or not lacks_second_factor(at_hand):
        return None
    return redirect(url_for("ProfileView.second_factor"))


def check_works(at_hand: Person) -> None:
    """Refuse whoever has chosen, or has only, organizations that are suspended.

    Raises:
        OrganizationSuspended: with the reason that was given.

    """
    if at_hand.member is not None:
        return
    chosen = at_hand.identity.chosen
    shut = at_hand.identity.suspended
    for each in shut:
        if each.organization_id == chosen or not at_hand.identity.memberships:
            raise OrganizationSuspended(name=each.name, reason=each.reason)


def check_program(at_hand: Person) -> None:
    """Refuse a program whose holder has something to do first.

    Raises:
        OrganizationSuspended: nobody works in their organization now.
        SecondFactorNeeded: they hold a role that needs it.

    """
    check_works(at_hand)
    if lacks_second_factor(at_hand):
        raise SecondFactorNeeded


def lacks_second_factor(at_hand: Person) -> bool:
    """Whether somebody holds a role that moves money, without the factor that it needs here.

    Outside the demo who runs the platform needs it, too.
    """
    if at_hand.identity.two_factor_enabled:
        return False
    if at_hand.identity.platform_admin and not current_app.config["DEMO"]:
        return True
    if not access.MONEY_ROLES & set(at_hand.roles):
        return False
    said = at_hand.member.two_factor_for_money if at_hand.member else None
    return bool(organizations.SETTINGS[TWO_FACTOR_FOR_MONEY].default if said is None else said)
