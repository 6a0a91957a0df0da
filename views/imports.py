"""Importing in the browser: send a file, see what it means, run it, watch it, take it back."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import (
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import func, select

from adapters import sheets
from adapters.exports import Column, Kind, Table, csv_chunks, write_xlsx
from adapters.tables import Sheet
from core import db
from core.errors import NotFound, Refused
from core.text import N_
from core.work import Work, found, unit_of_work
from models.builder import IMPORT_FLOW, Import, ImportRow, ImportStatus
from models.files import Document, DocumentUse
from services import estate_import_run, imports, people_import, sales_import_run
from services.imports import KINDS
from services.sheets import Note, kind_name
from services.sheets import Table as SheetTable
from views.admin import uploading
from views.admin.downloads import TYPES
from views.admin.rights import require
from views.notices import cut_at
from views.web.person import actor
from views.web.refusals import in_words, sentence

assert sales_import_run.__name__, "importing it is what makes the kind known"
assert estate_import_run.__name__, "the same"
assert people_import.__name__, "the same"
WHAT = {
    "sales": (N_("Price list"), "/admin/apartment/", N_("See the apartments")),
    "estate": (N_("Register of an estate"), "/admin/unit/", N_("See the units")),
    "people": (N_("People and companies"), "/admin/party/", N_("See the people")),
}
"""What can be imported, and where what came of it stands."""
TABLE = "import_run"
SHOWN = 50
"""Rejected rows that the page itself lists; the file has all of them."""
RUNS = 100
"""Imports on the list, the newest."""


class ImportsView(BaseView):  # type: ignore[misc]
    """Files taken in."""

    route_base = "/imports"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """List what was imported, the newest first."""
        require(TABLE, "read")
        runs = db.session.scalars(select(Import).order_by(Import.id.desc()).limit(RUNS)).all()
        cut = cut_at(RUNS, len(runs))
        return render_template("imports/list.html", runs=runs, flow=IMPORT_FLOW, cut=cut)

    @expose("/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def new(self) -> Any:
        """Take a file and judge every row of it."""
        require(TABLE, "write")
        error = ""
        if request.method == "POST":
            try:
                return redirect(url_for("ImportsView.show", import_id=self._begin()))
            except Refused as refusal:
                error = sentence(refusal)
        wanted = request.form.get("kind") or request.args.get("kind", "sales")
        kinds = {name: label for name, (label, _url, _see) in WHAT.items()}
        page = render_template("imports/new.html", error=error, kinds=kinds, wanted=wanted)
        return (page, 422) if error else page

    @expose("/<uuid:import_id>")  # type: ignore[untyped-decorator]
    def show(self, import_id: UUID) -> Any:
        """Show what the file means, what is wrong with it, or how far it has come."""
        require(TABLE, "read")
        with unit_of_work(db.session(), actor()) as work:
            run = found(work, Import, import_id)
            page = _page(work, run)
        return render_template("imports/show.html", **page)

    @expose("/<uuid:import_id>/columns", methods=["POST"])  # type: ignore[untyped-decorator]
    def columns(self, import_id: UUID) -> Any:
        """Judge the rows anew, with the columns chosen."""
        require(TABLE, "write")

        def act(work: Work) -> None:
            run = found(work, Import, import_id)
            tables = _tables(work, run)
            chosen = {
                said["table"]: {
                    heading: field
                    for number, heading in enumerate(said["header"])
                    if (field := request.form.get(f"{sheet}.{number}", ""))
                }
                for sheet, said in run.mapping.items()
            }
            imports.judge_again(work, run.id, tables, chosen)

        return self._do(import_id, act, _("The rows were read again."))

    @expose("/<uuid:import_id>/run", methods=["POST"])  # type: ignore[untyped-decorator]
    def run(self, import_id: UUID) -> Any:
        """Let it run; a worker takes it in."""
        require(TABLE, "write")

        def act(work: Work) -> None:
            found(work, Import, import_id).all_or_nothing = request.form.get("mode") == "all"
            work.session.flush()
            imports.start(work, import_id)

        answer = self._do(import_id, act, _("It is being taken in. You can leave this page."))
        home = db.session.scalar(select(Import.organization_id).where(Import.id == import_id))
        current_app.extensions["ring"]("workers.imports.run", home, import_id, queue="low")
        return answer

    @expose("/<uuid:import_id>/cancel", methods=["POST"])  # type: ignore[untyped-decorator]
    def cancel(self, import_id: UUID) -> Any:
        """Stop it before the next rows."""
        require(TABLE, "write")
        return self._do(import_id, lambda work: imports.cancel(work, import_id), _("Stopped."))

    @expose("/<uuid:import_id>/undo", methods=["POST"])  # type: ignore[untyped-decorator]
    def undo(self, import_id: UUID) -> Any:
        """Take back what it brought."""
        require(TABLE, "write")
        return self._do(
            import_id,
            lambda work: imports.undo(work, import_id),
            _("Taken back, but for what is in use by now."),
        )

    @expose("/<uuid:import_id>/rejected")  # type: ignore[untyped-decorator]
    def rejected(self, import_id: UUID) -> Response:
        """Give the rows that cannot be taken, as they were sent, each with the reasons.

        Where several sheets have such rows it is a workbook, so that each keeps its columns.
        """
        require(TABLE, "read")
        with unit_of_work(db.session(), actor()) as work:
            run = found(work, Import, import_id)
            tables = _rejected(run, list(imports.rejected(work, import_id)))
            stem = run.file_name.rsplit(".", 1)[0]
        file: Any = BytesIO()
        if len(tables) == 1:
            file.writelines(csv_chunks(tables[0]))
        else:
            write_xlsx(file, tables)
        file.seek(0)
        kind = "csv" if len(tables) == 1 else "xlsx"
        name = f"{stem}-rejected.{kind}"
        return send_file(file, TYPES[kind], as_attachment=True, download_name=name)

    def _begin(self) -> UUID:
        sent = request.files.get("file")
        name = sent.filename if sent else ""
        content = sent.stream.read() if sent else b""
        tables = _handed_over(sheets.read(name or "", content))
        with unit_of_work(db.session(), actor()) as work, in_words(work.session):
            kind = request.form.get("kind", "sales")
            imports.kind_named(kind)
            run_id = imports.begin(work, kind, name or "", tables).id
        assert sent, "an empty file is refused above"
        sent.stream.seek(0)
        document = uploading.keep(TABLE, run_id, sent, DocumentUse.import_file)
        with unit_of_work(db.session(), actor()) as work:
            found(work, Import, run_id).document_id = document.id
        return run_id

    def _do(self, import_id: UUID, act: Any, done: str) -> Any:
        try:
            with unit_of_work(db.session(), actor()) as work, in_words(work.session):
                act(work)
            flash(done, "success")
        except NotFound:
            raise
        except Refused as refusal:
            flash(sentence(refusal), "danger")
        return redirect(url_for("ImportsView.show", import_id=import_id))


def _rejected(run: Import, rows: list[ImportRow]) -> list[Table]:
    """Make a table of each sheet that has such rows; of a file without any, its first, empty."""
    return [
        Table(
            run.mapping[sheet]["table"],
            [
                Column(title, Kind.text)
                for title in (_("Line"), *run.mapping[sheet]["header"], _("What is wrong"))
            ],
            [[str(row.line), *row.cells, reasons(row)] for row in rows if row.sheet == sheet],
        )
        for sheet in dict.fromkeys(row.sheet for row in rows) or list(run.mapping)[:1]
    ]


def reasons(row: ImportRow) -> str:
    """Write what is wrong with a row into one cell."""
    said = ((each["column"], _(each["message"]) % each["values"]) for each in row.problems)
    return "; ".join(f"{column}: {problem}" for column, problem in said)


def _tables(work: Work, run: Import) -> list[SheetTable]:
    """Read the file again, as it was sent."""
    if run.document_id is None:
        raise NotFound
    document = found(work, Document, run.document_id)
    with uploading.storage().open(document.storage_key) as stream:
        return _handed_over(sheets.read(run.file_name, stream.read()))


def _handed_over(read: list[Sheet]) -> list[SheetTable]:
    return [
        SheetTable(
            each.name,
            each.header,
            each.rows,
            each.row_numbers,
            [Note(said.says, said.values) for said in each.warnings],
        )
        for each in read
    ]


def _page(work: Work, run: Import) -> Mapping[str, Any]:
    wrong = [
        {
            "sheet": run.mapping[row.sheet]["table"],
            "line": row.line,
            "cells": row.cells,
            "problems": [
                {"column": each["column"], "text": _(each["message"]) % each["values"]}
                for each in row.problems
            ],
        }
        for row, _number in zip(imports.rejected(work, run.id), range(SHOWN), strict=False)
    ]
    kinds = {sheet.name: sheet for sheet in KINDS[run.kind].sheets}
    fields = {key: kinds[kind_name(key)] for key in run.mapping}
    done = work.session.scalar(
        select(func.count()).where(ImportRow.import_id == run.id, ImportRow.action != "")
    )
    return {
        "run": run,
        "there": WHAT[run.kind],
        "flow": IMPORT_FLOW,
        "wrong": wrong,
        "notes": [
            _noted(**each) for said in run.mapping.values() for each in said.get("notes", ())
        ],
        "unsaid": max(run.counts["rejected"] - len(wrong), 0),
        "fields": fields,
        "done": done or 0,
        "samples": {sheet: _samples(work, run, sheet) for sheet in run.mapping},
        "checked": run.status is ImportStatus.checked,
        "running": run.status is ImportStatus.running,
        "undoable": IMPORT_FLOW.allows(run.status, "undo"),
        "cancellable": IMPORT_FLOW.allows(run.status, "cancel"),
        "reread": run.status is ImportStatus.checked and run.document_id is not None,
    }


def _noted(says: str, values: Mapping[str, Any]) -> str:
    label = values.get("column")
    return str(_(says) % {**values, **({"column": _(label)} if label else {})})


def _samples(work: Work, run: Import, sheet: str) -> list[list[str]]:
    query = (
        select(ImportRow.cells)
        .where(ImportRow.import_id == run.id, ImportRow.sheet == sheet)
        .order_by(ImportRow.line)
        .limit(3)
    )
    return list(work.session.scalars(query))
