"""Admin screens: who approves what, and what waits for it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.text import N_
from core.work import Work
from models.approvals import Approval, ApprovalDecision, ApprovalRule
from services import access, approval_rules, approvals
from services.approval_rules import GOVERNED
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts
from views.organizations import MENU

STAFF_ROLES = {role: label for role, label in access.ROLE_LABELS.items() if role in access.ROLES}
HOURS = N_("0 is never.")
NEEDED = N_("How many different people have to approve; 0 asks nobody.")
WHO = N_("Whoever holds one of these roles is asked.")


def change(  # noqa: PLR0913, PLR0917  # what a rule consists of
    work: Work,
    row_id: UUID,
    roles: Sequence[str],
    needed: int,
    separate: bool,  # noqa: FBT001  # as forms and programs give it
    remind_hours: int,
    lapse_hours: int,
) -> object:
    """Say who approves from now on; what is under way keeps the rule that it began with."""
    return approval_rules.change(
        work,
        row_id,
        roles,
        needed,
        separate=separate,
        remind_hours=remind_hours,
        lapse_hours=lapse_hours,
    )


def _ended(row: ApprovalRule) -> str:
    return N_("It was replaced.") if row.until_version is not None else ""


def _stays(row: ApprovalRule) -> str:
    return _ended(row) or (N_("It is for every amount.") if row.above == 0 else "")


RULE = Screen(
    ApprovalRule,
    title=N_("Approval rules"),
    one=N_("Approval rule"),
    sentence=N_("Who approves what, from which amount on, and how many of them."),
    menu=MENU,
    columns="governs above currency roles needed separate in_force",
    more="remind_hours lapse_hours since_version until_version created_at",
    form="governs above currency roles needed separate remind_hours lapse_hours",
    fixed="governs above currency roles needed separate remind_hours lapse_hours",
    filters="in_force created_at",
    order="governs",
    add=approval_rules.add,
    acts=(
        Act(
            change,
            N_("Change rule"),
            icon="pencil",
            right=("approval_rule", "write"),
            bulk=False,
            unless=_ended,
            confirm=N_("What is under way keeps the rule that it began with."),
            inputs=(
                Input(
                    "roles",
                    N_("Roles"),
                    Kind.names,
                    choices=STAFF_ROLES,
                    start=lambda row: row.roles,
                    hint=WHO,
                ),
                Input(
                    "needed",
                    N_("Approvals needed"),
                    Kind.number,
                    whole=True,
                    start=lambda row: row.needed,
                    hint=NEEDED,
                ),
                Input(
                    "separate",
                    N_("Not by whoever asks"),
                    Kind.yesno,
                    required=False,
                    start=lambda row: row.separate,
                ),
                Input(
                    "remind_hours",
                    N_("Remind after hours"),
                    Kind.number,
                    whole=True,
                    start=lambda row: row.remind_hours,
                    hint=HOURS,
                ),
                Input(
                    "lapse_hours",
                    N_("Give up after hours"),
                    Kind.number,
                    whole=True,
                    start=lambda row: row.lapse_hours,
                    hint=HOURS,
                ),
            ),
            done=N_("The rule holds for what begins from now on."),
        ),
        Act(
            approval_rules.end,
            N_("End rule"),
            icon="x",
            tone="danger",
            right=("approval_rule", "write"),
            bulk=False,
            unless=_stays,
            confirm=N_("The rule for the next smaller amount counts instead."),
            done=N_("The rule is ended for what begins from now on."),
        ),
    ),
    groups=(
        Group(N_("Rule"), "governs above roles needed separate"),
        Group(N_("When nobody answers"), "remind_hours lapse_hours"),
        Group(N_("Versions"), "in_force since_version until_version created_at"),
    ),
    hints={
        "above": N_("The rule with the largest amount that is reached counts."),
        "roles": WHO,
        "needed": NEEDED,
        "remind_hours": HOURS,
        "lapse_hours": HOURS,
    },
    inputs={
        "governs": {"choices": GOVERNED},
        "currency": {"length": 3, "required": False},
        "roles": {"choices": STAFF_ROLES},
        "needed": {"value": "1"},
        "remind_hours": {"value": "0"},
        "lapse_hours": {"value": "0"},
    },
    presets=(Preset(N_("In force"), "in_force=1"),),
    called="governs",
    heading=N_("Rule: %(name)s"),
)


def _to_approve(at_hand: Any) -> Any:
    asked = facts(
        Approval.subject_id,
        Approval.subject_name,
        Approval.asked_at,
        about=Approval.about,
        amount=Approval.amount,
        currency=Approval.currency,
        table=Approval.subject_table,
    )
    return approvals.waiting_for(at_hand.profile_id, at_hand.roles).with_only_columns(
        *asked.selected_columns
    )


APPROVAL = Screen(
    Approval,
    title=N_("Approvals"),
    one=N_("Approval"),
    sentence=N_("What waits until somebody agrees, and what they agreed to."),
    menu=MENU,
    waiting=(Waiting("read", N_("Approve %(name)s"), "thumb-up", _to_approve),),
    labels={"subject_table": N_("Record")},
    columns="subject_name status governs about amount needed given asked_by asked_at",
    more="roles closed_at",
    search="subject_name about",
    filters="status governs asked_by asked_at closed_at amount",
    inputs={"governs": {"choices": GOVERNED}},
    groups=(
        Group(N_("Question"), "governs subject_table about amount asked_by asked_at"),
        Group(N_("Who agrees"), "roles needed given separate remind_at lapses_at closed_at"),
    ),
    related=(
        Related(
            ApprovalDecision,
            "approval_id",
            N_("Who agreed"),
            "profile actor roles note decided_at",
        ),
    ),
    presets=(Preset(N_("Waiting"), "status=waiting"),),
    called="subject_name",
    empty=N_("Nothing has been put to anybody for approval yet."),
)
SCREENS = [APPROVAL, RULE]
