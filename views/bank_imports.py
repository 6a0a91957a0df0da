"""Taking in a bank's statement: a file, and for CSV which column is what."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from flask_babel import ngettext

from adapters import bank_files
from adapters.bank_files import BYTES_MAX, DATES, Columns, FileStatement, UnreadableFile
from core import db
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, unit_of_work
from models.bank_statements import BankAccount
from services import bank_reconciliation, bank_statements, bank_suggestions, ledger
from services.bank_statements import File, Movement
from views.admin.rights import require
from views.web.person import actor
from views.web.refusals import in_words, sentence

RIGHT = ("bank_statement", "take_in")
PROBLEMS_SHOWN = 50
DATE_LABELS = {
    "ymd": "2026-03-31",
    "dmy/": "31/03/2026",
    "dmy.": "31.03.2026",
    "dmy-": "31-03-2026",
    "mdy/": "03/31/2026",
    "dmy ": "31 Mar 2026",
    "compact": "20260331",
}
DELIMITERS = {",": N_("Comma"), ";": N_("Semicolon"), "\t": N_("Tabulator")}
COLUMNS = {
    "date": N_("Day"),
    "amount": N_("Amount, with a sign"),
    "debit": N_("Out (debit)"),
    "credit": N_("In (credit)"),
    "payer": N_("Payer or payee"),
    "reference": N_("Reference"),
    "description": N_("Text"),
    "identity": N_("The bank's own number of a line"),
    "balance": N_("Balance after each line"),
}
assert set(DATE_LABELS) == set(DATES)


class Unread(Exception):
    """The columns of a CSV file have still to be said."""

    def __init__(self, head: list[str], delimiter: str) -> None:
        """Keep what the file's first row says."""
        super().__init__("columns")
        self.head, self.delimiter = head, delimiter


class BankImportsView(BaseView):  # type: ignore[misc]
    """Statements of banks, taken in."""

    route_base = "/bank"
    default_view = "new"

    @expose("/import", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def new(self) -> Any:
        """Take in a file."""
        require(*RIGHT)
        page: dict[str, Any] = {"head": [], "delimiter": ",", "problems": [], "error": ""}
        page["looks_known"] = False
        status = 200
        if request.method == "POST":
            try:
                return _taken()
            except Unread as unread:
                page |= {"head": unread.head, "delimiter": unread.delimiter}
            except UnreadableFile as wrong:
                status, page["error"] = 422, _(wrong.says)
                page["problems"] = [(row, _(said)) for row, said in wrong.problems[:PROBLEMS_SHOWN]]
                page["more"] = max(len(wrong.problems) - PROBLEMS_SHOWN, 0)
            except Refused as refused:
                if refused.status == 404:
                    raise
                status, page["error"] = refused.status, sentence(refused)
                page["looks_known"] = isinstance(refused, bank_statements.LooksKnown)
        work = Work(db.session(), actor())
        return render_template("bank/import.html", **_page(work, page)), status


def _taken() -> Any:
    upload = request.files.get("file")
    data = upload.read(BYTES_MAX + 1) if upload else b""
    if not data:
        raise BadInput(N_("Choose a file."), field="file")
    assert upload
    account_id = _account()
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        account = bank_statements.account_of(work, account_id)
        found = _read(work, data, account)
        movements = [
            Movement(
                each.booked_on,
                each.amount,
                each.payer,
                each.reference,
                each.description,
                each.key,
            )
            for each in found.lines
        ]
        digest = hashlib.sha256(data).hexdigest()
        said = (found.currency, found.opening, found.closing)
        file = File(upload.filename or "statement", digest, movements, *said)
        beside = request.form.get("beside") == "1"
        statement = bank_statements.take_in(work, account_id, file, beside=beside)
        count = bank_suggestions.suggest(work, account_id, account.currency)
        new, statement_id = statement.lines, statement.id
    lines = ngettext("%(num)s line is new.", "%(num)s lines are new.", new)
    flash(f"{lines} {_('For %(count)s there is a suggestion.', count=count)}", "success")
    return redirect(url_for("bank_statement.record", pk=statement_id))


def _read(work: Work, data: bytes, account: BankAccount) -> FileStatement:
    kind, zone = bank_files.kind_of(data), ledger.zone(work)
    if kind != "csv":
        return bank_files.read(data, kind, zone, None)
    given = _columns(request.form) if request.form.get("column_date") else dict(account.columns)
    delimiter = given.get("delimiter") or bank_files.delimiter_of(data)
    head = bank_files.head(data, delimiter)
    named = {given.get(each, "") for each in COLUMNS} - {""}
    if not given.get("date") or not named <= set(head):
        raise Unread(head, delimiter)
    found = bank_files.read(data, kind, zone, Columns(**given))
    if given != account.columns:
        bank_statements.remember_columns(work, account.id, given)
    return found


def _columns(form: Mapping[str, str]) -> dict[str, str]:
    given = {each: form.get(f"column_{each}", "") for each in COLUMNS}
    given["dates"] = form.get("dates", "ymd") if form.get("dates") in DATES else "ymd"
    given["decimal"] = "," if form.get("decimal") == "," else "."
    delimiter = form.get("delimiter", ",")
    given["delimiter"] = delimiter if delimiter in DELIMITERS else ","
    return given


def _account() -> UUID:
    try:
        return UUID(request.form.get("account", ""))
    except ValueError:
        raise BadInput(N_("Choose a bank account."), field="account") from None


def _page(work: Work, page: dict[str, Any]) -> dict[str, Any]:
    chosen = request.form.get("account") or request.args.get("account", "")
    accounts = bank_reconciliation.accounts(work)
    chosen = chosen or (str(accounts[0].id) if len(accounts) == 1 else "")
    title = _("Take in a statement")
    fields: list[dict[str, Any]] = [
        {
            "name": "account",
            "label": _("Bank account"),
            "kind": "choice",
            "options": [{"value": str(each.id), "label": each.name} for each in accounts],
            "value": chosen,
            "required": True,
        }
    ]
    offered = [{"value": each, "label": each} for each in page["head"] if each]
    columns = [
        {
            "name": f"column_{name}",
            "label": _(label),
            "kind": "choice",
            "options": offered,
            "value": _guess(name, page["head"]),
            "placeholder": _("Not in the file"),
        }
        for name, label in COLUMNS.items()
    ]
    return page | {
        "title": title,
        "crumbs": [
            {"label": _("Accounting")},
            {"label": _("Bank statements"), "url": url_for("bank_statement.index")},
            {"label": title},
        ],
        "fields": fields,
        "homeless": not accounts,
        "columns": [*columns, *_forms(page["delimiter"])] if page["head"] else [],
    }


def _forms(delimiter: str) -> list[dict[str, Any]]:
    def choice(name: str, label: str, options: Mapping[str, str], value: str) -> dict[str, Any]:
        offered = [{"value": key, "label": said} for key, said in options.items()]
        return {
            "name": name,
            "label": label,
            "kind": "choice",
            "options": offered,
            "value": value,
        }

    marks = {".": _("Point: 1,234.50"), ",": _("Comma: 1.234,50")}
    apart = {key: _(label) for key, label in DELIMITERS.items()}
    return [
        choice("dates", _("Days are written like"), DATE_LABELS, "ymd"),
        choice("decimal", _("Before the cents stands"), marks, "."),
        choice("delimiter", _("Between columns stands"), apart, delimiter),
    ]


GUESSES = {
    "date": ("date", "day", "booking", "transaction date", "value date"),
    "amount": ("amount", "betrag", "montant"),
    "debit": ("debit", "withdrawal", "money out", "paid out"),
    "credit": ("credit", "deposit", "money in", "paid in"),
    "payer": ("payer", "name", "counterparty", "from", "sender"),
    "reference": ("reference", "ref", "cheque"),
    "description": ("description", "details", "narrative", "particulars", "text", "memo"),
    "identity": ("transaction id", "receipt no", "id"),
    "balance": ("balance",),
}


def _guess(name: str, head: list[str]) -> str:
    """Choose the column whose head says it; whoever takes it in looks at it anyway."""
    for word in GUESSES[name]:
        for each in head:
            if word in each.casefold():
                return each
    return ""
