"""Everybody does something else to one booking at once: some are refused, and all is well after."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.db import uuid7
from core.errors import Refused
from core.scope import Scope, seeing
from core.work import Actor, Work, clock
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import Booking, BookingInvoice
from models.builder import Import
from models.organizations import Membership
from models.payments import PaymentIntent, Refund
from models.sales import Apartment
from services import (
    assignments,
    billing,
    booking_ends,
    bookings,
    choices,
    imports,
    instalments,
    invariants,
    organizations,
    payments,
    prices,
    refunds,
    sales_import_run,
    write_offs,
)
from services.payments import Outcome, Part
from services.prices import Item
from services.sheets import Table
from tests import make, stories
from tests.services.test_sales_import import apartments, tables
from tests.stories import PRICE, Story

Act = Callable[[Work], object]
AT_ONCE = 6


def storm(app: Flask, story: Story, acts: list[list[Act]]) -> Counter[str]:
    """Let each list of acts be done by somebody of their own, all at once; counts what was said."""
    engine = create_engine(app.config["WORKER_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(len(acts))

    def person(mine: list[Act]) -> list[str]:
        said = []
        with Session(engine) as session:
            together.wait()
            for act in mine:
                try:
                    with stories.unit(session, story.home) as work:
                        act(work)
                except Refused as refusal:
                    session.rollback()
                    said.append(refusal.code)
                else:
                    said.append("")
        return said

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(each for said in pool.map(person, acts) for each in said)


def first(work: Work, story: Story) -> UUID:
    """Name the invoice that stands for the booking now."""
    query = (
        select(Invoice.id)
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == story.booking_id)
        .order_by(Invoice.status == InvoiceStatus.void, Invoice.id.desc())
    )
    return work.session.scalars(query.limit(1)).one()


def every_act(story: Story, package_id: UUID) -> list[Act]:
    """All that anybody may do to a booking with an invoice."""
    cash, mine = PaymentMethod.cash, story.booking_id

    def pay(work: Work, amount: Decimal | None = None) -> object:
        return payments.record(work, [Part(first(work, story), amount)], cash)

    def begin(work: Work) -> object:
        return payments.begin(work, [Part(first(work, story))], PaymentMethod.card)

    def settle(work: Work) -> object:
        query = select(PaymentIntent).order_by(func.random()).limit(1)
        intent = work.session.scalars(query).one_or_none()
        if intent is None:
            return None
        outcome = Outcome("succeeded", intent.amount, intent.currency)
        return payments.settle(work, intent.id, outcome)

    def give_back(work: Work) -> object:
        query = select(PaymentIntent.id).order_by(func.random()).limit(1)
        intent_id = work.session.scalar(query)
        key = f"storm:{uuid7()}"
        return intent_id and refunds.request(work, intent_id, PRICE / 4, key, "storm")

    def paid_back(work: Work) -> object:
        refund_id = work.session.scalar(select(Refund.id).order_by(func.random()).limit(1))
        return refund_id and refunds.settled(work, refund_id, Outcome("succeeded"))

    def reprice(work: Work, by: int) -> object:
        return prices.change(work, Item.package, package_id, Decimal(1000 * by))

    return [
        lambda work: booking_ends.cancel(work, mine, "storm"),
        lambda work: booking_ends.reject(work, mine, "storm"),
        lambda work: bookings.submit(work, mine),
        lambda work: bookings.approve(work, mine),
        lambda work: booking_ends.settle(work, mine),
        lambda work: assignments.assign(work, mine),
        lambda work: billing.void(work, first(work, story), "storm"),
        lambda work: write_offs.write_off(work, first(work, story), "storm"),
        lambda work: choices.choose_package(work, mine, package_id),
        pay,
        partial(pay, amount=PRICE / 2),
        partial(pay, amount=PRICE / 3),
        begin,
        settle,
        give_back,
        paid_back,
        partial(reprice, by=1),
        partial(reprice, by=2),
    ]


def package_of(story: Story) -> UUID:
    package_id = story.booking().package_id
    assert package_id
    return package_id


@pytest.mark.req("S3.41", "S3.46", "S3.32")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_one_booking_at_once_leaves_all_well(
    app: Flask, session: Session, home: UUID, seed: int
) -> None:
    story = stories.confirmed(session, home)
    acts = every_act(story, package_of(story))
    random = Random(seed)  # noqa: S311  # the same storm each time
    said = storm(app, story, [random.sample(acts, len(acts)) for _ in range(AT_ONCE)])

    assert said[""] > AT_ONCE
    assert invariants.broken(session) == {}


@pytest.mark.req("S3.41", "S3.45")
def test_parts_paid_at_once_never_make_more_than_the_whole(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    with story.work() as work:
        invoice_id = instalments.links(work, story.booking_id)[0].invoice_id
    part = [Part(invoice_id, PRICE / 4)]
    acts: list[list[Act]] = [
        [lambda work: payments.record(work, part, PaymentMethod.cash, again=True)]
        for _ in range(AT_ONCE)
    ]
    said = storm(app, story, acts)

    assert said[""] == 4
    invoice = story.read(Invoice, invoice_id)
    assert (invoice.paid_amount, invoice.status) == (PRICE, InvoiceStatus.paid)
    assert invariants.broken(session) == {}


@pytest.mark.req("S3.32")
def test_two_who_set_a_price_at_once_leave_one_price_everywhere(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    package_id = package_of(story)
    acts: list[list[Act]] = [
        [partial(_set_price, package_id=package_id, price=Decimal(1000 * (number + 1)))]
        for number in range(AT_ONCE)
    ]
    storm(app, story, acts)

    booking = story.booking()
    with story.work() as work:
        total = work.session.get_one(Invoice, first(work, story)).total
        links = instalments.links(work, story.booking_id)
        live = [
            each.invoice_id
            for each in links
            if work.session.get_one(Invoice, each.invoice_id).status is InvoiceStatus.issued
        ]
    assert (booking.total, len(live)) == (total, 1)
    assert booking.total == PRICE + booking.package_price
    assert invariants.broken(session) == {}


def _set_price(work: Work, package_id: UUID, price: Decimal) -> object:
    return prices.change(work, Item.package, package_id, price)


@pytest.mark.req("S3.12", "S3.46")
@pytest.mark.parametrize("seed", range(3))
def test_a_hold_that_ends_while_it_is_confirmed_is_one_or_the_other(
    app: Flask, session: Session, home: UUID, seed: int
) -> None:
    story = stories.held(session, home)
    with story.work() as work:
        work.session.get_one(Booking, story.booking_id).hold_until = clock() - timedelta(seconds=1)
    ends: list[Act] = [lambda work: booking_ends.expire(work, story.booking_id)]
    goes_on: list[Act] = [lambda work: bookings.confirm(work, story.booking_id)]
    both = [ends, goes_on] * (AT_ONCE // 2)
    Random(seed).shuffle(both)  # noqa: S311
    storm(app, story, both)

    booking = story.booking()
    with story.work() as work:
        issued = [
            each.invoice_id
            for each in instalments.links(work, story.booking_id)
            if work.session.get_one(Invoice, each.invoice_id).status is InvoiceStatus.issued
        ]
    assert (str(booking.status), len(issued)) in {("in_progress", 1), ("expired", 0)}
    assert invariants.broken(session) == {}


@pytest.mark.req("S3.22")
@pytest.mark.parametrize("seed", range(3))
def test_an_import_that_is_run_cancelled_and_undone_at_once_is_taken_whole_or_not_at_all(
    app: Flask, session: Session, home: UUID, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales_import_run, "CHUNK", 3)
    story = stories.held(session, home)
    with story.work() as work:
        imports.run_whole(work, _begun(work, tables("price-list.xlsx")))
        rows = apartments(*({"Apartment": f"Z{number}"} for number in range(20)))
        run_id = _begun(work, rows)
    advance: Act = lambda work: imports.advance(work, run_id)  # noqa: E731  # beside its siblings
    undo: Act = lambda work: imports.undo(work, run_id)  # noqa: E731
    cancel: Act = lambda work: imports.cancel(work, run_id)  # noqa: E731
    random = Random(seed)  # noqa: S311
    mixed = [[undo, *[advance] * 9, undo, cancel, undo] for _ in range(4)]
    for each in mixed:
        random.shuffle(each)
    storm(app, story, mixed)
    with story.work() as work:
        while imports.advance(work, run_id):
            pass
        run = work.session.get_one(Import, run_id, populate_existing=True)
        there = work.session.scalar(select(func.count()).where(Apartment.name.like("Z%")))
        was, counts = str(run.status), dict(run.counts)

    assert there == (0 if was == "undone" else counts["created"])
    assert was in {"undone", "finished", "cancelled"}
    assert invariants.broken(session) == {}


def _begun(work: Work, sent: list[Table]) -> UUID:
    run = imports.begin(work, "sales", "file", sent)
    imports.start(work, run.id)
    return run.id


@pytest.mark.req("S5.47")
def test_an_invitation_taken_by_many_at_once_lets_one_of_them_in(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        code = organizations.invite(work, "one@example.org", ["Sales"])
    keys = []
    for _ in range(AT_ONCE):
        profile_id = make.user(db.door())
        keys.append(make.key(db.door(), profile_id))
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(AT_ONCE)

    def accept(key: str) -> str:
        with Session(engine) as web, seeing(web, Scope(key=key)):
            together.wait()
            try:
                organizations.accept(Work(web, Actor("test", "1")), code)
            except Refused as refusal:
                return refusal.code
            web.commit()
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = sorted(pool.map(accept, keys))

    assert said == ["", *["invitation_over"] * (AT_ONCE - 1)]
    with stories.unit(session, home) as work:
        assert work.session.scalar(select(func.count()).select_from(Membership)) == 1
