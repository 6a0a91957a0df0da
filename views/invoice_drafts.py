"""Writing an invoice by hand: a form of lines that says what they come to before it is kept."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from core import db
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, unit_of_work
from models.billing import Invoice
from models.people import Party
from models.taxes import Tax
from services import free_invoices, organizations, taxes
from services.free_invoices import Head, Typed
from views.admin.inputs import name_of, source_of
from views.admin.rights import require
from views.admin.words import money
from views.web.person import actor
from views.web.refusals import in_words, sentence

RIGHT = ("invoice", "draft")
LINES = 3
"""Lines that stand there at first; further ones are asked for."""
COLUMNS = ("description", "quantity", "unit_price", "code", "line_discount", "tax")


class InvoiceDraftsView(BaseView):  # type: ignore[misc]
    """Drafts of invoices."""

    route_base = "/invoices"
    default_view = "new"

    @expose("/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def new(self) -> Any:
        """Take an invoice, and keep it as a draft."""
        require(*RIGHT)
        return _form(None)

    @expose("/<uuid:pk>/edit", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def edit(self, pk: UUID) -> Any:
        """Write a draft anew."""
        require(*RIGHT)
        return _form(pk)


def _form(pk: UUID | None) -> Any:
    refusal = None
    if request.method == "POST" and not {"more", "reckon"} & set(request.form):
        try:
            with unit_of_work(db.session(), actor()) as work, in_words(work.session):
                given = (_head(), _lines())
                kept = (
                    free_invoices.change(work, pk, *given)
                    if pk
                    else free_invoices.write(work, *given)
                )
                kept_id = kept.id
        except Refused as refused:
            if refused.status == 404:
                raise
            refusal = refused
        else:
            flash(_("The draft is kept. Look at it, then issue it."), "success")
            return redirect(url_for("invoice.record", pk=kept_id))
    work = Work(db.session(), actor())
    draft = free_invoices.editable(work, pk) if pk else None
    page = _page(work, draft, refusal)
    return render_template("invoices/draft.html", **page), refusal.status if refusal else 200


def _head() -> Head:
    form = request.form
    try:
        party = UUID(form["party"]) if form.get("party") else None
    except ValueError:
        raise BadInput(N_("Choose one of those that are offered."), field="party") from None
    try:
        due = date.fromisoformat(form["due_on"]) if form.get("due_on") else None
    except ValueError:
        raise BadInput(N_("Write a day."), field="due_on") from None
    currency = form.get("currency", "").strip().upper()
    return Head(party, currency, form.get("subject", ""), due, form.get("discount", ""))


def _lines() -> list[Typed]:
    columns = [request.form.getlist(name) for name in COLUMNS]
    return [Typed(*map(str.strip, row)) for row in zip(*columns, strict=False)]


def _page(work: Work, draft: Invoice | None, refusal: Refused | None) -> dict[str, Any]:
    posted = request.method == "POST"
    home = organizations.home(work).currency
    typed = _lines() if posted else free_invoices.typed_of(work, draft) if draft else []
    currency = request.form.get("currency", "").strip().upper() if posted else ""
    currency = currency or (draft.currency if draft else home)
    sums = None
    if "reckon" in request.form:
        try:
            sums = _reckoned(work, currency)
        except Refused as refused:
            refusal = refused
    wrong = refusal.field if refusal else ""
    errors = {wrong: [sentence(refusal)]} if refusal and wrong else {}
    title = _("Change the draft") if draft else _("Write an invoice")
    rows = [each for each in typed if each]
    blank = Typed("", "1", "", "")
    more = LINES if "more" in request.form else max(LINES - len(rows), 1)
    return {
        "title": title,
        "crumbs": [
            {"label": _("Money")},
            {"label": _("Invoices"), "url": url_for("invoice.index")},
            {"label": title},
        ],
        "head": _fields(draft, currency, errors),
        "lines": [*rows, *[blank] * more],
        "accounts": [
            {"value": code, "label": f"{code} {_(name)}"}
            for code, name in free_invoices.accounts(work).items()
        ],
        "taxes": [{"value": str(each.id), "label": each.code} for each in taxes.offered(work)],
        "sums": sums,
        "back": url_for("invoice.record", pk=draft.id) if draft else url_for("invoice.index"),
        "error": sentence(refusal) if refusal else "",
    }


def _reckoned(work: Work, currency: str) -> list[tuple[str, str]]:
    told = free_invoices.sums(free_invoices.read(work, _head(), _lines()), currency)
    rows = [(_("Prices"), money(told.prices, currency))]
    if told.discount:
        rows.append((_("Discount"), money(-told.discount, currency)))
    rows += [
        (name_of(db.session(), Tax, tax_id), money(amount, currency))
        for tax_id, amount in told.taxes.items()
    ]
    return [*rows, (_("Total"), money(told.total, currency))]


def _fields(draft: Invoice | None, currency: str, errors: dict[str, Any]) -> list[dict[str, Any]]:
    form = request.form
    party_id = form.get("party") or (str(draft.party_id) if draft else "")
    try:
        party = name_of(db.session(), Party, UUID(party_id)) if party_id else ""
    except ValueError:
        party = ""
    kept = {
        "subject": draft.subject if draft else "",
        "due_on": str(draft.due_on or "") if draft else "",
    }
    described: list[dict[str, Any]] = [
        {
            "name": "party",
            "label": _("Customer"),
            "kind": "search",
            "source": source_of("invoice", "party"),
            "options": [{"value": party_id, "label": party, "selected": True}] if party else [],
            "value": party_id if party else None,
            "required": True,
        },
        {"name": "subject", "label": _("What for"), "required": True, "maxlength": 200},
        {
            "name": "due_on",
            "label": _("Due on"),
            "kind": "date",
            "hint": _("Empty means after the organization's usual days."),
        },
        {"name": "currency", "label": _("Currency"), "value": currency, "maxlength": 3},
        {
            "name": "discount",
            "label": _("Discount on the whole"),
            "hint": _("An amount, or a percentage, like 10%%.") % (),
        },
    ]
    for each in described:
        each.setdefault("kind", "text")
        each.setdefault("value", form.get(each["name"], kept.get(each["name"], "")))
        each["errors"] = errors.get(each["name"], ())
    return described
