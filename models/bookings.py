"""Bookings: a customer on the way to an apartment, what they chose, and how they will pay."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Synonym, mapped_column, relationship, synonym

from core.db import Amount, Base, Currency, Name
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice, PaymentMethod
from models.organizations import Profile
from models.people import Party
from models.sales import Addon, Apartment, Package, Project


class BookingStatus(StrEnum):
    """Where a booking stands. The last four are final, but for the refund of a cancelled one."""

    pending = auto()
    in_progress = auto()
    under_review = auto()
    approved = auto()
    rejected = auto()
    cancelled = auto()
    expired = auto()


_B = BookingStatus
BOOKING_FLOW = Flow(
    start=BookingStatus.pending,
    moves={
        "confirm": ({_B.pending}, _B.in_progress),
        "submit": ({_B.in_progress}, _B.under_review),
        "approve": ({_B.under_review}, _B.approved),
        "reject": ({_B.in_progress, _B.under_review}, _B.rejected),
        "cancel": ({_B.pending, _B.in_progress, _B.under_review, _B.approved}, _B.cancelled),
        "expire": ({_B.pending}, _B.expired),
    },
    labels={
        _B.pending: N_("Pending"),
        _B.in_progress: N_("In progress"),
        _B.under_review: N_("Under review"),
        _B.approved: N_("Approved"),
        _B.rejected: N_("Rejected"),
        _B.cancelled: N_("Cancelled"),
        _B.expired: N_("Expired"),
    },
    meanings={
        _B.pending: "waiting",
        _B.in_progress: "good",
        _B.under_review: "needs",
        _B.approved: "good",
        _B.rejected: "stopped",
        _B.cancelled: "stopped",
        _B.expired: "over",
    },
    governed=frozenset({"approve"}),
)
LIVE = (_B.in_progress, _B.under_review, _B.approved)
OCCUPIES = (
    "(status = 'pending' AND hold_until IS NOT NULL)"
    " OR status IN ('in_progress', 'under_review', 'approved')"
)
"""The bookings of which an original apartment has at most one: a hold, or one past Pending."""


class Booking(PartyScoped, Record):
    """A customer's claim on an apartment. Without a hold it is a place on the waiting list.

    Prices are snapshots in `currency`; `total` is computed by the database, `addons_price` kept by
    it from the chosen add-ons. `status_at` is the time of the last change of status.
    """

    __tablename__ = "booking"
    __table_args__ = keyed(
        same_organization("customer_id", "party"),
        same_organization("original_id", "apartment"),
        same_organization("apartment_id", "apartment"),
        same_organization("plan_id", "instalment_plan"),
        # Only from the apartment's own list, whatever the code believes.
        ForeignKeyConstraint(
            ["organization_id", "original_id", "package_id"],
            [
                "apartment_package.organization_id",
                "apartment_package.apartment_id",
                "apartment_package.package_id",
            ],
            name="fk_booking_package_of_apartment",
            info={"says": N_("That package is not offered for this apartment.")},
        ),
        UniqueConstraint("organization_id", "number"),
        UniqueConstraint("organization_id", "apartment_id"),
        # Serves the keys of chosen add-ons, and finds the bookings of an apartment.
        UniqueConstraint("organization_id", "original_id", "id"),
        Index(
            "uq_booking_one_per_apartment",
            "organization_id",
            "original_id",
            unique=True,
            postgresql_where=text(OCCUPIES),
            info={"says": N_("Somebody else has this apartment.")},
        ),
        Index(
            "uq_booking_one_place_per_customer",
            "organization_id",
            "original_id",
            "customer_id",
            unique=True,
            postgresql_where=text(
                "status IN ('pending', 'in_progress', 'under_review', 'approved')"
            ),
            info={"says": N_("This customer has a booking of this apartment already.")},
        ),
        Index("ix_booking_customer", "organization_id", "customer_id", "id"),
        Index("ix_booking_status", "organization_id", "status", "id"),
        Index("ix_booking_assignee", "organization_id", "assigned_to_id", "assigned_at"),
        Index("ix_booking_package", "organization_id", "package_id"),
        Index(
            "ix_booking_hold",
            "organization_id",
            "hold_until",
            postgresql_where=text("status = 'pending' AND hold_until IS NOT NULL"),
        ),
        CheckConstraint(
            "status IN ('pending', 'cancelled', 'expired')"
            " OR (package_id IS NOT NULL AND total > 0)",
            "complete_when_confirmed",
            info={"says": N_("A booking needs a package and a price before it goes on.")},
        ),
        CheckConstraint(
            "status IN ('pending', 'cancelled', 'expired') OR apartment_id IS NOT NULL",
            "has_clone",
        ),
    )

    number: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[UUID]
    original_id: Mapped[UUID]
    apartment_id: Mapped[UUID | None]
    status: Mapped[BookingStatus] = mapped_column(default=BOOKING_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    status_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    assigned_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    assigned_at: Mapped[datetime | None]
    package_id: Mapped[UUID | None]
    plan_id: Mapped[UUID | None]
    payment_method: Mapped[PaymentMethod | None]
    currency: Mapped[Currency]
    base_price: Mapped[Amount]
    package_price: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    addons_price: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    total: Mapped[Amount] = mapped_column(
        Computed("base_price + package_price + addons_price", persisted=True)
    )
    reason: Mapped[str] = mapped_column(String(400), server_default="")

    customer: Mapped[Party] = relationship(
        primaryjoin="foreign(Booking.customer_id) == Party.id", lazy="raise_on_sql"
    )
    original: Mapped[Apartment] = relationship(
        primaryjoin="foreign(Booking.original_id) == Apartment.id", lazy="raise_on_sql"
    )
    apartment: Mapped[Apartment | None] = relationship(
        primaryjoin="foreign(Booking.apartment_id) == Apartment.id", lazy="raise_on_sql"
    )
    package: Mapped[Package | None] = relationship(
        primaryjoin="foreign(Booking.package_id) == Package.id", lazy="raise_on_sql"
    )
    plan: Mapped["InstalmentPlan | None"] = relationship(
        primaryjoin="foreign(Booking.plan_id) == InstalmentPlan.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    assigned_to: Mapped[Profile | None] = relationship(lazy="raise_on_sql")
    choices: Mapped[list["BookingAddon"]] = relationship(
        primaryjoin="foreign(BookingAddon.booking_id) == Booking.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    party_id: Synonym[UUID] = synonym("customer_id")

    def __str__(self) -> str:
        return self.number


class BookingAddon(OrganizationScoped, Base):
    """An add-on chosen in a booking: units installed, at the price per unit it was chosen at."""

    __tablename__ = "booking_addon"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "booking_id", "original_id"],
            ["booking.organization_id", "booking.id", "booking.original_id"],
        ),
        ForeignKeyConstraint(
            ["organization_id", "original_id", "addon_id"],
            [
                "apartment_addon.organization_id",
                "apartment_addon.apartment_id",
                "apartment_addon.addon_id",
            ],
            name="fk_booking_addon_of_apartment",
            info={"says": N_("That add-on is not offered for this apartment.")},
        ),
        UniqueConstraint("organization_id", "booking_id", "addon_id"),
        Index("ix_booking_addon_addon", "organization_id", "addon_id"),
        CheckConstraint("units > 0", "units", info={"says": N_("Units are one or more.")}),
    )

    booking_id: Mapped[UUID]
    original_id: Mapped[UUID]
    addon_id: Mapped[UUID]
    units: Mapped[int]
    price_per_unit: Mapped[Amount]
    amount: Mapped[Amount] = mapped_column(Computed("units * price_per_unit", persisted=True))

    addon: Mapped[Addon] = relationship(
        primaryjoin="foreign(BookingAddon.addon_id) == Addon.id", lazy="raise_on_sql"
    )


class BookingInvoice(OrganizationScoped, Base):
    """An invoice that asks for (a part of) a booking's total; `position` is the instalment's."""

    __tablename__ = "booking_invoice"
    __table_args__ = (
        same_organization("booking_id", "booking"),
        same_organization("invoice_id", "invoice"),
        UniqueConstraint("organization_id", "invoice_id"),
        Index("ix_booking_invoice_booking", "organization_id", "booking_id", "position"),
    )

    booking_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    position: Mapped[int]
    milestone: Mapped[str] = mapped_column(String(80), server_default="", default="")

    booking: Mapped[Booking] = relationship(
        primaryjoin="foreign(BookingInvoice.booking_id) == Booking.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(BookingInvoice.invoice_id) == Invoice.id",
        viewonly=True,
        lazy="raise_on_sql",
    )


class InstalmentPlan(Record):
    """How the total of a booking in a project is asked for, step by step."""

    __tablename__ = "instalment_plan"
    __table_args__ = keyed(
        same_organization("project_id", "project"),
        UniqueConstraint(
            "organization_id",
            "project_id",
            "name",
            info={"says": N_("This project has a plan of that name.")},
        ),
    )

    project_id: Mapped[UUID]
    name: Mapped[Name]
    standard: Mapped[bool] = mapped_column(server_default=text("false"))

    project: Mapped[Project] = relationship(
        primaryjoin="foreign(InstalmentPlan.project_id) == Project.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class InstalmentStep(OrganizationScoped, Base):
    """A share of the total, due some days after confirmation, on a date, or at a milestone."""

    __tablename__ = "instalment_step"
    __table_args__ = (
        same_organization("plan_id", "instalment_plan", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "plan_id", "position"),
        CheckConstraint(
            "percent > 0 AND percent <= 100",
            "percent",
            info={"says": N_("A step asks for more than 0 and at most 100 percent.")},
        ),
        CheckConstraint(
            "num_nonnulls(days, due_on) + (milestone <> '')::int = 1",
            "one_due",
            info={"says": N_("A step is due after days, on a date or at a milestone.")},
        ),
    )

    plan_id: Mapped[UUID]
    position: Mapped[int]
    percent: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    days: Mapped[int | None]
    due_on: Mapped[date | None]
    milestone: Mapped[str] = mapped_column(String(80), server_default="", default="")
    reached_at: Mapped[datetime | None]


class ApartmentOwner(Record):
    """A party that owns (part of) an apartment since a day. Shares are percents, at most 100."""

    __tablename__ = "apartment_owner"
    __table_args__ = keyed(
        same_organization("apartment_id", "apartment"),
        same_organization("owner_id", "party"),
        UniqueConstraint("organization_id", "apartment_id", "owner_id"),
        Index("ix_apartment_owner_party", "organization_id", "owner_id"),
        CheckConstraint(
            "share > 0 AND share <= 100",
            "share",
            info={"says": N_("A share is more than 0 and at most 100 percent.")},
        ),
    )

    apartment_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    share: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="100")
    booking_id: Mapped[UUID | None]

    apartment: Mapped[Apartment] = relationship(
        primaryjoin="foreign(ApartmentOwner.apartment_id) == Apartment.id", lazy="raise_on_sql"
    )
    owner: Mapped[Party] = relationship(
        primaryjoin="foreign(ApartmentOwner.owner_id) == Party.id", lazy="raise_on_sql"
    )
    party_id: Synonym[UUID] = synonym("owner_id")

    def __str__(self) -> str:
        return f"{self.share} %"
