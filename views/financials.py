"""Money > Reports: financial reports on screen, as PDF, workbook and CSV. Filters are addresses."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import Response, current_app, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import get_locale
from flask_babel import gettext as _

from adapters import documents, exports
from adapters.printing import Press
from core.errors import NotFound
from core.money import rounded
from core.text import N_
from core.work import Work
from services import printed_reports
from services.papers import Pen
from services.statements import PAGE
from views.admin.rights import require
from views.admin.uploading import storage
from views.admin.words import day, money
from views.financial_filters import REPORTS, RIGHT, Report, asked, fields
from views.financial_sheets import Cell, Head, Line, Table, Wish
from views.financial_tables import BUILDERS

MENU, TITLE = N_("Accounting"), N_("Reports")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
KINDS = {"text": exports.Kind.text, "day": exports.Kind.date, "money": exports.Kind.money}
MOST_PAGES = 500
"""Pages of a general ledger that one file holds."""


class ReportsView(BaseView):  # type: ignore[misc]
    """Financial reports."""

    route_base = "/reports"
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """List the reports."""
        require(RIGHT, "read")
        return render_template(
            "reports/index.html", title=_(TITLE), reports=REPORTS, crumbs=_crumbs()
        )

    @expose("/<name>")  # type: ignore[untyped-decorator]
    def show(self, name: str) -> Any:
        """Show a report."""
        work, report, wish, unread = asked(name)
        table = BUILDERS[name](work, wish)
        page = {
            "report": report,
            "table": table,
            "fields": fields(work, report, wish),
            "unread": unread,
            "currency": wish.books.currency,
            "exports": [
                {"label": label, "url": _address(f"{name}.{kind}")}
                for kind, label in (("pdf", "PDF"), ("xlsx", "Excel"), ("csv", "CSV"))
            ],
            "pages": _pages(wish, table.pages),
        }
        return render_template(
            "reports/show.html", title=_(report.title), page=page, crumbs=_crumbs(report)
        )

    @expose("/<name>.<kind>")  # type: ignore[untyped-decorator]
    def export(self, name: str, kind: str) -> Response:
        """Give a report as a file: what is on the screen, and its further pages."""
        work, report, wish, _unread = asked(name)
        if kind not in TYPES:
            raise NotFound
        table = _whole(work, name, wish)
        day_ = wish.on if "on" in report.asks.split() else wish.until
        file_name = f"{name}-{day_}.{kind}"
        if kind == "pdf":
            return send_pdf(work, table, wish.books.currency, file_name)
        if kind == "csv":
            return send_csv(table, wish.books.currency, file_name)
        file: Any = tempfile.TemporaryFile()  # noqa: SIM115  # whoever sends it closes it
        exports.write_xlsx(file, [_sheet(table, wish.books.currency)])
        file.seek(0)
        return send_file(file, TYPES[kind], as_attachment=True, download_name=file_name)


def send_csv(table: Table, currency: str, file_name: str) -> Response:
    """Write a report as CSV."""
    content = b"".join(exports.csv_chunks(_sheet(table, currency)))
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(content, content_type=TYPES["csv"], headers=headers)


def send_pdf(work: Work, table: Table, currency: str, file_name: str) -> Response:
    """Set a report under the organization's letterhead."""
    pen = Pen(str(get_locale() or "en"), _)
    paper = printed_reports.report(
        work,
        pen,
        title=table.title,
        facts=table.facts,
        heads=[(head.label, head.kind) for head in table.heads],
        rows=[
            {
                "cells": [_text(head, cell, currency) for head, cell in _pairs(table, line.cells)],
                "depth": line.depth,
                "look": line.look,
            }
            for line in table.lines
        ],
    )
    words = {key: _(message) for key, message in documents.WORDS[paper.template].items()}
    press = Press(storage(), current_app.config["SECRET_KEY"], "")
    pdf = press.prints(paper.template, {}, paper.data | {"words": words}, work.now)
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(pdf, content_type=TYPES["pdf"], headers=headers)


def _pages(wish: Wish, count: int) -> dict[str, Any] | None:
    if count <= 1:
        return None
    shown = sorted({1, count, *range(max(wish.page - 2, 1), min(wish.page + 2, count) + 1)})
    numbers = [
        {"label": str(n), "url": _address(None, page=n), "current": n == wish.page} for n in shown
    ]
    step = {-1: "previous_url", 1: "next_url"}
    around = {
        key: _address(None, page=wish.page + by)
        for by, key in step.items()
        if 1 <= wish.page + by <= count
    }
    return {"numbers": numbers, **around}


def _address(name: str | None, **other: Any) -> str:
    """Give the address at hand with other values, or that of another kind of file."""
    asked_for = request.args.items()
    kept: dict[str, Any] = {key: value for key, value in asked_for if value and key not in other}
    if name is None:
        return url_for("ReportsView.show", name=(request.view_args or {})["name"], **kept | other)
    name, _dot, kind = name.rpartition(".")
    kept.pop("page", None)
    return url_for("ReportsView.export", name=name, kind=kind, **kept)


def _whole(work: Work, name: str, wish: Wish) -> Table:
    """Put all pages of a report into one."""
    table = BUILDERS[name](work, replace(wish, page=1))
    lines = list(table.lines)
    for number in range(2, min(table.pages, MOST_PAGES) + 1):
        lines += BUILDERS[name](work, replace(wish, page=number)).lines
    if table.pages > MOST_PAGES:
        said = _("These are the first %(most)s lines. Choose fewer days for the rest.")
        blank = [Cell()] * (len(table.heads) - 1)
        lines.append(Line([Cell(said % {"most": MOST_PAGES * PAGE}), *blank]))
    return replace(table, lines=lines)


def _sheet(table: Table, currency: str) -> exports.Table:
    heads = [exports.Column(each.label, KINDS[each.kind], currency) for each in table.heads]
    return exports.Table(table.title, heads, _rows(table, currency))


def _rows(table: Table, currency: str) -> Iterator[list[Any]]:
    for line in table.lines:
        values = [_value(head, cell, currency) for head, cell in _pairs(table, line.cells)]
        yield ["    " * line.depth + str(values[0] or ""), *values[1:]]


def _pairs(table: Table, cells: Sequence[Cell]) -> list[tuple[Head, Cell]]:
    """Pair columns with cells; a line may end before the last column does."""
    blank = [Cell()] * (len(table.heads) - len(cells))
    return list(zip(table.heads, [*cells, *blank], strict=True))


def _value(head: Head, cell: Cell, currency: str) -> Any:
    money_ = head.kind == "money" and isinstance(cell.value, Decimal)
    return rounded(cell.value, currency) if money_ else cell.value


def _text(head: Head, cell: Cell, currency: str) -> str:
    if cell.value is None:
        return ""
    if head.kind == "money":
        return money(cell.value, currency).removeprefix(f"{currency}\u00a0")
    return day(cell.value) if head.kind == "day" else str(cell.value)


def _crumbs(report: Report | None = None) -> list[dict[str, str]]:
    crumbs = [{"label": _(MENU)}, {"label": _(TITLE), "url": url_for("ReportsView.index")}]
    if report is None:
        return [crumbs[0], {"label": _(TITLE)}]
    return [*crumbs, {"label": _(report.title)}]
