"""The accounts of people, for whoever runs the platform: who there is, shutting out, helping in.

As in services/sign_in.py these functions run on the session of the role `makao_auth`. What they
change of a profile stands in the audit trail, under the name of whoever asked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound, Refused
from core.text import N_
from models.accounts import MailAbout, PlatformAct, PlatformAdmin
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

    id: UUID
    username: str
    name: str
    email: str
    status: ProfileStatus
    kyc_status: KycStatus
    locked_until: datetime | None
    two_factor: bool
    organizations: tuple[str, ...]
    platform_admin: bool


def listed(door: Session, search: str = "", most: int = MOST) -> list[Account]:
    """List accounts by user name, at most `most`; `search` is a part of a name or an address."""
    homes = (
        select(func.array_agg(Organization.name))
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.profile_id == Profile.id, Membership.active)
        .scalar_subquery()
    )
    query = (
        select(
            Profile,
            User.username,
            homes.label("homes"),
            exists().where(PlatformAdmin.profile_id == Profile.id).label("platform_admin"),
        )
        .join(User, User.id == Profile.ab_user_id)
        .order_by(func.lower(User.username))
        .limit(most)
    )
    if search:
        columns = (User.username, Profile.name, Profile.email)
        query = query.where(or_(*(each.icontains(search, autoescape=True) for each in columns)))
    return [_account(row) for row in door.execute(query)]


def suspend(door: Session, who: str | Profile, now: datetime) -> Profile:
    """Shut somebody out, everywhere and at once; their rows and memberships stay.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, who)
    profile.status = ProfileStatus.suspended
    end_all(door, profile.id, now)
    return profile


def activate(door: Session, who: str | Profile) -> Profile:
    """Let somebody sign in: again after a suspension, or before the end of a lock-out.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(door, who)
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


def appoint(owner: Session, login: str, now: datetime, by: str) -> bool:
    """Make somebody an administrator of the platform; False if they are one.

    Runs on the session of the tables' owner: no role of a running process may.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(owner, login)
    one = select(PlatformAdmin.id).where(PlatformAdmin.profile_id == profile.id)
    if owner.scalar(one) is not None:
        return False
    owner.add(PlatformAdmin(profile_id=profile.id, created_at=now))
    owner.add(_act("appoint", profile, now, by))
    owner.flush()
    return True


def dismiss(owner: Session, login: str, now: datetime, by: str) -> bool:
    """Let somebody be no administrator of the platform any more; False if they are none.

    Raises:
        NoSuchPerson: nobody is called that.

    """
    profile = _found(owner, login)
    one = select(PlatformAdmin).where(PlatformAdmin.profile_id == profile.id)
    held = owner.scalar(one)
    if held is None:
        return False
    owner.delete(held)
    owner.add(_act("dismiss", profile, now, by))
    owner.flush()
    return True


def _act(verb: str, profile: Profile, now: datetime, by: str) -> PlatformAct:
    return PlatformAct(
        actor=by,
        actor_name=by,
        verb=verb,
        subject_table="profile",
        subject_id=profile.id,
        subject_name=profile.name,
        at=now,
    )


def by_id(door: Session, profile_id: UUID) -> Profile:
    """Find somebody by the key of their profile, and lock it.

    Raises:
        NotFound: there is nobody.

    """
    query = select(Profile).where(Profile.id == profile_id).with_for_update()
    profile = door.scalars(query, execution_options={"populate_existing": True}).first()
    if profile is None:
        raise NotFound
    return profile


def _found(door: Session, login: str | Profile) -> Profile:
    if isinstance(login, Profile):
        return login
    plain = login.strip().lower()
    called = User.email if "@" in plain else User.username
    query = (
        select(Profile)
        .join(User, User.id == Profile.ab_user_id)
        .where(func.lower(called) == plain)
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
        profile.id,
        row.username,
        profile.name,
        profile.email,
        profile.status,
        profile.kyc_status,
        profile.account_locked_until,
        profile.two_factor_enabled,
        tuple(sorted(row.homes or ())),
        row.platform_admin,
    )
