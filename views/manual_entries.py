"""Writing a journal entry by hand: a form of lines that shows whether they balance."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from core import db
from core.db import uuid7
from core.errors import BadInput, Refused
from core.money import decimals, parsed
from core.text import N_
from core.work import Work, unit_of_work
from models.chart import FOLLOWS_DOCUMENTS
from models.estate import Unit
from models.people import Party
from services import balances, ledger, manual_entries
from services.balances import Books
from services.manual_entries import Line
from views.admin.inputs import name_of, source_of
from views.admin.rights import require
from views.web.person import actor
from views.web.refusals import in_words, sentence

RIGHT = ("journal_entry", "post")
LINES = 4
"""Lines that stand there at first; further ones are asked for."""
SIDES = ("account", "party", "unit", "debit", "credit")


class ManualEntryView(BaseView):  # type: ignore[misc]
    """Journal entries by hand."""

    route_base = "/entries"
    default_view = "new"

    @expose("/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def new(self) -> Any:
        """Take an entry, and post it once."""
        require(*RIGHT)
        refusal = None
        if request.method == "POST" and "more" not in request.form:
            try:
                entry_id = _post()
            except Refused as refused:
                refusal = refused
            else:
                flash(
                    _("The entry is posted. It stays; a mistake is taken back by another."),
                    "success",
                )
                return redirect(url_for("journal_entry.record", pk=entry_id))
        page = _page(Work(db.session(), actor()), refusal)
        return render_template("ledger/entry.html", **page), refusal.status if refusal else 200


def _post() -> UUID:
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        where = _where(work)
        given = _rows(request.form)
        lines = [_line(row, where.currency) for row in given if any(row.values())]
        once, on = _once(request.form.get("once", "")), _day(request.form.get("booked_on", ""))
        return manual_entries.post(work, once, where, on, request.form.get("memo", ""), lines)


def _where(work: Work) -> Books:
    """Find the book at hand. Any currency may be begun in it: the chart says which it takes."""
    book = balances.books(work, request.args.get("book", ""))
    currency = request.form.get("currency", "").strip().upper() or book.currency
    return Books(book.book_id, book.name, currency)


def _rows(form: Any) -> list[dict[str, str]]:
    many = len(form.getlist("account"))
    columns = [form.getlist(name) or [""] * many for name in SIDES]
    return [
        dict(zip(SIDES, map(str.strip, row), strict=True)) for row in zip(*columns, strict=False)
    ]


def _line(row: dict[str, str], currency: str) -> Line:
    if not row["account"]:
        raise BadInput(N_("Choose an account for each line."), field="lines")
    debit, credit = (_amount(row[side], currency) for side in ("debit", "credit"))
    try:
        party, unit = (UUID(row[each]) if row[each] else None for each in ("party", "unit"))
    except ValueError:
        raise BadInput(N_("Choose one of those that are offered."), field="lines") from None
    return Line(row["account"], debit, credit, party, unit)


def _amount(given: str, currency: str) -> Decimal:
    return parsed(given, currency, "lines") if given else Decimal(0)


def _once(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise BadInput(N_("Open the form again and send it once more.")) from None


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput(N_("Write a day."), field="booked_on") from None


def _page(work: Work, refusal: Refused | None) -> dict[str, Any]:
    book = balances.books(work, request.args.get("book", ""))
    typed = _rows(request.form) if request.method == "POST" else []
    more = LINES if "more" in request.form else 0
    blank = dict.fromkeys(SIDES, "")
    wrong = refusal.field if refusal else ""
    errors = {wrong: [sentence(refusal)]} if refusal and wrong else {}
    return {
        "title": _("Post an entry"),
        "crumbs": [
            {"label": _("Accounting")},
            {"label": _("Journal"), "url": url_for("journal_entry.index")},
            {"label": _("Post an entry")},
        ],
        "books": [
            {"label": name, "url": url_for(".new", book=name), "current": name == book.name}
            for name in balances.names(work)
        ],
        "head": _head(work, book, errors),
        "lines": [
            _described(row, book.currency)
            for row in [*typed, *[blank] * max(LINES - len(typed), more)]
        ],
        "accounts": _accounts(work, book),
        "party_source": source_of("invoice", "party"),
        "unit_source": source_of("invoice", "unit"),
        "once": request.form.get("once") or str(uuid7()),
        "currency": book.currency,
        "error": sentence(refusal) if refusal else "",
    }


def _head(work: Work, book: Books, errors: dict[str, Any]) -> list[dict[str, Any]]:
    form = request.form
    return [
        _field("memo", _("What for"), form.get("memo", ""), errors, required=True, maxlength=200),
        _field(
            "booked_on",
            _("Booked on"),
            form.get("booked_on") or ledger.business_date(work).isoformat(),
            errors,
            kind="date",
            required=True,
        ),
        _field(
            "currency",
            _("Currency"),
            form.get("currency") or book.currency,
            errors,
            maxlength=3,
        ),
    ]


def _field(
    name: str, label: str, value: str, errors: dict[str, Any], **more: Any
) -> dict[str, Any]:
    told = {"name": name, "label": label, "kind": "text", "value": value}
    return told | {"errors": errors.get(name, ())} | more


def _described(row: dict[str, str], currency: str) -> dict[str, Any]:
    names = {"party_name": _named(Party, row["party"]), "unit_name": _named(Unit, row["unit"])}
    return {**row, **names, "decimals": decimals(currency)}


def _named(kind: type[Party | Unit], typed: str) -> str:
    try:
        return name_of(db.session(), kind, UUID(typed)) if typed else ""
    except ValueError:
        return ""


def _accounts(work: Work, book: Books) -> list[dict[str, str]]:
    chart = balances.chart(work, book.book_id)
    heads = {line.parent for line in chart.values()}
    return [
        {"value": code, "label": f"{code} {_(line.name)}"}
        for code, line in chart.items()
        if code not in heads and code not in FOLLOWS_DOCUMENTS
    ]
