"""Admin screens: how papers look."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from models.paper_styles import PaperStyle
from services import paper_styles
from views.admin.registry import Group, Screen

NAMES = N_("You may name {number}, {total}, {due}, {customer} and {organization}.")


def _example(row: Any) -> list[dict[str, str]]:
    return [{"label": _("Example as PDF"), "url": url_for("PapersView.style", kind=row.kind.value)}]


STYLE = Screen(
    PaperStyle,
    title=N_("Paper styles"),
    one=N_("Paper style"),
    sentence=N_("The texts and the colour of your invoices and credit notes."),
    menu=N_("Organization"),
    columns="kind heading accent show_bank show_logo",
    form="kind heading accent opening closing foot show_bank show_logo",
    fixed="kind",
    called="kind",
    heading=N_("Style: %(name)s"),
    order="kind",
    before_save=paper_styles.check,
    deletable=True,
    inputs={
        "heading": {"required": False},
        "accent": {"value": "#0f766e"},
        "show_bank": {"value": "1"},
        "show_logo": {"value": "1"},
    },
    hints={
        "heading": N_("In place of the word Invoice or Credit note: Tax invoice, say."),
        "accent": N_("As # and six digits."),
        "opening": NAMES,
        "closing": NAMES,
        "foot": N_("At the foot of each page: your tax number, say."),
        "show_logo": N_("The picture is put to the organization's record."),
    },
    groups=(
        Group(N_("Paper style"), "kind heading accent show_bank show_logo"),
        Group(N_("Texts"), "opening closing foot"),
    ),
    print_links=_example,
    empty=N_("Papers have the plain style. Add one to put your own texts and colour on them."),
)
SCREENS = [STYLE]
