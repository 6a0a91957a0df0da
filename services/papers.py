"""What papers say: contracts, invoices, receipts and price lists, as texts for a template.

Templates (adapters/documents.py) show texts as they come, so everything is written here in the
language of the paper. A paper of a record is made once: services/files.py keeps it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import select

from core.errors import Refused
from core.money import decimals
from core.text import N_
from core.work import Work, found, locked
from models.billing import PAYMENT_METHOD_LABELS, Invoice
from models.bookings import Booking, BookingStatus
from models.credit import CreditNote
from models.files import Document, DocumentUse
from models.organizations import Membership, Organization, Profile
from models.payments import PaymentIntent
from models.people import Party
from models.sales import APARTMENT_FLOW, Apartment, Package, Project
from services import buying, catalogue, instalments, offers, organizations, payments
from services.catalogue import Card


class NotYet(Refused):
    """There is no such paper for the record as it is."""

    code = "no_paper_yet"
    says = N_("There is no such paper yet. It is made when the record has gone that far.")


@dataclass(frozen=True, slots=True)
class Pen:
    """How a paper is written: in which language, and how message ids are said in it."""

    language: str
    say: Callable[[str], str]

    def money(self, amount: Decimal, currency: str, *, code: bool = False) -> str:
        """Write an amount in the currency's decimals, grouped; with its code if asked for."""
        places = decimals(currency)
        pattern = "#,##0" + ("." + "0" * places if places else "")
        digits = format_decimal(abs(amount), format=pattern, locale=self.language)
        sign = "\N{MINUS SIGN}" if amount < 0 else ""
        return f"{currency}\N{NO-BREAK SPACE}{sign}{digits}" if code else f"{sign}{digits}"

    def number(self, value: Decimal | int) -> str:
        """Write a number without decimals that say nothing."""
        return str(format_decimal(value, locale=self.language))

    def day(self, value: date | None) -> str:
        """Write a day: 12 Mar 2026."""
        return str(format_date(value, "d MMM y", locale=self.language)) if value else ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper before it is set: its template, its texts, and what it is kept as."""

    template: str
    title: str
    number: str
    amount: str
    dated: str
    data: dict[str, Any]

    @property
    def said(self) -> dict[str, str]:
        """Give what the code on the paper proves."""
        by = str(self.data["organization"]["name"])
        return {"title": self.title, "dated": self.dated, "amount": self.amount, "by": by}


Writer = Callable[[Work, UUID, Pen], Paper]
Subject = type[Booking | Invoice | PaymentIntent | CreditNote]


def kept(work: Work, subject_id: UUID, use: DocumentUse) -> Document | None:
    """Find the paper of a record that was made before."""
    query = (
        select(Document)
        .where(Document.subject_id == subject_id, Document.use == use)
        .order_by(Document.id)
    )
    return work.session.scalars(query.limit(1)).one_or_none()


def language_of(work: Work, kind: Subject, row_id: UUID) -> str:
    """Say in which language a paper is written: its customer's, else the organization's."""
    row = found(work, kind, row_id)
    query = (
        select(Profile.locale)
        .join(Membership, Membership.profile_id == Profile.id)
        .where(Membership.party_id == row.party_id, Membership.active)
        .order_by(Membership.id)
    )
    return work.session.scalars(query.limit(1)).one_or_none() or organizations.home(work).locale


def hold(work: Work, kind: Subject, subject_id: UUID) -> None:
    """Keep others from making the same paper until this unit of work ends."""
    locked(work, kind, subject_id)


def receipt(work: Work, intent_id: UUID, pen: Pen) -> Paper:
    """Write that money came in, and for which invoices.

    Raises:
        NotYet: it has not come in.

    """
    intent = found(work, PaymentIntent, intent_id)
    if intent.status not in payments.OVER or intent.succeeded_at is None:
        raise NotYet
    home = organizations.home(work)
    amount = pen.money(intent.amount, intent.currency, code=True)
    paid = pen.day(local(intent.succeeded_at, home))
    parts = buying.paid_for(work, intent.id)
    lines = [
        {
            "description": f"{bill.number}: {bill.subject}",
            "amount": pen.money(part, intent.currency),
        }
        for bill, part in parts
    ]
    credit = intent.amount - sum((part for _bill, part in parts), Decimal(0))
    if credit:
        said = pen.say(N_("Kept as your credit"))
        lines.append({"description": said, "amount": pen.money(credit, intent.currency)})
    data = letterhead(work, home, pen) | {
        "title": pen.say(N_("Receipt")),
        "number": intent.number,
        "paid": paid,
        "method": pen.say(PAYMENT_METHOD_LABELS[intent.method]),
        "reference": intent.reference or "",
        "amount": amount,
        "customer": customer(found(work, Party, intent.party_id)),
        "lines": lines,
        "totals": [{"label": pen.say(N_("Received")), "amount": amount, "strong": True}],
    }
    return Paper("receipt", titled(data), intent.number, amount, paid, data)


def contract(work: Work, booking_id: UUID, pen: Pen) -> Paper:
    """Write the contract of an approved booking.

    Raises:
        NotYet: it is not approved.

    """
    booking = found(work, Booking, booking_id)
    if booking.status is not BookingStatus.approved:
        raise NotYet
    home = organizations.home(work)
    bought = buying.purchase(work, booking.id)
    total = pen.money(booking.total, booking.currency, code=True)
    dated = pen.day(local(booking.status_at, home))
    seller = {"name": home.name, "lines": filled(home.address)}
    data = letterhead(work, home, pen) | {
        "title": pen.say(N_("Sales contract")),
        "number": booking.number.replace("B-", "SC-", 1),
        "dated": dated,
        "reference": booking.number,
        "parties": [
            {"role": pen.say(N_("Seller")), **seller},
            {
                "role": pen.say(N_("Buyer")),
                **customer(found(work, Party, booking.customer_id)),
            },
        ],
        "property": _property(work, booking, pen),
        "lines": _bought(work, booking, pen),
        "totals": [{"label": pen.say(N_("Total price")), "amount": total, "strong": True}],
        "instalments": [
            {
                "name": f"{bill.position}. {bill.number or ''}".strip(),
                "due": pen.day(bill.due_on) or bill.milestone,
                "amount": pen.money(bill.total, bill.currency),
            }
            for bill in buying.bills(work, booking.id)
            if bill.status.value not in ("void", "rejected")
        ],
        "clauses": _clauses(bought.refund_percent, pen),
    }
    return Paper("sales_contract", titled(data), data["number"], total, dated, data)


def price_list(work: Work, project_id: UUID, pen: Pen) -> Paper:
    """Write what a project offers today: apartments by block, packages, add-ons.

    Raises:
        NotFound: there is no such project, or it is not published.

    """
    site = catalogue.site(work, project_id)
    home = catalogue.organization(work)
    as_of = pen.day(local(work.now, home))
    packages = select(Package).where(Package.project_id == project_id).order_by(Package.price)
    data = letterhead(work, home, pen) | {
        "title": pen.say(N_("Price list")),
        "number": site.name,
        "as_of": as_of,
        "place": site.location,
        "currency": site.currency,
        "groups": [
            {
                "title": f"{pen.say(N_('Block'))} {block.name}" if block.name else site.name,
                "rows": [_priced(card, pen) for floor in block.floors for card in floor.cards],
            }
            for block in catalogue.plan(work, project_id)
        ],
        "packages": [
            {"name": each.name, "price": pen.money(each.price, site.currency)}
            for each in work.session.scalars(packages)
        ],
        "addons": [
            {
                "name": each.name,
                "category": each.category,
                "most": str(each.most),
                "price": pen.money(each.price, site.currency),
            }
            for each in offers.addons_of_project(work, project_id)
        ],
        "notes": [
            pen.say(N_("Prices are those of the apartment with its cheapest package.")),
            pen.say(N_("They may change until a booking is confirmed.")),
        ],
    }
    return Paper("price_list", titled(data), site.name, "", as_of, data)


def letterhead(work: Work, home: Organization, pen: Pen) -> dict[str, Any]:
    """Write who sends it; `logo` is where the storage keeps theirs, if they have one."""
    logo = kept(work, home.id, DocumentUse.logo)
    return {
        "language": pen.language,
        "organization": {
            "name": home.name,
            "lines": filled(home.address),
            "contact": [each for each in (home.phone, home.email) if each],
            "registration": "",
            **({"logo": logo.storage_key} if logo else {}),
        },
    }


def customer(party: Party) -> dict[str, Any]:
    """Write whom a paper is for."""
    return {"name": party.name, "lines": [*filled(party.address), *filled(party.email)]}


def filled(text: str) -> list[str]:
    """Give the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def bank(work: Work, reference: str, pen: Pen) -> list[dict[str, str]]:
    """Write where to pay; nothing where the organization has not said it."""
    details = filled(str(organizations.setting(work, "bank.details")))
    if not details:
        return []
    return [
        {"label": pen.say(N_("Bank")), "value": "\n".join(details)},
        {"label": pen.say(N_("Reference")), "value": reference},
    ]


def _property(work: Work, booking: Booking, pen: Pen) -> list[dict[str, str]]:
    home = found(work, Apartment, booking.apartment_id or booking.original_id)
    project = found(work, Project, home.project_id) if home.project_id else None
    rows = [
        (N_("Apartment"), home.name),
        (N_("Project"), project.name if project else ""),
        (N_("Place"), project.location if project else ""),
        (N_("Block"), home.block),
        (N_("Floor"), "" if home.floor is None else str(home.floor)),
        (N_("Layout"), home.layout),
        (N_("Space"), f"{pen.number(home.area.normalize())} m²"),
    ]
    return [{"label": pen.say(label), "value": value} for label, value in rows if value]


def _bought(work: Work, booking: Booking, pen: Pen) -> list[dict[str, str]]:
    return [
        {
            "description": instalments.in_words(line.description, position, pen.say),
            "quantity": pen.number(line.quantity),
            "amount": pen.money(line.quantity * line.unit_price, booking.currency),
        }
        for position, line in enumerate(instalments.lines_of(work, booking), 1)
    ]


def _clauses(refund_percent: Decimal, pen: Pen) -> list[dict[str, Any]]:
    percent = pen.number(refund_percent.normalize())
    texts = (
        (
            N_("Sale"),
            N_(
                "The seller sells and the buyer buys the apartment described above, with the"
                " package and the add-ons listed, at the total price stated."
            ),
        ),
        (
            N_("Payment"),
            N_(
                "The buyer pays the instalments by the dates or milestones stated. A milestone is"
                " reached when the seller says so in writing and issues the invoice for it."
            ),
        ),
        (
            N_("Ownership"),
            N_("The apartment becomes the buyer's when the total price is paid in full."),
        ),
        (
            N_("Cancellation"),
            N_(
                "If the buyer cancels before the apartment is theirs, the seller pays back"
                " {percent} percent of what was paid. If the seller cancels, all of it."
            ),
        ),
        (
            N_("Defects"),
            N_(
                "The seller mends at their own cost what is found wrong with the apartment within"
                " twelve months of handing it over."
            ),
        ),
    )
    return [
        {"title": pen.say(title), "paragraphs": [pen.say(text).replace("{percent}", percent)]}
        for title, text in texts
    ]


def _priced(card: Card, pen: Pen) -> dict[str, str]:
    return {
        "name": card.name,
        "floor": "" if card.floor is None else str(card.floor),
        "layout": card.layout,
        "space": pen.number(card.area.normalize()),
        "view": card.view,
        "state": pen.say(APARTMENT_FLOW.labels[card.status]),
        "price": pen.money(card.price_from, card.currency),
    }


def titled(data: dict[str, Any]) -> str:
    """Give what a paper is called."""
    return f"{data['title']} {data['number']}"


def local(instant: datetime, home: Organization) -> date:
    """Give the day that it was in the organization."""
    return instant.astimezone(ZoneInfo(home.time_zone)).date()
