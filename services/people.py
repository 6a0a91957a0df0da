"""Parties: who an organization deals with."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from core.errors import BadInput
from core.text import N_
from core.work import Work, locked
from models.organizations import Membership
from models.people import Party, PartyKind
from services.events import Fact, emit

CUSTOMER = "customer"
OWNER = "owner"
RESIDENT = "resident"


@dataclass(frozen=True)
class PartyAdded(Fact, type="party.created", table="party"):
    """Somebody became known to the organization."""

    party_id: UUID
    kind: PartyKind
    roles: tuple[str, ...]


def add(  # noqa: PLR0913  # one row, one argument a column
    work: Work,
    name: str,
    *,
    kind: PartyKind = PartyKind.person,
    email: str = "",
    phone: str = "",
    address: str = "",
    roles: tuple[str, ...] = (CUSTOMER,),
) -> Party:
    """Make a party known to the organization.

    Raises:
        BadInput: there is no name, or the e-mail address cannot be one.

    """
    party = Party(
        organization_id=work.scope.home(),
        name=name.strip(),
        kind=kind,
        email=email.strip().lower(),
        phone=phone.strip(),
        address=address,
        roles=sorted(roles),
    )
    check(work, party)
    work.session.add(party)
    work.session.flush()
    emit(work, PartyAdded(party.id, party.kind, tuple(party.roles)))
    return party


def customer_of(work: Work, email: str, name: str = "") -> Party:
    """Find the one customer with this address, or make them known, without a name by it."""
    query = select(Party).where(func.lower(Party.email) == email.lower()).limit(2)
    known = work.session.scalars(query).all()
    if len(known) == 1:
        return give_role(work, known[0].id, CUSTOMER)
    return add(work, name or email.lower(), email=email)


def check(work: Work, party: Party) -> None:
    """Guard the form.

    Raises:
        BadInput: there is no name, or the e-mail address cannot be one.

    """
    if not (party.name or "").strip():
        raise BadInput(N_("Give a name."), field="name")
    if party.email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", party.email):
        raise BadInput(N_("That is no e-mail address."), field="email")


def give_role(work: Work, party_id: UUID, role: str) -> Party:
    """Note that a party is also a customer, an owner, ... Doing it twice changes nothing."""
    party = locked(work, Party, party_id)
    if role not in party.roles:
        party.roles = sorted({*party.roles, role})
    return party


def own_party(work: Work) -> Party:
    """Find the party that the member at hand is.

    Raises:
        BadInput: the membership names none; somebody of the organization has to complete it.

    """
    query = (
        select(Party)
        .join(Membership, Membership.party_id == Party.id)
        .where(Membership.profile_id == work.scope.profile_id)
    )
    party = work.session.scalar(query)
    if party is None:
        raise BadInput(N_("Your membership names no party. Ask the organization to complete it."))
    return party
