from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.work import Work
from models.billing import PaymentMethod
from models.bookings import Booking
from models.people import Party
from models.sales import Project
from services import bookings, choices, instalments, invoice_papers, papers, payments
from services.papers import NotYet, Pen
from services.payments import Part
from tests import make

PEN = Pen("en", str)


@pytest.fixture
def project(work: Work) -> Project:
    return make.project(work, name="Acacia Heights", refund_percent=Decimal("87.5"))


@pytest.fixture
def booking(work: Work, project: Project) -> Booking:
    golden = make.package(work, project, name="Golden", price=Decimal("1250000.00"))
    air = make.category(work, project)
    cooling = make.addon(work, air, name="Cooling", price_per_unit=Decimal("98500.50"))
    apartment = make.apartment(
        work, project, name="A0703", floor=7, packages=[golden], addons=[cooling]
    )
    customer: Party = make.party(work, name="Wanjiru Kamau", address="House 14\nNairobi")
    held = bookings.hold(work, apartment.id, customer.id)
    choices.choose_package(work, held.id, golden.id)
    choices.choose_addons(work, held.id, {cooling.id: 2})
    return held


@pytest.mark.req("S3.18")
def test_an_invoice_says_what_for_and_how_much(work: Work, booking: Booking) -> None:
    bookings.confirm(work, booking.id)
    (link,) = instalments.links(work, booking.id)

    paper = invoice_papers.invoice(work, link.invoice_id, PEN)

    assert (paper.template, paper.title) == ("invoice", "Invoice INV-000001")
    assert paper.amount == "KES\xa011,847,001.00"
    assert paper.data["customer"] == {"name": "Wanjiru Kamau", "lines": ["House 14", "Nairobi"]}
    assert [
        (row["description"], row["quantity"], row["amount"]) for row in paper.data["lines"]
    ] == [
        ("Apartment A0703", "1", "10,400,000.00"),
        ("Package Golden", "1", "1,250,000.00"),
        ("Cooling", "2", "197,001.00"),
    ]


def test_what_has_not_happened_has_no_paper(work: Work, booking: Booking) -> None:
    (draft,) = instalments.links(work, booking.id)
    with pytest.raises(NotYet):
        invoice_papers.invoice(work, draft.invoice_id, PEN)
    bookings.confirm(work, booking.id)
    with pytest.raises(NotYet):
        papers.contract(work, booking.id, PEN)
    intent = payments.begin(work, [Part(draft.invoice_id)], PaymentMethod.card)
    with pytest.raises(NotYet):
        papers.receipt(work, intent.id, PEN)


def test_a_receipt_says_what_came_and_what_became_credit(work: Work, booking: Booking) -> None:
    bookings.confirm(work, booking.id)
    (link,) = instalments.links(work, booking.id)
    first = payments.begin(work, [Part(link.invoice_id)], PaymentMethod.bank_transfer)
    payments.record(work, [Part(link.invoice_id, Decimal(1000000))], PaymentMethod.cash)
    payments.confirm_transfer(work, first.id)

    rows = papers.receipt(work, first.id, PEN).data["lines"]

    assert [row["amount"] for row in rows] == ["10,847,001.00", "1,000,000.00"]
    assert rows[1]["description"] == "Kept as your credit"


@pytest.mark.req("S3.40")
def test_a_contract_repeats_the_booking_and_the_rule_of_the_project(
    work: Work, booking: Booking
) -> None:
    bookings.confirm(work, booking.id)
    bookings.submit(work, booking.id)
    bookings.approve(work, booking.id)

    paper = papers.contract(work, booking.id, PEN)

    said = " ".join(text for clause in paper.data["clauses"] for text in clause["paragraphs"])
    assert "87.5 percent of what was paid" in said
    assert paper.amount == "KES\xa011,847,001.00"
    assert {"label": "Floor", "value": "7"} in paper.data["property"]
    assert [each["role"] for each in paper.data["parties"]] == ["Seller", "Buyer"]


def test_a_price_list_shows_what_is_offered_today(
    work: Work, project: Project, booking: Booking
) -> None:
    make.apartment(work, project, name="Kept back", status="withdrawn")

    data = papers.price_list(work, project.id, PEN).data

    (group,) = data["groups"]
    assert [(row["name"], row["state"], row["price"]) for row in group["rows"]] == [
        ("A0703", "In progress", "11,650,000.00")
    ]
    assert data["packages"] == [{"name": "Golden", "price": "1,250,000.00"}]
    assert data["addons"][0]["most"] == "3"


def test_days_on_papers_are_those_of_the_organization(work: Work, project: Project) -> None:
    """22:30 in London is the next day in Nairobi."""
    late = work.at(datetime(2026, 3, 11, 22, 30, tzinfo=ZoneInfo("Europe/London")))

    assert papers.price_list(late, project.id, PEN).dated == "12 Mar 2026"


@pytest.mark.parametrize(
    ("language", "money", "day"),
    [("en", "KES\xa01,234.50", "12 Mar 2026"), ("fr", "KES\xa01\u202f234,50", "12 mars 2026")],
)
def test_figures_are_written_in_the_language_of_the_paper(
    language: str, money: str, day: str
) -> None:
    pen = Pen(language, str)

    assert pen.money(Decimal("1234.5"), "KES", code=True) == money
    assert pen.day(datetime(2026, 3, 12, tzinfo=ZoneInfo("UTC")).date()) == day
    assert pen.money(Decimal(-5), "JPY") == "\N{MINUS SIGN}5"
