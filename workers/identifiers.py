"""Numbers of papers, for who runs the platform: locking them anew when the key has changed."""

from uuid import UUID

import click
from flask import current_app

from core import db
from services import identifiers
from workers.jobs import Desk, homes


@click.group("identifiers")
def group() -> None:
    """Numbers of papers, which are kept locked."""


@group.command()
def relock() -> None:
    """Lock all numbers with the present SECRET_KEY, those from before with SECRET_KEYS_BEFORE.

    Set by set, each in a transaction of its own: what was stopped is simply run again.
    """
    db.use(current_app, "jobs")
    for home in homes(suspended=True):
        desk, last = Desk(home, "identifiers.relock"), UUID(int=0)
        while True:
            try:
                with desk.work() as work:
                    after = identifiers.relock(work, last)
            except ValueError as error:
                said = "A number is locked with a key that is in neither variable."
                raise click.ClickException(said) from error
            if after is None:
                break
            last = after
    click.echo("All numbers are locked with the present key.")
