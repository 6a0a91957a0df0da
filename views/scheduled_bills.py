"""Admin screens: bills that residents pay for themselves. The staff reads them alone."""

from core.text import N_
from models.scheduled_bills import ScheduledBill, ScheduledPayment
from views.admin.registry import Group, Preset, Related, Screen

MENU = N_("Money")

BILL = Screen(
    ScheduledBill,
    title=N_("Residents' own bills"),
    one=N_("Bill of one's own"),
    sentence=N_("What residents have paid from their wallets, and when. Only they change it."),
    menu=MENU,
    columns="title party biller_name amount mode active next_on last_outcome",
    more="every first_on channel bank_name account_number remind_days created_at",
    search="title biller_name party.name",
    filters="active mode every party amount",
    order="-id",
    labels={"party": N_("Owner"), "next_on": N_("Due next"), "last_outcome": N_("Last time")},
    figures="amount party next_on last_outcome",
    groups=(
        Group(N_("Bill of one's own"), "title party biller_name amount active created_at"),
        Group(N_("When"), "every first_on mode remind_days"),
        Group(N_("To"), "channel bank_name account_number"),
    ),
    related=(
        Related(
            ScheduledPayment,
            "bill_id",
            N_("Due times"),
            "due_on status tries failure",
            order="-due_on",
        ),
    ),
    presets=(
        Preset(N_("Paid by itself"), "mode=pay&active=1"),
        Preset(N_("Not paid last time"), "last_outcome=failed"),
    ),
    programs="currency",
    empty=N_("Nobody pays a bill from their wallet yet."),
    drawing="money",
)
PAYMENT = Screen(
    ScheduledPayment,
    title=N_("Due times of residents' own bills"),
    one=N_("Due time"),
    sentence=N_("Each time that a resident's own bill is due, and what became of it."),
    menu=MENU,
    columns="bill due_on status tries failure",
    more="try_at created_at",
    called="bill",
    heading=N_("%(name)s, once"),
    filters="bill status due_on",
    order="-due_on",
    groups=(Group(N_("Due time"), "bill due_on status tries try_at failure"),),
    presets=(Preset(N_("Not paid"), "status=failed"),),
    currency="bill.currency",
    drawing="money",
)
SCREENS = [BILL, PAYMENT]
