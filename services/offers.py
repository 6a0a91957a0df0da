"""What is offered for one apartment: its packages and its add-ons, as customers read them."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, select

from core.errors import NotFound
from core.work import Work
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    Package,
    PackageLevel,
)
from services import catalogue
from services.catalogue import Card, Site


@dataclass(frozen=True, slots=True)
class PackageOffer:
    """A package that may be chosen, with the price of the apartment in it."""

    id: UUID
    name: str
    level: str
    description: str
    price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class AddonOffer:
    """An add-on that may be chosen; `most` units of it, `category_most` of its whole category."""

    id: UUID
    name: str
    description: str
    category: str
    price: Decimal
    most: int
    category_most: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """All that is said of one apartment."""

    card: Card
    description: str
    base_price: Decimal
    packages: tuple[PackageOffer, ...]
    addons: tuple[AddonOffer, ...]
    site: Site | None
    photo_ids: tuple[UUID, ...] = ()


def offer(work: Work, apartment_id: UUID) -> Offer:
    """Tell all about one apartment on show.

    Raises:
        NotFound: there is none, or it is a clone, a template, withdrawn or not published.

    """
    row = work.session.execute(
        catalogue.on_show().where(Apartment.id == apartment_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    pictures = catalogue.photos(work, [apartment_id]).get(apartment_id, ())
    home: UUID | None = row.Apartment.project_id
    return Offer(
        card=catalogue.card_of(row, next(iter(pictures), None)),
        description=row.Apartment.description,
        base_price=row.Apartment.base_price,
        packages=tuple(packages(work, apartment_id, row.Apartment.base_price)),
        addons=tuple(addons(work, apartment_id)),
        site=catalogue.site(work, home) if home else None,
        photo_ids=pictures,
    )


def packages(work: Work, apartment_id: UUID, base_price: Decimal) -> list[PackageOffer]:
    """List an apartment's own packages, the cheapest first."""
    query = (
        select(Package, PackageLevel.name.label("level"))
        .join(ApartmentPackage, ApartmentPackage.package_id == Package.id)
        .join(PackageLevel, PackageLevel.id == Package.level_id)
        .where(ApartmentPackage.apartment_id == apartment_id)
        .order_by(Package.price, Package.name)
    )
    return [
        PackageOffer(
            row.Package.id,
            row.Package.name,
            row.level,
            row.Package.description,
            row.Package.price,
            base_price + row.Package.price,
        )
        for row in work.session.execute(query)
    ]


def addons(work: Work, apartment_id: UUID) -> list[AddonOffer]:
    """List an apartment's own add-ons, by category."""
    own = select(ApartmentAddon.addon_id).where(ApartmentAddon.apartment_id == apartment_id)
    return _addons(work, Addon.id.in_(own))


def addons_of_project(work: Work, project_id: UUID) -> list[AddonOffer]:
    """List all add-ons of a project, by category."""
    return _addons(work, Addon.project_id == project_id)


def _addons(work: Work, which: ColumnElement[bool]) -> list[AddonOffer]:
    query = (
        select(Addon, AddonCategory.name.label("category"), AddonCategory.max_units)
        .join(AddonCategory, AddonCategory.id == Addon.category_id)
        .where(which)
        .order_by(AddonCategory.name, Addon.name)
    )
    return [
        AddonOffer(
            row.Addon.id,
            row.Addon.name,
            row.Addon.description,
            row.category,
            row.Addon.price_per_unit,
            row.Addon.max_units,
            row.max_units,
        )
        for row in work.session.execute(query)
    ]
