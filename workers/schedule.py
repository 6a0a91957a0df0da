"""What runs by the clock, on one page. Times are UTC; each is run once, by whoever is first.

Everything here finds in Postgres what is due, so that one run after an outage makes up for all that
were missed, and running it by hand does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workers import (
    account_mails,
    approvals,
    autopay,
    bills,
    bookings,
    chains,
    cleaning,
    disputes,
    dunning,
    estate,
    holds,
    imports,
    invariants,
    leasing,
    mail,
    notices,
    onboarding,
    papers,
    payments,
    payouts,
    refunds,
    rents,
    sagas,
    saved_ways,
    scheduled_bills,
    signing,
    wallets,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name, how often, what; `at` is the hour and minute of what runs once a day."""

    name: str
    every: timedelta
    run: Callable[[], object]
    at: timedelta = timedelta(0)

    def due(self, now: datetime) -> datetime:
        """Give the last time at which it was due."""
        periods = (now - EPOCH - self.at) // self.every
        return EPOCH + self.at + periods * self.every


SCHEDULE = (
    Entry("payments", timedelta(seconds=2), payments.ask_due),
    Entry("refunds", timedelta(seconds=2), refunds.send_back_due),
    Entry("payouts", timedelta(seconds=2), payouts.send_due),
    Entry("wallets", timedelta(seconds=2), wallets.carry_out_due),
    Entry("mails", timedelta(seconds=2), mail.dispatch_due),
    Entry("texts", timedelta(seconds=2), mail.text_due),
    Entry("texts about accounts", timedelta(seconds=2), account_mails.text_due),
    Entry("mails about accounts", timedelta(seconds=2), account_mails.send_due),
    Entry("holds that end", timedelta(seconds=5), bookings.expire_holds),
    Entry("sagas", timedelta(seconds=5), sagas.advance_due),
    Entry("seals", timedelta(seconds=5), chains.seal),
    Entry("applications", timedelta(seconds=5), onboarding.look_after),
    Entry("bill runs", timedelta(seconds=30), bills.go_on),
    Entry("imports", timedelta(seconds=30), imports.go_on),
    Entry("disputes", timedelta(minutes=1), disputes.look_into_due),
    Entry("reminders of holds", timedelta(minutes=1), bookings.remind),
    Entry("counts of rows", timedelta(minutes=1), cleaning.fold_counts),
    Entry("signatures", timedelta(minutes=1), signing.look_after),
    Entry("money set aside", timedelta(minutes=1), holds.expire),
    Entry("papers that are missing", timedelta(minutes=5), papers.make_missing),
    Entry("approvals", timedelta(minutes=5), approvals.remind),
    Entry("invariants", timedelta(minutes=15), invariants.check),
    Entry("automatic payments", timedelta(hours=1), autopay.run),
    Entry("cards that were removed", timedelta(minutes=1), saved_ways.forget_due),
    Entry("stale bookings", timedelta(hours=1), bookings.reassign_stale),
    Entry("bills", timedelta(hours=1), bills.begin_due),
    Entry("bills of one's own", timedelta(minutes=10), scheduled_bills.look_after),
    Entry("who has which unit", timedelta(hours=1), estate.refresh),
    Entry("rents", timedelta(hours=1), rents.ask_due),
    Entry("leases that are over", timedelta(hours=1), leasing.end_due),
    Entry("leases that nobody signed", timedelta(minutes=10), leasing.expire_unsigned),
    Entry("old runs", timedelta(hours=1), cleaning.forget_runs),
    Entry("reminders of invoices", timedelta(days=1), dunning.remind, at=timedelta(hours=6)),
    Entry("rents that grow", timedelta(days=1), rents.grow, at=timedelta(hours=2, minutes=30)),
    Entry("late fees", timedelta(days=1), dunning.charge, at=timedelta(hours=3)),
    Entry(
        "proofs of identity",
        timedelta(days=1),
        onboarding.run_out,
        at=timedelta(hours=2, minutes=30),
    ),
    Entry("cleaning", timedelta(days=1), cleaning.clean, at=timedelta(hours=1, minutes=30)),
    Entry("old notices", timedelta(days=1), notices.clean, at=timedelta(hours=1, minutes=40)),
    Entry(
        "wallets proved", timedelta(days=1), wallets.inspect_all, at=timedelta(hours=1, minutes=50)
    ),
    Entry("anchors", timedelta(days=1), chains.cast_anchors, at=timedelta(hours=2)),
)
