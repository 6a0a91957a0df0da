"""Rents in the background: asked for by the clock, grown, and told of."""

import logging
from uuid import UUID

from core.errors import Refused
from core.text import N_
from core.work import Work
from models.events import Event
from services import rent_changes, rent_runs
from workers import bills
from workers.jobs import Desk, homes
from workers.notices import money, to_money_staff

log = logging.getLogger(__name__)


def ask_due() -> None:
    """Ask for all rents whose period has begun, in all organizations; once a period."""
    for home in homes():
        desk = Desk(home, "rents.ask_due")
        with desk.work() as work:
            late = rent_runs.due(work)
        for estate_id in late:
            try:
                with desk.work() as work:
                    rent_runs.run(work, estate_id)
            except Refused:
                log.exception("rents of estate %s", estate_id)
    bills.go_on()


def grow() -> None:
    """Write down which rents grow soon, in all organizations."""
    for home in homes():
        desk = Desk(home, "rents.grow")
        with desk.work() as work:
            due = rent_changes.due(work)
        for lease_id in due:
            grow_one(desk, lease_id)


def grow_one(desk: Desk, lease_id: UUID) -> None:
    """Let the rent of a lease grow, if it is time; what goes wrong stops no other."""
    try:
        with desk.work() as work:
            rent_changes.grow(work, lease_id)
    except Exception:
        log.exception("the rent of lease %s", lease_id)


def issued(work: Work, event: Event) -> None:
    """Tell the accountants that rents were asked for."""
    says = N_("%(title)s: %(count)s invoices were issued, %(total)s together.")
    data = event.data
    values = {
        "title": data["title"],
        "count": str(data["invoices"]),
        "total": money(data["total"], data["currency"]),
    }
    to_money_staff(work, event, says, f"/admin/billing_cycle/{event.subject_id}", values)


def taken_back(work: Work, event: Event) -> None:
    """Tell the accountants that rents were taken back, and what of them stands."""
    says = N_("Rents were taken back: %(voided)s invoices are void, %(kept)s were paid and stay.")
    values = {"voided": str(event.data["voided"]), "kept": str(event.data["kept"])}
    to_money_staff(work, event, says, f"/admin/billing_cycle/{event.subject_id}", values)
