"""`flask simulate`: made-up people live through some days of an organization, and all must fit."""

import random
import time
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import click
import httpx
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import clock
from models.organizations import Organization
from models.payments import IntentStatus, PaymentIntent
from workers import chains, payments, wallets
from workers.imports import organization_named
from workers.simulate_days import Days, Done, PayByCard
from workers.simulate_people import SOURCE, Machine, gather, send_home

CARD = {"number": "4242 4242 4242 4242", "expires": "04 / 39", "code": "123"}
"""The card that the demo's provider takes."""
PATIENCE_SECONDS = 20.0


@click.command()
@click.option("--organization", default=None, help="Its name or web address; the oldest if none.")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 730), help="Days, up to now."
)
@click.option(
    "--people", default=6, show_default=True, type=click.IntRange(1, 200), help="How many buyers."
)
@click.option(
    "--seed", default=1, show_default=True, help="The same seed on the same data plays the same."
)
@click.option("--anyway", is_flag=True, help="Also in an organization that is no demo.")
def simulate(organization: str | None, *, days: int, people: int, seed: int, anyway: bool) -> None:
    """Play the life of an organization, print what was done, and prove its books.

    Made-up buyers book, choose, confirm and pay, use wallets and cancel; a made-up seller, manager
    and accountant work for them. Each has a sign-in and a role, and does nothing that the role
    does not allow: the database judges them as it judges everybody. Payments go by the demo's card
    provider where it runs, else by transfer and in cash. At the end the ledger, the audit trail and
    all wallets are proved; the exit status is not 0 if anything is amiss.
    """
    db.use(current_app, "jobs")
    home, name = organization_named(organization)
    row = _described(home)
    if (row.custom or {}).get("demo") is None and not anyway:
        raise click.ClickException(
            f"{name} is no demo: made-up bookings and payments would stand in its books. Give"
            " --anyway if that is meant."
        )
    players = gather(home, row.slug, seed, people)
    dice = random.Random(f"days of {seed}")  # noqa: S311  # a play, no secret
    play = Days(players, dice, _by_card(home))
    try:
        with click.progressbar(
            play.play(clock() - timedelta(days=days), days), length=days, label=name
        ) as passing:
            for _day in passing:
                pass
    finally:
        send_home(players)
    _tell(play)
    _prove()


def _described(home: UUID) -> Organization:
    with (
        Session(current_app.extensions["engines"]["jobs"]) as session,
        seeing(session, Scope(home, actor=f"command:{SOURCE}")),
    ):
        return session.scalars(select(Organization)).one()


def _tell(play: Days) -> None:
    """Print what was done, each kind of thing in a line."""
    rows = [("What", "Who", "Times", "Amount")]
    rows += [
        (each.what, each.who, str(count), _amount(each, play.sums.get(each)))
        for each, count in sorted(play.times.items(), key=lambda pair: (pair[0].who, pair[0].what))
    ]
    rows += [
        (f"Was refused: {code}", "", str(count), "")
        for code, count in sorted(play.refusals.items())
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for what, who, times, amount in rows:
        line = f"{what:<{widths[0]}}  {who:<{widths[1]}}  {times:>{widths[2]}}  "
        click.echo((line + f"{amount:>{widths[3]}}").rstrip())


def _amount(done: Done, amount: Decimal | None) -> str:
    return "" if amount is None else f"{done.currency} {amount:,.2f}"


def _prove() -> None:
    flaws = [
        f"{flaw.chain}: {flaw.says}" for kind in ("ledger", "audit") for flaw in chains.verify(kind)
    ]
    flaws += [f"wallet {name}: {said}" for name, said in wallets.inspect_all().items()]
    if flaws:
        raise click.ClickException("; ".join(flaws))
    click.echo("The ledger, the audit trail and all wallets are whole.")


def _by_card(home: UUID) -> PayByCard | None:
    """Give a way to pay at the demo's card provider; None where it does not run."""
    address = current_app.config["CARD_PROVIDER_URL"]
    if not current_app.config["CARD_DOUBLE"]:
        return None
    try:
        httpx.get(address, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return None

    def pay(intent_id: UUID) -> bool:
        if url := _waited(home, intent_id, until="page"):
            httpx.post(url, data=CARD, timeout=10, trust_env=False)
        return _waited(home, intent_id, until="paid") == IntentStatus.succeeded

    return pay


def _waited(home: UUID, intent_id: UUID, *, until: str) -> str:
    """Ask the provider, as the schedule does, until the payment has a page, or is paid."""
    late = time.monotonic() + PATIENCE_SECONDS
    while True:
        payments.ask(home, str(intent_id))
        with Machine(home).at(clock()) as work:
            intent = work.session.get_one(PaymentIntent, intent_id)
            over = intent.status in {IntentStatus.succeeded, IntentStatus.failed}
            found = intent.pay_url if until == "page" else str(intent.status) if over else ""
        if found or over or time.monotonic() > late:
            return found or ""
        time.sleep(0.2)
