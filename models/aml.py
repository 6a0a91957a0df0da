"""What laundering looks like: movements of parties, limits on them, and cases to look into."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.people import Party


class AmlLimit(Record):
    """From where on movements of a currency are looked into: one sum, how many in a day.

    Sums of `single` or less that come to more than it within 48 hours are looked into, too.
    """

    __tablename__ = "aml_limit"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id",
            "currency",
            info={"says": N_("There is a limit for this currency already.")},
        ),
        CheckConstraint("single > 0", "single", info={"says": N_("A limit is above zero.")}),
        CheckConstraint("daily_count > 0", "daily", info={"says": N_("A limit is above zero.")}),
    )

    currency: Mapped[Currency]
    single: Mapped[Amount]
    daily_count: Mapped[int] = mapped_column(server_default="10", default=10)

    def __str__(self) -> str:
        return self.currency


class AmlMovement(OrganizationScoped, Base):
    """Money of a party that moved, once for each payment or order. Written once, never changed."""

    __tablename__ = "aml_movement"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "party_id", "subject_id"),
        Index("ix_aml_movement_time", "organization_id", "party_id", "currency", "happened_at"),
        CheckConstraint("amount > 0", "amount_positive"),
    )

    party_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    happened_at: Mapped[datetime]


class AmlRule(StrEnum):
    """Why somebody looks."""

    single = auto()
    frequent = auto()
    parted = auto()


AML_RULE_LABELS = {
    AmlRule.single: N_("One sum over the limit"),
    AmlRule.frequent: N_("Too many in a day"),
    AmlRule.parted: N_("Small sums that pass the limit together"),
}


class AmlStatus(StrEnum):
    """What came of looking."""

    open = auto()
    cleared = auto()
    reported = auto()


_S = AmlStatus
AML_FLOW = Flow(
    start=_S.open,
    moves={"clear": ({_S.open}, _S.cleared), "report": ({_S.open}, _S.reported)},
    labels={_S.open: N_("Open"), _S.cleared: N_("Cleared"), _S.reported: N_("Reported")},
    meanings={_S.open: "needs", _S.cleared: "over", _S.reported: "stopped"},
)


class AmlCase(Record):
    """Movements of a party that compliance has to look into; `amount` is what they come to."""

    __tablename__ = "aml_case"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "number"),
        UniqueConstraint("organization_id", "party_id", "rule", "key"),
        Index("ix_aml_case_status", "organization_id", "status", "id"),
        CheckConstraint(
            "status = 'open' OR btrim(reason) <> ''",
            "decided_for_a_reason",
            info={"says": N_("Say what was found.")},
        ),
        CheckConstraint("since <= until", "begins_before_it_ends"),
    )

    number: Mapped[str] = mapped_column(String(20))
    status: Mapped[AmlStatus] = mapped_column(default=AML_FLOW.start)
    rule: Mapped[AmlRule]
    party_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(60))
    amount: Mapped[Amount] = mapped_column(default=Decimal(0))
    currency: Mapped[Currency]
    movements: Mapped[int]
    since: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    decided_at: Mapped[datetime | None]

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(AmlCase.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number
