"""Admin screens: estates, their blocks and units, who owns them and who lives there."""

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.billing import Invoice
from models.bills import BillingCycle
from models.estate import Block, Estate, Occupancy, OccupancyRole, Ownership, Unit
from models.leasing import Lease
from models.people import Party
from services import estate, rent_runs
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.words import money, number

MENU = N_("Estates")
WHO = Input("party_id", N_("Person or company"), Kind.relation, target=Party)
FROM = Input("since", N_("Since"), Kind.day)
LAST = Input("until", N_("Last day"), Kind.day)
CHOSEN_ROLES = {
    "tenant": N_("Tenant"),
    "owner_occupier": N_("Owner who lives there"),
    "resident": N_("Resident"),
}


def own(  # noqa: PLR0913, PLR0917  # what an ownership consists of
    work: Work, row_id: UUID, party_id: UUID, share_parts: int, share_of: int, since: date
) -> object:
    """Write down who owns a part of the unit."""
    row = Ownership(unit_id=row_id, party_id=party_id, since=since)
    row.share_parts, row.share_of = share_parts, share_of
    return estate.own(work, row)


def move_in(work: Work, row_id: UUID, party_id: UUID, role: str, since: date) -> object:
    """Write down who lives in the unit from a day on."""
    row = Occupancy(unit_id=row_id, party_id=party_id, role=OccupancyRole(role), since=since)
    return estate.move_in(work, row)


def pass_on(work: Work, row_id: UUID, party_id: UUID, since: date) -> object:
    """Give an owner's part to somebody else."""
    return estate.pass_on(work, row_id, party_id, since)


def end_ownership(work: Work, row_id: UUID, until: date) -> object:
    """Let somebody own their part up to a day."""
    return estate.end_ownership(work, row_id, until)


def move_out(work: Work, row_id: UUID, until: date) -> object:
    """Let somebody live there up to a day."""
    return estate.move_out(work, row_id, until)


def ask_rents(work: Work, row_id: UUID, through: date | None) -> BillingCycle:
    """Plan what the leases of the estate owe by a day; nobody is asked yet."""
    return rent_runs.plan(work, row_id, through)


def _planned(cycle: BillingCycle) -> str:
    return str(
        _(
            "%(charges)s invoices are planned, %(total)s together. Look at the period, and issue"
            " it there.",
            charges=number(cycle.charges),
            total=money(cycle.total, cycle.currency),
        )
    )


def _ended(row: Any) -> str:
    return N_("That has ended already.") if row.until else ""


ESTATE = Screen(
    Estate,
    title=N_("Estates"),
    one=N_("Estate"),
    sentence=N_("The places that you look after, each with its blocks and units."),
    menu=MENU,
    columns="name address currency time_zone created_at",
    form="name address currency time_zone description",
    fixed="currency",
    search="name address",
    filters="currency",
    order="name",
    before_save=estate.check_estate,
    deletable=True,
    acts=(
        Act(
            ask_rents,
            N_("Plan the rents"),
            icon="calendar-plus",
            bulk=False,
            right=("billing_cycle", "issue"),
            inputs=(
                Input(
                    "through",
                    N_("Through"),
                    Kind.day,
                    required=False,
                    hint=N_("Months that begin by this day, and those missed; today without one."),
                ),
            ),
            outcome=_planned,
        ),
    ),
    groups=(
        Group(N_("Estate"), "name address description"),
        Group(N_("Money and time"), "currency time_zone"),
    ),
    related=(
        Related(Block, "estate_id", N_("Blocks"), "name", order="name", add=True),
        Related(
            Unit,
            "estate_id",
            N_("Units"),
            "number block type status area",
            order="number",
            add=True,
        ),
    ),
    inputs={
        "currency": {"length": 3, "required": False},
        "time_zone": {"required": False},
    },
    hints={
        "currency": N_("Its code, like KES; if empty, the organization's. It stays for its life."),
        "time_zone": N_("Like Africa/Nairobi; if empty, the organization's."),
    },
    empty=N_("An estate holds blocks and units. Add one, or import a register."),
)
BLOCK = Screen(
    Block,
    title=N_("Blocks"),
    one=N_("Block"),
    sentence=N_("Buildings, streets and sections of estates."),
    menu=MENU,
    columns="name estate",
    form="name estate",
    fixed="estate",
    search="name",
    filters="estate",
    order="name",
    deletable=True,
    related=(Related(Unit, "block_id", N_("Units"), "number type status area", order="number"),),
)
UNIT = Screen(
    Unit,
    title=N_("Units"),
    one=N_("Unit"),
    sentence=N_("What is owned, let and lived in."),
    menu=MENU,
    counted=True,
    columns="number status estate block type bedrooms area",
    more="floor created_at",
    form="number estate block type floor bedrooms area note",
    fixed="estate",
    search="number note",
    filters="estate block status type bedrooms area",
    order="number",
    before_save=estate.check_unit,
    importable="estate",
    deletable=True,
    acts=(
        Act(
            move_in,
            N_("Move in"),
            icon="user-plus",
            bulk=False,
            right=("occupancy", "write"),
            inputs=(
                WHO,
                Input("role", N_("As"), Kind.text, value="tenant", choices=CHOSEN_ROLES),
                FROM,
            ),
            done=N_("They live there from that day on."),
        ),
        Act(
            own,
            N_("Record an owner"),
            icon="key",
            bulk=False,
            right=("ownership", "write"),
            inputs=(
                WHO,
                Input("share_parts", N_("Parts"), Kind.number, whole=True, value="1"),
                Input(
                    "share_of",
                    N_("Of so many parts"),
                    Kind.number,
                    whole=True,
                    value="1",
                    hint=N_("1 of 1 is all of it, 1 of 3 a third."),
                ),
                FROM,
            ),
            done=N_("They own it from that day on."),
        ),
        Act(
            estate.take_out_of_use,
            N_("Take out of use"),
            move="take_out_of_use",
            icon="ban",
            right=("unit", "write"),
            done=N_("Nobody moves in until it is put into use again."),
        ),
        Act(
            estate.put_into_use,
            N_("Put into use"),
            move="put_into_use",
            icon="check",
            right=("unit", "write"),
            done=N_("It can be let again."),
        ),
    ),
    groups=(
        Group(N_("Unit"), "number estate block type floor bedrooms area"),
        Group(N_("Note"), "note"),
    ),
    figures="area bedrooms",
    related=(
        Related(Ownership, "unit_id", N_("Owners"), "party share since until", order="since"),
        Related(
            Lease, "unit_id", N_("Leases"), "number status party since until rent", order="-since"
        ),
        Related(Occupancy, "unit_id", N_("Occupants"), "party role since until", order="-since"),
        Related(
            Invoice,
            "unit_id",
            N_("Invoices"),
            "number status party subject total due_amount",
            order="-id",
        ),
    ),
    presets=(
        Preset(N_("Vacant"), "status=vacant"),
        Preset(N_("Occupied"), "status=occupied"),
    ),
    inputs={"type": {"value": "apartment"}},
    empty=N_("Apartments, shops and parking spaces stand here. Add one, or import a register."),
)
OWNERSHIP = Screen(
    Ownership,
    title=N_("Ownership"),
    one=N_("Ownership"),
    sentence=N_("Who owns which part of a unit, and since when."),
    menu=MENU,
    columns="party unit unit.estate share since until",
    more="share_parts share_of",
    form="unit party share_parts share_of since",
    fixed="unit party share_parts share_of since",
    filters="party unit since until",
    called="unit",
    heading=N_("Ownership of %(name)s"),
    add=estate.own,
    own="unit share since until",
    acts=(
        Act(
            pass_on,
            N_("Pass on"),
            icon="arrow-right",
            bulk=False,
            right=("ownership", "write"),
            unless=_ended,
            inputs=(WHO, FROM),
            done=N_("The new owner owns it from that day on, the old one up to the day before."),
        ),
        Act(
            end_ownership,
            N_("End"),
            icon="x",
            bulk=False,
            right=("ownership", "write"),
            unless=_ended,
            inputs=(LAST,),
            done=N_("They own it up to that day."),
        ),
    ),
    groups=(Group(N_("Ownership"), "party unit share share_parts share_of since until"),),
    labels={"party": N_("Owner")},
    hints={"share_of": N_("1 of 1 is all of it, 1 of 3 a third.")},
    inputs={"share_parts": {"value": "1"}, "share_of": {"value": "1"}},
    empty=N_("Nobody owns a unit yet. Record owners at the units, or import a register."),
    drawing="people",
)
OCCUPANCY = Screen(
    Occupancy,
    title=N_("Occupants"),
    one=N_("Occupant"),
    sentence=N_("Who lives in which unit, or uses it, and since when."),
    menu=MENU,
    columns="party unit unit.estate role since until",
    form="unit party role since until",
    fixed="unit party role since until",
    filters="party unit role since until",
    called="unit",
    heading=N_("Occupant of %(name)s"),
    add=estate.move_in,
    own="unit role since until",
    acts=(
        Act(
            move_out,
            N_("Move out"),
            icon="logout",
            bulk=False,
            right=("occupancy", "write"),
            unless=_ended,
            inputs=(LAST,),
            done=N_("They live there up to that day."),
        ),
    ),
    groups=(Group(N_("Occupant"), "party unit role since until"),),
    labels={"party": N_("Occupant")},
    empty=N_("Nobody lives in a unit yet. Let somebody move in at a unit."),
    drawing="people",
)
SCREENS = [ESTATE, BLOCK, UNIT, OWNERSHIP, OCCUPANCY]
