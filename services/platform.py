"""Running the platform: its organizations, the accounts of people, and how everything goes.

Each function of the database that stands behind these asks whether the secret at hand is that of an
administrator of the platform; nobody else gets anything. None shows rows of anybody's business.
What is done is noted by the database, under the name of whoever did it.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import broken_constraint, refusing, uuid7
from core.errors import BadInput, NotFound, Refused
from core.money import is_currency
from core.text import N_
from core.work import Work
from models.accounts import MailAbout
from models.organizations import Profile, ProfileStatus
from services import accounts, invitations, organizations, passwords, sign_in
from services.organizations import ADDRESS, AddressTaken

MOST = 200
"""Rows of a list; more are found by searching."""


class StandsSoAlready(Refused):
    """The organization is suspended already, or works already."""

    code = "stands_so_already"
    says = N_("It stands so already. Load the page again.")


class HasAdministrator(Refused):
    """Somebody administers the organization; the platform lets itself in nowhere."""

    code = "has_administrator"
    says = N_("The organization has an administrator. They invite others.")


class YourOwnAccount(Refused):
    """Who runs the platform does not shut themselves out by mistake."""

    code = "your_own_account"
    says = N_("This is your own account. Let another administrator of the platform do it.")


@dataclass(frozen=True, slots=True)
class Home:
    """An organization as the platform knows it: no row of its business."""

    id: UUID
    name: str
    slug: str
    created_at: datetime
    suspended_at: datetime | None
    suspended_reason: str
    members: int
    administrators: int
    invited: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How an organization's machinery goes: parked and waiting are for somebody to look at."""

    name: str
    parked: int
    waiting: int
    oldest: datetime | None
    unsent: int
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pulse:
    """When the platform's own machinery last did what it does; None where it never has."""

    scheduled_at: datetime | None
    backed_up_at: datetime | None
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done to the platform, by whom and why."""

    at: datetime
    actor_name: str
    verb: str
    subject_table: str
    subject_id: UUID | None
    subject_name: str
    reason: str


def homes(work: Work, search: str = "") -> list[Home]:
    """List organizations by name, at most `MOST`; `search` is a part of a name or web address."""
    columns = ("id", "name", "slug", "created_at", "suspended_at", "suspended_reason")
    counted = ("members", "administrators", "invited")
    call = func.platform_organizations(search, MOST).table_valued(*columns, *counted)
    return [Home(*row) for row in work.session.execute(select(call))]


def home(work: Work, home_id: UUID) -> Home:
    """Find one organization.

    Raises:
        NotFound: there is none.

    """
    found = next((each for each in homes(work) if each.id == home_id), None)
    if found is None:
        raise NotFound
    return found


def health(work: Work) -> list[Health]:
    """Tell how the machinery of each organization goes, those that need somebody first."""
    columns = ("name", "parked", "waiting", "oldest", "unsent", "sealed_at")
    call = func.platform_health().table_valued(*columns)
    found = [Health(*row) for row in work.session.execute(select(call))]
    return sorted(found, key=lambda each: (-each.parked - each.waiting, each.name.lower()))


def pulse(work: Work) -> Pulse:
    """Tell when schedule, backup and sealing were last at work."""
    call = func.platform_pulse().table_valued("scheduled_at", "backed_up_at", "sealed_at")
    return Pulse(*work.session.execute(select(call)).one())


def acts(work: Work) -> list[Done]:
    """List what was done, the newest first."""
    columns = ("at", "actor_name", "verb", "subject_table", "subject_id", "subject_name", "reason")
    call = func.platform_acts(MOST).table_valued(*columns)
    return [Done(*row) for row in work.session.execute(select(call))]


def found(  # noqa: PLR0913  # what an organization begins with
    work: Work, name: str, email: str, *, address: str = "", zone: str, currency: str
) -> tuple[UUID, str]:
    """Begin an organization and invite its first administrator. Gives its id and the link's code.

    Raises:
        BadInput: a value cannot be what it should be.
        AddressTaken: another organization has this web address.

    """
    if not name.strip():
        raise BadInput(N_("Give a name."), field="name")
    slug = address or organizations.address_of(name)
    if not re.fullmatch(ADDRESS, slug):
        raise BadInput(N_("Use small letters, digits and hyphens."), field="address")
    if zone not in available_timezones():
        raise BadInput(N_("There is no such time zone."), field="zone")
    if not is_currency(currency):
        raise BadInput(N_("There is no such currency."), field="currency")
    organizations.check_address(email)
    new_id = uuid7()
    call = func.platform_found(
        new_id, uuid7(), name.strip(), slug, zone, currency, uuid7(), work.correlation_id, work.now
    )
    try:
        with work.session.begin_nested():
            work.session.execute(select(call))
    except IntegrityError as error:
        if broken_constraint(error) == "uq_organization_slug":
            raise AddressTaken(field="address") from error
        raise
    return new_id, invite(work, new_id, email)


def invite(work: Work, home_id: UUID, email: str) -> str:
    """Invite an administrator where nobody else can; gives a code to show. Earlier links end.

    The mailed code is another: what was shown proves no address.

    Raises:
        BadInput: that is no address.
        HasAdministrator: somebody administers it, who may invite others.

    """
    organizations.check_address(email)
    dispatch_id = uuid7()
    mailed, locked = invitations.new_code(dispatch_id)
    shown = secrets.token_urlsafe(32)
    call = func.platform_invite(
        home_id, uuid7(), email.lower(),
        organizations.hash_of(mailed), organizations.hash_of(shown),
        work.now + organizations.INVITATION_LASTS, dispatch_id, locked, uuid7(),
        work.correlation_id, work.now,
    )  # fmt: skip
    with refusing(work.session, {"organization_has_admin": HasAdministrator()}):
        work.session.execute(select(call))
    return shown


def suspend(work: Work, home_id: UUID, reason: str) -> None:
    """Let nobody work in an organization, and no job for it. Its rows stay as they are.

    Raises:
        BadInput: no reason is given.
        StandsSoAlready: it is suspended, or there is none.

    """
    _set_suspended(work, home_id, reason, suspends=True)


def resume(work: Work, home_id: UUID, reason: str) -> None:
    """Let an organization work again.

    Raises:
        BadInput: no reason is given.
        StandsSoAlready: it is not suspended, or there is none.

    """
    _set_suspended(work, home_id, reason, suspends=False)


def lock_out(door: Session, profile_id: UUID, reason: str, now: datetime) -> None:
    """Shut somebody out, everywhere and at once.

    Raises:
        BadInput: no reason is given.
        NoSuchPerson: there is nobody of that id.

    """
    profile = _noted(door, "lock", profile_id, reason, now)
    accounts.suspend(door, profile, now)


def let_in(door: Session, profile_id: UUID, reason: str, now: datetime) -> None:
    """Let somebody sign in again, and forget their wrong tries."""
    profile = _noted(door, "unlock", profile_id, reason, now)
    accounts.activate(door, profile)


def end_sign_ins(door: Session, profile_id: UUID, reason: str, now: datetime) -> None:
    """End all that somebody signs in with."""
    profile = _noted(door, "end_sign_ins", profile_id, reason, now)
    sign_in.end_all(door, profile.id, now)


def take_second_factor(door: Session, profile_id: UUID, reason: str, now: datetime) -> None:
    """Take somebody's second factor away: they have lost it. They are told by mail."""
    profile = _noted(door, "take_second_factor", profile_id, reason, now)
    accounts.take_second_factor(door, profile, now)


def send_link(door: Session, profile_id: UUID, reason: str, now: datetime) -> None:
    """Send somebody a link to a new password. The present one holds until they use it."""
    profile = _noted(door, "send_link", profile_id, reason, now)
    if profile.status is not ProfileStatus.active:
        raise BadInput(N_("They are locked out. Let them in first."))
    passwords.tell(door, MailAbout.password_link, profile.email, now)


PEOPLE_ACTS = {
    each.__name__: each for each in (lock_out, let_in, end_sign_ins, take_second_factor, send_link)
}
OWN_FORBIDDEN = {"lock", "take_second_factor"}


def _set_suspended(work: Work, home_id: UUID, reason: str, *, suspends: bool) -> None:
    if not reason.strip():
        raise BadInput(N_("Say why: it is kept, and shown."), field="reason")
    call = func.platform_suspend(
        home_id, suspends, reason.strip()[:400], uuid7(), work.correlation_id, work.now
    )
    if not work.session.scalar(select(call)):
        raise StandsSoAlready


def _noted(door: Session, verb: str, profile_id: UUID, reason: str, now: datetime) -> Profile:
    """Have the database note an act upon somebody's account, if whoever asks may do it."""
    if not reason.strip():
        raise BadInput(N_("Say why: it is kept, and shown."), field="reason")
    profile = accounts.by_id(door, profile_id)
    if verb in OWN_FORBIDDEN and profile.id == door.scalar(select(func.acting_profile())):
        raise YourOwnAccount
    call = func.platform_note(verb, "profile", profile.id, profile.name, reason.strip(), now)
    door.execute(select(call))
    return profile
