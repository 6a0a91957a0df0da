"""Figures for dashboards: read only, one statement each. Money is in one currency at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from core.work import Work, found
from models.sales import Project
from services import ledger, organizations

BEGINNING = date(2000, 1, 1)
"""Nothing was sold before: the period without a beginning begins here."""


@dataclass(frozen=True, slots=True)
class Period:
    """Business days from `since` up to, not including, `until`; and one project, or all."""

    since: date
    until: date
    currency: str
    project_id: UUID | None = None

    def before(self) -> "Period":
        """Give the period of the same length right before, to compare with."""
        return Period(
            self.since - (self.until - self.since), self.since, self.currency, self.project_id
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """What a period brought: counts, and sums in the period's currency.

    `collected` is what came in less `refunded`, which went back.
    """

    confirmed: int
    booked: Decimal
    collected: Decimal
    refunded: Decimal
    remaining: Decimal
    days_to_approve: Decimal | None


_SALES = """
    FROM booking AS b JOIN apartment AS o
      ON o.organization_id = b.organization_id AND o.id = b.original_id
    WHERE b.currency = :currency AND (CAST(:project AS uuid) IS NULL OR o.project_id = :project)
"""
# What came for a booking and what went back; a cancellation names its booking in its refunds' keys.
_MONEY = """
    FROM (SELECT l.organization_id, l.booking_id, p.succeeded_at AS at, a.amount AS came, 0 AS back
          FROM payment_allocation AS a
          JOIN payment_intent AS p ON p.organization_id = a.organization_id AND p.id = a.intent_id
           AND p.status IN ('succeeded', 'partly_refunded', 'refunded')
          JOIN booking_invoice AS l ON l.organization_id = a.organization_id
           AND l.invoice_id = a.invoice_id
          UNION ALL
          SELECT r.organization_id, CAST(split_part(r.key, ':', 2) AS uuid), r.succeeded_at,
              0, r.amount
          FROM refund AS r WHERE r.status = 'succeeded' AND starts_with(r.key, 'cancel:')
          UNION ALL
          SELECT l.organization_id, l.booking_id, d.closed_at, 0, t.amount
          FROM payment_dispute_part AS t
          JOIN payment_dispute AS d ON d.organization_id = t.organization_id AND d.id = t.dispute_id
          JOIN booking_invoice AS l ON l.organization_id = t.organization_id
           AND l.invoice_id = t.invoice_id) AS m
    JOIN booking AS b ON b.organization_id = m.organization_id AND b.id = m.booking_id
    JOIN apartment AS o ON o.organization_id = b.organization_id AND o.id = b.original_id
    WHERE b.currency = :currency AND (CAST(:project AS uuid) IS NULL OR o.project_id = :project)
"""
_CAME = "('succeeded', 'partly_refunded', 'refunded')"
_FAILED = "('failed', 'expired', 'cancelled', 'reversed')"
_LIVE = "('in_progress', 'under_review', 'approved')"


def period(
    work: Work, days: int | None, project_id: UUID | None = None, currency: str = ""
) -> Period:
    """Make the period of the last `days` business days, today included; None is all there is.

    The currency is the project's, else the one asked for, else the organization's.

    Raises:
        NotFound: there is no such project.

    """
    today = ledger.business_date(work)
    if project_id:
        currency = found(work, Project, project_id).currency
    since = today - timedelta(days=days - 1) if days else BEGINNING
    home = currency or organizations.home(work).currency
    return Period(since, today + timedelta(days=1), home, project_id)


def projects(work: Work) -> list[Project]:
    """List the projects to choose from."""
    return list(work.session.scalars(select(Project).order_by(Project.name)))


def totals(work: Work, asked: Period) -> Totals:
    """Sum up a period. What remains is counted over all live bookings, whenever confirmed."""
    query = text(
        f"SELECT count(*) FILTER (WHERE b.confirmed_at >= :since AND b.confirmed_at < :until)"
        f" AS confirmed, coalesce(sum(b.total) FILTER (WHERE b.status IN {_LIVE}"
        " AND b.confirmed_at >= :since AND b.confirmed_at < :until), 0) AS booked,"
        f" coalesce(sum(b.total) FILTER (WHERE b.status IN {_LIVE}), 0) AS live,"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.status_at"
        " - b.created_at) / 86400) FILTER (WHERE b.status = 'approved'"
        " AND b.status_at >= :since AND b.status_at < :until) AS days" + _SALES
    )  # fixed parts only
    row = work.session.execute(query, _values(work, asked)).one()
    paid = work.session.execute(
        text(
            "SELECT coalesce(sum(m.came - m.back) FILTER (WHERE m.at >= :since"
            " AND m.at < :until), 0) AS collected, coalesce(sum(m.back) FILTER (WHERE"
            " m.at >= :since AND m.at < :until), 0) AS refunded,"
            f" coalesce(sum(m.came) FILTER (WHERE b.status IN {_LIVE}), 0) AS live" + _MONEY
        ),
        _values(work, asked),
    ).one()
    days = None if row.days is None else Decimal(str(row.days)).quantize(Decimal("0.1"))
    remains = row.live - paid.live
    return Totals(row.confirmed, row.booked, paid.collected, paid.refunded, remains, days)


def pipeline(work: Work, asked: Period) -> Sequence[Row[Any]]:
    """Count and sum the bookings begun in the period, by status: rows (status, count, amount)."""
    query = "SELECT b.status, count(*) AS count, sum(b.total) AS amount" + _SALES
    query += " AND b.created_at >= :since AND b.created_at < :until GROUP BY b.status"
    return work.session.execute(text(query), _values(work, asked)).all()


def inventory(work: Work, asked: Period) -> Sequence[Row[Any]]:
    """Count the apartments now, by project and status: rows (project, status, count, amount)."""
    query = text(
        "SELECT coalesce(p.name, '') AS project, a.status, count(*) AS count,"
        " sum(a.base_price) AS amount FROM apartment AS a LEFT JOIN project AS p"
        " ON p.organization_id = a.organization_id AND p.id = a.project_id"
        " WHERE a.source_id IS NULL AND a.type <> 'template' AND a.currency = :currency"
        " AND (CAST(:project AS uuid) IS NULL OR a.project_id = :project)"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return work.session.execute(query, _values(work, asked)).all()


def months(work: Work, asked: Period) -> Sequence[Row[Any]]:
    """Say month by month what was confirmed, booked and collected, less what went back.

    Rows (month, confirmed, booked, collected); months without any of them are there too.
    """
    booked = (
        "SELECT date_trunc('month', b.confirmed_at AT TIME ZONE :zone)::date AS month,"
        f" count(*) AS confirmed, sum(b.total) FILTER (WHERE b.status IN {_LIVE}) AS booked"
        f"{_SALES} AND b.confirmed_at >= :since AND b.confirmed_at < :until GROUP BY 1"
    )
    collected = (
        "SELECT date_trunc('month', m.at AT TIME ZONE :zone)::date AS month,"
        f" sum(m.came - m.back) AS collected{_MONEY}"
        " AND m.at >= :since AND m.at < :until GROUP BY 1"
    )
    query = text(
        f"WITH booked AS ({booked}), collected AS ({collected}), bounds AS ("
        " SELECT min(month) AS first, max(month) AS last FROM ("
        " SELECT month FROM booked UNION ALL SELECT month FROM collected) AS m)"
        " SELECT m::date AS month, coalesce(b.confirmed, 0) AS confirmed,"
        " coalesce(b.booked, 0) AS booked, coalesce(c.collected, 0) AS collected"
        " FROM bounds, generate_series(first, last, interval '1 month') AS m"
        " LEFT JOIN booked AS b ON b.month = m LEFT JOIN collected AS c ON c.month = m ORDER BY 1"
    )
    return work.session.execute(query, _values(work, asked)).all()


def tries(work: Work, asked: Period) -> Sequence[Row[Any]]:
    """Count the payments begun in the period by who takes them, and how they ended.

    Rows (provider, made, failed, amount): `amount` is what those that failed would have brought.
    """
    query = text(
        f"SELECT p.provider, count(*) FILTER (WHERE p.status IN {_CAME}) AS made,"
        f" count(*) FILTER (WHERE p.status IN {_FAILED}) AS failed,"
        f" coalesce(sum(p.amount) FILTER (WHERE p.status IN {_FAILED}), 0) AS amount"
        " FROM payment_intent AS p WHERE p.currency = :currency"
        " AND p.created_at >= :since AND p.created_at < :until"
        " AND (CAST(:project AS uuid) IS NULL OR EXISTS (SELECT FROM payment_allocation AS a"
        " JOIN booking_invoice AS l ON l.organization_id = a.organization_id"
        " AND l.invoice_id = a.invoice_id"
        " JOIN booking AS b ON b.organization_id = l.organization_id AND b.id = l.booking_id"
        " JOIN apartment AS o ON o.organization_id = b.organization_id AND o.id = b.original_id"
        " WHERE a.organization_id = p.organization_id AND a.intent_id = p.id"
        " AND o.project_id = :project))"
        f" AND p.status IN {_CAME[:-1]}, {_FAILED[1:]} GROUP BY 1 ORDER BY made DESC, 1"
    )
    return work.session.execute(query, _values(work, asked)).all()


def remaining(work: Work, asked: Period, most: int = 10) -> Sequence[Row[Any]]:
    """List the live bookings that owe most: rows (id, number, customer, total, paid, remaining)."""
    query = text(
        "SELECT b.id, b.number, c.name AS customer, b.status, b.total, coalesce(sum(i.paid_amount),"
        " 0) AS paid, b.total - coalesce(sum(i.paid_amount), 0) AS remaining"
        " FROM booking AS b JOIN apartment AS o"
        " ON o.organization_id = b.organization_id AND o.id = b.original_id"
        " JOIN party AS c ON c.organization_id = b.organization_id AND c.id = b.customer_id"
        " LEFT JOIN booking_invoice AS l ON l.organization_id = b.organization_id"
        " AND l.booking_id = b.id LEFT JOIN invoice AS i"
        " ON i.organization_id = l.organization_id AND i.id = l.invoice_id"
        " WHERE b.currency = :currency"
        " AND (CAST(:project AS uuid) IS NULL OR o.project_id = :project)"
        f" AND b.status IN {_LIVE} GROUP BY b.id, c.name"
        " ORDER BY remaining DESC, b.number LIMIT :most"
    )
    return work.session.execute(query, {**_values(work, asked), "most": most}).all()


def currencies(work: Work) -> list[str]:
    """List the currencies that projects are sold in."""
    return list(work.session.scalars(select(Project.currency).distinct().order_by("currency")))


def _values(work: Work, asked: Period) -> dict[str, Any]:
    """Give the bounds as instants: a business day begins at midnight in the organization."""
    zone = ledger.zone(work)
    return {
        "since": datetime.combine(asked.since, datetime.min.time(), zone),
        "until": datetime.combine(asked.until, datetime.min.time(), zone),
        "currency": asked.currency,
        "project": asked.project_id,
        "zone": str(zone),
    }
