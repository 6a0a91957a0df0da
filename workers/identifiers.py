"""What is kept locked, for who runs the platform: locking it anew when the key has changed."""

from uuid import UUID

import click
from flask import current_app

from core import db
from services import boxes
from services.boxes import BOXES, Box
from workers.jobs import Desk, homes


@click.group("identifiers")
def group() -> None:
    """Numbers of papers and accounts, which are kept locked."""


@group.command()
def relock() -> None:
    """Lock all numbers with the present SECRET_KEY, those from before with SECRET_KEYS_BEFORE.

    Set by set, each in a transaction of its own: what was stopped is simply run again. Movements of
    wallets are never changed: what locked them stays in SECRET_KEYS_BEFORE.
    """
    db.use(current_app, "jobs")
    for home in homes(suspended=True):
        for which in BOXES:
            _relock(home, which)
    click.echo("All numbers are locked with the present key.")


def _relock(home: UUID, which: Box) -> None:
    desk, last = Desk(home, "identifiers.relock"), UUID(int=0)
    while True:
        try:
            with desk.work() as work:
                after = boxes.relock(work, which, last)
        except ValueError as error:
            said = "A number is locked with a key that is in neither variable."
            raise click.ClickException(said) from error
        if after is None:
            return
        last = after
