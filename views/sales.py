"""Admin screens: the catalogue of sales."""

from core.text import N_
from models.bookings import ApartmentOwner, Booking, InstalmentPlan, InstalmentStep
from models.people import Party
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentType,
    Package,
    PackageLevel,
    Project,
)
from services import sales
from services.prices import Item
from views import sales_acts
from views.acts import Act
from views.columns import Kind
from views.inputs import Input
from views.registry import Group, Preset, Related, Screen

LOCKS = {
    "in_progress": N_("In progress"),
    "under_review": N_("Under review"),
    "approved": N_("Approved"),
}


CUSTOMER = Input("customer_id", N_("Customer"), Kind.relation, target=Party)
MENU = N_("Sales")
PROJECT = Screen(
    Project,
    title=N_("Projects"),
    one=N_("Project"),
    sentence=N_("Building sites whose apartments are sold."),
    menu=MENU,
    columns="name location currency published created_at",
    more="hold_minutes refund_percent",
    form="name location latitude longitude currency published description amenities hold_minutes"
    " refund_percent price_locked_from",
    fixed="currency",
    search="name location",
    filters="published currency",
    order="name",
    add=sales.add_project,
    importable=True,
    before_save=sales.check_project,
    groups=(
        Group(N_("Project"), "name location description amenities total_units published"),
        Group(N_("Place"), "latitude longitude"),
        Group(N_("Rules of sale"), "currency hold_minutes refund_percent price_locked_from"),
    ),
    form_groups=(
        Group(N_("Project"), "name location description amenities published"),
        Group(N_("Place"), "latitude longitude"),
        Group(N_("Rules of sale"), "currency hold_minutes refund_percent price_locked_from"),
    ),
    related=(
        Related(Apartment, "project_id", N_("Apartments"), "name status floor base_price"),
        Related(
            Package,
            "project_id",
            N_("Packages"),
            "name level price",
            add=True,
            currency="project.currency",
        ),
        Related(AddonCategory, "project_id", N_("Kinds of add-ons"), "name max_units", add=True),
        Related(
            Addon,
            "project_id",
            N_("Add-ons"),
            "name category price_per_unit max_units",
            add=True,
            currency="project.currency",
        ),
        Related(InstalmentPlan, "project_id", N_("Instalment plans"), "name standard", add=True),
    ),
    hints={
        "currency": N_("Its code, like KES. It stays for the life of the project."),
        "price_locked_from": N_("From this state on, a booking keeps its prices."),
        "hold_minutes": N_("How long an apartment is kept for somebody who is choosing."),
    },
    inputs={"price_locked_from": {"choices": LOCKS}, "currency": {"length": 3}},
    empty=N_("A project holds apartments, packages and add-ons. Begin with its name."),
)
APARTMENT = Screen(
    Apartment,
    title=N_("Apartments"),
    one=N_("Apartment"),
    sentence=N_("What is for sale, what is taken, and the templates to make more from."),
    menu=MENU,
    columns="name status project floor layout area base_price customer",
    more="type block view",
    form="name project type block floor layout view area base_price currency description",
    fixed="project type currency base_price",
    search="name layout view",
    filters="project status type floor area base_price customer layout view",
    order="name",
    acts=(
        Act(
            sales_acts.hold,
            N_("Book"),
            icon="calendar-plus",
            inputs=(CUSTOMER,),
            right=("booking", "hold"),
            unless=sales_acts.free,
            bulk=False,
            done=N_("The apartment is held. Choose a package next."),
        ),
        Act(
            sales_acts.join_waiting_list,
            N_("Join waiting list"),
            icon="list-numbers",
            inputs=(CUSTOMER,),
            right=("booking", "join_waiting_list"),
            unless=sales_acts.taken,
            bulk=False,
            done=N_("They are on the waiting list, and hear when it becomes free."),
        ),
        sales_acts.price_act(Item.apartment, "base_price"),
        Act(
            sales.withdraw,
            N_("Withdraw"),
            move="withdraw",
            icon="eye-off",
            unless=sales_acts.original,
            confirm=N_("Customers will not see it any more."),
            right=("apartment", "write"),
            done=N_("It is withdrawn. Offer it again when it is for sale."),
        ),
        Act(
            sales.offer,
            N_("Offer again"),
            move="offer",
            icon="eye",
            unless=sales_acts.original,
            right=("apartment", "write"),
            done=N_("It is for sale again."),
        ),
        *sales_acts.offers(),
        Act(
            sales_acts.generate,
            N_("Generate apartments"),
            icon="copy-plus",
            right=("apartment", "write"),
            bulk=False,
            unless=sales_acts.only(ApartmentType.template, N_("Only from a template.")),
            done=N_("The apartments are made, with the packages and add-ons of the template."),
            inputs=(
                Input("block", N_("Block"), length=20, required=False),
                Input("first", N_("First floor"), Kind.number, whole=True, value="1"),
                Input("last", N_("Last floor"), Kind.number, whole=True),
                Input("per_floor", N_("Apartments on each floor"), Kind.number, whole=True),
                Input("step_percent", N_("Dearer by each floor (%)"), Kind.number, required=False),
            ),
        ),
    ),
    add=sales.add_apartment,
    importable=True,
    before_save=sales.check_apartment,
    deletable=True,
    remove=sales.remove_apartment,
    groups=(
        Group(N_("Apartment"), "name type project block floor layout view area description"),
        Group(N_("Price and customer"), "base_price customer"),
        Group(N_("As it is booked"), "source assigned_package total_price"),
    ),
    labels={"source": N_("Copy of")},
    figures="base_price area customer",
    related=(
        Related(
            ApartmentPackage,
            "apartment_id",
            N_("Packages to choose from"),
            "package package.price",
            labels={"package.price": N_("Price")},
        ),
        Related(
            ApartmentAddon,
            "apartment_id",
            N_("Add-ons to choose from"),
            "addon addon.price_per_unit addon.max_units",
        ),
        Related(
            Booking,
            "original_id",
            N_("Bookings"),
            "number status customer total status_at",
            order="-id",
        ),
        Related(ApartmentOwner, "apartment_id", N_("Owners"), "owner share"),
    ),
    presets=(
        Preset(N_("For sale"), "status=for_sale"),
        Preset(N_("Taken"), "status=in_progress&status=booked"),
        Preset(N_("Sold"), "status=sold"),
        Preset(N_("Templates"), "type=template"),
    ),
    inputs={
        "type": {"required": True, "value": "project"},
        "base_price": {"required": False},
        "currency": {"required": False, "length": 3},
    },
    hints={"currency": N_("Only for a standalone apartment; others have their project's.")},
    programs="currency created_at",
    listed=lambda model: model.source_id.is_(None),
)
LEVEL = Screen(
    PackageLevel,
    title=N_("Package levels"),
    one=N_("Package level"),
    sentence=N_("The levels that packages come in, from simple to splendid."),
    menu=MENU,
    columns="name position",
    form="name position",
    search="name",
    order="position",
    deletable=True,
)
PACKAGE = Screen(
    Package,
    title=N_("Packages"),
    one=N_("Package"),
    sentence=N_("Finishes that customers choose between, one price each."),
    menu=MENU,
    columns="name project level price",
    form="name project level price description",
    fixed="project price",
    search="name",
    filters="project level price",
    order="name",
    acts=(sales_acts.price_act(Item.package, "price"),),
    deletable=True,
    currency="project.currency",
    groups=(Group(N_("Package"), "name project level price description"),),
)
CATEGORY = Screen(
    AddonCategory,
    title=N_("Kinds of add-ons"),
    one=N_("Kind of add-ons"),
    sentence=N_("What add-ons are, and how many of a kind an apartment may have."),
    menu=MENU,
    columns="name project max_units",
    form="name project max_units",
    fixed="project",
    search="name",
    filters="project",
    order="name",
    deletable=True,
    related=(
        Related(
            Addon,
            "category_id",
            N_("Add-ons"),
            "name price_per_unit max_units",
            currency="project.currency",
        ),
    ),
)
ADDON = Screen(
    Addon,
    title=N_("Add-ons"),
    one=N_("Add-on"),
    sentence=N_("What can be added to an apartment, at a price per unit."),
    menu=MENU,
    columns="name project category price_per_unit max_units",
    form="name project category price_per_unit max_units description",
    fixed="project price_per_unit",
    search="name",
    filters="project category price_per_unit",
    order="name",
    acts=(sales_acts.price_act(Item.addon, "price_per_unit"),),
    deletable=True,
    currency="project.currency",
    groups=(Group(N_("Add-on"), "name project category price_per_unit max_units description"),),
)
PLAN = Screen(
    InstalmentPlan,
    title=N_("Instalment plans"),
    one=N_("Instalment plan"),
    sentence=N_("How the total of a booking is asked for, step by step."),
    menu=MENU,
    columns="name project standard",
    form="name project standard",
    fixed="project",
    search="name",
    filters="project standard",
    order="name",
    deletable=True,
    acts=(
        Act(
            sales_acts.set_steps,
            N_("Set the steps"),
            icon="list-numbers",
            right=("instalment_plan", "write"),
            inputs=(
                Input(
                    "steps",
                    N_("Steps, one a line"),
                    Kind.long,
                    hint=N_("Like: 10 now / 30 after 60 days / 30 on 2027-03-01 / 30 at Handover"),
                ),
            ),
            bulk=False,
            done=N_("New bookings are asked for the total in these steps."),
        ),
        Act(
            sales_acts.reach,
            N_("Milestone reached"),
            icon="flag",
            verb="reach_milestone",
            money=True,
            inputs=(Input("position", N_("Step"), Kind.number, whole=True),),
            bulk=False,
            done=N_("What is due at this milestone is asked for now."),
        ),
    ),
    related=(
        Related(
            InstalmentStep,
            "plan_id",
            N_("Steps"),
            "position percent days due_on milestone reached_at",
            order="position",
            labels={
                "percent": N_("Percent"),
                "days": N_("Days after confirmation"),
                "milestone": N_("Milestone"),
                "reached_at": N_("Reached"),
            },
        ),
    ),
)
OWNER = Screen(
    ApartmentOwner,
    title=N_("Owners"),
    one=N_("Owner"),
    sentence=N_("Who owns which apartment, and how much of it."),
    menu=MENU,
    columns="owner apartment share created_at",
    form="owner apartment share",
    fixed="owner apartment",
    filters="owner apartment",
)
SCREENS = [PROJECT, APARTMENT, PACKAGE, LEVEL, ADDON, CATEGORY, PLAN, OWNER]
