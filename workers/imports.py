"""Imports: `flask import sales FILE`, and the job that takes in what the browser has started."""

import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click
from flask import current_app
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from adapters import exports, sheets
from adapters.tables import Sheet, SheetRefused
from core import db
from core.db import uuid7
from core.errors import Refused
from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from models.builder import Import, ImportRow
from models.organizations import Organization
from services import estate_import_run, imports, people_import, sales_import_run
from services.sheets import Note, Table
from workers import jobs
from workers.jobs import Desk, job

log = logging.getLogger(__name__)
assert sales_import_run.__name__, "importing it is what makes the kind known"
assert estate_import_run.__name__, "the same"
assert people_import.__name__, "the same"


def tables_of(read: list[Sheet]) -> list[Table]:
    """Hand over what the adapter has read."""
    return [
        Table(
            each.name,
            each.header,
            each.rows,
            each.row_numbers,
            [Note(said.says, said.values) for said in each.warnings],
        )
        for each in read
    ]


@job(queue="low", timeout_seconds=3600)
def run(desk: Desk, import_id: str) -> None:
    """Take in an import that was started, a chunk a transaction. Killed, it goes on where it was.

    All or nothing is one transaction: then there is no progress to see until it is done.
    """
    found = UUID(import_id)
    try:
        with desk.work() as work:
            asked = work.session.get_one(Import, found)
            if asked.all_or_nothing:
                imports.run_whole(work, found)
                return
        more = True
        while more:
            with desk.work() as work:
                more = imports.advance(work, found)
    except (Refused, SQLAlchemyError) as error:
        log.exception("import %s", import_id)
        with desk.work() as work:
            said = str(error) if isinstance(error, Refused) else "It could not be taken in."
            imports.fail(work, found, said)


def go_on() -> None:
    """Ring for the imports that are running: a bell may have been lost, or a worker killed."""
    jobs.each("imports", _ring)


def _ring(home: UUID) -> None:
    with Desk(home, "imports").work() as work:
        ids = imports.due(work)
    for import_id in ids:
        run.later(home, str(import_id))


@click.group("import")
def import_() -> None:
    """Take in files, as the browser does."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organization", "-o", help="Its name or web address; without one, the oldest.")
@click.option("--all-or-nothing", is_flag=True, help="Take in nothing if any row is bad.")
@click.option("--check", is_flag=True, help="Only say what is wrong; take in nothing.")
def sales(file: Path, organization: str | None, *, all_or_nothing: bool, check: bool) -> None:
    """Take in a developer's price list: FILE is .csv or .xlsx.

    Rows that cannot be taken are listed with the reason, and kept beside FILE.
    """
    db.use(current_app, "jobs")
    home, name = organization_named(organization)
    click.echo(f"Organization: {name}")
    try:
        read = sheets.read(file.name, file.read_bytes())
        counts = _import(home, file, read, all_or_nothing=all_or_nothing, check=check)
    except (Refused, SheetRefused) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if check:
        click.echo(
            f"{counts['valid']} of {counts['rows']} rows can be taken in,"
            f" {counts['rejected']} are rejected. Nothing was changed."
        )
    else:
        click.echo(
            f"{counts['created']} created, {counts['updated']} updated,"
            f" {counts['unchanged']} unchanged, {counts['rejected']} rejected."
        )


def _import(
    home: UUID, file: Path, read: list[Sheet], *, all_or_nothing: bool, check: bool
) -> dict[str, int]:
    """Judge the rows and, unless that is all, take them in; returns how many of each fate."""
    actor = Actor("command", "import")
    session = db.session()
    given = {"all_or_nothing": all_or_nothing}
    with seeing(session, Scope(home, actor=str(actor), request_id=uuid7().hex)):
        if check:
            begun = _begin(Work(session, actor, source="command"), file, read, **given)
            counts = dict(begun.counts)
            session.rollback()
            return counts
        with unit_of_work(session, actor, source="command") as work:
            import_id = _begin(work, file, read, **given).id
            imports.start(work, import_id)
            if all_or_nothing:
                return dict(imports.run_whole(work, import_id).counts)
        more = True
        while more:
            with unit_of_work(session, actor, source="command") as work:
                more = imports.advance(work, import_id)
        return dict(session.get_one(Import, import_id).counts)


def _begin(work: Work, file: Path, read: list[Sheet], *, all_or_nothing: bool) -> Import:
    begun = imports.begin(work, "sales", file.name, tables_of(read), all_or_nothing=all_or_nothing)
    _tell_rejected(work, begun, file)
    return begun


def _tell_rejected(work: Work, begun: Import, file: Path) -> None:
    """Say how the file was read and what is wrong with it; keep the wrong rows beside it."""
    for sheet in begun.mapping.values():
        for note in sheet["notes"]:
            says = note["says"]
            click.echo(gettext(says) % note["values"], err=True)
    rows = list(imports.rejected(work, begun.id))
    if rows:
        _tell_problems(begun, rows)
        _keep(begun, rows, file.with_name(f"{file.stem}.rejected.csv"))


def _tell_problems(begun: Import, rows: Sequence[ImportRow]) -> None:
    """Say each thing that is wrong once, with the lines in which it is."""
    lines: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        for each in row.problems:
            said = gettext(each["message"]) % each["values"]
            table = begun.mapping[row.sheet]["table"]
            lines.setdefault((table, each["column"], said), []).append(row.line)
    for (table, column, said), wrong in lines.items():
        click.echo(f"{table} line {ranges(wrong)}, {column}: {said}", err=True)


def _keep(begun: Import, rows: Sequence[ImportRow], place: Path) -> None:
    try:
        with place.open("wb") as stream:
            for number, sheet in enumerate(dict.fromkeys(row.sheet for row in rows)):
                heads = ("Line", *begun.mapping[sheet]["header"], "Problems")
                cells = (
                    [str(row.line), *row.cells, reasons(row.problems)]
                    for row in rows
                    if row.sheet == sheet
                )
                columns = [exports.Column(head) for head in heads]
                mark, *chunks = exports.csv_chunks(exports.Table(sheet, columns, cells))
                stream.writelines(chunks if number else [mark, *chunks])
    except OSError as error:
        click.echo(f"The rejected rows could not be written to {place}: {error.strerror}", err=True)
        return
    click.echo(f"The rejected rows are in {place}.", err=True)


def ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers shortly: 2-5, 9."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)


def reasons(problems: list[dict[str, object]]) -> str:
    """Write what is wrong with a row into one cell."""
    return "; ".join(
        f"{each['column']}: {gettext(str(each['message'])) % each['values']}" for each in problems
    )


def organization_named(wish: str | None) -> tuple[UUID, str]:
    """Find the organization by its name or web address; without a wish the only, or oldest, one."""
    found = []
    for home in jobs.homes():
        scope = Scope(home, actor="command:import")
        with db.session.session_factory() as session, seeing(session, scope):
            row = session.scalars(select(Organization)).one()
            found.append((row.id, row.name, row.slug))
    fits = [each for each in found if wish is None or wish.lower() in {each[1].lower(), each[2]}]
    if not fits:
        names = ", ".join(each[1] for each in found) or "none yet"
        raise click.ClickException(f"There is no organization “{wish}”. There are: {names}.")
    return fits[0][0], fits[0][1]
