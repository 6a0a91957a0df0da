"""Commands: `flask --app app ...`. Errors are one line, the exit status is then not 0.

Commands of a domain stand in modules of their own (workers/demo.py, workers/imports.py), each with
`init_app`, and are hung on below.
"""

import logging
import signal
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask_migrate.cli import db as migrations
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker
from sqlalchemy.exc import OperationalError, ProgrammingError

from core import db
from core.startup import CannotStart
from workers import (
    accounts,
    backups,
    chains,
    demo,
    doctor,
    identifiers,
    imports,
    invariants,
    jobs,
    ledger,
    organizations,
    preparation,
    relay,
    scheduler,
    simulate,
    wallets,
)

log = logging.getLogger(__name__)
Command = Callable[..., Any]
UNPREPARED = ("42P01", "42703", "42883")
"""There is no such table, column or function."""


def init_app(app: Flask, write_permissions: Callable[[Flask], None]) -> None:
    """Hang the commands on the application, and the bell that views ring for jobs."""
    app.extensions["ring"] = jobs.ring
    app.extensions["write_permissions"] = write_permissions
    for command in (
        prepare,
        worker,
        relay_,
        scheduler_,
        verify,
        doctor_,
        invariants_,
        demo.demo,
        imports.import_,
        ledger.ledger,
        backups.backup,
        backups.restore,
        organizations.organization,
        accounts.person,
        identifiers.group,
        simulate.simulate,
    ):
        app.cli.add_command(command)
    for command in (*app.cli.commands.values(), migrations):
        _say_in_one_line(command)


def _say_in_one_line(command: click.Command) -> None:
    """Let a command, or all of a group, end with one sentence where it cannot do its work."""
    for each in getattr(command, "commands", {}).values():
        _say_in_one_line(each)
    if command.callback and not hasattr(command.callback, "in_one_line"):
        command.callback = in_one_line(command.callback)
        if not isinstance(command, click.Group):  # one that is called alone shows its help
            command.parse_args = _without_usage(command.parse_args)  # type: ignore[method-assign]


def _without_usage(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Say what is wrong with what was typed, and leave the four lines of usage to `--help`."""

    @wraps(parse)
    def run(context: click.Context, given: list[str]) -> Any:
        try:
            return parse(context, given)
        except click.UsageError as error:
            error.ctx = None
            raise

    return run


def in_one_line(command: Command) -> Command:
    """End with one sentence and status 1 where something outside has to change first."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except CannotStart as refusal:
            raise click.ClickException(str(refusal)) from refusal
        except OperationalError as error:
            said = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"The database cannot be reached: {said}") from error
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") not in UNPREPARED:
                raise
            said = "The database is not of this version. Run `flask --app app prepare`."
            raise click.ClickException(said) from error

    run.in_one_line = True  # type: ignore[attr-defined]
    return run


@click.command()
def prepare() -> None:
    """Bring the database to this version: roles, revisions, permissions."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    for line in preparation.prepare(app, app.extensions["write_permissions"]):
        click.echo(line)


@click.command()
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
def worker(*, burst: bool) -> None:
    """Run jobs from the queues."""
    db.use(current_app, "jobs")
    redis = current_app.extensions["redis"]
    queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in jobs.QUEUES]
    SimpleWorker(queues, connection=redis, serializer=JSONSerializer).work(
        burst=burst, logging_level="WARNING"
    )


@click.command("relay")
def relay_() -> None:
    """Publish what happened, and tell those who hear of it."""
    db.use(current_app, "jobs")
    relay.run(_until_told())


@click.command("scheduler")
def scheduler_() -> None:
    """Run what is due by the clock."""
    db.use(current_app, "jobs")
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    scheduler.run(app, _until_told())


@click.command()
@click.argument("kind", type=click.Choice(["ledger", "audit", "wallets"]))
def verify(kind: str) -> None:
    """Prove the sealed chains of the ledger or of the audit trail, or all wallets.

    A wallet whose movements, entries and balance do not fit is frozen.
    """
    db.use(current_app, "jobs")
    if kind == "wallets":
        _verify_wallets()
        return
    flaws = chains.verify(kind)
    for flaw in flaws:
        click.echo(f"{flaw.chain}: {flaw.says}: {flaw.place}")
    if flaws:
        raise click.ClickException(f"The {kind} is not as it was written.")
    click.echo(f"The {kind} is whole.")


def _verify_wallets() -> None:
    wrong = wallets.inspect_all()
    for name, said in wrong.items():
        click.echo(f"{name}: {said}")
    if wrong:
        raise click.ClickException("They are frozen, and the money staff is told.")
    click.echo("All wallets fit.")


@click.command("doctor")
def doctor_() -> None:
    """Look for what is set up wrongly, and say what to do."""
    db.use(current_app, "jobs")
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    wrong = 0
    for finding in doctor.examine(app):
        wrong += bool(finding.wrong)
        click.echo(f"{'!!' if finding.wrong else 'ok'}  {finding.what}: {finding.wrong or 'well'}")
    if wrong:
        raise click.ClickException(f"{wrong} of these need a hand.")


@click.command("invariants")
def invariants_() -> None:
    """Check what is always true of the stored data."""
    db.use(current_app, "jobs")
    found = invariants.check()
    for says, ids in found.items():
        click.echo(f"{says}: {', '.join(ids)}")
    if found:
        raise click.ClickException(f"{len(found)} rules are broken.")
    click.echo("All of them hold.")


def _until_told() -> threading.Event:
    """Give what SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    return stop
