"""Handing over: an apartment that is sold and paid for becomes a unit, owned by who bought it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, found
from models.bookings import ApartmentOwner, BookingStatus
from models.estate import Block, Estate, Occupancy, OccupancyRole, Ownership, Unit, UnitType
from models.sales import Apartment, ApartmentStatus
from services import bookings, estate
from services.events import Fact, emit


class NotSold(Refused):
    """The buyer does not own the apartment yet."""

    code = "not_sold"
    says = N_("It is handed over when its booking is approved and paid in full.")


class HandedOver(Refused):
    """The apartment is a unit already."""

    code = "handed_over"
    says = N_("The apartment was handed over already.")


class NumberTaken(Refused):
    """Another unit of the estate has the number."""

    code = "unit_number_taken"
    says = N_("The estate has a unit of that number.")


TAKEN = {
    "uq_unit_organization_id_apartment_id": HandedOver(),
    "uq_unit_organization_id_estate_id_number": NumberTaken(field="number"),
}


@dataclass(frozen=True)
class ApartmentHandedOver(Fact, type="apartment.handed_over", table="apartment"):
    """A sold apartment is a unit of an estate from now on."""

    apartment_id: UUID
    booking_id: UUID
    customer_id: UUID
    unit_id: UUID
    estate_id: UUID
    number: str


def hand_over(  # noqa: PLR0913  # what a handover consists of
    work: Work, booking_id: UUID, estate_id: UUID, number: str, since: date, *, lives: bool
) -> Unit:
    """Make the unit of a sold apartment, with its owners; once.

    Without a `number` it keeps the name of the apartment. `lives`: the buyer moves in, too.

    Raises:
        NotSold: the booking is not approved and paid in full.
        HandedOver: it is a unit already.
        NumberTaken: the estate has a unit of that number.

    """
    booking, original = bookings.locked_with_apartment(work, booking_id)
    sold = original.status is ApartmentStatus.sold
    if booking.status is not BookingStatus.approved or not sold:
        raise NotSold
    unit = _unit(work, original, found(work, Estate, estate_id), number.strip())
    for owner in _owners(work, original.id):
        share = Fraction(str(owner.share)) / 100
        estate.own(
            work,
            Ownership(
                unit_id=unit.id,
                party_id=owner.owner_id,
                share_parts=share.numerator,
                share_of=share.denominator,
                since=since,
            ),
        )
    if lives:
        row = Occupancy(unit_id=unit.id, party_id=booking.customer_id, since=since)
        row.role = OccupancyRole.owner_occupier
        estate.move_in(work, row)
    emit(
        work,
        ApartmentHandedOver(
            original.id, booking.id, booking.customer_id, unit.id, estate_id, unit.number
        ),
    )
    return unit


def _unit(work: Work, sold: Apartment, place: Estate, number: str) -> Unit:
    unit = Unit(
        id=uuid7(),
        organization_id=sold.organization_id,
        estate_id=place.id,
        block_id=_block(work, place, sold.block),
        number=number or sold.name,
        type=UnitType.apartment,
        floor=sold.floor,
        area=sold.area,
        apartment_id=sold.id,
        created_at=work.now,
    )
    with refusing(work.session, TAKEN):
        work.session.add(unit)
        work.session.flush()
    return unit


def _block(work: Work, place: Estate, name: str) -> UUID | None:
    """Find the block that an apartment stands in, or begin it."""
    if not name.strip():
        return None
    query = select(Block).where(Block.estate_id == place.id, Block.name == name.strip())
    block = work.session.scalar(query)
    if block is None:
        block = Block(organization_id=place.organization_id, estate_id=place.id, name=name.strip())
        work.session.add(block)
        work.session.flush()
    return block.id


def _owners(work: Work, apartment_id: UUID) -> Sequence[ApartmentOwner]:
    query = select(ApartmentOwner).where(ApartmentOwner.apartment_id == apartment_id)
    return work.session.scalars(query.order_by(ApartmentOwner.id)).all()
