"""Leases: who rents which unit, from when, for how much, and within which bounds."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.estate import DAYS, Estate, Unit, UnitType
from models.people import Party

ONE_GUIDELINE = N_("There is a guideline for that already. Change that one.")


def _once(name: str, column: str, where: str) -> Index:
    says = {"says": ONE_GUIDELINE}
    return Index(
        name, "organization_id", column, unique=True, postgresql_where=text(where), info=says
    )


class Guideline(Record):
    """What a lease of an estate may ask for; of a type of units, or of one, where that is said.

    The closest one counts: that of the unit, of its type, of the estate. What is empty is free.
    Amounts are in the estate's currency, terms in months.
    """

    __tablename__ = "property_guideline"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        same_organization("unit_id", "unit"),
        _once("uq_property_guideline_estate", "estate_id", "unit_id IS NULL AND unit_type IS NULL"),
        _once("uq_property_guideline_unit", "unit_id", "unit_id IS NOT NULL"),
        Index(
            "uq_property_guideline_type",
            "organization_id",
            "estate_id",
            "unit_type",
            unique=True,
            info={"says": ONE_GUIDELINE},
        ),
        CheckConstraint(
            "unit_id IS NULL OR unit_type IS NULL",
            "unit_or_type",
            info={"says": N_("Name a type of units or one unit, not both.")},
        ),
        CheckConstraint(
            "min_rent >= 0 AND min_deposit >= 0 AND min_months >= 0",
            "not_negative",
            info={"says": N_("A bound is zero or more.")},
        ),
        CheckConstraint(
            "max_rent >= coalesce(min_rent, 0) AND max_deposit >= coalesce(min_deposit, 0)"
            " AND max_months >= coalesce(min_months, 0)",
            "least_below_most",
            info={"says": N_("The most is below the least.")},
        ),
    )

    estate_id: Mapped[UUID]
    unit_type: Mapped[UnitType | None]
    unit_id: Mapped[UUID | None]
    min_rent: Mapped[Amount | None]
    max_rent: Mapped[Amount | None]
    min_deposit: Mapped[Amount | None]
    max_deposit: Mapped[Amount | None]
    min_months: Mapped[int | None]
    max_months: Mapped[int | None]

    estate: Mapped[Estate] = relationship(
        primaryjoin="foreign(Guideline.estate_id) == Estate.id", lazy="raise_on_sql"
    )
    unit: Mapped[Unit | None] = relationship(
        primaryjoin="foreign(Guideline.unit_id) == Unit.id", lazy="raise_on_sql"
    )


class LeaseStatus(StrEnum):
    """Where a lease stands. It is live from `pending_signature` on, until it is over."""

    draft = auto()
    pending_signature = auto()
    active = auto()
    notice = auto()
    ended = auto()
    cancelled = auto()
    terminated = auto()


_L = LeaseStatus
LEASE_FLOW = Flow(
    start=_L.draft,
    moves={
        # Agreed to by a second person; the lease can then be sent, and is still a draft.
        "approve_override": ({_L.draft}, _L.draft),
        "send_for_signature": ({_L.draft}, _L.pending_signature),
        "activate": ({_L.pending_signature}, _L.active),
        "cancel": ({_L.draft, _L.pending_signature}, _L.cancelled),
        "give_notice": ({_L.active}, _L.notice),
        "withdraw_notice": ({_L.notice}, _L.active),
        "end": ({_L.active, _L.notice}, _L.ended),
        "terminate": ({_L.active, _L.notice}, _L.terminated),
    },
    labels={
        _L.draft: N_("Draft"),
        _L.pending_signature: N_("Waits for signatures"),
        _L.active: N_("Active"),
        _L.notice: N_("Under notice"),
        _L.ended: N_("Ended"),
        _L.cancelled: N_("Cancelled"),
        _L.terminated: N_("Terminated"),
    },
    meanings={
        _L.draft: "waiting",
        _L.pending_signature: "needs",
        _L.active: "good",
        _L.notice: "needs",
        _L.ended: "over",
        _L.cancelled: "stopped",
        _L.terminated: "stopped",
    },
    governed=frozenset({"approve_override"}),
)
RUNNING = (LeaseStatus.active, LeaseStatus.notice)
"""Leases under which somebody has the unit, and pays for it."""
LIVE = (LeaseStatus.pending_signature, *RUNNING)
"""Leases that keep their unit from being let to another."""


class Proration(StrEnum):
    """How the rent of a part of a month is reckoned."""

    actual_days = auto()
    thirty_days = auto()
    annual = auto()


PRORATION_LABELS = {
    Proration.actual_days: N_("By the days of the month"),
    Proration.thirty_days: N_("By months of 30 days"),
    Proration.annual: N_("By the year's rent over 365 days"),
}


class Increase(StrEnum):
    """How the rent grows by itself."""

    none = auto()
    percent = auto()
    steps = auto()
    indexed = auto()


INCREASE_LABELS = {
    Increase.none: N_("It does not"),
    Increase.percent: N_("By a percentage"),
    Increase.steps: N_("In agreed steps"),
    Increase.indexed: N_("With an index"),
}


class Lease(Record):
    """A party rents a unit, with others maybe, from `since` to `until`; without that, until notice.

    `party_id` is who answers for it. Rent is for a month and is asked for on `due_day` of each, the
    last day of shorter ones, to be paid within `due_days`. The deposit is held for the tenant. What
    is agreed stays when it is sent for signature; rents change by dated rows (models/rents.py).
    `hold_until` is how long it keeps the unit while it waits for signatures, `next_on` the first
    day for which rent was not asked yet.
    """

    __tablename__ = "lease"
    __table_args__ = keyed(
        same_organization("unit_id", "unit"),
        same_organization("party_id", "party"),
        same_organization("renews_id", "lease"),
        UniqueConstraint("organization_id", "number"),
        ExcludeConstraint(
            (text("uuidrange(unit_id, unit_id, '[]')"), "&&"),
            (text(DAYS), "&&"),
            where=text("status NOT IN ('draft', 'cancelled')"),
            name="ex_lease_days",
            using="gist",
            info={"says": N_("Another lease has this unit on some of these days.")},
        ),
        Index("ix_lease_unit", "organization_id", "unit_id"),
        Index("ix_lease_party", "organization_id", "party_id"),
        Index("ix_lease_status", "organization_id", "status", "id"),
        CheckConstraint(
            "until >= since",
            "ends_after_it_begins",
            info={"says": N_("It ends before it begins.")},
        ),
        CheckConstraint(
            "rent > 0", "rent_positive", info={"says": N_("A rent is more than zero.")}
        ),
        CheckConstraint("deposit >= 0", "deposit", info={"says": N_("A deposit is zero or more.")}),
        CheckConstraint(
            "due_day BETWEEN 1 AND 31 AND due_days BETWEEN 0 AND 90",
            "due",
            info={"says": N_("The day is 1 to 31, and it is paid within 0 to 90 days.")},
        ),
        CheckConstraint(
            "notice_days BETWEEN 0 AND 730",
            "notice_days",
            info={"says": N_("Days of notice are 0 to 730.")},
        ),
        CheckConstraint(
            "increase_percent >= 0 AND increase_percent <= 100"
            " AND increase_months BETWEEN 1 AND 120",
            "increase_in_reach",
            info={"says": N_("A rent grows by at most 100 percent, every 1 to 120 months.")},
        ),
        CheckConstraint(
            "status NOT IN ('ended', 'terminated', 'notice') OR until IS NOT NULL", "over_has_end"
        ),
    )

    number: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[UUID]
    party_id: Mapped[UUID]
    status: Mapped[LeaseStatus] = mapped_column(default=LEASE_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    since: Mapped[date]
    until: Mapped[date | None]
    currency: Mapped[Currency]
    rent: Mapped[Amount]
    deposit: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    due_day: Mapped[int] = mapped_column(server_default="1", default=1)
    due_days: Mapped[int] = mapped_column(server_default="5", default=5)
    proration: Mapped[Proration] = mapped_column(
        server_default=Proration.actual_days, default=Proration.actual_days
    )
    increase: Mapped[Increase] = mapped_column(server_default=Increase.none, default=Increase.none)
    increase_percent: Mapped[Decimal] = mapped_column(
        Numeric(7, 4), server_default="0", default=Decimal(0)
    )
    increase_months: Mapped[int] = mapped_column(server_default="12", default=12)
    increase_steps: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    notice_days: Mapped[int] = mapped_column(server_default="30", default=30)
    override_reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    hold_until: Mapped[datetime | None]
    signed_on: Mapped[date | None]
    notice_on: Mapped[date | None]
    renews_id: Mapped[UUID | None]
    next_on: Mapped[date | None]
    increase_index: Mapped[str] = mapped_column(String(80), server_default="", default="")
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    note: Mapped[str] = mapped_column(String(2000), server_default="", default="")

    unit: Mapped[Unit] = relationship(
        primaryjoin="foreign(Lease.unit_id) == Unit.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Lease.party_id) == Party.id", lazy="raise_on_sql"
    )
    renews: Mapped["Lease | None"] = relationship(
        primaryjoin="foreign(Lease.renews_id) == remote(Lease.id)", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number


class LesseeRole(StrEnum):
    """As what a party stands in a lease. One is the principal, who is asked for the money."""

    principal = auto()
    lessee = auto()
    guarantor = auto()


LESSEE_ROLE_LABELS = {
    LesseeRole.principal: N_("Tenant who answers for it"),
    LesseeRole.lessee: N_("Tenant with others"),
    LesseeRole.guarantor: N_("Guarantor"),
}


class LeaseParty(PartyScoped, OrganizationScoped, Base):
    """A party that signs a lease and stands in it."""

    __tablename__ = "lease_party"
    __table_args__ = keyed(
        same_organization("lease_id", "lease", ondelete="CASCADE"),
        same_organization("party_id", "party"),
        UniqueConstraint(
            "organization_id",
            "lease_id",
            "party_id",
            info={"says": N_("They stand in this lease already.")},
        ),
        Index(
            "uq_lease_party_principal",
            "organization_id",
            "lease_id",
            unique=True,
            postgresql_where=text("role = 'principal'"),
        ),
        Index("ix_lease_party_party", "organization_id", "party_id"),
    )

    lease_id: Mapped[UUID]
    party_id: Mapped[UUID]
    role: Mapped[LesseeRole]

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(LeaseParty.lease_id) == Lease.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(LeaseParty.party_id) == Party.id", lazy="raise_on_sql"
    )
