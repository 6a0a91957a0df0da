"""The command that begins an organization where there is no demo."""

import re
from uuid import UUID
from zoneinfo import available_timezones

import click
from flask import current_app

from core import db
from core.errors import Refused
from core.money import is_currency
from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from services import organizations
from services.events import emit
from services.organizations import OrganizationFounded


@click.group("organization")
def organization() -> None:
    """Begin organizations."""


@organization.command()
@click.argument("name")
@click.option("--email", required=True, help="Whom to invite as its first administrator.")
@click.option("--address", default="", help="Its web address in the portal; made from its name.")
@click.option("--zone", default="Africa/Nairobi", show_default=True, help="Its IANA time zone.")
@click.option("--currency", default="KES", show_default=True, help="Its currency's ISO code.")
def found(name: str, email: str, address: str, zone: str, currency: str) -> None:
    """Begin the organization NAME, and print the link by which its first administrator joins.

    The link works once, for 14 days.
    """
    if zone not in available_timezones():
        raise click.BadParameter(f"{zone} is no IANA time zone.", param_hint="--zone")
    if not is_currency(currency.upper()):
        raise click.BadParameter(f"{currency} is no ISO currency.", param_hint="--currency")
    if not re.fullmatch(organizations.ADDRESS, address or organizations.address_of(name)):
        raise click.BadParameter("Use small letters, digits and hyphens.", param_hint="--address")
    db.use(current_app, "jobs")
    actor, session = Actor("command", "organization"), db.session()
    try:
        with seeing(session, Scope(actor=str(actor))):
            home = organizations.found(Work(session, actor, source="command"), name, address)
            with (
                seeing(session, Scope(home, actor=str(actor))),
                unit_of_work(session, actor, source="command") as work,
            ):
                _begin(work, home, zone, currency)
                code = organizations.invite(work, email, ["Admin"])
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    link = f"{current_app.config['PUBLIC_URL']}/invitation/{code}"
    click.echo(f"{name} has begun. Its first administrator joins here: {link}")


def _begin(work: Work, home: UUID, zone: str, currency: str) -> None:
    row = organizations.home(work)
    row.time_zone, row.currency = zone, currency.upper()
    emit(work, OrganizationFounded(home, row.name))
