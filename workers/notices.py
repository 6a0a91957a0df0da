"""Who is told of what, and in which words: the customer, and the staff at whose desk it is."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.money import decimals
from core.text import N_
from core.work import Work, found
from models.bookings import BOOKING_FLOW, Booking, BookingStatus
from models.events import Event
from models.files import Comment
from models.notices import Priority
from models.payments import PaymentIntent, Refund, RefundStatus
from services import disputes, followers, notices
from services.notices import Notice
from workers.jobs import Desk, homes

MONEY_STAFF = ("Accountant",)
SALE_STAFF = ("Manager",)
LONGEST_QUOTE = 200


def member_invited(work: Work, event: Event) -> None:
    """Tell whoever works there that the platform invites somebody to administer it."""
    if event.source != "platform":
        return
    says = N_("The platform has invited %(email)s to administer this organization.")
    notice = Notice(says, f"event:{event.id}", {"email": event.data["email"]}, "", Priority.high)
    notices.notify_roles(work, ("Admin", "Manager", "Accountant"), notice)


def booking_assigned(work: Work, event: Event) -> None:
    """Tell the member of the staff that the booking is theirs."""
    says = N_("Booking %(number)s is yours to look after.")
    link = f"/admin/booking/{event.subject_id}"
    notice = notice_of(event, says, link, number=event.data["number"])
    notices.notify(work, [UUID(event.data["profile_id"])], notice)


def booking_confirmed(work: Work, event: Event) -> None:
    """Tell the customer what comes next, and the staff that there is something to look at."""
    _both(
        work,
        event,
        N_("Thank you. Booking %(number)s over %(total)s is confirmed; the invoice is ready."),
        N_("Booking %(number)s over %(total)s was confirmed by the customer."),
        total=money(event.data["total"], event.data["currency"]),
    )


def booking_moved(work: Work, event: Event) -> None:
    """Tell the customer that it is being looked at; other moves have facts of their own."""
    if event.data["new"] != BookingStatus.under_review:
        return
    booking = found(work, Booking, event.subject_id)
    notices.notify_party(work, booking.customer_id, _moved(event, _page(booking.id)))


def booking_moved_on(work: Work, event: Event) -> None:
    """Tell its followers; whoever looks after it hears of what matters by other facts."""
    booking = found(work, Booking, event.subject_id)
    others = followers.of(work, "booking", booking.id) - {booking.assigned_to_id} - {doer_of(event)}
    notices.notify(work, others, _moved(event, f"/admin/booking/{booking.id}"))


def record_commented(work: Work, event: Event) -> None:
    """Tell whoever is named in a comment, and who follows the record."""
    said, data = found(work, Comment, event.subject_id), event.data
    named = {UUID(each) for each in data["mentions"]}
    link = f"/admin/{data['record_table']}/{data['record_id']}"
    values = {
        "author": said.author_name,
        "record": data["record_name"] or data["record_table"],
        "text": said.body[:LONGEST_QUOTE],
    }
    mention = N_("%(author)s named you on %(record)s: %(text)s")
    author = {UUID(data["author_id"])}
    notices.notify(work, named - author, notice_of(event, mention, link, **values))
    others = _followers(work, data) - named - author
    wrote = N_("%(author)s wrote on %(record)s: %(text)s")
    notices.notify(work, others, notice_of(event, wrote, link, **values))


def document_attached(work: Work, event: Event) -> None:
    """Tell the followers of a record that somebody put a file to it."""
    data = event.data
    others = _followers(work, data) - {doer_of(event)}
    says = N_("The file %(title)s was put to a record that you follow.")
    link = f"/admin/{data['record_table']}/{data['record_id']}"
    notices.notify(work, others, notice_of(event, says, link, title=data["title"]))


def booking_approved(work: Work, event: Event) -> None:
    """Tell the customer."""
    says = N_("Good news: booking %(number)s is approved.")
    _both(work, event, says, N_("Booking %(number)s is approved."))


def booking_rejected(work: Work, event: Event) -> None:
    """Tell the customer why."""
    _both(
        work,
        event,
        N_("Booking %(number)s was not accepted: %(reason)s"),
        N_("Booking %(number)s was rejected: %(reason)s"),
        reason=event.data["reason"],
    )


def booking_cancelled(work: Work, event: Event) -> None:
    """Tell both sides."""
    says = N_("Booking %(number)s was cancelled: %(reason)s")
    _both(work, event, says, says, reason=event.data["reason"])


def booking_expired(work: Work, event: Event) -> None:
    """Tell the customer that the apartment is no longer kept for them."""
    _both(
        work,
        event,
        N_("Your hold has ended, and booking %(number)s with it. Book again if you still want it."),
        N_("Booking %(number)s ran out: it was not confirmed in time."),
    )


def booking_settled(work: Work, event: Event) -> None:
    """Congratulate."""
    _both(
        work,
        event,
        N_("Booking %(number)s is paid in full. The apartment is yours: congratulations!"),
        N_("Booking %(number)s is paid in full and sold."),
    )


def sale_withdrawn(work: Work, event: Event) -> None:
    """Tell both sides, and those who approve sales, that the apartment is not passed on yet."""
    values = {"remaining": money(event.data["remaining"], event.data["currency"])}
    to_staff = N_("The sale of %(number)s is taken back: %(remaining)s are not paid any more.")
    _both(
        work,
        event,
        N_(
            "%(remaining)s of booking %(number)s are due again. The apartment is yours when all of"
            " it is paid."
        ),
        to_staff,
        **values,
    )
    _to_managers(work, event, to_staff, values)


def sale_in_doubt(work: Work, event: Event) -> None:
    """Have somebody decide what follows where an apartment that was handed over is not paid."""
    values = {"remaining": money(event.data["remaining"], event.data["currency"])}
    says = N_(
        "Booking %(number)s was handed over, and %(remaining)s are not paid any more. Have it paid,"
        " or take the sale back."
    )
    _to_managers(work, event, says, values)


def _to_managers(work: Work, event: Event, says: str, values: dict[str, str]) -> None:
    link = f"/admin/booking/{event.subject_id}"
    told = {"number": event.data["number"], **values}
    notices.notify_roles(
        work, SALE_STAFF, Notice(says, f"event:{event.id}", told, link, Priority.high)
    )


def booking_refunded(work: Work, event: Event) -> None:
    """Tell the customer what went back, and what was kept."""
    currency = event.data["currency"]
    _both(
        work,
        event,
        N_("%(refunded)s of booking %(number)s went back to you; %(kept)s were kept by the terms."),
        N_("Booking %(number)s is refunded: %(refunded)s went back, %(kept)s were kept."),
        refunded=money(event.data["refunded"], currency),
        kept=money(event.data["kept"], currency),
    )


def invoice_issued(work: Work, event: Event) -> None:
    """Ask the customer for the money; the paper itself goes by mail (workers/papers.py)."""
    says = N_("Invoice %(number)s over %(total)s is due on %(due)s.")
    total = money(event.data["total"], event.data["currency"])
    values = {"number": event.data["number"], "total": total, "due": event.data["due_on"] or "-"}
    link = f"/portal/payments?invoice={event.subject_id}"
    notice = Notice(says, f"event:{event.id}", values, link, mailed=False)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def credit_note_issued(work: Work, event: Event) -> None:
    """Tell the customer what was taken back."""
    says = N_("Credit note %(number)s takes back %(total)s of invoice %(invoice)s.")
    values = {
        "number": event.data["number"],
        "total": money(event.data["total"], event.data["currency"]),
        "invoice": event.data["invoice_number"],
    }
    notice = Notice(says, f"event:{event.id}", values, "/portal/payments", mailed=False)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def credit_used(work: Work, event: Event) -> None:
    """Tell the customer that their credit paid something."""
    says = N_("%(amount)s of your credit paid invoice %(number)s.")
    values = {
        "number": event.data["number"],
        "amount": money(event.data["amount"], event.data["currency"]),
    }
    notice = notice_of(event, says, f"/portal/payments?invoice={event.subject_id}", **values)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def invoice_paid(work: Work, event: Event) -> None:
    """Thank the customer."""
    says = N_("Thank you. Invoice %(number)s is paid.")
    link = f"/portal/payments?invoice={event.subject_id}"
    notice = notice_of(event, says, link, number=event.data["number"])
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def payment_succeeded(work: Work, event: Event) -> None:
    """Tell the payer that the money arrived."""
    says = N_("We received your payment %(number)s of %(amount)s.")
    amount = money(event.data["amount"], event.data["currency"])
    link = f"/portal/payments/{event.subject_id}"
    notice = notice_of(event, says, link, number=event.data["number"], amount=amount)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def payment_failed(work: Work, event: Event) -> None:
    """Tell the payer that nothing was paid, and why; of a saved card workers/autopay.py tells."""
    intent = found(work, PaymentIntent, event.subject_id)
    if intent.saved_way_id is not None:
        return
    says = N_("Payment %(number)s did not go through: %(reason)s Nothing was taken; try again.")
    values = {"number": intent.number, "reason": event.data["reason"]}
    notice = notice_of(event, says, f"/portal/payments/{intent.id}", **values)
    notices.notify_party(work, intent.party_id, notice)


def payment_reversed(work: Work, event: Event) -> None:
    """Tell the payer that the money is not there, and why; it is asked for again."""
    says = N_("Payment %(number)s of %(amount)s was taken back: %(reason)s It is due again.")
    values = {
        "number": event.data["number"],
        "amount": money(event.data["amount"], event.data["currency"]),
        "reason": event.data["reason"],
    }
    notice = notice_of(event, says, f"/portal/payments/{event.subject_id}", **values)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def cheque_bounced(work: Work, event: Event) -> None:
    """Tell the payer that their bank did not pay; that it is due again they hear beside it."""
    says = N_("Your cheque %(number)s of %(amount)s was not paid by the bank: %(reason)s")
    values = {
        "number": event.data["number"],
        "amount": money(event.data["amount"], event.data["currency"]),
        "reason": event.data["reason"],
    }
    notice = notice_of(event, says, "/portal/payments", **values)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def payment_unclear(work: Work, event: Event) -> None:
    """Have an accountant look at a payment of another sum than was asked for."""
    says = N_("Payment %(number)s does not add up: %(reason)s. Nothing was posted.")
    values = {"number": event.data["number"], "reason": event.data["reason"]}
    to_money_staff(work, event, says, f"/admin/payment_intent/{event.subject_id}", values)


def payment_disputed(work: Work, event: Event) -> None:
    """Have an accountant answer a dispute before the provider's day for it is over."""
    says = N_("%(amount)s of payment %(number)s is disputed: %(reason)s Answer it at the provider.")
    _dispute(work, event, says, reason=event.data["reason"] or "-")


def dispute_closed(work: Work, event: Event) -> None:
    """Tell the accountants whether the money stays, and the payer where it does not."""
    won = event.data["outcome"] == disputes.STAYS
    lost = N_("The dispute of payment %(number)s is lost: %(amount)s went back, and is owed again.")
    kept = N_("The dispute of payment %(number)s is won: %(amount)s stays.")
    _dispute(work, event, kept if won else lost)
    if not won:
        says = N_("Your bank took back %(amount)s of payment %(number)s. It is asked for again.")
        amount = money(event.data["amount"], event.data["currency"])
        notice = notice_of(
            event, says, "/portal/payments", number=event.data["number"], amount=amount
        )
        notices.notify_party(work, UUID(event.data["party_id"]), notice)


def _dispute(work: Work, event: Event, says: str, **values: str) -> None:
    values["number"] = event.data["number"]
    values["amount"] = money(event.data["amount"], event.data["currency"])
    link = f"/admin/payment_dispute/{event.subject_id}"
    to_money_staff(work, event, says, link, values)


def refund_requested(work: Work, event: Event) -> None:
    """Have an accountant pay a refund that no provider sends."""
    refund = found(work, Refund, event.subject_id)
    if refund.check_at is not None or refund.status is RefundStatus.succeeded:
        return
    says = N_("Pay back %(amount)s by hand, and say so at the refund.")
    values = {"amount": money(str(refund.amount), refund.currency)}
    to_money_staff(work, event, says, f"/admin/refund/{refund.id}", values)


def refund_succeeded(work: Work, event: Event) -> None:
    """Tell the customer that money is on its way."""
    says = N_("%(amount)s went back to you.")
    amount = money(event.data["amount"], event.data["currency"])
    notice = notice_of(event, says, "/portal/", amount=amount)
    notices.notify_party(work, UUID(event.data["party_id"]), notice)


def refund_failed(work: Work, event: Event) -> None:
    """Have an accountant look."""
    says = N_("A refund failed: %(reason)s Retry it, or pay it another way.")
    values = {"reason": event.data["reason"]}
    to_money_staff(work, event, says, f"/admin/refund/{event.subject_id}", values)


def clean() -> None:
    """Forget notices that are over."""
    for home in homes():
        with Desk(home, "notices.clean").work() as work:
            notices.clean(work)


def _both(work: Work, event: Event, to_customer: str, to_staff: str, **values: Any) -> None:
    """Tell the customer of a booking and whoever of the staff looks after it."""
    booking = found(work, Booking, event.subject_id)
    values["number"] = booking.number
    notices.notify_party(
        work, booking.customer_id, notice_of(event, to_customer, _page(booking.id), **values)
    )
    if booking.assigned_to_id is not None:
        link = f"/admin/booking/{booking.id}"
        notices.notify(work, [booking.assigned_to_id], notice_of(event, to_staff, link, **values))


def to_money_staff(work: Work, event: Event, says: str, link: str, values: dict[str, str]) -> None:
    """Have those look who keep the money; without one, the administrators."""
    notice = Notice(says, f"event:{event.id}", values, link, Priority.high)
    if not notices.notify_roles(work, MONEY_STAFF, notice):
        notices.notify_roles(work, ["Admin"], notice)


def notice_of(event: Event, says: str, link: str, **values: Any) -> Notice:
    """Tell of a fact, once."""
    return Notice(says, f"event:{event.id}", values, link)


def _moved(event: Event, link: str) -> Notice:
    status = BOOKING_FLOW.labels[BookingStatus(event.data["new"])]
    says = N_("Booking %(number)s moved on. It is now: %(status)s.")
    return notice_of(event, says, link, number=event.data["number"], status=status)


def _followers(work: Work, data: Mapping[str, Any]) -> set[UUID]:
    """Name who follows the record that a fact is about."""
    return followers.of(work, data["record_table"], UUID(data["record_id"]))


def doer_of(event: Event) -> UUID | None:
    """Name the person who did it; nobody where it was a machine."""
    kind, _, key = event.actor.partition(":")
    return UUID(key) if kind == "user" else None


def _page(booking_id: UUID) -> str:
    return f"/portal/bookings/{booking_id}/"


def money(amount: str, currency: str) -> str:
    """Write an amount in the decimals of its currency: KES 10,400,000.00."""
    return f"{currency} {Decimal(amount):,.{decimals(currency)}f}"
