"""The catalogue as customers read it: what is offered, where, and from which price. Queries only.

What is shown here is chosen twice: by these conditions, which hold for staff too, and by row-level
security. A clone, a template, a withdrawn apartment or an unpublished project is on no page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from core.errors import NotFound
from core.work import Work
from models.files import Document, DocumentUse
from models.organizations import Organization
from models.sales import (
    Apartment,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Package,
    Project,
)

PAGE = 24
"""Apartments on a page."""
SHOWN = (
    ApartmentStatus.for_sale,
    ApartmentStatus.in_progress,
    ApartmentStatus.booked,
    ApartmentStatus.sold,
)
"""The states in which an original is on show, the free ones first."""
ORDERS = ("price", "dearest", "largest", "floor", "name")


@dataclass(frozen=True, slots=True)
class Site:
    """A project with how many of its apartments are free. Prices are in `currency`."""

    id: UUID
    name: str
    location: str
    description: str
    amenities: tuple[str, ...]
    latitude: Decimal | None
    longitude: Decimal | None
    currency: str
    hold_minutes: int
    free: int
    total: int
    price_from: Decimal | None
    logo_id: UUID | None
    photo_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor looks for; what is empty does not narrow. `price_max` in major units.

    `number` is what an apartment is called, or a part of it.
    """

    number: str = ""
    project_id: UUID | None = None
    layout: str = ""
    view: str = ""
    floor_min: int | None = None
    price_max: Decimal | None = None
    area_min: Decimal | None = None
    status: ApartmentStatus | None = ApartmentStatus.for_sale
    order: str = "price"


@dataclass(frozen=True, slots=True)
class Card:
    """An apartment in a list. `price_from` is its base price with its cheapest package."""

    id: UUID
    name: str
    project_id: UUID | None
    project: str
    block: str
    floor: int | None
    layout: str
    view: str
    area: Decimal
    status: ApartmentStatus
    currency: str
    price_from: Decimal
    photo_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search, and how many there are in all."""

    cards: tuple[Card, ...]
    count: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What can be chosen in the filters."""

    projects: tuple[tuple[UUID, str], ...]
    layouts: tuple[str, ...]
    views: tuple[str, ...]
    floors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor of a block; `number` is empty where floors are not counted."""

    number: int | None
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a project, the highest floor first."""

    name: str
    floors: tuple[Floor, ...]
    widest: int


def public_organization(work: Work, slug: str) -> UUID | None:
    """Name the organization behind a web address, if it shows its catalogue to everybody."""
    found: UUID | None = work.session.scalar(select(func.public_organization(slug)))
    return found


def organization(work: Work) -> Organization:
    """Read the organization whose catalogue is looked at."""
    query = select(Organization).where(Organization.id == work.scope.home())
    return work.session.scalars(query).one()


def sites(work: Work) -> list[Site]:
    """List the published projects, those with most to choose from first."""
    price = _price_from()
    free = Apartment.status == ApartmentStatus.for_sale
    query = (
        select(
            Project,
            func.count(Apartment.id).filter(free).label("free"),
            func.count(Apartment.id).label("total"),
            func.min(price).filter(free).label("price_from"),
        )
        .outerjoin(Apartment, (Apartment.project_id == Project.id) & _shown())
        .where(Project.published)
        .group_by(Project.id)
        .order_by(func.count(Apartment.id).filter(free).desc(), Project.name)
    )
    rows = work.session.execute(query).all()
    pictures = photos(work, [row.Project.id for row in rows])
    logos = photos(work, [row.Project.id for row in rows], DocumentUse.logo)
    return [
        Site(
            id=row.Project.id,
            name=row.Project.name,
            location=row.Project.location,
            description=row.Project.description,
            amenities=tuple(row.Project.amenities),
            latitude=row.Project.latitude,
            longitude=row.Project.longitude,
            currency=row.Project.currency,
            hold_minutes=row.Project.hold_minutes,
            free=row.free,
            total=row.total,
            price_from=row.price_from,
            logo_id=next(iter(logos.get(row.Project.id, ())), None),
            photo_ids=pictures.get(row.Project.id, ()),
        )
        for row in rows
    ]


def site(work: Work, project_id: UUID) -> Site:
    """Find one published project.

    Raises:
        NotFound: there is none, or it is not published.

    """
    found = next((each for each in sites(work) if each.id == project_id), None)
    if found is None:
        raise NotFound
    return found


def search(work: Work, wanted: Wanted, page: int = 1) -> Found:
    """Find apartments, a page of `PAGE` at a time. A page beyond the last shows the last."""
    query = _narrowed(on_show(), wanted)
    count = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    rows = work.session.execute(
        query.order_by(*_order(wanted.order)).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    pictures = photos(work, [row.Apartment.id for row in rows])
    cards = [card_of(row, next(iter(pictures.get(row.Apartment.id, ())), None)) for row in rows]
    return Found(tuple(cards), count, page, pages)


def facets(work: Work) -> Facets:
    """Tell what the filters can choose from."""
    layouts = _values(work, Apartment.layout)
    views = _values(work, Apartment.view)
    floors = _values(work, Apartment.floor)
    named = select(Project.id, Project.name).where(Project.published).order_by(Project.name)
    projects = [(row.id, row.name) for row in work.session.execute(named)]
    return Facets(
        tuple(projects),
        tuple(each for each in layouts if each),
        tuple(each for each in views if each),
        tuple(each for each in floors if each is not None),
    )


def plan(work: Work, project_id: UUID) -> list[Block]:
    """Lay out a project: blocks, floors from the top, apartments by name."""
    order = (Apartment.block, Apartment.floor.desc().nulls_last(), Apartment.name)
    query = on_show().where(Apartment.project_id == project_id).order_by(*order)
    grid: dict[str, dict[int | None, list[Card]]] = {}
    for row in work.session.execute(query):
        card = card_of(row)
        grid.setdefault(card.block, {}).setdefault(card.floor, []).append(card)
    return [
        Block(
            name,
            tuple(Floor(number, tuple(cards)) for number, cards in floors.items()),
            max(len(cards) for cards in floors.values()),
        )
        for name, floors in grid.items()
    ]


def photos(
    work: Work, subject_ids: Sequence[UUID], use: DocumentUse = DocumentUse.photo
) -> dict[UUID, tuple[UUID, ...]]:
    """Find the pictures of projects or apartments: the ids of documents, in their order."""
    query = (
        select(Document.subject_id, Document.id)
        .where(Document.subject_id.in_(subject_ids), Document.use == use)
        .order_by(Document.position, Document.id)
    )
    found: dict[UUID, tuple[UUID, ...]] = {}
    for row in work.session.execute(query):
        found[row.subject_id] = (*found.get(row.subject_id, ()), row.id)
    return found


def on_show() -> Select[Apartment, str, Decimal]:
    """Select apartments on show, with their project and the price they begin at."""
    return (
        select(Apartment, Project.name.label("project"), _price_from().label("price_from"))
        .outerjoin(Project, Project.id == Apartment.project_id)
        .where(_shown(), or_(Apartment.project_id.is_(None), Project.published))
    )


def card_of(row: Row[Apartment, str, Decimal], photo_id: UUID | None = None) -> Card:
    """Read a row of `on_show`."""
    apartment: Apartment = row.Apartment
    return Card(
        apartment.id,
        apartment.name,
        apartment.project_id,
        row.project or "",
        apartment.block,
        apartment.floor,
        apartment.layout,
        apartment.view,
        apartment.area,
        apartment.status,
        apartment.currency,
        row.price_from,
        photo_id,
    )


def _shown() -> ColumnElement[bool]:
    return (
        Apartment.source_id.is_(None)
        & (Apartment.type != ApartmentType.template)
        & Apartment.status.in_(SHOWN)
    )


def _price_from() -> ColumnElement[Decimal]:
    cheapest = (
        select(func.min(Package.price))
        .join(ApartmentPackage, ApartmentPackage.package_id == Package.id)
        .where(ApartmentPackage.apartment_id == Apartment.id)
        .correlate(Apartment)
        .scalar_subquery()
    )
    return Apartment.base_price + func.coalesce(cheapest, 0)


def _narrowed(
    query: Select[Apartment, str, Decimal], wanted: Wanted
) -> Select[Apartment, str, Decimal]:
    same: dict[InstrumentedAttribute[Any], object] = {
        Apartment.project_id: wanted.project_id,
        Apartment.layout: wanted.layout,
        Apartment.view: wanted.view,
        Apartment.status: wanted.status,
    }
    query = query.where(*(column == value for column, value in same.items() if value))
    if wanted.number:
        query = query.where(Apartment.name.icontains(wanted.number, autoescape=True))
    if wanted.floor_min is not None:
        query = query.where(Apartment.floor >= wanted.floor_min)
    if wanted.area_min is not None:
        query = query.where(Apartment.area >= wanted.area_min)
    if wanted.price_max is not None:
        query = query.where(_price_from() <= wanted.price_max)
    return query


def _order(name: str) -> tuple[ColumnElement[Any], ...]:
    price = _price_from()
    orders: dict[str, tuple[ColumnElement[Any], ...]] = {
        "price": (Apartment.currency.asc(), price.asc()),
        "dearest": (Apartment.currency.asc(), price.desc()),
        "largest": (Apartment.area.desc(),),
        "floor": (Apartment.floor.desc().nulls_last(),),
        "name": (Project.name.asc(),),
    }
    return (*orders.get(name, orders["price"]), Apartment.name.asc(), Apartment.id.asc())


def _values(work: Work, column: InstrumentedAttribute[Any]) -> Sequence[Any]:
    shown = or_(Apartment.project_id.is_(None), Project.published)
    query = (
        select(column)
        .outerjoin(Project, Project.id == Apartment.project_id)
        .where(_shown(), shown)
        .distinct()
        .order_by(column)
    )
    return work.session.scalars(query).all()
