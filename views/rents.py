"""Admin screens: what comes with rents, what was charged, and the indexes that rents follow."""

from core.text import N_
from models.rents import LeaseCharge, LeaseExtra, PriceIndex
from services import rent_changes
from views.admin.registry import Group, Screen
from views.leasing import MENU

EXTRA = Screen(
    LeaseExtra,
    title=N_("Extras and concessions"),
    one=N_("Extra or concession"),
    sentence=N_("What is asked for with each rent, or taken off it."),
    menu=MENU,
    columns="title lease kind amount since until",
    form="lease title kind amount code since until",
    fixed="lease",
    search="title",
    filters="lease kind since until",
    before_save=rent_changes.check_extra,
    currency="lease.currency",
    groups=(Group(N_("Extra or concession"), "lease title kind amount code since until"),),
    hints={
        "amount": N_("For a month; of a part of one, its part."),
        "code": N_("The income account that an extra earns for."),
        "until": N_("Without a last day, for as long as the lease goes on."),
    },
    inputs={
        "kind": {"value": "extra"},
        "code": {"value": "4900", "required": False},
        "until": {"required": False},
    },
    empty=N_("Nothing comes with a rent yet: a parking space, say, or a month for less."),
    drawing="money",
)
CHARGE = Screen(
    LeaseCharge,
    title=N_("Charges of leases"),
    one=N_("Charge of a lease"),
    sentence=N_("What each lease was charged for, once for each period and thing."),
    menu=MENU,
    columns="lease period_on period_until kind amount invoice void",
    more="gross discount says",
    called="lease",
    heading=N_("Charge of lease %(name)s"),
    filters="lease kind period_on void",
    order="-period_on",
    currency="lease.currency",
    groups=(
        Group(N_("Charge"), "lease kind says period_on period_until"),
        Group(N_("How much"), "gross discount amount invoice void"),
    ),
    empty=N_("Nothing was charged yet. Rents are asked for when their month begins."),
    drawing="money",
)
INDEX = Screen(
    PriceIndex,
    title=N_("Indexes"),
    one=N_("Index"),
    sentence=N_("What an index stood at each month. Rents that follow it grow by it."),
    menu=MENU,
    columns="name month_on value",
    form="name month_on value",
    search="name",
    filters="name month_on",
    order="-month_on",
    deletable=True,
    groups=(Group(N_("Index"), "name month_on value"),),
    hints={"month_on": N_("The first day of the month.")},
    empty=N_("No index yet. Add the months of one that leases name."),
)
SCREENS = [EXTRA, CHARGE, INDEX]
