"""Admin screens: bills of estates, their periods, and what each asks of whom."""

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.bills import Bill, BillingCycle, Charge, CycleStatus
from models.estate import UNIT_TYPE_LABELS
from services import bill_runs, bills
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.words import money, number

MENU = N_("Estates")
TYPES = {kind.value: label for kind, label in UNIT_TYPE_LABELS.items()}
REASON = Input("reason", N_("Reason"), Kind.long, length=400)
SPEAKS = N_(
    "It may speak of area, share (percent), bedrooms, floor and type, like"
    " area * 45 if type == 'shop' else area * 30."
)


def plan(work: Work, row_id: UUID, period_on: date | None) -> BillingCycle:
    """Settle who would be asked for how much, and ask nobody yet."""
    return bill_runs.plan(work, row_id, period_on)


def _planned(cycle: BillingCycle) -> str:
    return str(
        _(
            "%(charges)s invoices are planned, %(total)s together, with %(exceptions)s exceptions."
            " Look at the period, and issue it there.",
            charges=number(cycle.charges),
            total=money(cycle.total, cycle.currency),
            exceptions=number(cycle.exceptions),
        )
    )


def _said(_work: Work, row_id: UUID, *_given: Any) -> str:
    """Say what issuing a period does, before it is done."""
    cycle = _work.session.get_one(BillingCycle, row_id)
    return str(
        _(
            "%(charges)s invoices over %(total)s are issued and posted, due on %(due)s."
            " %(exceptions)s exceptions are left out.",
            charges=number(cycle.charges - cycle.issued),
            total=money(cycle.total, cycle.currency),
            due=bill_runs.due_on(_work, cycle).isoformat(),
            exceptions=number(cycle.exceptions),
        )
    )


BILL = Screen(
    Bill,
    title=N_("Bills"),
    one=N_("Bill"),
    sentence=N_("What the units of an estate are asked for, and how often."),
    menu=MENU,
    columns="title estate every basis amount payer active",
    more="first_on until due_days discount_percent automatic code block created_at",
    form="title estate basis amount formula discount_percent payer audience_types block condition"
    " every first_on until due_days automatic active code",
    fixed="estate",
    search="title",
    filters="estate every basis payer active amount",
    order="title",
    before_save=bills.check,
    deletable=True,
    currency="estate.currency",
    acts=(
        Act(
            plan,
            N_("Plan a period"),
            icon="calendar-plus",
            bulk=False,
            right=("bill", "write"),
            inputs=(
                Input(
                    "period_on",
                    N_("Begins on"),
                    Kind.day,
                    required=False,
                    hint=N_("Without a day it is the next period that was not asked for."),
                ),
            ),
            outcome=_planned,
        ),
    ),
    groups=(
        Group(N_("Bill"), "title estate code active"),
        Group(N_("How much"), "basis amount formula discount_percent"),
        Group(N_("Who is asked"), "payer audience_types block condition"),
        Group(N_("When"), "every first_on until due_days automatic"),
    ),
    form_groups=(
        Group(N_("Bill"), "title estate code active"),
        Group(N_("How much"), "basis amount formula discount_percent"),
        Group(N_("Who is asked"), "payer audience_types block condition"),
        Group(N_("When"), "every first_on until due_days automatic"),
    ),
    related=(
        Related(
            BillingCycle,
            "bill_id",
            N_("Periods"),
            "name status charges issued exceptions total due_on",
            order="-period_on",
        ),
    ),
    hints={
        "amount": N_("For each unit or square metre, or in all, where it is divided."),
        "formula": SPEAKS,
        "condition": SPEAKS,
        "audience_types": N_("Without any, units of all types."),
        "first_on": N_(
            "Later periods begin on the same day; the 31st is the last day of any. Once it was"
            " asked for, it stays: end the bill, and write another."
        ),
        "automatic": N_(
            "On the first day of each period, and later for days that were missed, but not for"
            " those on which it was switched off."
        ),
        "code": N_("The income account that it earns for."),
    },
    inputs={
        "amount": {"required": False},
        "formula": {"required": False},
        "condition": {"required": False},
        "audience_types": {"choices": TYPES, "required": False},
        "basis": {"value": "each"},
        "payer": {"value": "owners"},
        "every": {"value": "month"},
        "due_days": {"value": "14", "required": False},
        "discount_percent": {"value": "0", "required": False},
        "code": {"value": "4300"},
        "automatic": {"value": "1"},
        "active": {"value": "1"},
    },
    empty=N_("No bills yet. Add a service charge: for each square metre, every month."),
    drawing="money",
)
CYCLE = Screen(
    BillingCycle,
    title=N_("Billing periods"),
    one=N_("Billing period"),
    sentence=N_("Each time that a bill was asked for: what is planned, issued, and taken back."),
    menu=MENU,
    columns="name status charges issued exceptions total due_on",
    more="bill estate period_on taken_back kept started_at finished_at created_at",
    search="name",
    filters="bill estate status period_on total",
    acts=(
        Act(
            bill_runs.issue,
            N_("Issue"),
            move="issue",
            icon="send",
            money=True,
            bulk=False,
            right=("billing_cycle", "issue"),
            preview=_said,
            confirm=N_("Everybody on its list is asked for the money."),
            done=N_("The invoices are being issued. You can leave this page."),
        ),
        Act(
            bill_runs.stop,
            N_("Stop"),
            move="stop",
            icon="x",
            right=("billing_cycle", "issue"),
            done=N_("It stops after the invoices under way; the rest can be issued later."),
        ),
        Act(
            bill_runs.discard,
            N_("Discard"),
            move="discard",
            icon="x",
            right=("billing_cycle", "issue"),
            done=N_("Nobody is asked; the period can be planned anew."),
        ),
        Act(
            bill_runs.take_back,
            N_("Take back"),
            move="take_back",
            icon="arrow-back-up",
            tone="danger",
            money=True,
            bulk=False,
            inputs=(REASON,),
            confirm=N_("All its invoices on which nothing was paid become void."),
            done=N_("The unpaid invoices are being voided. You can leave this page."),
        ),
    ),
    groups=(
        Group(N_("Billing period"), "bill estate period_on due_on started_at finished_at"),
        Group(N_("Taken back"), "taken_back kept reason"),
    ),
    figures="total charges issued taken_back exceptions",
    moving=frozenset({CycleStatus.running, CycleStatus.taking_back}),
    related=(
        Related(
            Charge,
            "cycle_id",
            N_("Who is asked"),
            "unit party amount problem invoice",
            order="position",
            labels={"party": N_("Who pays")},
        ),
    ),
    presets=(
        Preset(N_("Planned"), "status=planned"),
        Preset(N_("Issued"), "status=done"),
    ),
    labels={"reason": N_("Why it was taken back")},
    empty=N_("Nothing was asked for yet. Plan a period at a bill."),
    drawing="money",
)
CHARGE = Screen(
    Charge,
    title=N_("Charges"),
    one=N_("Charge"),
    sentence=N_("What each party is asked for each unit, and who is left out."),
    menu=MENU,
    columns="unit party gross discount amount problem cycle",
    more="invoice",
    called="unit",
    heading=N_("Charge for %(name)s"),
    filters="cycle unit party problem amount",
    order="position",
    currency="cycle.currency",
    groups=(Group(N_("Charge"), "cycle unit party gross discount amount problem invoice"),),
    labels={"party": N_("Who pays")},
    presets=(
        Preset(
            N_("Exceptions"),
            "problem=no_payer&problem=not_all_owned&problem=no_amount&problem=asked_before",
        ),
    ),
    empty=N_("Nothing was planned yet. Plan a period at a bill."),
    drawing="money",
)
SCREENS = [BILL, CYCLE, CHARGE]
