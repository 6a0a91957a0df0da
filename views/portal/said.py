"""What a booking is at the moment, in words for its buyer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from models.bookings import BOOKING_FLOW, BookingStatus
from models.payments import PaymentIntent
from services import payments
from services.buying import Bill, Purchase
from views.words import day, money, number


@dataclass(frozen=True, slots=True)
class Said:
    """A state: the word of its badge, its colour, and what it means for the buyer."""

    label: str
    meaning: str
    text: str


def purchase_state(bought: Purchase, now: datetime) -> Said:
    """Say where a booking stands and what comes next."""
    if bought.waits:
        return Said(
            _("Waiting list"), "waiting", _("You hear first if this apartment becomes free.")
        )
    if bought.status is BookingStatus.pending:
        if bought.held(now):
            return Said(_("Choosing"), "waiting", _("It is kept for you while you choose."))
        return Said(_("Hold over"), "stopped", _("The time to choose has run out."))
    label = _(BOOKING_FLOW.labels[bought.status])
    return Said(label, BOOKING_FLOW.meanings[bought.status], _meaning(bought))


def _meaning(bought: Purchase) -> str:
    paid_all = bought.remaining <= 0
    texts = {
        BookingStatus.in_progress: _(
            "We have your booking. Pay what is due, and we check the papers."
        ),
        BookingStatus.under_review: _(
            "We are checking the papers. You hear from us in a few days."
        ),
        BookingStatus.approved: _("It is approved and paid in full: the apartment is yours.")
        if paid_all
        else _("It is approved. The apartment is yours when all of it is paid."),
        BookingStatus.rejected: _("We could not accept this booking. What you paid comes back."),
        BookingStatus.cancelled: _("This booking was cancelled."),
        BookingStatus.expired: _("The time to choose ran out before you confirmed."),
    }
    return str(texts.get(bought.status, ""))


def place(bought: Purchase) -> str:
    """Say where an apartment is, and what kind: project, layout, area."""
    facts = [bought.project, bought.layout, f"{number(bought.area)} m²"]
    return ", ".join(each for each in facts if each)


def refund_rule(bought: Purchase) -> str:
    """Say what comes back if the buyer cancels."""
    percent = number(bought.refund_percent.normalize())
    said = _(
        "If you cancel, %(percent)s %% of what you have paid comes back to you.", percent=percent
    )
    return str(said)


def timeline(
    bought: Purchase, bills: Sequence[Bill], paid: Sequence[PaymentIntent]
) -> list[dict[str, Any]]:
    """Tell what happened to a booking, the newest first (templates/macros/record.html)."""
    you = _("You")
    entries = [
        {"at": bought.created_at, "who": you, "kind": "created", "what": _("began this booking.")}
    ]
    if bought.confirmed_at:
        said = _("confirmed what you had chosen.")
        entries.append({"at": bought.confirmed_at, "who": you, "kind": "approval", "what": said})
    if bought.status is not BookingStatus.pending and bought.status_at != bought.confirmed_at:
        label = _(BOOKING_FLOW.labels[bought.status])
        entry = {"at": bought.status_at, "who": _("The booking"), "kind": "state"}
        what = _("is now: %(state)s.", state=label)
        meaning = BOOKING_FLOW.meanings[bought.status]
        entries.append(entry | {"what": what, "meaning": meaning, "detail": bought.reason})
    entries.extend(
        {
            "at": bill.issued_at,
            "who": _("Invoice %(number)s", number=bill.number),
            "kind": "money",
            "what": _(
                "asked for %(amount)s, due on %(day)s.",
                amount=money(bill.total, bill.currency),
                day=day(bill.due_on),
            ),
        }
        for bill in bills
        if bill.issued_at
    )
    entries.extend(
        {
            "at": intent.succeeded_at,
            "who": you,
            "kind": "money",
            "meaning": "good",
            "what": _("paid %(amount)s.", amount=money(intent.amount, intent.currency)),
        }
        for intent in paid
        if intent.succeeded_at and intent.status in payments.OVER
    )
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def chosen_in_words(bought: Purchase, parts: Sequence[Any]) -> list[str]:
    """Repeat in sentences what was chosen and how it will be paid."""
    sentences = [
        _(
            "You book apartment %(name)s (%(place)s) with the package %(package)s.",
            name=bought.apartment,
            place=place(bought),
            package=bought.package,
        )
    ]
    if parts:
        added = ", ".join(f"{each.units} \N{MULTIPLICATION SIGN} {each.name}" for each in parts)
        sentences.append(_("Added to it: %(addons)s.", addons=added))
    total = money(bought.total, bought.currency)
    sentences.append(_("The price of all this is %(total)s.", total=total))
    return sentences


def in_parts(count: int) -> str:
    """Say in how many parts a booking is paid."""
    return str(ngettext("in one part", "in %(num)s parts", count))
