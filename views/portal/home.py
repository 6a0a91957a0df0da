"""The first page of the portal, notices, and what is mine."""

from typing import Any

from flask import g, redirect, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core.work import Work
from services import buying, signing_acts
from services.buying import Bill, Purchase
from views.admin.words import day, moment, money
from views.notices import cut_at, latest
from views.portal.homes import home_row, homes_of
from views.portal.pages import PAYMENTS, PortalView, is_buyer, lives_here, needs, reading
from views.portal.said import is_over, place, purchase_state
from views.web.person import signed_in

FEW, MOST = 5, 100
"""Notices on the first page, and on their own."""


class PortalHomeView(PortalView):
    """Home, notices, me."""

    default_view = "home"

    @expose("/")  # type: ignore[untyped-decorator]
    def home(self) -> Any:
        """Greet with the one thing to do; show who is neither buyer nor resident the catalogue."""
        at_hand = signed_in()
        mine_here = is_buyer() or lives_here()
        if not mine_here or at_hand.member is None or at_hand.member.staff:
            return self._no_buyer()
        work = reading()
        mine, bills = buying.purchases(work), buying.bills(work)
        return self.page(
            "portal/home.html",
            "home",
            greeting=_("Hello %(name)s", name=at_hand.name.split()[0]),
            needs=_needs(work, mine, bills),
            balances=_balances(mine, bills),
            mine=[
                *(home_row(each) for each in homes_of(work)),
                *(row_of(work, each) for each in mine if not is_over(each)),
            ],
            news=latest(at_hand, FEW),
            first=_nothing_yet(),
        )

    @expose("/notices")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def notices(self) -> str:
        """List what one was told, the newest first."""
        news = latest(signed_in(), MOST)
        return self.page("portal/notices.html", "home", news=news, cut=cut_at(MOST, len(news)))

    @expose("/me")  # type: ignore[untyped-decorator]
    def me(self) -> str:
        """Show who one is here, and the ways to change it."""
        return self.page("portal/me.html", "me", person=signed_in())

    def _no_buyer(self) -> Any:
        member = g.user.member
        if member is not None and (member.staff or is_buyer()):
            return redirect(url_for("CatalogueView.shop", slug=member.slug))
        return self.page("portal/nothing.html", "home", member=member)


def row_of(work: Work, bought: Purchase) -> dict[str, Any]:
    """Make the row of a booking (templates/portal/rows.html)."""
    shown = purchase_state(bought, work.now)
    return {
        "title": bought.apartment,
        "text": place(bought),
        "url": url_for("PortalBookingsView.booking", booking_id=bought.id),
        "icon": "building",
        "state": shown.label,
        "meaning": shown.meaning,
    }


def _needs(work: Work, mine: list[Purchase], bills: list[Bill]) -> dict[str, Any] | None:
    """Find the one thing to do: sign, go on with a hold, book what is free, pay what is due."""
    signature = next(iter(signing_acts.to_sign(work)), None)
    if signature is not None:
        until = moment(signature[1].expires_at)
        return {
            "title": _("Sign “%(title)s”", title=signature[1].title),
            "text": _("Read it first; it can be signed until %(time)s.", time=until),
            "label": _("Read and sign"),
            "url": url_for("PortalSigningView.document", signer_id=signature[0].id),
        }
    held = next((each for each in mine if each.held(work.now)), None)
    if held is not None:
        return {
            "title": _("Finish booking %(name)s", name=held.apartment),
            "text": _("It is kept for you while you choose."),
            "ends_at": held.hold_until,
            "label": _("Go on"),
            "url": url_for("PortalBookingsView.booking", booking_id=held.id),
        }
    free = next((each for each in mine if each.waits and buying.is_free(work, each)), None)
    if free is not None:
        return {
            "title": _("%(name)s is free now", name=free.apartment),
            "text": _("You are on its waiting list. Book it before somebody else does."),
            "label": _("Book it"),
            "url": url_for("PortalBookingsView.booking", booking_id=free.id),
        }
    sent = buying.announced(work)
    due = next((each for each in bills if each.due and each.id not in sent), None)
    if due is None:
        return None
    return {
        "title": _("Pay %(amount)s", amount=money(due.due, due.currency)),
        "text": _("Invoice %(number)s is due on %(day)s.", number=due.number, day=day(due.due_on)),
        "label": _("Pay now"),
        "url": url_for("PortalPaymentsView.payments", invoice=due.id),
    }


def _nothing_yet() -> dict[str, Any]:
    """Say what to do where nothing is one's own yet."""
    if not is_buyer():
        return {
            "title": _("No home yet"),
            "text": _("When your unit is written down for you, you find it here."),
        }
    return {
        "title": _("Find your home"),
        "text": _("Look at what is free, choose an apartment, and book it from here."),
        "action": {"label": _("Browse apartments"), "url": "/portal/browse"},
    }


def _balances(mine: list[Purchase], bills: list[Bill]) -> list[dict[str, Any]]:
    """Say what is due, and what remains of all bookings, by currency."""
    owed = buying.owed(bills)
    remaining: dict[str, Any] = {}
    for each in mine:
        if each.confirmed_at and not is_over(each):
            remaining[each.currency] = remaining.get(each.currency, 0) + each.remaining
    return [
        {
            "label": _("To pay"),
            "amount": owed.get(currency, 0),
            "currency": currency,
            "note": _("%(amount)s remain in all", amount=money(remaining[currency], currency))
            if remaining.get(currency, 0) > owed.get(currency, 0)
            else "",
            "pay_url": url_for("PortalPaymentsView.payments") if owed.get(currency) else "",
        }
        for currency in sorted({*remaining, *owed})
    ]
