"""Sales: projects and what may be chosen in them, and apartments."""

from decimal import Decimal
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency, Name
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.people import Party
from models.taxes import Tax


class Project(Record):
    """A building site whose apartments are sold, in one currency.

    Latitude and longitude are degrees in WGS 84. `hold_minutes` is how long choosing an apartment
    keeps it from others; `refund_percent` of what was paid goes back to who cancels. Bookings keep
    their prices from `price_locked_from` on; they contain the tax `tax_id`, or else the standard.
    """

    __tablename__ = "project"
    __table_args__ = keyed(
        same_organization("tax_id", "tax"),
        UniqueConstraint(
            "organization_id", "name", info={"says": N_("There is a project of that name.")}
        ),
        CheckConstraint("latitude BETWEEN -90 AND 90", "latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", "longitude"),
        CheckConstraint(
            "hold_minutes BETWEEN 1 AND 43200",
            "hold_minutes",
            info={"says": N_("A hold lasts from 1 minute to 30 days.")},
        ),
        CheckConstraint(
            "refund_percent BETWEEN 0 AND 100",
            "refund_percent",
            info={"says": N_("The part paid back is between 0 and 100 percent.")},
        ),
        CheckConstraint(
            "price_locked_from IN ('in_progress', 'under_review', 'approved')", "price_locked_from"
        ),
    )

    name: Mapped[Name]
    location: Mapped[str] = mapped_column(String(400), server_default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    amenities: Mapped[list[str]] = mapped_column(
        ARRAY(String(80)), server_default=text("'{}'"), default=list
    )
    description: Mapped[str] = mapped_column(String(4000), server_default="")
    currency: Mapped[Currency]
    published: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    hold_minutes: Mapped[int] = mapped_column(server_default="60", default=60)
    refund_percent: Mapped[Decimal] = mapped_column(
        Numeric(5, 2), server_default="90", default=Decimal(90)
    )
    price_locked_from: Mapped[str] = mapped_column(
        String(32), server_default="under_review", default="under_review"
    )
    tax_id: Mapped[UUID | None]
    tax: Mapped[Tax | None] = relationship(
        primaryjoin="foreign(Project.tax_id) == Tax.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class PackageLevel(Record):
    """A level that packages come in. Administrators may add some."""

    __tablename__ = "package_level"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id", "name", info={"says": N_("There is a level of that name.")}
        ),
    )

    name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(server_default="0")

    def __str__(self) -> str:
        return self.name


class Package(Record):
    """A set of finishes offered in a project, at one price in its currency."""

    __tablename__ = "package"
    __table_args__ = keyed(
        same_organization("project_id", "project"),
        same_organization("level_id", "package_level"),
        UniqueConstraint(
            "organization_id",
            "project_id",
            "name",
            info={"says": N_("This project has a package of that name.")},
        ),
        CheckConstraint("price >= 0", "price", info={"says": N_("A price is not less than zero.")}),
    )

    project_id: Mapped[UUID]
    level_id: Mapped[UUID]
    name: Mapped[Name]
    description: Mapped[str] = mapped_column(String(2000), server_default="")
    price: Mapped[Amount]

    project: Mapped[Project] = relationship(
        primaryjoin="foreign(Package.project_id) == Project.id", lazy="raise_on_sql"
    )
    level: Mapped[PackageLevel] = relationship(
        primaryjoin="foreign(Package.level_id) == PackageLevel.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class AddonCategory(Record):
    """A kind of add-on in a project, and the most units of it that one apartment may have."""

    __tablename__ = "addon_category"
    __table_args__ = keyed(
        same_organization("project_id", "project"),
        UniqueConstraint(
            "organization_id",
            "project_id",
            "name",
            info={"says": N_("This project has a category of that name.")},
        ),
        CheckConstraint(
            "max_units IS NULL OR max_units > 0",
            "max_units",
            info={"says": N_("A limit is at least one unit.")},
        ),
    )

    project_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(80))
    max_units: Mapped[int | None]

    project: Mapped[Project] = relationship(
        primaryjoin="foreign(AddonCategory.project_id) == Project.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class Addon(Record):
    """Something that can be added to an apartment, at a price per unit, up to `max_units`."""

    __tablename__ = "addon"
    __table_args__ = keyed(
        same_organization("project_id", "project"),
        same_organization("category_id", "addon_category"),
        UniqueConstraint(
            "organization_id",
            "project_id",
            "name",
            info={"says": N_("This project has an add-on of that name.")},
        ),
        CheckConstraint(
            "price_per_unit >= 0", "price", info={"says": N_("A price is not less than zero.")}
        ),
        CheckConstraint(
            "max_units > 0", "max_units", info={"says": N_("A limit is at least one unit.")}
        ),
    )

    project_id: Mapped[UUID]
    category_id: Mapped[UUID]
    name: Mapped[Name]
    description: Mapped[str] = mapped_column(String(2000), server_default="")
    price_per_unit: Mapped[Amount]
    max_units: Mapped[int] = mapped_column(server_default="1")

    project: Mapped[Project] = relationship(
        primaryjoin="foreign(Addon.project_id) == Project.id", lazy="raise_on_sql"
    )
    category: Mapped[AddonCategory] = relationship(
        primaryjoin="foreign(Addon.category_id) == AddonCategory.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class ApartmentType(StrEnum):
    """Part of a project, a pattern to make others from, or alone."""

    project = auto()
    template = auto()
    standalone = auto()


APARTMENT_TYPE_LABELS = {
    ApartmentType.project: N_("Part of a project"),
    ApartmentType.template: N_("Template"),
    ApartmentType.standalone: N_("Standalone"),
}


class ApartmentStatus(StrEnum):
    """Where an apartment stands. A clone made for a booking is `booked` until it is `released`."""

    for_sale = auto()
    in_progress = auto()
    booked = auto()
    sold = auto()
    withdrawn = auto()
    released = auto()
    template = auto()


_S = ApartmentStatus
# Under row-level security coalesce() would not reach an index. In PostgreSQL's own lines.
_PLACE = "(\nCASE\n    WHEN project_id IS NULL THEN organization_id\n    ELSE project_id\nEND)"
APARTMENT_FLOW = Flow(
    start=ApartmentStatus.for_sale,
    moves={
        "take": ({_S.for_sale}, _S.in_progress),
        "book": ({_S.in_progress}, _S.booked),
        "sell": ({_S.booked}, _S.sold),
        "take_back": ({_S.sold}, _S.booked),
        "free": ({_S.in_progress, _S.booked}, _S.for_sale),
        "withdraw": ({_S.for_sale}, _S.withdrawn),
        "offer": ({_S.withdrawn}, _S.for_sale),
        "release": ({_S.booked}, _S.released),
        "make_template": ({_S.for_sale, _S.withdrawn}, _S.template),
    },
    labels={
        _S.for_sale: N_("For sale"),
        _S.in_progress: N_("In progress"),
        _S.booked: N_("Booked"),
        _S.sold: N_("Sold"),
        _S.withdrawn: N_("Withdrawn"),
        _S.released: N_("Released"),
        _S.template: N_("Template"),
    },
    meanings={
        _S.for_sale: "good",
        _S.in_progress: "waiting",
        _S.booked: "needs",
        _S.sold: "over",
        _S.withdrawn: "stopped",
        _S.released: "over",
        _S.template: "over",
    },
)


def _first_status(context: Any) -> ApartmentStatus:
    """Begin a template as one, and everything else for sale."""
    kind = context.get_current_parameters().get("type")
    return _S.template if kind is ApartmentType.template else APARTMENT_FLOW.start


class Apartment(Record):
    """A dwelling for sale, a template, or the clone that one booking configures (`source_id`).

    Area is in square metres, prices in `currency`. A clone's `assigned_package_id` and
    `total_price` are those of its booking (models/bookings.py).
    """

    __tablename__ = "apartment"
    __table_args__ = keyed(
        same_organization("project_id", "project"),
        same_organization("source_id", "apartment"),
        same_organization("customer_id", "party"),
        Index(
            "uq_apartment_name",
            "organization_id",
            text(_PLACE),
            "name",
            unique=True,
            postgresql_where=text("source_id IS NULL"),
            info={"says": N_("There is an apartment of that name.")},
        ),
        Index("ix_apartment_status", "organization_id", "status", "id"),
        Index("ix_apartment_project", "organization_id", "project_id", "block", "floor", "name"),
        Index("ix_apartment_customer", "organization_id", "customer_id"),
        Index("ix_apartment_source", "organization_id", "source_id"),
        CheckConstraint("area > 0", "area", info={"says": N_("An area is more than zero.")}),
        CheckConstraint(
            "base_price >= 0", "base_price", info={"says": N_("A price is not less than zero.")}
        ),
        CheckConstraint(
            "(type = 'project') = (project_id IS NOT NULL) OR type = 'template'",
            "type_fits_project",
            info={"says": N_("An apartment of a project names it; a standalone one does not.")},
        ),
        CheckConstraint(
            "(type = 'template') = (status = 'template')",
            "template_status",
            info={"says": N_("A template has the status Template, and nothing else has.")},
        ),
        CheckConstraint(
            "source_id IS NULL OR status IN ('booked', 'sold', 'released')", "clone_status"
        ),
        CheckConstraint(
            "status NOT IN ('for_sale', 'withdrawn', 'released', 'template')"
            " OR customer_id IS NULL",
            "customer_when_taken",
        ),
    )

    project_id: Mapped[UUID | None]
    source_id: Mapped[UUID | None]
    type: Mapped[ApartmentType] = mapped_column(default=ApartmentType.project)
    status: Mapped[ApartmentStatus] = mapped_column(default=_first_status)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    name: Mapped[str] = mapped_column(String(60))
    block: Mapped[str] = mapped_column(String(40), server_default="", default="")
    floor: Mapped[int | None]
    layout: Mapped[str] = mapped_column(String(80), server_default="", default="")
    view: Mapped[str] = mapped_column(String(80), server_default="", default="")
    area: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    description: Mapped[str] = mapped_column(String(4000), server_default="", default="")
    currency: Mapped[Currency]
    base_price: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    customer_id: Mapped[UUID | None]
    if TYPE_CHECKING:  # mapped in models/derived.py
        assigned_package_id: Mapped[UUID | None]
        total_price: Mapped[Decimal | None]

    project: Mapped[Project | None] = relationship(
        primaryjoin="foreign(Apartment.project_id) == Project.id", lazy="raise_on_sql"
    )
    source: Mapped["Apartment | None"] = relationship(
        primaryjoin="foreign(Apartment.source_id) == remote(Apartment.id)", lazy="raise_on_sql"
    )
    customer: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Apartment.customer_id) == Party.id", lazy="raise_on_sql"
    )
    packages: Mapped[list[Package]] = relationship(
        secondary="apartment_package",
        primaryjoin="Apartment.id == ApartmentPackage.apartment_id",
        secondaryjoin="ApartmentPackage.package_id == Package.id",
        order_by="Package.price",
        viewonly=True,
        lazy="raise_on_sql",
    )
    addons: Mapped[list[Addon]] = relationship(
        secondary="apartment_addon",
        primaryjoin="Apartment.id == ApartmentAddon.apartment_id",
        secondaryjoin="ApartmentAddon.addon_id == Addon.id",
        order_by="Addon.name",
        viewonly=True,
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.name


class ApartmentPackage(OrganizationScoped, Base):
    """A package that may be chosen for an apartment."""

    __tablename__ = "apartment_package"
    __table_args__ = (
        same_organization("apartment_id", "apartment", ondelete="CASCADE"),
        same_organization("package_id", "package"),
        UniqueConstraint("organization_id", "apartment_id", "package_id"),
        Index("ix_apartment_package_package", "organization_id", "package_id"),
    )

    apartment_id: Mapped[UUID]
    package_id: Mapped[UUID]

    package: Mapped[Package] = relationship(
        primaryjoin="foreign(ApartmentPackage.package_id) == Package.id", lazy="raise_on_sql"
    )


class ApartmentAddon(OrganizationScoped, Base):
    """An add-on that may be chosen for an apartment."""

    __tablename__ = "apartment_addon"
    __table_args__ = (
        same_organization("apartment_id", "apartment", ondelete="CASCADE"),
        same_organization("addon_id", "addon"),
        UniqueConstraint("organization_id", "apartment_id", "addon_id"),
        Index("ix_apartment_addon_addon", "organization_id", "addon_id"),
    )

    apartment_id: Mapped[UUID]
    addon_id: Mapped[UUID]

    addon: Mapped[Addon] = relationship(
        primaryjoin="foreign(ApartmentAddon.addon_id) == Addon.id", lazy="raise_on_sql"
    )
