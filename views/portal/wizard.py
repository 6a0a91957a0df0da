"""Booking an apartment: hold, package, add-ons, how to pay, review, confirm. One decision a page.

Each step is kept when it is sent, so that a booking can be left and taken up again anywhere. Every
total on these pages was computed by the database.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from core import db
from core.errors import Refused
from core.flow import IllegalMove
from core.work import Work, unit_of_work
from models.bookings import BookingStatus
from services import booking_ends, bookings, buying, offers, people
from services.bookings import AlreadyBooked, ApartmentTaken
from services.buying import Purchase
from views.portal.pages import PortalView, needs, reading, tell
from views.portal.steps import CHOOSERS, SHOWN, STEPS, address, around, check_read, total
from views.web.person import actor
from views.web.refusals import sentence


class PortalWizardView(PortalView):
    """The way from an apartment on show to a confirmed booking."""

    default_view = "step"

    @expose("/apartments/<uuid:apartment_id>/hold", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def hold(self, apartment_id: UUID) -> Any:
        """Keep an apartment for the buyer, and begin to choose."""
        return self._take(apartment_id, bookings.hold)

    @expose("/apartments/<uuid:apartment_id>/wait", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def wait(self, apartment_id: UUID) -> Any:
        """Take a place on the waiting list."""
        return self._take(apartment_id, bookings.join_waiting_list)

    @expose("/bookings/<uuid:booking_id>/again", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def again(self, booking_id: UUID) -> Any:
        """Book an apartment again whose hold ran out."""
        with unit_of_work(db.session(), actor()) as work:
            original_id = buying.purchase(work, booking_id).original_id
            booking_ends.expire(work, booking_id)
        return self._take(original_id, bookings.hold)

    @expose("/bookings/<uuid:booking_id>/<any(package,addons,payment,review):step>")  # type: ignore[untyped-decorator]
    @needs("book")
    def step(self, booking_id: UUID, step: str) -> Any:
        """Show one step; one that cannot be taken yet leads to where the booking stands."""
        work = reading()
        bought = buying.purchase(work, booking_id)
        if not bought.held(work.now):
            return redirect(url_for("PortalBookingsView.booking", booking_id=booking_id))
        if bought.package_id is None and step != "package":
            return redirect(address(booking_id, "package"))
        return self._show(work, bought, step)

    @expose("/bookings/<uuid:booking_id>/<any(package,addons,payment):step>", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def choose(self, booking_id: UUID, step: str) -> Any:
        """Keep what was chosen, and go on; a script asks for the new total alone."""
        typed = request.form
        try:
            with unit_of_work(db.session(), actor()) as work:
                CHOOSERS[step](work, buying.purchase(work, booking_id))
        except Refused as refusal:
            if refusal.status == 404:
                raise
            work = reading()
            bought = buying.purchase(work, booking_id)
            if not bought.held(work.now):
                return _hold_over(booking_id)
            if _by_script():
                return self._total(booking_id, sentence(refusal))
            return self._show(work, bought, step, sentence(refusal), typed), refusal.status
        if _by_script():
            return self._total(booking_id)
        return redirect(address(booking_id, STEPS[STEPS.index(step) + 1]))

    @expose("/bookings/<uuid:booking_id>/review", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("book")
    def confirm(self, booking_id: UUID) -> Any:
        """Confirm exactly what was read: a price that changed meanwhile is shown first."""
        done = url_for("PortalBookingsView.booking", booking_id=booking_id)
        try:
            with unit_of_work(db.session(), actor()) as work:
                bought = buying.purchase(work, booking_id)
                if bought.status is BookingStatus.pending:
                    check_read(bought)
                bookings.confirm(work, booking_id)
        except IllegalMove:
            return redirect(done)  # pressed twice: the first was taken
        except Refused as refusal:
            if refusal.status == 404:
                raise
            work = reading()
            again = buying.purchase(work, booking_id)
            if not again.held(work.now):
                return _hold_over(booking_id)
            return self._show(work, again, "review", sentence(refusal)), refusal.status
        return redirect(url_for("PortalBookingsView.confirmed", booking_id=booking_id))

    def _take(self, apartment_id: UUID, how: Callable[[Work, UUID, UUID], Any]) -> Any:
        try:
            with unit_of_work(db.session(), actor()) as work:
                booking_id = how(work, apartment_id, people.own_party(work).id).id
        except ApartmentTaken as refusal:
            offer = offers.offer(reading(), apartment_id)
            said = sentence(refusal)
            return self.page("portal/taken.html", "browse", offer=offer, sentence=said), 409
        except AlreadyBooked as refusal:
            mine = buying.purchase_of(reading(), apartment_id)
            if mine is None:
                raise
            tell(refusal)
            booking_id = mine.id
        return redirect(url_for("PortalBookingsView.booking", booking_id=booking_id))

    def _show(
        self, work: Work, bought: Purchase, step: str, error: str = "", typed: Any = None
    ) -> str:
        given = SHOWN[step](work, bought, typed)
        around_it = given.pop("w") | around(bought, step, error)
        title = around_it["title"]
        place = "bookings"
        return self.page(
            f"portal/step_{step}.html", place, bought=bought, title=title, w=around_it, **given
        )

    def _total(self, booking_id: UUID, error: str = "") -> Response | str:
        bought = buying.purchase(reading(), booking_id)
        return render_template("portal/total.html", total=total(bought), error=error)


def _hold_over(booking_id: UUID) -> Response:
    """Lead to what the booking is now: a script is told to load that page, too."""
    url = url_for("PortalBookingsView.booking", booking_id=booking_id)
    if not _by_script():
        return redirect(url)
    answer = Response("")
    answer.headers["HX-Redirect"] = url
    return answer


def _by_script() -> bool:
    return request.headers.get("HX-Request") == "true"
