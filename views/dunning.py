"""Admin screens: reminders of what is due, and fees on what is late."""

from decimal import Decimal
from uuid import UUID

from flask_babel import gettext as _

from core.text import N_
from core.work import Work, found
from models.dunning import LateFee, LateFeeRule, ReminderStep
from services import late_fees
from views.admin.acts import Act
from views.admin.registry import Group, Related, Screen
from views.admin.words import money

MENU = N_("Money")


def charge_now(work: Work, row_id: UUID) -> object:
    """Charge what the rule says is due today; the clock would do it tonight."""
    rule = found(work, LateFeeRule, row_id)
    for fee in late_fees.foresee(work):
        if fee.rule_id == rule.id:
            late_fees.charge(work, fee.invoice_id)
    return rule


def foreseen(work: Work, row_id: UUID) -> str:
    """Say how many fees there would be, and over how much."""
    rule = found(work, LateFeeRule, row_id)
    fees = [each for each in late_fees.foresee(work) if each.rule_id == row_id]
    total = sum((each.amount for each in fees), Decimal(0))
    return str(
        _(
            "%(count)s invoices are charged, %(total)s together.",
            count=len(fees),
            total=money(total, rule.currency),
        )
    )


def _out_of_use(row: LateFeeRule) -> str:
    return "" if row.active else N_("It is out of use.")


STEP = Screen(
    ReminderStep,
    title=N_("Reminders"),
    one=N_("Reminder step"),
    sentence=N_("When customers are reminded of what is due, by notice and mail."),
    menu=MENU,
    columns="name days active note",
    form="name days note active",
    order="days",
    deletable=True,
    inputs={"days": {"whole": True}, "active": {"value": "1"}},
    labels={"days": N_("Days after it is due")},
    hints={
        "days": N_("A minus sign is for days before: -3."),
        "note": N_("A sentence of your own under the reminder."),
    },
    empty=N_("Nobody is reminded yet. Add a step for 3 days before, and one for 7 days after."),
    drawing="calendar",
)
RULE = Screen(
    LateFeeRule,
    title=N_("Late fee rules"),
    one=N_("Late fee rule"),
    sentence=N_("What is charged on invoices that are not paid in time; never on a fee."),
    menu=MENU,
    columns="name estate lease kind currency amount percent grace_days active",
    more="every_days cap_percent created_at",
    filters="estate lease kind active",
    form="name estate lease currency kind amount percent tiers grace_days every_days cap_percent"
    " active",
    order="name",
    before_save=late_fees.check,
    inputs={
        "currency": {"length": 3},
        "estate": {"required": False},
        "lease": {"required": False},
        "tiers": {"required": False},
        "grace_days": {"value": "5"},
        "every_days": {"value": "30"},
        "cap_percent": {"value": "100"},
        "active": {"value": "1"},
    },
    hints={
        "estate": N_("Of this estate alone; without one, of all that have no rule of their own."),
        "amount": N_("For a fixed fee."),
        "percent": N_("For a percentage: of what is still due."),
        "tiers": N_("For one that grows, a step a line, like 10 days: 2 %."),
        "grace_days": N_("Days after the due date on which nothing is charged."),
        "cap_percent": N_("Of the invoice's total. The law may know a cap."),
    },
    acts=(
        Act(
            charge_now,
            N_("Charge today's fees"),
            icon="receipt",
            money=True,
            bulk=False,
            unless=_out_of_use,
            preview=foreseen,
            confirm=N_("The clock does this by itself each night."),
            done=N_("The fees are charged, each by an invoice of its own."),
        ),
    ),
    groups=(
        Group(N_("Late fee rule"), "estate lease kind currency amount percent tiers"),
        Group(N_("When and how much at most"), "grace_days every_days cap_percent active"),
    ),
    related=(
        Related(
            LateFee,
            "rule_id",
            N_("Fees"),
            "invoice fee_invoice days amount charged_on",
            order="-id",
        ),
    ),
    empty=N_("No fees are charged yet. Add a rule for each currency that you bill in."),
    drawing="money",
)
FEE = Screen(
    LateFee,
    title=N_("Late fees"),
    one=N_("Late fee"),
    sentence=N_("What was charged on which invoice, and by which invoice."),
    menu=MENU,
    columns="invoice fee_invoice days amount charged_on",
    more="rule",
    called="invoice",
    heading=N_("Late fee on %(name)s"),
    filters="rule charged_on amount",
    groups=(Group(N_("Late fee"), "invoice fee_invoice rule days amount charged_on"),),
    empty=N_("No invoice was charged a fee."),
    drawing="money",
)
SCREENS = [STEP, RULE, FEE]
