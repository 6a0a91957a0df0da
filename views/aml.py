"""Admin screens: cases of compliance, and the limits that open them."""

from uuid import UUID

from core.text import N_
from core.work import Work
from models.aml import AmlCase, AmlLimit
from services import aml
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Board, Group, Preset, Screen

MENU = N_("Money")
FOUND = Input("reason", N_("What was found"), Kind.long, length=1000)


def clear(work: Work, row_id: UUID, reason: str) -> object:
    """Note that there is nothing in it."""
    return aml.clear(work, row_id, reason)


def report(work: Work, row_id: UUID, reason: str) -> object:
    """Note that it was reported."""
    return aml.report(work, row_id, reason)


CASE = Screen(
    AmlCase,
    title=N_("Compliance cases"),
    one=N_("Compliance case"),
    sentence=N_("Movements of money that look like laundering, and what came of looking."),
    menu=MENU,
    icon="alert-triangle",
    columns="number status rule party amount movements since until",
    more="decided_at reason created_at",
    search="number party.name",
    filters="status rule party since until amount",
    board=Board(note="rule", amount="amount"),
    acts=(
        Act(
            clear,
            N_("Nothing in it"),
            move="clear",
            icon="shield-check",
            inputs=(FOUND,),
            done=N_("The case is closed."),
        ),
        Act(
            report,
            N_("Reported"),
            move="report",
            icon="flag",
            tone="danger",
            inputs=(FOUND,),
            confirm=N_("You have told the authority of it."),
            done=N_("It is noted as reported."),
        ),
    ),
    groups=(
        Group(N_("What moved"), "party rule amount movements since until"),
        Group(N_("What came of it"), "status reason decided_at created_at"),
    ),
    labels={
        "rule": N_("Why"),
        "movements": N_("Movements"),
        "since": N_("First"),
        "until": N_("Last"),
        "reason": N_("What was found"),
        "decided_at": N_("Decided"),
        "party": N_("Person or company"),
    },
    presets=(Preset(N_("Open"), "status=open"),),
    programs="currency",
    empty=N_("Nothing has passed a limit. Limits are set by currency."),
    drawing="money",
)
LIMIT = Screen(
    AmlLimit,
    title=N_("Compliance limits"),
    one=N_("Compliance limit"),
    sentence=N_("From where on movements of a currency are looked into."),
    menu=MENU,
    icon="gauge",
    columns="currency single daily_count created_at",
    form="currency single daily_count",
    fixed="currency",
    filters="currency",
    before_save=aml.check,
    called="currency",
    labels={"single": N_("One sum over"), "daily_count": N_("More in a day than")},
    hints={
        "single": N_("Smaller sums that pass it together within 48 hours are looked into, too.")
    },
    inputs={"currency": {"length": 3}, "daily_count": {"value": "10"}},
    groups=(Group(N_("Limit"), "currency single daily_count created_at"),),
    empty=N_("Without a limit nothing is looked into. Set one for each currency."),
    drawing="money",
)
SCREENS = [CASE, LIMIT]
