"""Cards that somebody has saved, and what they owe; for tests of paying by them."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from core.work import Work
from models.autopay import Autopay
from models.billing import Invoice, PaymentMethod
from models.chart import RENTAL_INCOME
from models.saved_ways import SavedWay
from services import billing, ledger, payments, saved_ways
from services.billing import Line
from services.payments import Outcome, Part
from services.saved_ways import Card

VISA = Card("cus_1 pm_1", "print-1", "Visa", "4242", None)


def owed(work: Work, party_id: UUID, total: str, due_in: int = 0) -> Invoice:
    """Ask a party for so much, due in so many days."""
    line = Line("Rent", Decimal(total), RENTAL_INCOME)
    draft = billing.draft(work, party_id, "KES", "Rent", [line])
    return billing.issue(work, draft.id, ledger.business_date(work) + timedelta(days=due_in))


def save(
    work: Work, party_id: UUID, profile_id: UUID, card: Card = VISA, provider: str = "stripe"
) -> SavedWay:
    """Have somebody pay by card, agreeing to it being saved."""
    part = Part(owed(work, party_id, "7", -9).id)
    paid = payments.begin(
        work, [part], PaymentMethod.card, provider=provider, saves=True, again=True
    )
    paid.recorded_by_id = profile_id
    payments.settle(work, paid.id, Outcome("succeeded"))
    way = saved_ways.keep(work, paid.id, card)
    assert way
    return way


def agreed(work: Work, way: SavedWay, most: str = "", days_before: int = 0) -> Autopay:
    """Let a card pay by itself, as who saved it does."""
    made = Autopay(
        organization_id=way.organization_id,
        party_id=way.party_id,
        saved_way_id=way.id,
        currency=way.currency,
        most=Decimal(most) if most else None,
        days_before=days_before,
        since=ledger.business_date(work),
        agreed_by_id=way.agreed_by_id,
        active=True,
    )
    work.session.add(made)
    work.session.flush()
    return made
