"""Commands for whoever runs the platform: who signs in here, shutting out, and helping in."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from sqlalchemy.orm import Session

from core import db
from core.errors import Refused
from core.scope import Scope, seeing
from core.work import clock
from models.accounts import MailAbout
from models.organizations import KycStatus
from services import accounts, passwords
from services.accounts import Account


@click.group("person")
def person() -> None:
    """See who signs in, shut people out, and help them in."""


@person.command("list")
@click.option("--search", default="", help="A part of a name or an address.")
def list_(search: str) -> None:
    """List who may sign in: state, second factor, and where they belong; 1,000 at most."""
    with _door() as door:
        found = accounts.listed(door, search)
    for each in found:
        click.echo("\t".join(_line(each)))
    if len(found) == accounts.MOST:
        click.echo(f"Only the first {accounts.MOST} are listed: use --search.", err=True)


@person.command()
@click.argument("who")
def suspend(who: str) -> None:
    """Shut WHO (a user name or address) out, everywhere and at once."""
    with _door() as door:
        accounts.suspend(door, who, clock())
    click.echo(f"{who} is shut out, and signed out everywhere.")


@person.command()
@click.argument("who")
def activate(who: str) -> None:
    """Let WHO sign in again."""
    with _door() as door:
        accounts.activate(door, who)
    click.echo(f"{who} may sign in.")


@person.command()
@click.argument("who")
def unlock(who: str) -> None:
    """Forget the wrong tries of WHO, so that they need not wait."""
    with _door() as door:
        accounts.unlock(door, who)
    click.echo(f"The wrong tries of {who} are forgotten.")


@person.command()
@click.argument("who")
@click.option("--second-factor", is_flag=True, help="Take the second factor away, too.")
@click.option("--mail", is_flag=True, help="Send the link to their address instead of printing it.")
def reset(who: str, *, second_factor: bool, mail: bool) -> None:
    """Take the password of WHO away, and print a link by which they choose a new one.

    Make sure that it is they who ask. All that they are signed in with ends. The link works once,
    for a day; one that is sent by mail for an hour.
    """
    with _door() as door:
        profile = accounts.reset(door, who, clock(), second_factor=second_factor)
        if mail:
            passwords.tell(door, MailAbout.password_link, profile.email, clock())
            done = f"A link is on its way to {profile.email}."
        else:
            lasts = passwords.HANDED_LASTS
            code = passwords.open_link(door, profile.id, clock(), lasts, mailed=False)
            link = f"{current_app.config['PUBLIC_URL']}/login/password/{code}"
            done = f"{who} chooses a new password here, once and within a day: {link}"
    click.echo(done)


@person.command()
@click.argument("who")
@click.argument("status", type=click.Choice([each.value for each in KycStatus]))
def kyc(who: str, status: str) -> None:
    """Note how far the identity of WHO is checked."""
    with _door() as door:
        accounts.know(door, who, KycStatus(status))
    click.echo(f"The identity of {who} is {status}.")


@person.command()
@click.argument("who")
def appoint(who: str) -> None:
    """Let WHO run the platform in the browser: organizations, accounts, health."""
    with _owner() as owner:
        made = accounts.appoint(owner, who, clock(), f"command:{_operator()}")
    click.echo(f"{who} runs the platform now." if made else f"{who} runs it already.")


@person.command()
@click.argument("who")
def dismiss(who: str) -> None:
    """Let WHO run the platform no more."""
    with _owner() as owner:
        done = accounts.dismiss(owner, who, clock(), f"command:{_operator()}")
    click.echo(f"{who} does not run the platform any more." if done else f"{who} does not run it.")


@contextmanager
def _owner() -> Iterator[Session]:
    """Open a session of the tables' owner under the operator's name; a refusal is one line."""
    try:
        with (
            Session(current_app.extensions["engines"]["owner"]) as owner,
            seeing(owner, Scope(actor=f"command:{_operator()}")),
            owner.begin(),
        ):
            yield owner
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal


@contextmanager
def _door() -> Iterator[Session]:
    """Open the door's session under the operator's name, and commit; a refusal is one line."""
    door = db.door()
    try:
        with seeing(door, Scope(actor=f"command:{_operator()}")):
            yield door
            door.commit()
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    finally:
        door.rollback()


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "operator"


def _line(each: Account) -> tuple[str, ...]:
    locked = each.locked_until is not None and each.locked_until > clock()
    state = f"{each.status} (locked until {each.locked_until:%Y-%m-%d %H:%M} UTC)" if locked else ""
    return (
        each.username,
        each.name,
        each.email,
        state or each.status.value,
        f"identity {each.kyc_status}",
        "second factor" if each.two_factor else "no second factor",
        ", ".join(each.organizations) or "in no organization",
    )
