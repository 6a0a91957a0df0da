"""What a booking is at the moment, in words for its buyer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from models.bookings import BOOKING_FLOW, BookingStatus
from models.payments import ONLINE, PaymentIntent, Refund, RefundStatus
from services import payments, ways
from services.buying import Bill, Purchase
from views.admin.words import day, money, number


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
        BookingStatus.rejected: _("We could not accept this booking.")
        if not bought.paid
        else _("We could not accept this booking. What you paid comes back."),
        BookingStatus.cancelled: _("This booking was cancelled.")
        if not bought.paid
        else _("This booking was cancelled. What comes back to you stands below."),
        BookingStatus.expired: _("The time to choose ran out before you confirmed."),
    }
    return str(texts.get(bought.status, ""))


def place(bought: Purchase) -> str:
    """Say where an apartment is, and what kind: project, layout, area."""
    facts = [bought.project, bought.layout, f"{number(bought.area)} m²"]
    return ", ".join(each for each in facts if each)


def is_over(bought: Purchase) -> bool:
    """Whether a booking has ended without a sale."""
    return bought.status in (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)


def figures(bought: Purchase, back: Sequence[Refund]) -> list[dict[str, str]]:
    """Give the sums of a booking: what remains to be paid, or what goes back once it is over."""
    sums = [(_("Price"), bought.total)]
    if not is_over(bought):
        sums += [(_("Paid"), bought.paid), (_("Remaining"), bought.remaining)]
    elif bought.paid:
        sums += [(_("Paid"), bought.paid)]
        if back:
            sums += [(_("Goes back to you"), sum((each.amount for each in back), Decimal(0)))]
    return [{"label": label, "value": money(amount, bought.currency)} for label, amount in sums]


def how_to_pay(method: PaymentMethod | None, office: str) -> str:
    """Say how the invoices of a booking are paid that are not paid at once from here."""
    if method is PaymentMethod.cash and office:
        text = _("Pay at our office, %(address)s. You get a receipt.", address=office)
    elif method is PaymentMethod.cash:
        text = _("Pay at our office. You get a receipt.")
    elif method is PaymentMethod.invoice:
        text = _("Your invoices are with the booking. Pay each by the day it is due.")
    else:
        text = ""
    return str(text)


def way_in_words(intent: PaymentIntent) -> str:
    """Say how a payment is made: by the provider's name to payers, where there is one."""
    way = ways.WAYS.get(intent.provider)
    return str(_(way.label if way else PAYMENT_METHOD_LABELS[intent.method]))


def refund_row(back: Refund, paid: Sequence[PaymentIntent]) -> dict[str, Any]:
    """Say of one refund how much it is, which way it takes, and how far it is."""
    intent = next((each for each in paid if each.id == back.intent_id), None)
    method = intent.method if intent is not None else None
    ways_back = {
        PaymentMethod.card: _("To the card you paid with."),
        PaymentMethod.mobile_money: _("To the phone you paid with."),
    }
    badges = {
        RefundStatus.requested: (_("On its way"), "waiting"),
        RefundStatus.succeeded: (_("Paid back"), "good"),
        RefundStatus.failed: (_("We look into it"), "needs"),
    }
    label, meaning = badges[back.status]
    return {
        "amount": back.amount,
        "currency": back.currency,
        "number": intent.number if intent else "",
        "text": (method and ways_back.get(method)) or _("Our accounts pay it to you."),
        "at": back.succeeded_at,
        "label": label,
        "meaning": meaning,
    }


def refund_ways(paid: Sequence[PaymentIntent]) -> str:
    """Say which way money comes back to whoever made these payments."""
    made = [each for each in paid if each.status in payments.OVER]
    back = [each.method in ONLINE for each in made]
    if all(back):
        text = _("It goes back the way you paid, as a rule within some days.")
    elif any(back):
        text = _(
            "What you paid online goes back the way it came; the rest our accounts pay to you."
        )
    else:
        text = _("Our accounts pay it to you, and you read here when it is done.")
    return str(text)


def refund_rule(bought: Purchase) -> str:
    """Say what comes back if the buyer cancels."""
    percent = number(bought.refund_percent.normalize())
    said = _(
        "If you cancel, %(percent)s %% of what you have paid comes back to you.", percent=percent
    )
    return str(said)


def timeline(
    bought: Purchase,
    bills: Sequence[Bill],
    paid: Sequence[PaymentIntent],
    back: Sequence[Refund] = (),
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
        reason = "" if bought.status is BookingStatus.expired else bought.reason
        entries.append(entry | {"what": what, "meaning": meaning, "detail": reason})
    entries += _money_told(bills, paid, back)
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def _money_told(
    bills: Sequence[Bill], paid: Sequence[PaymentIntent], back: Sequence[Refund]
) -> list[dict[str, Any]]:
    """Tell what was asked for, what was paid, and what went back."""
    asked = [
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
    ]
    came = [
        {
            "at": intent.succeeded_at,
            "who": _("You"),
            "kind": "money",
            "meaning": "good",
            "what": _("paid %(amount)s.", amount=money(intent.amount, intent.currency)),
        }
        for intent in paid
        if intent.succeeded_at and intent.status in payments.OVER
    ]
    went = [
        {
            "at": each.succeeded_at,
            "who": _("We"),
            "kind": "money",
            "meaning": "good",
            "what": _("paid back %(amount)s.", amount=money(each.amount, each.currency)),
        }
        for each in back
        if each.succeeded_at
    ]
    return [*asked, *came, *went]


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
