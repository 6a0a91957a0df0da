"""The accounts of people, for whoever runs the platform: who there is, shutting out, helping in.

As in services/sign_in.py these functions run on the session of the role `makao_auth`. What they
change of a profile stands in the audit trail, under the name of whoever asked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.errors import Refused
from core.text import N_
from models.accounts import MailAbout
from models.organizations import KycStatus, Membership, Organization, Profile, ProfileStatus
from services import passwords
from services.sign_in import end_all

MOST = 1_000


class NoSuchPerson(Refused):
    """Nobody signs in with that user name or address."""

    code = "no_such_person"
    status = 404
    says = N_("Nobody signs in as %(name)s.")


@dataclass(frozen=True, slots=True)
class Account:
    """How somebody's account stands, and where they belong."""

    username: str
    name: str
    email: str
    status: ProfileStatus
    kyc_status: KycStatus
    locked_until: datetime | None
    two_factor: bool
    organizations: tuple[str, ...]


def listed(door: Session, search: str = "") -> list[Account]:
    """List accounts by user name, at most 1,000; `search` is a part of a name or an address."""
    homes = (
        select(func.array_agg(Organization.name))
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.profile_id == Profile.id, Membership.active)
        .scalar_subquery()
    )
    query = (
        select(Profile, User.username, homes.label("homes"))
        .join(User, User.id == Profile.ab_user_id)
        .order_by(func.lower(User.username))
        .limit(MOST)
    )
    if search:
        columns = (User.username, Profile.name, Profile.email)
        query = query.where(or_(*(each.icontains(search, autoescape=True) for each in columns)))
    return [_account(row) for row in door.execute(query)]


def suspend(door: Session, login: str, now: datetime) -> Profile:
    """Shut somebody out, everywhere and at once; their rows and memberships stay.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, login)
    profile.status = ProfileStatus.suspended
    end_all(door, profile.id, now)
    return profile


def activate(door: Session, login: str) -> Profile:
    """Let somebody sign in: again after a suspension, or before the end of a lock-out.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, login)
    profile.status = ProfileStatus.active
    _unlock(profile)
    return profile


def unlock(door: Session, login: str) -> Profile:
    """Forget somebody's wrong tries. Who is suspended stays so.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, login)
    _unlock(profile)
    return profile


def reset(door: Session, login: str, now: datetime, *, second_factor: bool = False) -> Profile:
    """Take somebody's password away: they need a link to choose a new one.

    All that they sign in with ends. With `second_factor` that goes, too: for a lost phone.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, login)
    passwords.take_away(door, profile, now)
    _unlock(profile)
    if second_factor:
        take_second_factor(door, profile, now)
    return profile


def take_second_factor(door: Session, profile: Profile, now: datetime) -> None:
    """Do without somebody's second factor, end their sign-ins, and tell them by mail."""
    profile.two_factor_enabled, profile.two_factor_secret = False, None
    profile.recovery_codes = []
    end_all(door, profile.id, now)
    passwords.tell(door, MailAbout.second_factor_off, profile.email, now)


def know(door: Session, login: str, status: KycStatus) -> Profile:
    """Note how far somebody's identity is checked.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, login)
    profile.kyc_status = status
    return profile


def _unlock(profile: Profile) -> None:
    profile.failed_login_attempts, profile.account_locked_until = 0, None


def _found(door: Session, login: str) -> Profile:
    plain = login.strip().lower()
    query = (
        select(Profile)
        .join(User, User.id == Profile.ab_user_id)
        .where(or_(func.lower(User.username) == plain, func.lower(User.email) == plain))
        .with_for_update(of=Profile)
        .execution_options(populate_existing=True)
    )
    profile = door.scalars(query).first()
    if profile is None:
        raise NoSuchPerson(name=login[:80])
    return profile


def _account(row: Any) -> Account:
    profile: Profile = row.Profile
    return Account(
        row.username,
        profile.name,
        profile.email,
        profile.status,
        profile.kyc_status,
        profile.account_locked_until,
        profile.two_factor_enabled,
        tuple(sorted(row.homes or ())),
    )
