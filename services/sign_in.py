"""Sign-in: whose secret this is, and opening and ending what a person signs in with.

These are the only functions which run on the session of the role `makao_auth`. They take that
session and the instant themselves: there is no actor before somebody has signed in.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from core.db import uuid7
from core.errors import BadInput, Refused
from core.text import N_
from models.accounts import PlatformAdmin
from models.organizations import (
    TWO_FACTOR_FOR_MONEY,
    Credential,
    CredentialKind,
    Membership,
    Organization,
    Profile,
    ProfileStatus,
    Setting,
)

TRIES, LOCKED = 5, timedelta(minutes=15)
LASTS = {
    CredentialKind.browser: timedelta(days=14),
    CredentialKind.token: timedelta(minutes=15),
    CredentialKind.api_key: timedelta(days=365),
}
SEEN_EVERY = timedelta(minutes=1)
PASSWORD_LENGTH = 10
NOBODYS = generate_password_hash("a password that nobody has")
"""Checked when there is no such user, so that the time it takes does not tell."""


class WrongCredentials(Refused):
    """User name or password do not fit; which of them is not told."""

    code = "wrong_credentials"
    status = 401
    says = N_(
        "That user name and password do not fit together. After five wrong tries wait 15 minutes."
    )


class AccountLocked(Refused):
    """Too many wrong tries, for now. Said only to who knew a password: others learn nothing."""

    code = "account_locked"
    status = 423
    says = N_("Too many wrong tries. Wait 15 minutes, or ask an administrator to help.")


class PasswordTooWeak(BadInput):
    """The new password does not keep the rules."""

    code = "password_too_weak"
    says = N_("A password has at least 10 characters, with capital and small letters and a digit.")


@dataclass(frozen=True, slots=True)
class Member:
    """One organization somebody belongs to, as what, and whether it asks for a second factor."""

    organization_id: UUID
    name: str
    slug: str
    roles: frozenset[str]
    staff: bool
    party_id: UUID | None
    time_zone: str = ""
    two_factor_for_money: bool | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """One organization somebody belongs to, in which nobody works now."""

    organization_id: UUID
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who holds a secret, and what they may choose from."""

    profile_id: UUID
    user_id: int
    username: str
    name: str
    email: str
    locale: str
    credential_id: UUID
    kind: CredentialKind
    chosen: UUID | None
    scopes: frozenset[str]
    two_factor_enabled: bool
    platform_admin: bool
    data: dict[str, Any] = field(hash=False)
    memberships: tuple[Member, ...] = ()
    suspended: tuple[Suspended, ...] = ()

    def membership(self, organization_id: UUID | None = None) -> Member | None:
        """Find the membership wished for, else the one chosen, else the first.

        A key opens the organization that it was made in, whatever else its maker belongs to.
        """
        wish = organization_id or self.chosen
        if self.kind is CredentialKind.api_key and self.chosen not in (None, wish):
            return None
        if wish:
            return next((m for m in self.memberships if m.organization_id == wish), None)
        return self.memberships[0] if self.memberships else None


def digest(secret: str) -> bytes:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def identify(session: Session, secret: str, now: datetime) -> Identity | None:
    """Find whose secret this is; None if it is unknown, over, ended, or its holder is shut out."""
    rows = session.execute(_holder(), {"digest": digest(secret), "now": now}).all()
    if not rows:
        return None
    row = rows[0]
    if row.last_seen_at < now - SEEN_EVERY:
        session.get_one(Credential, row.held).last_seen_at = now
    return Identity(
        row.id,
        row.ab_user_id,
        row.username,
        row.name,
        row.email,
        row.locale,
        row.held,
        row.kind,
        row.chosen,
        frozenset(row.scopes),
        row.two_factor_enabled,
        row.platform_admin,
        dict(row.data),
        tuple(_member(each) for each in rows if each.home and not each.suspended_at),
        tuple(
            Suspended(each.home, each.called, each.suspended_reason)
            for each in rows
            if each.suspended_at
        ),
    )


@cache
def _holder() -> Select[Any]:
    """Ask for the holder of a secret, in a row for each organization, the oldest membership first.

    One statement of columns, put together once: every request asks it, and changes nothing.
    """
    return (
        select(
            *(Profile.id, Profile.ab_user_id, User.username, Profile.name, Profile.email),
            *(Profile.locale, Profile.two_factor_enabled),
            *(Credential.kind, Credential.scopes, Credential.data, Credential.last_seen_at),
            *(Credential.id.label("held"), Credential.organization_id.label("chosen")),
            *(Organization.id.label("home"), Organization.name.label("called")),
            *(Organization.slug, Organization.time_zone),
            *(Organization.suspended_at, Organization.suspended_reason),
            exists().where(PlatformAdmin.profile_id == Profile.id).label("platform_admin"),
            *(Membership.roles, Membership.staff, Membership.party_id),
            Setting.kept(Organization.id, TWO_FACTOR_FOR_MONEY).label("two_factor_for_money"),
        )
        .join(Profile, Profile.id == Credential.profile_id)
        .join(User, User.id == Profile.ab_user_id)
        .outerjoin(Membership, and_(Membership.profile_id == Profile.id, Membership.active))
        .outerjoin(Organization, Organization.id == Membership.organization_id)
        .where(
            Credential.secret_hash == bindparam("digest"),
            Credential.ended_at.is_(None),
            Credential.expires_at > bindparam("now"),
            Profile.status == ProfileStatus.active,
            User.active,
        )
        .order_by(Membership.id)
    )


def _member(row: Any) -> Member:
    return Member(
        row.home,
        row.called,
        row.slug,
        frozenset(row.roles),
        row.staff,
        row.party_id,
        row.time_zone,
        row.two_factor_for_money,
    )


def check(session: Session, login: str, password: str, now: datetime) -> Profile:
    """Check a user name (or e-mail address) and password; count the wrong tries.

    The caller commits also when this refuses, or nothing is counted.

    Raises:
        WrongCredentials: they do not fit, the user is shut out, or is locked after five wrong
            tries: a word of its own for that would tell who exists.

    """
    plain = login.strip().lower()
    called = User.email if "@" in plain else User.username
    query = (
        select(Profile, User.password, User.active)
        .join(User, User.id == Profile.ab_user_id)
        .where(func.lower(called) == plain)
        .with_for_update(of=Profile)
    )
    found = session.execute(query).first()
    fits = check_password_hash(found.password if found else NOBODYS, password)
    if found is None:
        raise WrongCredentials
    profile: Profile = found[0]
    if profile.account_locked_until and profile.account_locked_until > now:
        raise WrongCredentials
    if not fits:
        count_wrong_try(profile, now)
        raise WrongCredentials
    if profile.status is not ProfileStatus.active or not found.active:
        raise WrongCredentials
    return profile


def count_wrong_try(profile: Profile, now: datetime) -> None:
    """Count a wrong password or code, and lock after the fifth."""
    profile.failed_login_attempts += 1
    if profile.failed_login_attempts >= TRIES:
        profile.failed_login_attempts = 0
        profile.account_locked_until = now + LOCKED


def open_for(  # noqa: PLR0913  # one row, one argument a column
    session: Session,
    profile_id: UUID,
    kind: CredentialKind,
    now: datetime,
    *,
    organization_id: UUID | None = None,
    label: str = "",
    scopes: Sequence[str] = (),
    address: str = "",
    user_agent: str = "",
    secret: str = "",
    lasts: timedelta | None = None,
) -> str:
    """Open a sign-in, a token or an API key. Returns its secret, which is kept nowhere."""
    secret = secret or secrets.token_urlsafe(32)
    session.execute(
        update(Profile)
        .where(Profile.id == profile_id)
        .values(failed_login_attempts=0, account_locked_until=None)
    )
    session.add(
        Credential(
            profile_id=profile_id,
            organization_id=organization_id,
            kind=kind,
            secret_hash=digest(secret),
            label=label[:120],
            scopes=list(scopes),
            address=address[:64],
            user_agent=user_agent[:400],
            created_at=now,
            last_seen_at=now,
            expires_at=now + (lasts or LASTS[kind]),
        )
    )
    session.flush()
    return secret


def choose(session: Session, credential_id: UUID, organization_id: UUID) -> None:
    """Remember which organization a sign-in works in. Whether it may is looked up each time."""
    session.execute(
        update(Credential)
        .where(Credential.id == credential_id)
        .values(organization_id=organization_id)
    )


def keep_data(session: Session, credential_id: UUID, data: dict[str, Any]) -> None:
    """Keep what the browser's session holds."""
    session.execute(update(Credential).where(Credential.id == credential_id).values(data=data))


def end(session: Session, credential_id: UUID, now: datetime) -> None:
    """End one sign-in, token or key at once."""
    session.execute(
        update(Credential)
        .where(Credential.id == credential_id, Credential.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all(session: Session, profile_id: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """End all that somebody signs in with, but for the one at hand."""
    statement = update(Credential).where(
        Credential.profile_id == profile_id, Credential.ended_at.is_(None)
    )
    if but:
        statement = statement.where(Credential.id != but)
    session.execute(statement.values(ended_at=now))


def held(session: Session, profile_id: UUID, now: datetime) -> list[Credential]:
    """List what somebody can sign in with now, last used first."""
    mine = (Credential.profile_id == profile_id, Credential.ended_at.is_(None))
    query = select(Credential).where(*mine, Credential.expires_at > now)
    return list(session.scalars(query.order_by(Credential.last_seen_at.desc())))


def check_rules(password: str) -> None:
    """Make sure that a new password keeps the rules.

    Raises:
        PasswordTooWeak: it does not.

    """
    kinds = (str.isupper, str.islower, str.isdigit)
    fits = all(any(kind(letter) for letter in password) for kind in kinds)
    if len(password) < PASSWORD_LENGTH or not fits or "\0" in password:
        raise PasswordTooWeak(field="password")


def register(  # noqa: PLR0913  # one row, one argument a column
    session: Session,
    username: str,
    name: str,
    email: str,
    password: str,
    *,
    locale: str = "en",
    confirmed_at: datetime | None = None,
) -> Profile:
    """Make a user who may sign in, but belongs nowhere yet.

    `confirmed_at` says when they have shown that the address is theirs: by a link sent there.

    Raises:
        PasswordTooWeak: the password does not keep the rules.
        BadInput: the user name or the address is taken, or the name is another address.

    """
    check_rules(password)
    if "@" in username and username.lower() != email.lower():
        raise BadInput(N_("A user name is no e-mail address."), field="username")
    wished = {username.lower(), email.lower()}
    taken = select(User.id).where(
        or_(func.lower(User.username).in_(wished), func.lower(User.email).in_(wished))
    )
    if session.scalar(taken) is not None:
        raise BadInput(N_("There is a user of that name or address. Sign in."), field="username")
    first, _, last = name.partition(" ")
    user = User(
        username=username,
        first_name=first[:64],
        last_name=last[:64] or "-",
        email=email.lower(),
        active=True,
        password=generate_password_hash(password),
    )
    session.add(user)
    session.flush()
    profile = Profile(
        id=uuid7(),
        ab_user_id=user.id,
        name=name,
        email=email.lower(),
        locale=locale,
        status=ProfileStatus.active,
        email_confirmed_at=confirmed_at,
    )
    session.add(profile)
    session.flush()
    return profile
