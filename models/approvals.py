"""Approvals: who has to agree before a governed move of a workflow, and who did."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.organizations import Profile


class ApprovalStatus(StrEnum):
    """Where a question for approval stands."""

    waiting = auto()
    given = auto()
    withdrawn = auto()
    lapsed = auto()


APPROVAL_FLOW = Flow(
    start=ApprovalStatus.waiting,
    moves={
        "give": ({ApprovalStatus.waiting}, ApprovalStatus.given),
        "withdraw": ({ApprovalStatus.waiting}, ApprovalStatus.withdrawn),
        "lapse": ({ApprovalStatus.waiting}, ApprovalStatus.lapsed),
    },
    labels={
        ApprovalStatus.waiting: N_("Waiting"),
        ApprovalStatus.given: N_("Approved"),
        ApprovalStatus.withdrawn: N_("Withdrawn"),
        ApprovalStatus.lapsed: N_("Lapsed"),
    },
    meanings={
        ApprovalStatus.waiting: "needs",
        ApprovalStatus.given: "good",
        ApprovalStatus.withdrawn: "over",
        ApprovalStatus.lapsed: "stopped",
    },
)


class ApprovalRule(Record):
    """Who approves a move, from an amount on. Changed by ending it and beginning another.

    `governs` is a flow and its move, like `booking.approve`. Of the rules of a move the one with
    the largest `above` that is at most the amount counts; that from zero on is for every amount and
    currency. With `needed` 0 nobody is asked. A rule is in force for what began with a version from
    `since_version` on and before `until_version`. Hours of 0 are never.
    """

    __tablename__ = "approval_rule"
    __table_args__ = keyed(
        CheckConstraint("cardinality(roles) > 0", "has_roles"),
        CheckConstraint(
            "needed BETWEEN 0 AND 20",
            "needed_in_reach",
            info={"says": N_("Ask for 0 to 20 approvals.")},
        ),
        CheckConstraint("above >= 0", "above", info={"says": N_("The amount is zero or more.")}),
        CheckConstraint("(above = 0) = (currency IS NULL)", "currency_of_amount"),
        CheckConstraint(
            "remind_hours BETWEEN 0 AND 8760 AND lapse_hours BETWEEN 0 AND 8760",
            "hours",
            info={"says": N_("Hours are from 0 (never) to 8,760 (a year).")},
        ),
        CheckConstraint("until_version > since_version", "ends_after_it_begins"),
        Index(
            "uq_approval_rule_in_force",
            "organization_id",
            "governs",
            "above",
            text("coalesce(currency, '')"),
            unique=True,
            postgresql_where=text("until_version IS NULL"),
            info={"says": N_("There is a rule from this amount on. Change that one.")},
        ),
    )

    governs: Mapped[str] = mapped_column(String(80))
    above: Mapped[Amount] = mapped_column(server_default="0")
    currency: Mapped[Currency | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    needed: Mapped[int] = mapped_column(server_default="1")
    separate: Mapped[bool] = mapped_column(server_default=text("false"))
    remind_hours: Mapped[int] = mapped_column(server_default="0")
    lapse_hours: Mapped[int] = mapped_column(server_default="0")
    since_version: Mapped[int] = mapped_column(server_default="1")
    until_version: Mapped[int | None]

    def __str__(self) -> str:
        return self.governs


ApprovalRule.in_force = column_property(ApprovalRule.until_version.is_(None))


class Approval(Record):
    """A question whether a record may make its move, filled in by the database as the rule says.

    It stands for the amount that was asked for: what changes its amount is asked for anew. Of a
    lease the database keeps the `terms` that were asked about, as no amount says them.
    """

    __tablename__ = "approval"
    __table_args__ = keyed(
        same_organization("rule_id", "approval_rule"),
        Index(
            "uq_approval_open",
            "organization_id",
            "governs",
            "subject_id",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_approval_subject", "organization_id", "subject_id", "governs"),
        Index("ix_approval_status", "organization_id", "status", "id"),
        CheckConstraint("(status = 'waiting') = (closed_at IS NULL)", "closed_when_over"),
    )

    governs: Mapped[str] = mapped_column(String(80))
    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    subject_name: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(String(200), server_default="")
    version: Mapped[int]
    amount: Mapped[Amount | None]
    currency: Mapped[Currency | None]
    status: Mapped[ApprovalStatus] = mapped_column(default=APPROVAL_FLOW.start)
    rule_id: Mapped[UUID]
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    needed: Mapped[int]
    separate: Mapped[bool]
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    asked_at: Mapped[datetime]
    remind_at: Mapped[datetime | None]
    lapses_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    terms: Mapped[Any | None] = mapped_column(JSONB)

    asked_by: Mapped[Profile | None] = relationship(lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.subject_name


class ApprovalDecision(OrganizationScoped, Base):
    """Somebody approved, with the roles that they held; written once, by the database's leave."""

    __tablename__ = "approval_decision"
    __table_args__ = (
        same_organization("approval_id", "approval"),
        UniqueConstraint(
            "organization_id",
            "approval_id",
            "actor",
            info={"says": N_("You have approved this already.")},
        ),
    )

    approval_id: Mapped[UUID]
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    actor: Mapped[str] = mapped_column(String(80))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    note: Mapped[str] = mapped_column(String(400), server_default="")
    decided_at: Mapped[datetime]

    profile: Mapped[Profile | None] = relationship(lazy="raise_on_sql")


Approval.given = column_property(
    select(func.count(ApprovalDecision.id))
    .where(
        ApprovalDecision.organization_id == Approval.organization_id,
        ApprovalDecision.approval_id == Approval.id,
    )
    .correlate_except(ApprovalDecision)
    .scalar_subquery(),
    deferred=True,
)
