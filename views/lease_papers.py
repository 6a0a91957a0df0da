"""Admin screens: the texts that leases are made of."""

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from models.lease_papers import LeaseTemplate
from services import lease_wording
from views.admin.columns import Kind
from views.admin.registry import Group, Screen

MENU = N_("Leasing")


def _example(row: LeaseTemplate) -> list[dict[str, str]]:
    url = url_for("PapersView.lease_template", pk=row.id)
    return [{"label": _("Example as PDF"), "url": url}]


TEMPLATE = Screen(
    LeaseTemplate,
    title=N_("Lease texts"),
    one=N_("Lease text"),
    sentence=N_("What leases say, for all estates or for one. Documents are made of it."),
    menu=MENU,
    icon="file-text",
    columns="name estate version created_at",
    form="name estate wording",
    fixed="estate",
    search="name wording",
    filters="estate",
    order="name",
    before_save=lease_wording.check,
    print_links=_example,
    groups=(Group(N_("Lease text"), "name estate version"), Group(N_("Text"), "wording")),
    form_groups=(Group(N_("Lease text"), "name estate"), Group(N_("Text"), "wording")),
    inputs={
        "estate": {"required": False},
        "wording": {"value": lease_wording.default_wording(), "kind": Kind.long},
    },
    hints={
        "estate": N_("Without one, for all estates that have no text of their own."),
        "wording": N_(
            "A line with # begins a section, an empty line a paragraph. In braces: {landlord},"
            " {tenant}, {tenants}, {guarantors}, {owner}, {unit}, {estate}, {begins}, {ends},"
            " {rent}, {deposit}, {due_day}, {due_days}, {notice_days}, {increase}, {extras},"
            " {number}."
        ),
    },
    labels={"version": N_("Version")},
    empty=N_("Leases are written with the text that comes with Makao. Add one to write your own."),
    drawing="key",
)
SCREENS = [TEMPLATE]
