"""The rent roll: each unit, who has it under which lease on a day, and for how much."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.work import Work
from models.chart import DEPOSITS_HELD, TRUST
from services import ageing, balances
from services.balances import Books

# A lease counts on its days, once it was active: also one that has ended since. Its rent is that of
# the latest row that has begun; its deposit is what the book in trust held on that day.
_UNITS = text(
    """
    SELECT u.id AS unit_id, u.number AS unit, u.type, u.area, e.name AS estate, l.id AS lease_id,
        l.number AS lease, l.since, l.until, t.id AS party_id, t.name AS tenant,
        coalesce(r.amount, l.rent) AS rent, coalesce(held.amount, 0) AS deposit
    FROM unit AS u
    JOIN estate AS e ON e.organization_id = u.organization_id AND e.id = u.estate_id
     AND e.currency = :currency
    LEFT JOIN lease AS l ON l.organization_id = u.organization_id AND l.unit_id = u.id
     AND l.status IN ('active', 'notice', 'ended', 'terminated')
     AND :on BETWEEN l.since AND coalesce(l.until, 'infinity')
    LEFT JOIN party AS t ON t.organization_id = l.organization_id AND t.id = l.party_id
    LEFT JOIN LATERAL (SELECT amount FROM lease_rent AS s
        WHERE s.organization_id = l.organization_id AND s.lease_id = l.id AND s.since <= :on
        ORDER BY s.since DESC LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
        SELECT -sum(p.amount) AS amount FROM account AS a
        JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
         AND p.unit_id = u.id
        JOIN journal_entry AS j ON j.organization_id = p.organization_id AND j.id = p.entry_id
         AND j.booked_on <= :on
        WHERE a.organization_id = l.organization_id AND a.book_id = :trust AND a.code = :held
          AND a.party_id = l.party_id AND a.currency = l.currency) AS held ON true
    WHERE u.organization_id = :home
      AND (CAST(:estate AS uuid) IS NULL OR u.estate_id = :estate)
      AND (CAST(:unit AS uuid) IS NULL OR u.id = :unit)
    ORDER BY e.name, e.id, u.number, u.id
    """
)
_LEASES = text(
    "SELECT i.id, i.lease_id FROM invoice AS i WHERE i.organization_id = :home"
    " AND i.lease_id IS NOT NULL AND i.id = ANY (:ids)"
)


@dataclass(frozen=True, slots=True)
class Let:
    """A unit on a day; without a lease it stands empty. Amounts are in the estate's currency.

    `rent` is for a month, `deposit` what is held in trust, `owed` what of the lease's invoices was
    due and not paid at the end of the day.
    """

    unit_id: UUID
    unit: str
    estate: str
    area: Decimal | None
    lease_id: UUID | None
    lease: str
    party_id: UUID | None
    tenant: str
    since: date | None
    until: date | None
    rent: Decimal
    deposit: Decimal
    owed: Decimal


@dataclass(frozen=True, slots=True)
class RentRoll:
    """All units in sight."""

    units: list[Let]

    @property
    def let(self) -> list[Let]:
        """List those with a lease."""
        return [each for each in self.units if each.lease_id]

    @property
    def occupancy(self) -> Decimal:
        """Give the share of units that are let: a percentage with one decimal."""
        if not self.units:
            return Decimal(0)
        share = Decimal(100 * len(self.let)) / len(self.units)
        return share.quantize(Decimal("0.1"))


def on(work: Work, where: Books, day: date) -> RentRoll:
    """Read the rent roll of a day, in the currency that is asked for, and of a place if one is."""
    trust = balances.books(work, TRUST)
    place = balances.of_place(where) or {"estate": None, "unit": None}
    values = place | {
        "home": work.scope.home(),
        "currency": where.currency,
        "on": day,
        "trust": trust.book_id,
        "held": DEPOSITS_HELD,
    }
    rows = work.session.execute(_UNITS, values).all()
    owed = _owed(work, where, day)
    return RentRoll(
        [
            Let(
                row.unit_id,
                row.unit,
                row.estate,
                row.area,
                row.lease_id,
                row.lease or "",
                row.party_id,
                row.tenant or "",
                row.since,
                row.until,
                row.rent or Decimal(0),
                row.deposit,
                owed.get(row.lease_id, Decimal(0)),
            )
            for row in rows
        ]
    )


def _owed(work: Work, where: Books, day: date) -> dict[UUID, Decimal]:
    """Sum up by lease what was due and open at the end of a day."""
    main = balances.books(work, "", where.currency)
    late = [each for each in ageing.receivables(work, main, day).debts if each.days >= 0]
    ids = [each.subject_id for each in late]
    values = {"home": work.scope.home(), "ids": ids}
    lease_of = {row.id: row.lease_id for row in work.session.execute(_LEASES, values)}
    found: dict[UUID, Decimal] = {}
    for each in late:
        if lease_id := lease_of.get(each.subject_id):
            found[lease_id] = found.get(lease_id, Decimal(0)) + each.amount
    return found
