"""The first page: what waits for the person at hand."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, redirect, render_template, url_for
from flask_appbuilder import BaseView, IndexView, expose
from flask_babel import gettext as _
from sqlalchemy import literal, null, select

from core import db
from core.text import N_
from core.work import clock
from models.approvals import Approval
from models.billing import PaymentMethod
from models.bookings import Booking, BookingStatus
from models.events import Saga, SagaStatus
from models.payments import ONLINE, IntentStatus, PaymentIntent, Refund, RefundStatus
from models.people import Party
from models.sales import Apartment
from services import approvals
from views.admin.registry import BY_TABLE
from views.admin.words import money
from views.notices import latest
from views.web.person import Person, person, signed_in

FEW = 6


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits: who may do something about it, and how to find it."""

    table: str
    verb: str
    title: str
    icon: str
    meaning: str = "needs"


APPROVE = Waiting("approval", "read", N_("Approve %(name)s"), "thumb-up")
MINE = Waiting("booking", "confirm", N_("Go on with booking %(name)s"), "user-check", "waiting")
HOLDS = Waiting("booking", "confirm", N_("The hold on %(name)s ends"), "clock")
TRANSFERS = Waiting(
    "payment_intent", "confirm_transfer", N_("Confirm transfer %(name)s"), "building-bank"
)
REFUNDS = Waiting("refund", "retry", N_("A refund failed: %(name)s"), "cash-off", "stopped")
BY_HAND = Waiting("refund", "settle", N_("Pay back by hand: %(name)s"), "cash")
SAGAS = Waiting("saga", "resume", N_("Parked: %(name)s"), "player-pause", "stopped")

BY_HAND_STILL = (
    Refund.status == RefundStatus.requested,
    PaymentIntent.method.not_in(ONLINE),
)
"""No provider sends these: somebody pays them, and says so."""


class Index(IndexView):  # type: ignore[misc]
    """The address without a path."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> Any:
        """Go to the first page, or to the door."""
        return redirect(url_for("SignInView.login" if person() is None else "HomeView.home"))


class HomeView(BaseView):  # type: ignore[misc]
    """What waits for me."""

    route_base = ""
    default_view = "home"

    @expose("/home/")  # type: ignore[untyped-decorator]
    def home(self) -> Any:
        """Show what waits, oldest first."""
        at_hand = signed_in()
        if _belongs_in_portal(at_hand):
            return redirect("/portal/")
        shortcuts = []
        if at_hand.may("hold", "booking") and "apartment" in BY_TABLE:
            url = url_for("apartment.index", status="for_sale")
            shortcuts.append({"label": _("Book an apartment"), "url": url, "icon": "plus"})
        recent = [
            {
                "at": each["at"],
                "who": "",
                "what": each["text"],
                "kind": "message",
                "meaning": "waiting" if each["unread"] else "over",
            }
            for each in latest(at_hand, FEW)
        ]
        return render_template(
            "appbuilder/index.html",
            title=_("Home"),
            greeting=_("Good day, %(name)s", name=at_hand.name.split(" ")[0]),
            sentence=_("What waits for you, the oldest first."),
            waiting=waiting(at_hand) if at_hand.member else [],
            recent=recent,
            shortcuts=shortcuts,
        )


def _belongs_in_portal(at_hand: Person) -> bool:
    if at_hand.member is None or at_hand.member.staff or "Buyer" not in at_hand.roles:
        return False
    return any(rule.rule == "/portal/" for rule in current_app.url_map.iter_rules())


def waiting(at_hand: Person) -> list[dict[str, Any]]:
    """Find what waits for somebody's roles, a few of each kind."""
    found: list[dict[str, Any]] = []
    for kind, query in _kinds(at_hand):
        if not at_hand.may(kind.verb, kind.table):
            continue
        for row in db.session().execute(query.limit(FEW)):
            text = " \u00b7 ".join(str(each) for each in (row.who, row.about) if each)
            if row.amount is not None:
                text += f" \u00b7 {money(row.amount, row.currency)}"
            found.append(
                {
                    "title": _(kind.title, name=row.name),
                    "text": text.removeprefix(" \u00b7 "),
                    "at": row.at,
                    "url": url_for(f"{getattr(row, 'table', kind.table)}.record", pk=row.id),
                    "meaning": kind.meaning,
                    "icon": kind.icon,
                }
            )
    return sorted(found, key=lambda each: each["at"])


def _kinds(at_hand: Person) -> list[tuple[Waiting, Any]]:
    booking = (
        select(
            Booking.id,
            Booking.number.label("name"),
            Party.name.label("who"),
            Apartment.name.label("about"),
            Booking.total.label("amount"),
            Booking.currency.label("currency"),
            Booking.status_at.label("at"),
        )
        .join(Party, Party.id == Booking.customer_id)
        .join(Apartment, Apartment.id == Booking.original_id)
        .order_by(Booking.status_at)
    )
    mine = Booking.assigned_to_id == at_hand.profile_id
    held = Booking.hold_until.is_not(None), Booking.hold_until > clock()
    return [
        (APPROVE, _approvals(at_hand)),
        (MINE, booking.where(Booking.status == BookingStatus.in_progress, mine)),
        (HOLDS, booking.where(Booking.status == BookingStatus.pending, mine, *held)),
        (TRANSFERS, _transfers()),
        (REFUNDS, _refunds().where(Refund.status == RefundStatus.failed)),
        (BY_HAND, _refunds().where(*BY_HAND_STILL)),
        (SAGAS, _sagas()),
    ]


def _approvals(at_hand: Person) -> Any:
    return approvals.waiting_for(at_hand.profile_id, at_hand.roles).with_only_columns(
        Approval.subject_table.label("table"),
        Approval.subject_id.label("id"),
        Approval.subject_name.label("name"),
        literal("").label("who"),
        Approval.about.label("about"),
        Approval.amount.label("amount"),
        Approval.currency.label("currency"),
        Approval.asked_at.label("at"),
    )


def _transfers() -> Any:
    return (
        select(
            PaymentIntent.id,
            PaymentIntent.number.label("name"),
            Party.name.label("who"),
            PaymentIntent.note.label("about"),
            PaymentIntent.amount.label("amount"),
            PaymentIntent.currency.label("currency"),
            PaymentIntent.created_at.label("at"),
        )
        .join(Party, Party.id == PaymentIntent.party_id)
        .where(
            PaymentIntent.method == PaymentMethod.bank_transfer,
            PaymentIntent.status.in_((IntentStatus.requires_action, IntentStatus.processing)),
        )
        .order_by(PaymentIntent.created_at)
    )


def _refunds() -> Any:
    return (
        select(
            Refund.id,
            PaymentIntent.number.label("name"),
            Party.name.label("who"),
            Refund.failure.label("about"),
            Refund.amount.label("amount"),
            Refund.currency.label("currency"),
            Refund.created_at.label("at"),
        )
        .join(PaymentIntent, PaymentIntent.id == Refund.intent_id)
        .join(Party, Party.id == Refund.party_id)
        .order_by(Refund.created_at)
    )


def _sagas() -> Any:
    return (
        select(
            Saga.id,
            Saga.kind.label("name"),
            literal("").label("who"),
            Saga.last_error.label("about"),
            null().label("amount"),
            literal("").label("currency"),
            Saga.created_at.label("at"),
        )
        .where(Saga.status == SagaStatus.parked)
        .order_by(Saga.created_at)
    )
