"""Each fact that sales promises is stated by its real act, with data that fits its schema."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import jsonschema
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work import Work
from models.billing import InvoiceStatus, PaymentMethod
from models.events import Event
from models.sales import Apartment, ApartmentStatus, Project
from services import (
    billing,
    booking_ends,
    bookings,
    choices,
    events,
    instalments,
    invoicing,
    payments,
    prices,
    sales,
)
from services.payments import Outcome, Part
from services.prices import Item
from tests import make, stories
from tests.stories import Story
from workers import subscriptions

assert subscriptions.HANDLERS
PROMISED = {
    "project.created",
    *(f"apartment.{said}" for said in ("created", "price_changed", "status_changed")),
    *("booking.created", "booking.package_assigned", "booking.addons_changed"),
    *("booking.confirmed", "booking.status_changed", "booking.approved", "booking.rejected"),
    *("booking.cancelled", "booking.expired"),
    *(f"invoice.{said}" for said in ("issued", "paid", "rejected", "voided")),
    *(f"payment.{said}" for said in ("initiated", "succeeded", "failed")),
    "ledger.entry.created",
}


def catalogue(work: Work) -> None:
    """A project and an apartment, whose price changes and which is withdrawn for a while."""
    project = sales.add_project(work, Project(name="Walk", currency="KES"))
    apartment = sales.add_apartment(
        work, Apartment(project_id=project.id, name="W1", area=Decimal(50), base_price=Decimal(9))
    )
    prices.change(work, Item.apartment, apartment.id, Decimal(10))
    sales.withdraw(work, apartment.id)
    assert apartment.status is ApartmentStatus.withdrawn


def chosen(session: Session, home: UUID) -> Story:
    """A booking with an add-on, whose package becomes dearer once its invoice is issued."""
    story = stories.held(session, home)
    with story.work() as work:
        apartment = work.session.get_one(Apartment, story.apartment_id)
        project = work.session.get_one(Project, apartment.project_id)
        addon = make.addon(work, make.category(work, project), max_units=2)
        sales.add_addon(work, apartment.id, addon.id)
        choices.choose_addons(work, story.booking_id, {addon.id: 2})
        bookings.confirm(work, story.booking_id)
        prices.change(work, Item.addon, addon.id, Decimal("1.50"))
    return story


def ended(session: Session, home: UUID) -> None:
    """One booking rejected, one cancelled, one that ran out."""
    for end in (booking_ends.reject, booking_ends.cancel):
        story = stories.confirmed(session, home)
        with story.work() as work:
            end(work, story.booking_id, "changed plans")
    story = stories.held(session, home)
    with story.work() as work:
        assert booking_ends.expire(work.at(work.now + timedelta(days=1)), story.booking_id)


def paid(session: Session, home: UUID) -> None:
    """A card refused, an invoice rejected and asked for again, then cash, and the sale."""
    story = stories.confirmed(session, home)
    intent_id = story.begin_card()
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("failed", reason="no money"))
        (link,) = instalments.links(work, story.booking_id)
        invoicing.reject(work, link.invoice_id, "a wrong name")
        new = invoicing.ask_again(work, link.invoice_id)
        assert new.status is InvoiceStatus.issued
        payments.record(work, [Part(new.id)], PaymentMethod.cash)
    story.approve()
    with story.work() as work:
        assert booking_ends.settle(work, story.booking_id)
        other = billing.draft(
            work, story.customer_id, "KES", "Keys", [billing.Line("Keys", Decimal(5), "2200")]
        )
        billing.void(work, billing.issue(work, other.id).id, "lost and found")


@pytest.mark.req("S2.52", "S2.02", "S3.40")
def test_every_promised_fact_is_stated_and_fits_its_schema(session: Session, home: UUID) -> None:
    with stories.unit(session, home) as work:
        catalogue(work)
    chosen(session, home)
    ended(session, home)
    paid(session, home)

    with stories.unit(session, home) as work:
        told = work.session.scalars(select(Event)).all()
        assert {each.type for each in told} >= PROMISED
        for each in told:
            schema = events.schema(events.CATALOGUE[each.type])
            checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
            jsonschema.validate(each.data, schema, format_checker=checker)
            assert set(events.envelope(each)) == {
                *("id", "type", "version", "timestamp", "tenantId", "correlationId"),
                *("causationId", "actor", "data", "metadata"),
            }
            assert events.envelope(each)["tenantId"] == str(home)
