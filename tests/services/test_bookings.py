from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.errors import BadInput, NotFound
from core.flow import IllegalMove
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import (
    BOOKING_FLOW,
    Booking,
    BookingStatus,
    InstalmentPlan,
    InstalmentStep,
)
from models.people import Party
from models.sales import Addon, Apartment, ApartmentStatus, Package, Project
from services import (
    billing,
    bookings,
    choices,
    instalments,
    ledger,
    payments,
    prices,
    sales,
)
from services.payments import Part
from services.prices import Item
from tests import make

pytestmark = pytest.mark.req("S3.13", "S3.14")


class Sale(NamedTuple):
    """An apartment with two packages and three add-ons, and somebody who wants it."""

    apartment: Apartment
    customer: Party
    golden: Package
    silver: Package
    cooling: Addon
    strong_cooling: Addon
    lighting: Addon


@pytest.fixture
def sale(work: Work) -> Sale:
    project = make.project(work, hold_minutes=30)
    silver = make.package(work, project, name="Silver", price=Decimal(0))
    golden = make.package(work, project, name="Golden", price=Decimal(1250000))
    air = make.category(work, project, name="Air conditioning", max_units=4)
    smart = make.category(work, project, name="Smart home", max_units=11)
    cooling = make.addon(work, air, price_per_unit=Decimal("98500.00"), max_units=3)
    strong = make.addon(work, air, price_per_unit=Decimal("141250.50"), max_units=2)
    lighting = make.addon(work, smart, price_per_unit=Decimal("12750.00"), max_units=10)
    apartment = make.apartment(
        work, project, packages=[silver, golden], addons=[cooling, strong, lighting]
    )
    return Sale(apartment, make.party(work), golden, silver, cooling, strong, lighting)


def held(work: Work, sale: Sale) -> Booking:
    return bookings.hold(work, sale.apartment.id, sale.customer.id)


def confirmed(work: Work, sale: Sale) -> Booking:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    return bookings.confirm(work, booking.id)


def invoices(work: Work, booking: Booking) -> list[Invoice]:
    ids = [link.invoice_id for link in instalments.links(work, booking.id)]
    found = select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)
    return list(work.session.scalars(found))


@pytest.mark.req("S3.34", "S3.35", "S3.48", "S3.05")
def test_choosing_an_apartment_holds_it_and_clones_it_as_booked(work: Work, sale: Sale) -> None:
    booking = held(work, sale)

    clone = work.session.get_one(Apartment, booking.apartment_id)
    assert (clone.source_id, clone.status) == (sale.apartment.id, ApartmentStatus.booked)
    assert clone.customer_id == sale.apartment.customer_id == sale.customer.id
    assert sale.apartment.status is ApartmentStatus.in_progress
    assert booking.status is BookingStatus.pending
    assert booking.hold_until == work.now + timedelta(minutes=30)


@pytest.mark.req("S3.46", "S3.26")
def test_an_apartment_is_held_by_one_customer_and_the_next_may_wait(work: Work, sale: Sale) -> None:
    held(work, sale)
    other = make.party(work)

    with pytest.raises(bookings.ApartmentTaken):
        bookings.hold(work, sale.apartment.id, other.id)
    place = bookings.join_waiting_list(work, sale.apartment.id, other.id)

    assert (place.status, place.hold_until, place.apartment_id) == (
        BookingStatus.pending,
        None,
        None,
    )


def test_an_apartment_without_packages_cannot_be_booked(work: Work) -> None:
    apartment = make.apartment(work)

    with pytest.raises(bookings.NoPackages):
        bookings.hold(work, apartment.id, make.party(work).id)


@pytest.mark.req("S3.06", "S3.23", "S3.43")
def test_a_package_comes_from_the_apartments_own_list(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    project = work.session.get_one(Project, sale.apartment.project_id)
    foreign = make.package(work, project, name="Not for this one")

    with pytest.raises(NotFound):
        choices.choose_package(work, booking.id, foreign.id)
    choices.choose_package(work, booking.id, sale.golden.id)

    assert (booking.package_id, booking.package_price) == (sale.golden.id, Decimal(1250000))


@pytest.mark.req("S3.08", "S3.31", "S3.10", "S3.37")
def test_the_total_is_base_price_package_and_add_ons_by_their_units(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_addons(
        work, booking.id, {sale.cooling.id: 2, sale.strong_cooling.id: 1, sale.lighting.id: 10}
    )

    expected = (
        Decimal("10400000.00")
        + Decimal("1250000.00")
        + 2 * Decimal("98500.00")
        + Decimal("141250.50")
        + 10 * Decimal("12750.00")
    )
    clone = work.session.get_one(Apartment, booking.apartment_id, populate_existing=True)
    assert booking.total == expected == clone.total_price
    assert clone.assigned_package_id == sale.golden.id


@pytest.mark.req("S3.07", "S3.11", "S3.24", "S3.43")
@pytest.mark.parametrize(
    ("cooling", "strong", "fits"), [(3, 1, True), (2, 2, True), (4, 0, False), (3, 2, False)]
)
def test_add_ons_keep_to_their_own_limit_and_to_that_of_their_category(
    work: Work, sale: Sale, cooling: int, strong: int, *, fits: bool
) -> None:
    booking = held(work, sale)
    wanted = {sale.cooling.id: cooling, sale.strong_cooling.id: strong}

    if fits:
        choices.choose_addons(work, booking.id, wanted)
        assert booking.addons_price > 0
    else:
        with pytest.raises(choices.TooManyUnits):
            choices.choose_addons(work, booking.id, wanted)
        work.session.rollback()


@pytest.mark.req("S3.38", "S3.39", "S3.27", "S3.19")
def test_the_invoice_is_a_draft_until_the_customer_confirms(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    (draft,) = invoices(work, booking)
    assert (draft.status, draft.number, draft.total) == (
        InvoiceStatus.draft,
        None,
        booking.total,
    )

    bookings.confirm(work, booking.id)

    (issued,) = invoices(work, booking)
    assert (issued.status, issued.total) == (InvoiceStatus.issued, booking.total)
    assert issued.number == "INV-000001"
    owed = ledger.balance(work, "1200", "KES", sale.customer.id)
    assert owed == booking.total


@pytest.mark.req("S3.42")
def test_a_booking_without_a_package_goes_no_further(work: Work, sale: Sale) -> None:
    booking = held(work, sale)

    with pytest.raises(bookings.NotComplete):
        bookings.confirm(work, booking.id)

    assert booking.status is BookingStatus.pending


@pytest.mark.req("S3.42", "S3.30")
def test_what_a_booking_has_chosen_stays_offered_and_a_total_of_zero_is_told_as_that(
    work: Work, sale: Sale
) -> None:
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.silver.id)
    choices.choose_addons(work, booking.id, {sale.cooling.id: 1})

    for take_away, chosen in (
        (sales.remove_package, sale.silver),
        (sales.remove_addon, sale.cooling),
    ):
        with pytest.raises(BadInput) as refused:
            take_away(work, sale.apartment.id, chosen.id)
        assert "has chosen it" in str(refused.value)
    choices.choose_addons(work, booking.id, {})
    prices.change(work, Item.apartment, sale.apartment.id, Decimal(0))
    with pytest.raises(bookings.NotComplete, match="total is zero"):
        bookings.confirm(work, booking.id)


def test_after_the_hold_nothing_can_be_chosen_or_confirmed(work: Work, sale: Sale) -> None:
    booking = held(work, sale)
    later = work.at(work.now + timedelta(minutes=31))

    with pytest.raises(choices.HoldOver):
        choices.choose_package(later, booking.id, sale.golden.id)
    with pytest.raises(choices.HoldOver):
        bookings.confirm(later, booking.id)


@pytest.mark.req("S3.15", "S3.40")
def test_last_modified_is_the_time_of_the_last_change_of_status(work: Work, sale: Sale) -> None:
    booking = confirmed(work, sale)
    later = work.at(work.now + timedelta(days=1))
    bookings.submit(later, booking.id)
    assert booking.status_at == later.now
    bookings.approve(later.at(later.now + timedelta(hours=1)), booking.id)

    assert booking.status is BookingStatus.approved
    assert booking.status_at == later.now + timedelta(hours=1)
    assert sale.apartment.status is ApartmentStatus.booked


@pytest.mark.req("S3.40")
@pytest.mark.parametrize("name", sorted(BOOKING_FLOW.moves))
@pytest.mark.parametrize("status", sorted(BookingStatus))
def test_each_move_starts_only_from_its_states(name: str, status: BookingStatus) -> None:
    row = Booking(status=status)
    starts, to = BOOKING_FLOW.moves[name]

    if status in starts:
        BOOKING_FLOW.move(row, name)
        assert row.status is to
    else:
        with pytest.raises(IllegalMove):
            BOOKING_FLOW.move(row, name)
        assert row.status is status


@pytest.mark.req("S3.16", "S3.41", "S3.45", "S3.17", "S3.18")
def test_payments_mark_invoices_paid_and_lower_what_remains(work: Work, sale: Sale) -> None:
    booking = confirmed(work, sale)
    (invoice,) = invoices(work, booking)

    payments.record(work, [Part(invoice.id, Decimal(1000000))], PaymentMethod.cash)
    assert invoice.status is InvoiceStatus.partly_paid
    assert instalments.paid(work, booking.id) == Decimal(1000000)
    payments.record(work, [Part(invoice.id)], PaymentMethod.bank_transfer)

    assert (invoice.status, invoice.payment_method) == (
        InvoiceStatus.paid,
        PaymentMethod.bank_transfer,
    )
    assert invoice.paid_at == work.now
    assert booking.total - instalments.paid(work, booking.id) == 0
    assert ledger.balance(work, "1000", "KES") == Decimal(1000000)
    assert ledger.balance(work, "1200", "KES", sale.customer.id) == 0


def test_more_than_is_due_cannot_be_paid(work: Work, sale: Sale) -> None:
    (invoice,) = invoices(work, confirmed(work, sale))

    with pytest.raises(payments.NotDue):
        payments.record(work, [Part(invoice.id, invoice.total + 1)], PaymentMethod.cash)


def test_an_instalment_plan_divides_the_total_to_the_last_cent(work: Work, sale: Sale) -> None:
    plan = plan_of_thirds(work, sale)
    booking = held(work, sale)
    choices.choose_package(work, booking.id, sale.golden.id)
    choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan.id)

    bookings.confirm(work, booking.id)

    found = invoices(work, booking)
    assert sum(each.total for each in found) == booking.total
    assert [each.status.value for each in found] == ["issued", "issued", "draft"]
    assert found[1].due_on == ledger.business_date(work) + timedelta(days=30)
    assert instalments.reach_milestone(work, plan.id, 3) == 1
    assert instalments.reach_milestone(work, plan.id, 3) == 0
    assert found[2].status is InvoiceStatus.issued


def plan_of_thirds(work: Work, sale: Sale) -> InstalmentPlan:
    plan = InstalmentPlan(
        organization_id=work.scope.home(), project_id=sale.apartment.project_id, name="Thirds"
    )
    work.session.add(plan)
    work.session.flush()
    for position, (percent, days) in enumerate([("33.33", 0), ("33.33", 30)], 1):
        work.session.add(_step(work, plan, position, percent, days=days))
    work.session.add(_step(work, plan, 3, "33.34", milestone="Handover"))
    return plan


def _step(
    work: Work, plan: InstalmentPlan, position: int, percent: str, **due: object
) -> InstalmentStep:
    return InstalmentStep(
        organization_id=plan.organization_id,
        plan_id=plan.id,
        position=position,
        percent=Decimal(percent),
        **due,
    )


def test_what_is_issued_stays_whoever_writes(work: Work, sale: Sale) -> None:
    (invoice,) = invoices(work, confirmed(work, sale))
    other = update(Invoice).where(Invoice.id == invoice.id).values(subject="something else")

    with pytest.raises(billing.ReasonNeeded):
        billing.void(work, invoice.id)
    with pytest.raises(IntegrityError, match="the invoice is issued"), work.session.begin_nested():
        work.session.execute(other)


def test_steps_are_read_as_people_write_them(work: Work) -> None:
    plan = InstalmentPlan(
        organization_id=work.scope.home(), project_id=make.project(work).id, name="Mine"
    )
    work.session.add(plan)
    work.session.flush()
    text = "10 now\n30 after 60 days\n30 on 2027-03-01\n30 % at Handover"

    instalments.set_steps(work, plan.id, instalments.read_steps(text))

    steps = work.session.scalars(select(InstalmentStep).order_by(InstalmentStep.position)).all()
    shown = [(f"{each.percent:.0f}", each.days, each.milestone) for each in steps]
    assert shown == [
        ("10", 0, ""),
        ("30", 60, ""),
        ("30", None, ""),
        ("30", None, "Handover"),
    ]
    with pytest.raises(BadInput):
        instalments.set_steps(work, plan.id, instalments.read_steps("50 now"))


@pytest.mark.parametrize("line", ["ten now", "10", "10 after days", "10 on 2027-02-30", "-5 now"])
def test_a_step_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(BadInput):
        instalments.read_steps(f"10 now\n{line}")
