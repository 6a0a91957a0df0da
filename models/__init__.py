"""Nouns: tables, their states, and what the database itself refuses. No sessions, clocks or Flask.

Importing this package loads every table, for Alembic. Import names from its modules, not from here.
"""

from models import (
    accounts,
    approvals,
    billing,
    bookings,
    builder,
    chart,
    derived,
    dunning,
    estate,
    events,
    files,
    holds,
    ledger,
    notices,
    organizations,
    payments,
    people,
    periods,
    sales,
    wallets,
)

__all__ = [
    "accounts",
    "approvals",
    "billing",
    "bookings",
    "builder",
    "chart",
    "derived",
    "dunning",
    "estate",
    "events",
    "files",
    "holds",
    "ledger",
    "notices",
    "organizations",
    "payments",
    "people",
    "periods",
    "sales",
    "wallets",
]
