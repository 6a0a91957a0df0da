"""Numbers by which authorities know people: locked, masked, and each look at one written down."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core import box
from core.db import uuid7
from core.errors import BadInput
from core.text import N_
from core.work import Work, locked
from models.onboarding import DataLook, Identifier, IdentifierKind
from services.events import Fact, emit

SHOWN_DIGITS = 3
LOOKS_SHOWN = 50


@dataclass(frozen=True)
class IdentifierRevealed(Fact, type="party.identifier_revealed", table="party"):
    """Somebody looked at a number of a person in clear. The fact does not say the number."""

    party_id: UUID
    identifier_id: UUID
    kind: IdentifierKind


def plain(number: str, field: str = "identity") -> str:
    """Read a number as people write it: capital letters and digits, without what parts them.

    Raises:
        BadInput: no paper has such a number.

    """
    read = re.sub(r"[\s./-]", "", number).upper()
    if not (read.isascii() and read.isalnum() and 5 <= len(read) <= 24):
        raise BadInput(N_("That is no number of a paper: 5 to 24 letters and digits."), field=field)
    return read


def keep(work: Work, party_id: UUID, kind: IdentifierKind, number: str) -> Identifier:
    """Keep a number of a party, in place of the one of that kind before.

    Raises:
        BadInput: no paper has such a number.

    """
    read = plain(number)
    query = select(Identifier).where(Identifier.party_id == party_id, Identifier.kind == kind)
    row = work.session.scalar(query.with_for_update())
    if row is None:
        row = Identifier(
            id=uuid7(),
            organization_id=work.scope.home(),
            party_id=party_id,
            kind=kind,
            created_at=work.now,
        )
        work.session.add(row)
    row.locked = box.lock(read, _place(row.id))
    row.shown = "\N{BULLET}" * 4 + read[-SHOWN_DIGITS:]
    row.blind = box.blind(read, f"identifier:{kind}")
    work.session.flush()
    return row


def same(work: Work, kind: IdentifierKind, number: str) -> Sequence[UUID]:
    """List the parties that have this number, without opening any."""
    digest = box.blind(plain(number), f"identifier:{kind}")
    query = select(Identifier.party_id).where(Identifier.kind == kind, Identifier.blind == digest)
    return work.session.scalars(query).all()


def reveal(work: Work, identifier_id: UUID) -> str:
    """Give a number in clear; that somebody looked is written down, and shown to the person."""
    row = locked(work, Identifier, identifier_id)
    look = DataLook(
        id=uuid7(),
        organization_id=row.organization_id,
        party_id=row.party_id,
        what=row.kind,
        profile_id=work.scope.profile_id,
        looked_at=work.now,
    )
    work.session.add(look)
    emit(work, IdentifierRevealed(row.party_id, row.id, row.kind))
    return box.unlock(row.locked, _place(row.id))


def looks(work: Work, party_id: UUID) -> Sequence[DataLook]:
    """List who looked at numbers of a party, the latest first."""
    query = (
        select(DataLook)
        .where(DataLook.party_id == party_id)
        .options(selectinload(DataLook.profile))
        .order_by(DataLook.id.desc())
        .limit(LOOKS_SHOWN)
    )
    return work.session.scalars(query).all()


def _place(identifier_id: UUID) -> str:
    return f"party_identifier:locked:{identifier_id}"
