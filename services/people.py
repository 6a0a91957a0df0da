"""Parties: who an organization deals with."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from core import phones
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work, found, locked
from models.organizations import Membership
from models.people import PARTY_FLOW, Party, PartyKind, PartyStatus
from services.events import Fact, emit

CUSTOMER = "customer"
OWNER = "owner"
RESIDENT = "resident"
VENDOR = "vendor"
MOST_CONTACTS = 5
IS_ACTIVE = "party_is_active"
"""The rule by which the database refuses what begins with a party that is not active."""


class NotActive(Refused):
    """Nothing new is begun with a party whose standing is draft or inactive."""

    code = "party_not_active"
    says = N_("%(party)s is not active yet, or no longer. Nothing new can be begun with them.")


class Blacklisted(Refused):
    """Nothing new is begun with a party that is blacklisted."""

    code = "party_blacklisted"
    says = N_("%(party)s is blacklisted. Nothing new can be begun with them.")


class WhyNeeded(Refused):
    """Nobody is blacklisted, set aside or taken off the list without a reason."""

    code = "why_needed"
    status = 422
    says = N_("Write why.")


@dataclass(frozen=True)
class PartyAdded(Fact, type="party.created", table="party"):
    """Somebody became known to the organization."""

    party_id: UUID
    kind: PartyKind
    roles: tuple[str, ...]


@dataclass(frozen=True)
class PartyStatusChanged(Fact, type="party.status_changed", table="party"):
    """A party was admitted, set aside, taken up again, blacklisted, or taken off that list."""

    party_id: UUID
    old: PartyStatus
    new: PartyStatus
    reason: str


def add(  # noqa: PLR0913  # one row, one argument a column
    work: Work,
    name: str,
    *,
    kind: PartyKind = PartyKind.person,
    email: str = "",
    phone: str = "",
    address: str = "",
    roles: tuple[str, ...] = (CUSTOMER,),
    status: PartyStatus = PartyStatus.active,
) -> Party:
    """Make a party known to the organization; a draft, if it has first to be approved.

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
        status=status,
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


def read_contacts(typed: str, region: str) -> list[dict[str, str]]:
    """Read whom to call in an emergency: a line for each, `Name, phone`.

    Raises:
        BadInput: a line has no name or no number, the number is none, or there are too many.

    """
    found_ = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        name, _comma, number = (each.strip() for each in line.rpartition(","))
        if not name or not number:
            raise BadInput(
                N_("Write a line for each: the name, a comma, and the phone number."),
                field="contacts",
            )
        found_.append({"name": name[:120], "phone": phones.e164(number, region, "contacts")})
    if len(found_) > MOST_CONTACTS:
        raise BadInput(N_("Name at most five people."), field="contacts")
    return found_


def set_contacts(work: Work, party_id: UUID, contacts: list[dict[str, str]]) -> Party:
    """Keep whom to call in an emergency, in place of those before."""
    party = locked(work, Party, party_id)
    party.emergency_contacts = contacts
    return party


def keep_own_contacts(work: Work, contacts: list[dict[str, str]]) -> None:
    """Keep whom to call for the party that whoever is in the portal signs in for.

    Raises:
        NotFound: they sign in for none.

    """
    if not work.session.scalar(select(func.keep_emergency_contacts(literal(contacts, JSONB)))):
        raise NotFound


def lines(party: Party) -> str:
    """Write whom to call in an emergency as it is typed: a line for each."""
    return "\n".join(f"{each['name']}, {each['phone']}" for each in party.emergency_contacts)


def give_role(work: Work, party_id: UUID, role: str) -> Party:
    """Note that a party is also a customer, an owner, ... Doing it twice changes nothing."""
    party = locked(work, Party, party_id)
    if role not in party.roles:
        party.roles = sorted({*party.roles, role})
    return party


def take_role(work: Work, party_id: UUID, role: str) -> Party:
    """Note that a party is an owner, ... no longer. Doing it twice changes nothing."""
    party = locked(work, Party, party_id)
    party.roles = [each for each in party.roles if each != role]
    return party


def active(work: Work, party_id: UUID, field: str = "") -> Party:
    """Find a party with whom something new may be begun; `field` is the input that names them.

    The database asks again when it is written (needs_active_party), as standings change.

    Raises:
        NotFound: there is no such party in sight.
        NotActive, Blacklisted: their standing does not allow it.

    """
    party = found(work, Party, party_id)
    if party.status is not PartyStatus.active:
        raise not_active(party, field)
    return party


def not_active(party: Party, field: str = "") -> Refused:
    """Make the refusal of a party whose standing does not allow anything new."""
    if party.status is PartyStatus.blacklisted:
        return Blacklisted(party=party.name, field=field)
    return NotActive(party=party.name, field=field)


def admit(work: Work, party_id: UUID) -> Party:
    """Let a draft become active: what had to be found out about them was.

    Raises:
        IllegalMove: it is no draft.

    """
    return _stand(work, party_id, "admit", "")


def set_aside(work: Work, party_id: UUID, reason: str = "") -> Party:
    """Begin nothing new with a party. What runs goes on.

    Raises:
        IllegalMove: they are inactive already, or blacklisted.

    """
    return _stand(work, party_id, "set_aside", reason)


def take_up(work: Work, party_id: UUID) -> Party:
    """Deal with a party again that was set aside.

    Raises:
        IllegalMove: they are not set aside.

    """
    return _stand(work, party_id, "take_up", "")


def blacklist(work: Work, party_id: UUID, reason: str) -> Party:
    """Begin nothing with a party any more, and say why. What runs goes on.

    Raises:
        WhyNeeded: nobody said why.
        IllegalMove: they are blacklisted already.

    """
    if not reason.strip():
        raise WhyNeeded(field="reason")
    return _stand(work, party_id, "blacklist", reason)


def take_off(work: Work, party_id: UUID, reason: str) -> Party:
    """Take a party off the blacklist, and say why. They stay inactive until they are taken up.

    Raises:
        WhyNeeded: nobody said why.
        IllegalMove: they are not blacklisted.

    """
    if not reason.strip():
        raise WhyNeeded(field="reason")
    return _stand(work, party_id, "take_off", reason)


def _stand(work: Work, party_id: UUID, move: str, reason: str) -> Party:
    party = locked(work, Party, party_id)
    old = party.status
    PARTY_FLOW.move(party, move)
    party.status_reason, party.status_at = reason.strip()[:400], work.now
    work.session.flush()
    emit(work, PartyStatusChanged(party.id, old, party.status, party.status_reason))
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
