"""Imports: a file's rows are read and judged first, then taken in, and can be taken back.

Every line keeps its cells as they were sent, what they were read as, what is wrong with them, and
what came of them; so a run that is cut off goes on where it stood, and nothing is taken in twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import Base, uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, locked
from models.builder import IMPORT_FLOW, Import, ImportRow, ImportStatus
from services.events import Fact, emit
from services.sheets import Chosen, Note, Problem, SheetKind, Table, choose_sheets

CHUNK = 5_000
"""Rows that one transaction takes in."""
BATCH = 2_000


class NothingToImport(Refused):
    """No sheet of the file is one that this import knows."""

    code = "nothing_to_import"
    status = 422
    says = N_("None of the sheets has the columns of this import. Choose another file.")


class RowsRejected(Refused):
    """All or nothing was chosen, and some rows cannot be taken."""

    code = "rows_rejected"
    status = 422
    says = N_("%(count)s rows cannot be taken, so none is. Mend them and import again.")


@dataclass(frozen=True)
class ImportStatusChanged(Fact, type="import.status_changed", table="import_run"):
    """An import went on, or ended."""

    import_id: UUID
    old: ImportStatus
    new: ImportStatus


@dataclass(frozen=True)
class ImportFinished(Fact, type="import.finished", table="import_run"):
    """A file was taken in, as far as its rows could be."""

    import_id: UUID
    kind: str
    file_name: str
    created: int
    updated: int
    rejected: int


@dataclass(frozen=True)
class ImportUndone(Fact, type="import.undone", table="import_run"):
    """What a file had brought was taken back; `kept` rows are in use and stay."""

    import_id: UUID
    kind: str
    taken_back: int
    kept: int


Read = tuple[dict[str, Any], list[Problem]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of import: its sheets in the order they are taken in, and what to do with them.

    `judge(work)` gives a function of (sheet, {field: cell}, line) to values and problems; it sees
    the rows in order, and so knows those before. `take(work, import)` takes in the next chunk and
    says whether there is more; `take_back(work, import)` undoes and says (taken back, kept).
    """

    sheets: tuple[SheetKind, ...]
    judge: Callable[[Work], Callable[[str, Mapping[str, str], int], Read]]
    take: Callable[[Work, Import], bool]
    take_back: Callable[[Work, Import], tuple[int, int]]


KINDS: dict[str, Kind] = {}


def begin(  # noqa: PLR0913  # one row, one argument a column
    work: Work,
    kind: str,
    file_name: str,
    tables: Sequence[Table],
    *,
    mapping: Mapping[str, Mapping[str, str]] | None = None,
    all_or_nothing: bool = False,
    document_id: UUID | None = None,
) -> Import:
    """Read a file's tables and judge every row; nothing is taken in yet.

    `mapping` is {table: {heading: field}}; without one it is guessed.

    Raises:
        NothingToImport: no table has the columns of any sheet of this kind.

    """
    run = Import(
        organization_id=work.scope.home(),
        kind=kind,
        file_name=file_name[:200],
        document_id=document_id,
        all_or_nothing=all_or_nothing,
        started_by_id=work.scope.profile_id,
        created_at=work.now,
        mapping={},
        counts={},
        cancel_asked=False,
    )
    work.session.add(run)
    work.session.flush()
    _judge(work, run, tables, mapping or {})
    return run


def judge_again(
    work: Work, import_id: UUID, tables: Sequence[Table], mapping: Mapping[str, Mapping[str, str]]
) -> Import:
    """Judge the rows anew, with other columns. Only before it runs."""
    run = locked(work, Import, import_id)
    _move(work, run, "check")
    work.session.execute(delete(ImportRow).where(ImportRow.import_id == run.id))
    _judge(work, run, tables, mapping)
    return run


def start(work: Work, import_id: UUID) -> Import:
    """Let a judged import run. A worker takes it in, chunk by chunk.

    Raises:
        RowsRejected: all or nothing was chosen, and some rows cannot be taken.
        IllegalMove: it runs, or ran, already.

    """
    run = locked(work, Import, import_id)
    if run.all_or_nothing and run.counts["rejected"]:
        raise RowsRejected(count=run.counts["rejected"])
    _move(work, run, "run")
    run.started_at = work.now
    return run


def advance(work: Work, import_id: UUID) -> bool:
    """Take in the next chunk; say whether there is more. Killed before the commit, it is redone."""
    run = locked(work, Import, import_id)
    if run.status is not ImportStatus.running:
        return False
    if run.cancel_asked:
        _move(work, run, "cancel")
        run.finished_at = work.now
        return False
    more = KINDS[run.kind].take(work, run)
    run.counts = {**run.counts, **_done(work, run)}
    if not more:
        _move(work, run, "finish")
        run.finished_at = work.now
        counts = run.counts
        emit(
            work,
            ImportFinished(
                run.id,
                run.kind,
                run.file_name,
                counts["created"],
                counts["updated"],
                counts["rejected"],
            ),
        )
    return more


def run_whole(work: Work, import_id: UUID) -> Import:
    """Take in everything within the caller's transaction: what all or nothing needs."""
    while advance(work, import_id):
        pass
    return locked(work, Import, import_id)


def fail(work: Work, import_id: UUID, error: str) -> None:
    """Note that it cannot go on. What was taken in stays, and can be undone."""
    run = locked(work, Import, import_id)
    if IMPORT_FLOW.allows(run.status, "fail"):
        _move(work, run, "fail")
        run.last_error, run.finished_at = error[:500], work.now


def cancel(work: Work, import_id: UUID) -> Import:
    """Stop before the next chunk. What was taken in stays, and can be undone."""
    run = locked(work, Import, import_id)
    if run.status is ImportStatus.running:
        run.cancel_asked = True
    else:
        _move(work, run, "cancel")
    return run


def undo(work: Work, import_id: UUID) -> tuple[int, int]:
    """Take back what an import brought: new rows go, changed ones are as before.

    Returns how many were taken back, and how many stay because they are in use by now.
    """
    run = locked(work, Import, import_id)
    _move(work, run, "undo")
    back, kept = KINDS[run.kind].take_back(work, run)
    run.counts = {**run.counts, "taken_back": back, "kept": kept}
    emit(work, ImportUndone(run.id, run.kind, back, kept))
    return back, kept


def due(work: Work) -> list[UUID]:
    """List the imports that are running, for the worker that looks after them."""
    query = select(Import.id).where(Import.status == ImportStatus.running).order_by(Import.id)
    return list(work.session.scalars(query))


def rejected(work: Work, import_id: UUID) -> Iterable[ImportRow]:
    """List the rows that cannot be taken, in the order of the file."""
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.problems != [])
        .order_by(ImportRow.sheet, ImportRow.line)
    )
    return work.session.scalars(query)


def line_by_line(
    work: Work, run: Import, take: Callable[[Work, ImportRow], None], most: int
) -> bool:
    """Take in the next lines, each whole or not at all; say whether there are more.

    `take` notes what came of a line in its `action`; one that is refused is rejected with why.
    """
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == run.id, ImportRow.action == "", ImportRow.problems == [])
        .order_by(ImportRow.sheet, ImportRow.line)
        .limit(most)
    )
    rows = list(work.session.scalars(query))
    for row in rows:
        try:
            with work.session.begin_nested():
                take(work, row)
        except Refused as refusal:
            column = KINDS[run.kind].sheets[0].columns[0].name
            said = Problem(refusal.field or column, refusal.says, refusal.values)
            row.problems = [{"column": said.column, "message": said.message, "values": {}}]
            row.action = "refuse"
            run.counts = {**run.counts, "rejected": run.counts["rejected"] + 1}
        work.session.flush()
    return len(rows) == most


def gone(session: Session, kind: type[Base], row_id: UUID) -> bool:
    """Delete a row that an import made, where nothing else needs it by now; False if it stays."""
    row = session.get(kind, row_id)
    if row is None:
        return True
    try:
        with session.begin_nested():
            session.delete(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def _move(work: Work, run: Import, name: str) -> None:
    old = run.status
    IMPORT_FLOW.move(run, name)
    emit(work, ImportStatusChanged(run.id, old, run.status))


def _judge(
    work: Work,
    run: Import,
    tables: Sequence[Table],
    mapping: Mapping[str, Mapping[str, str]],
) -> None:
    kind = KINDS[run.kind]
    judge = kind.judge(work)
    chosen, left = choose_sheets(kind.sheets, tables, mapping)
    if not chosen:
        raise NothingToImport
    total = wrong = 0
    for each in chosen:
        table, columns = each.table, each.columns
        places = [(table.header.index(h), name) for h, name in columns.items()]
        batch: list[dict[str, Any]] = []
        for cells, line in zip(table.rows, table.lines, strict=True):
            values, problems = judge(each.key, {name: cells[i] for i, name in places}, line)
            total, wrong = total + 1, wrong + bool(problems)
            batch.append(_row(run, each, line, cells, values, problems))
            if len(batch) == BATCH:
                work.session.execute(insert(ImportRow), batch)
                batch = []
        if batch:
            work.session.execute(insert(ImportRow), batch)
    run.mapping = {each.key: _said(each) for each in chosen}
    run.mapping[chosen[0].key]["notes"] += [
        {"says": LEFT_OUT, "values": {"name": name}} for name in left
    ]
    run.counts = {"rows": total, "valid": total - wrong, "rejected": wrong, **_NONE}
    if run.status is ImportStatus.uploaded:
        _move(work, run, "check")


LEFT_OUT = N_("The sheet “%(name)s” was left out: this import does not know its columns.")
LACKS = N_("“%(name)s” has no column for %(column)s. Say which one it is, or add it.")


def _said(chosen: Chosen) -> dict[str, Any]:
    """Write down what a table was taken for, and what people should know of it."""
    table = chosen.table
    lacking = [
        Note(LACKS, {"name": table.name, "column": label})
        for label in chosen.kind.lacks(chosen.columns)
    ]
    return {
        "table": table.name,
        "header": list(table.header),
        "columns": dict(chosen.columns),
        "notes": [asdict(each) for each in (*table.notes, *lacking)],
    }


_NONE = {"created": 0, "updated": 0, "unchanged": 0}


def _row(  # noqa: PLR0913, PLR0917  # one row, one argument a column
    run: Import,
    chosen: Chosen,
    line: int,
    cells: Sequence[str],
    values: Mapping[str, Any],
    problems: Sequence[Problem],
) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "organization_id": run.organization_id,
        "import_id": run.id,
        "sheet": chosen.key,
        "line": line,
        "cells": list(cells),
        "values": dict(values),
        "problems": _named(chosen, problems) if problems else [],
        "action": "",
    }


def _named(chosen: Chosen, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Name the columns as the file does; one that it does not have, as we do."""
    headings = {each.name: each.label for each in chosen.kind.columns}
    headings |= {name: heading for heading, name in chosen.columns.items()}
    return [{**asdict(each), "column": headings.get(each.column, each.column)} for each in problems]


def _done(work: Work, run: Import) -> dict[str, int]:
    query = (
        select(ImportRow.action, func.count())
        .where(ImportRow.import_id == run.id, ImportRow.action != "")
        .group_by(ImportRow.action)
    )
    counts = {row[0]: row[1] for row in work.session.execute(query)}
    words = {"created": "create", "updated": "update", "unchanged": "keep"}
    return {said: counts.get(action, 0) for said, action in words.items()}


def kind_named(name: str) -> Kind:
    """Find a kind of import.

    Raises:
        BadInput: there is none of that name.

    """
    if name not in KINDS:
        raise BadInput(N_("There is no import of that kind."), field="kind")
    return KINDS[name]
