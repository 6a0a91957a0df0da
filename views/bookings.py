"""Admin screens: bookings, as a list and as a board."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.text import N_
from core.work import Work, clock
from models.approvals import Approval
from models.billing import PaymentMethod
from models.bookings import (
    Booking,
    BookingAddon,
    BookingInvoice,
    BookingStatus,
    InstalmentPlan,
)
from models.organizations import Profile
from models.people import Party
from models.sales import Addon, Apartment, Package
from services import assignments, booking_ends, bookings, buying, choices, offers
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Board, Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts
from views.admin.words import money
from views.handovers import HAND_OVER, SALE_IN_DOUBT, TAKE_BACK
from views.web.person import actor

CONFIGURE = ("booking", "configure")


def choose_package(work: Work, row_id: UUID, package_id: UUID) -> object:
    """Choose one of the packages that the apartment offers."""
    return choices.choose_package(work, row_id, package_id)


def choose_addon(work: Work, row_id: UUID, addon_id: UUID, units: int) -> object:
    """Choose how many units of one add-on are wanted, and leave the others as they are."""
    chosen = select(BookingAddon.addon_id, BookingAddon.units).where(
        BookingAddon.booking_id == row_id
    )
    now = {row.addon_id: row.units for row in work.session.execute(chosen)}
    return choices.choose_addons(work, row_id, now | {addon_id: units})


def choose_addons(work: Work, row_id: UUID, addons: Mapping[UUID, int]) -> object:
    """Choose all add-ons at once; those left out are taken away."""
    return choices.choose_addons(work, row_id, addons)


def chosen_addons(row: Booking) -> dict[str, int]:
    """Give how many units of each add-on are chosen now."""
    rows = buying.chosen(Work(db.session(), actor()), row.id)
    return {str(each.addon_id): each.units for each in rows}


def offered_addons(row: Booking) -> list[dict[str, object]]:
    """Describe the add-ons that the apartment offers, for a form."""
    return [
        {
            "value": str(each.id),
            "label": each.name,
            "most": each.most,
            "note": _(
                "%(price)s each, at most %(most)s",
                price=money(each.price, row.currency),
                most=each.most,
            ),
        }
        for each in offers.addons(Work(db.session(), actor()), row.original_id)
    ]


def choose_payment(work: Work, row_id: UUID, method: PaymentMethod, plan_id: UUID | None) -> object:
    """Choose how the booking is paid, and by which plan."""
    return choices.choose_payment(work, row_id, method, plan_id)


def assign(work: Work, row_id: UUID, assigned_to: UUID) -> object:
    """Give the booking to somebody of the staff."""
    return assignments.assign_to(work, row_id, assigned_to)


def submitted(row: Booking) -> str:
    """Say who is next; where the rules ask nobody, it is approved already."""
    if row.status is BookingStatus.approved:
        return approved(row)
    return N_("Those who approve it are told. The booking waits for them.")


def approved(row: Booking) -> str:
    """Say what an approval has brought about."""
    if row.status is BookingStatus.approved:
        return N_("The booking is approved. At full payment the customer owns the apartment.")
    return N_("Your approval is noted. The booking waits for another one.")


def _over(row: Booking) -> str:
    """Say why nobody looks after it any more."""
    ended = (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)
    return N_("It is over.") if row.status in ended else ""


def _not_held(row: Booking) -> str:
    """Say why nothing is chosen in a place on a waiting list."""
    waits = row.status is BookingStatus.pending and row.hold_until is None
    return N_("It is a place on the waiting list: hold the apartment first.") if waits else ""


def _mine(at_hand: Any) -> Any:
    begun = facts(
        Booking.id,
        Booking.number,
        Booking.status_at,
        who=Party.name,
        about=Apartment.name,
        amount=Booking.total,
        currency=Booking.currency,
    ).join(Party, Party.id == Booking.customer_id)
    begun = begun.join(Apartment, Apartment.id == Booking.original_id)
    return begun.where(Booking.assigned_to_id == at_hand.profile_id).order_by(Booking.status_at)


def _to_go_on_with(at_hand: Any) -> Any:
    return _mine(at_hand).where(Booking.status == BookingStatus.in_progress)


def _held(at_hand: Any) -> Any:
    held = Booking.hold_until.is_not(None), Booking.hold_until > clock()
    return _mine(at_hand).where(Booking.status == BookingStatus.pending, *held)


REASON = Input("reason", N_("Reason"), Kind.long, length=400)
BOOKING = Screen(
    Booking,
    title=N_("Bookings"),
    one=N_("Booking"),
    sentence=N_("Customers on their way to an apartment, from the first hold to the key."),
    menu=N_("Sales"),
    waiting=(
        Waiting(
            "confirm",
            N_("Go on with booking %(name)s"),
            "user-check",
            _to_go_on_with,
            "waiting",
        ),
        Waiting("confirm", N_("The hold on %(name)s ends"), "clock", _held),
        SALE_IN_DOUBT,
    ),
    counted=True,
    columns="number status customer original total assigned_to status_at",
    more="original.project package hold_until created_at",
    labels={
        "original.project": N_("Project"),
        "apartment": N_("Its copy of the apartment"),
    },
    search="number customer.name original.name",
    filters="status customer original.project original assigned_to package total created_at"
    " confirmed_at status_at payment_method",
    acts=(
        Act(
            choose_package,
            N_("Choose package"),
            move="confirm",
            icon="package",
            right=CONFIGURE,
            unless=_not_held,
            bulk=False,
            inputs=(
                Input(
                    "package_id",
                    N_("Package"),
                    Kind.relation,
                    target=Package,
                    start=lambda row: row.package_id,
                ),
            ),
            done=N_("The package is chosen. Add what is wanted besides, or confirm."),
        ),
        Act(
            choose_addons,
            N_("Choose add-ons"),
            move="confirm",
            icon="square-plus",
            right=CONFIGURE,
            unless=_not_held,
            bulk=False,
            inputs=(
                Input(
                    "addons",
                    N_("Units of each"),
                    Kind.counts,
                    required=False,
                    start=chosen_addons,
                    offers=offered_addons,
                    hint=N_("0 takes it away."),
                ),
            ),
            done=N_("The add-ons are changed, and the total with them."),
        ),
        Act(
            choose_addon,
            N_("Change one add-on"),
            move="confirm",
            icon="square-plus",
            right=CONFIGURE,
            unless=_not_held,
            bulk=False,
            inputs=(
                Input("addon_id", N_("Add-on"), Kind.relation, target=Addon),
                Input(
                    "units",
                    N_("Units"),
                    Kind.number,
                    whole=True,
                    value="1",
                    hint=N_("0 takes it away."),
                ),
            ),
            done=N_("The add-ons are changed, and the total with them."),
        ),
        Act(
            choose_payment,
            N_("Choose payment"),
            move="confirm",
            icon="credit-card",
            right=CONFIGURE,
            unless=_not_held,
            bulk=False,
            inputs=(
                Input(
                    "method",
                    N_("Payment method"),
                    Kind.choice,
                    enum=PaymentMethod,
                    start=lambda row: row.payment_method,
                ),
                Input(
                    "plan_id",
                    N_("Instalment plan"),
                    Kind.relation,
                    target=InstalmentPlan,
                    required=False,
                    start=lambda row: row.plan_id,
                ),
            ),
            done=N_("How it is paid is chosen. Confirm when the customer agrees."),
        ),
        Act(
            bookings.confirm,
            N_("Confirm booking"),
            move="confirm",
            icon="circle-check",
            unless=_not_held,
            confirm=N_("What was chosen stays, and the invoices are issued."),
            money=True,
            done=N_(
                "The booking is confirmed and its invoices are issued. Submit it for review"
                " when papers and payment are as they should be."
            ),
        ),
        Act(
            bookings.submit,
            N_("Submit for review"),
            move="submit",
            icon="send",
            outcome=submitted,
        ),
        Act(
            bookings.approve,
            N_("Approve booking"),
            move="approve",
            icon="thumb-up",
            governs=bookings.APPROVE,
            outcome=approved,
        ),
        Act(
            booking_ends.reject,
            N_("Reject booking"),
            move="reject",
            icon="thumb-down",
            tone="danger",
            inputs=(REASON,),
            money=True,
            confirm=N_("All that was paid goes back, and the apartment is free again."),
            done=N_("The booking is rejected, and the customer is told why."),
        ),
        Act(
            booking_ends.cancel,
            N_("Cancel booking"),
            move="cancel",
            icon="x",
            tone="danger",
            inputs=(REASON,),
            money=True,
            confirm=N_(
                "The project's part of what was paid goes back, and the apartment is free again."
            ),
            done=N_("The booking is cancelled. What goes back is on its way."),
        ),
        HAND_OVER,
        TAKE_BACK,
        Act(
            assign,
            N_("Assign"),
            icon="user-share",
            unless=_over,
            bulk=False,
            inputs=(
                Input(
                    "assigned_to",
                    N_("Assigned to"),
                    Kind.relation,
                    target=Profile,
                    start=lambda row: row.assigned_to_id,
                ),
            ),
            done=N_("The booking has a new person who looks after it."),
        ),
    ),
    groups=(
        Group(
            N_("Booking"),
            "customer original original.project apartment assigned_to created_at status_at"
            " confirmed_at reason",
        ),
        Group(
            N_("Choice and price"),
            "package base_price package_price addons_price total payment_method plan",
        ),
    ),
    figures="total paid_amount remaining_amount original customer",
    related=(
        Related(
            BookingAddon,
            "booking_id",
            N_("Add-ons"),
            "addon units price_per_unit amount",
            labels={"addon": N_("Add-on"), "units": N_("Units")},
        ),
        Related(
            Approval,
            "subject_id",
            N_("Approvals"),
            "status needed given roles asked_by asked_at",
        ),
        Related(
            BookingInvoice,
            "booking_id",
            N_("Invoices"),
            "invoice position milestone",
            order="position",
            labels={"invoice": N_("Invoice"), "milestone": N_("Milestone")},
        ),
    ),
    presets=(
        Preset(N_("To approve"), "status=under_review"),
        Preset(N_("Mine"), "assigned_to={me}"),
        Preset(N_("Open"), "status=pending&status=in_progress&status=under_review"),
    ),
    board=Board(
        note="original",
        amount="total",
        age="status_at",
        assignee="assigned_to",
        countdown="hold_until",
        hidden=frozenset({"rejected", "expired"}),
    ),
    countdown="hold_until",
    programs="paid_amount remaining_amount currency base_price package_price addons_price"
    " payment_method confirmed_at reason",
    own="number status original original.project package plan total paid_amount remaining_amount"
    " currency base_price package_price addons_price payment_method status_at hold_until"
    " confirmed_at created_at reason",
    empty=N_("A booking begins when an apartment is held for a customer."),
    drawing="calendar",
)
SCREENS = [BOOKING]
