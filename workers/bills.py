"""Bill runs in the background: begun by the clock, gone on with after a stop, and told of."""

import logging
from uuid import UUID

from sqlalchemy import text

from core import db
from core.text import N_
from core.work import Work
from models.events import Event
from services import bill_runs
from workers.jobs import Desk, everywhere, homes, job
from workers.notices import money, to_money_staff

log = logging.getLogger(__name__)


@job(queue="low", timeout_seconds=3600)
def run(desk: Desk, cycle_id: str) -> None:
    """Issue a cycle, or take it back, a chunk a transaction. Killed, it goes on where it was."""
    more = True
    while more:
        with desk.work() as work:
            more = bill_runs.advance(work, UUID(cycle_id))


def ring(_work: Work, event: Event) -> None:
    """Let a worker begin at once with what somebody wants issued, or taken back."""
    if event.data["new"] in ("running", "taking_back"):
        run.later(event.organization_id, str(event.subject_id))


def go_on() -> None:
    """Ring for the cycles that are under way: a bell may have been lost, or a worker killed."""
    with db.session.session_factory() as session:
        busy = set(session.scalars(text("SELECT billing_homes()")))
    for home in sorted(busy.intersection(homes())):
        with Desk(home, "bills.go_on").work() as work:
            ids = bill_runs.at_work(work)
        for cycle_id in ids:
            run.later(home, str(cycle_id))


def begin_due() -> None:
    """Plan and issue what automatic bills ask for by now, in all organizations; once a period."""
    everywhere("bills.begin_due", _begin_due)
    go_on()


def _begin_due(home: UUID) -> None:
    desk = Desk(home, "bills.begin_due")
    with desk.work() as work:
        late = bill_runs.due(work)
    stuck: set[UUID] = set()
    for bill_id, day in late:
        if bill_id in stuck:
            continue  # its periods are asked for in their order
        try:
            with desk.work() as work:
                cycle = bill_runs.plan(work, bill_id, day)
                if cycle.charges:
                    bill_runs.issue(work, cycle.id)
        except bill_runs.AskedAlready:
            continue  # somebody was faster
        except Exception:
            stuck.add(bill_id)
            log.exception("bill %s of %s", bill_id, day)


def issued(work: Work, event: Event) -> None:
    """Tell the accountants that a bill is out."""
    says = N_("%(title)s was issued: %(count)s invoices, %(total)s together.")
    data = event.data
    values = {
        "title": data["title"],
        "count": str(data["invoices"]),
        "total": money(data["total"], data["currency"]),
    }
    to_money_staff(work, event, says, f"/admin/billing_cycle/{event.subject_id}", values)


def taken_back(work: Work, event: Event) -> None:
    """Tell the accountants that a bill was taken back, and what of it stands."""
    says = N_("A bill was taken back: %(voided)s invoices are void, %(kept)s were paid and stay.")
    values = {"voided": str(event.data["voided"]), "kept": str(event.data["kept"])}
    link = f"/admin/billing_cycle/{event.subject_id}"
    to_money_staff(work, event, says, link, values)
