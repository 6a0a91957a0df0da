"""My bookings: the list, one with all that belongs to it, and the way out of it."""

from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import Refused
from core.money import rounded
from core.work import Work, clock, unit_of_work
from models.billing import INVOICE_FLOW, InvoiceStatus
from models.bookings import BookingStatus
from services import booking_ends, buying, cancellations, catalogue
from services.buying import Bill, Purchase
from views.notices import cut_at
from views.portal.home import row_of
from views.portal.pages import PortalView, needs, reading
from views.portal.said import (
    Said,
    figures,
    how_to_pay,
    is_over,
    purchase_state,
    refund_row,
    refund_rule,
    refund_ways,
    timeline,
)
from views.portal.steps import address, where
from views.web.person import actor
from views.web.refusals import sentence

SHOWN_BILLS = (
    *(InvoiceStatus.draft, InvoiceStatus.issued, InvoiceStatus.partly_paid, InvoiceStatus.paid),
)
"""The invoices of a booking that goes on; of one that is over, all that were issued."""


class PortalBookingsView(PortalView):
    """What one has booked."""

    default_view = "bookings"

    @expose("/bookings")  # type: ignore[untyped-decorator]
    @needs("read")
    def bookings(self) -> str:
        """List them, the newest first."""
        work = reading()
        rows = [row_of(work, each) for each in buying.purchases(work)]
        cut = cut_at(buying.MOST, len(rows))
        return self.page("portal/bookings.html", "bookings", rows=rows, cut=cut)

    @expose("/bookings/<uuid:booking_id>/")  # type: ignore[untyped-decorator]
    @needs("read")
    def booking(self, booking_id: UUID) -> Any:
        """Lead to the step where a booking stands, or show what it has become."""
        work = reading()
        bought = buying.purchase(work, booking_id)
        if bought.held(work.now):
            return redirect(address(booking_id, where(bought)))
        if bought.status is BookingStatus.pending:
            return self.page(
                "portal/no_hold.html",
                "bookings",
                bought=bought,
                state=purchase_state(bought, work.now),
                free=buying.is_free(work, bought),
            )
        return self._booking(work, bought)

    @expose("/bookings/<uuid:booking_id>/confirmed")  # type: ignore[untyped-decorator]
    @needs("read")
    def confirmed(self, booking_id: UUID) -> Any:
        """Say that it is done, and what comes next."""
        work = reading()
        bought = buying.purchase(work, booking_id)
        if bought.confirmed_at is None:
            return redirect(url_for("PortalBookingsView.booking", booking_id=booking_id))
        due = next((each for each in buying.bills(work, booking_id) if each.due), None)
        return self.page(
            "portal/confirmed.html",
            "bookings",
            bought=bought,
            due=due,
            how=how_to_pay(bought.method, catalogue.organization(work).address) if due else "",
        )

    @expose("/bookings/<uuid:booking_id>/cancel")  # type: ignore[untyped-decorator]
    @needs("book")
    def cancel(self, booking_id: UUID) -> str:
        """Say what cancelling means, before anything is done."""
        return self._cancel(booking_id)

    @expose("/bookings/<uuid:booking_id>/cancel", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def cancelled(self, booking_id: UUID) -> Any:
        """Cancel it."""
        reason = request.form.get("reason", "")[:400]
        try:
            with unit_of_work(db.session(), actor()) as work:
                booking_ends.cancel(work, booking_id, reason)
        except Refused as refusal:
            if refusal.status == 404:
                raise
            return self._cancel(booking_id, sentence(refusal), reason), refusal.status
        return redirect(url_for("PortalBookingsView.booking", booking_id=booking_id))

    def _booking(self, work: Work, bought: Purchase) -> str:
        bills = buying.bills(work, bought.id)
        paid = buying.paid(work, bought.id)
        over = is_over(bought)
        back = cancellations.refunds_of(work, bought.id) if over else []
        return self.page(
            "portal/booking.html",
            "bookings",
            bought=bought,
            state=purchase_state(bought, work.now),
            over=over,
            figures=figures(bought, back),
            chosen=buying.chosen(work, bought.id),
            bills=[
                (bill, bill_state(bill))
                for bill in bills
                if (bill.number if over else bill.status in SHOWN_BILLS)
            ],
            announced=buying.announced(work),
            back=[refund_row(each, paid) for each in back],
            papers=papers_of(bought, bills),
            timeline=timeline(bought, bills, paid, back),
            may_cancel=bought.status in booking_ends.BUYER_CANCELS,
        )

    def _cancel(self, booking_id: UUID, error: str = "", reason: str = "") -> str:
        bought = buying.purchase(reading(), booking_id)
        back = rounded(bought.paid * bought.refund_percent / 100, bought.currency)
        return self.page(
            "portal/cancel.html",
            "bookings",
            bought=bought,
            rule=refund_rule(bought),
            back=back,
            ways=refund_ways(buying.paid(reading(), booking_id)) if back else "",
            reason=reason,
            error=error,
            allowed=bought.status in booking_ends.BUYER_CANCELS,
        )


def bill_state(bill: Bill) -> Said:
    """Say where an invoice stands, for whoever has to pay it."""
    if bill.status is InvoiceStatus.draft:
        text = _("At: %(milestone)s", milestone=bill.milestone) if bill.milestone else ""
        return Said(_("Not asked for yet"), "over", text)
    overdue = bool(bill.due and bill.due_on and bill.due_on < clock().date())
    meaning = "stopped" if overdue else INVOICE_FLOW.meanings[bill.status]
    label = _("Overdue") if overdue else _(INVOICE_FLOW.labels[bill.status])
    return Said(label, meaning, "")


def papers_of(bought: Purchase, bills: list[Bill]) -> list[dict[str, str]]:
    """List the papers of a booking (templates/macros/record.html)."""
    papers = []
    if bought.status is BookingStatus.approved:
        url = url_for("PortalPapersView.contract", booking_id=bought.id)
        papers.append({"name": _("Sales contract"), "url": url, "size": "PDF"})
    papers.extend(
        {
            "name": _("Invoice %(number)s", number=bill.number),
            "url": url_for("PortalPapersView.invoice", invoice_id=bill.id),
            "size": "PDF",
        }
        for bill in bills
        if bill.number
    )
    return papers
