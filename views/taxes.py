"""Admin screens: taxes with their rates, and credit notes."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from models.credit import CreditNote, CreditNoteLine, CreditUse
from models.taxes import Tax, TaxRate
from services import taxes
from views.admin.registry import Group, Related, Screen

MENU = N_("Accounting")

TAX = Screen(
    Tax,
    title=N_("Taxes"),
    one=N_("Tax"),
    sentence=N_("What lines of invoices may carry, and where it is owed."),
    menu=MENU,
    columns="code name account included in_sales active",
    more="created_at",
    form="code name account included in_sales active",
    search="code name",
    order="code",
    before_save=taxes.check,
    inputs={"account": {"value": "2010"}, "active": {"value": "1"}},
    labels={"account": N_("Account")},
    hints={
        "code": N_("What a line shows, like VAT16."),
        "account": N_("Of your chart, for what you owe: 2010."),
        "included": N_("Prices contain it: it is taken out of them, and adds nothing."),
        "in_sales": N_(
            "Apartments are sold with it in their price, where a project names no other."
        ),
    },
    groups=(Group(N_("Tax"), "code name account included in_sales active created_at"),),
    related=(
        Related(TaxRate, "tax_id", N_("Rates"), "begins_on percent", order="-begins_on", add=True),
    ),
    empty=N_("No taxes yet. Add one, then its rate with the day from which it is in force."),
    drawing="money",
)
RATE = Screen(
    TaxRate,
    title=N_("Tax rates"),
    one=N_("Tax rate"),
    sentence=N_("How many percent a tax is, from which day on."),
    menu=MENU,
    columns="tax begins_on percent created_at",
    form="tax begins_on percent",
    filters="tax begins_on",
    order="-begins_on",
    called="tax",
    heading=N_("Rate of %(name)s"),
    deletable=True,
    inputs={"percent": {"scale": 4}},
    hints={"begins_on": N_("Until the next rate begins. What was charged by it stays.")},
    groups=(Group(N_("Tax rate"), "tax begins_on percent"),),
    empty=N_("No rates yet."),
    drawing="money",
)


def _pdf(row: Any) -> list[dict[str, str]]:
    return [{"label": _("Credit note as PDF"), "url": url_for("PapersView.credit_note", pk=row.id)}]


NOTE = Screen(
    CreditNote,
    title=N_("Credit notes"),
    one=N_("Credit note"),
    sentence=N_("What was taken back of invoices, in whole or part, with its tax."),
    menu=MENU,
    columns="number party invoice total reason issued_at",
    more="created_at",
    search="number reason party.name invoice.number",
    filters="party issued_at total",
    figures="total",
    groups=(Group(N_("Credit note"), "party invoice total reason issued_at"),),
    related=(
        Related(
            CreditNoteLine,
            "credit_note_id",
            N_("Lines"),
            "line net_amount tax_amount gross_amount",
            labels={"line": N_("Line")},
        ),
        Related(
            CreditUse,
            "credit_note_id",
            N_("Taken off the invoice"),
            "invoice amount used_at",
        ),
    ),
    print_links=_pdf,
    programs="currency",
    own="number total reason issued_at currency",
    empty=N_("Nothing was taken back. A credit note is written at its invoice."),
    drawing="money",
)
SCREENS = [TAX, RATE, NOTE]
