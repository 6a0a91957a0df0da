"""Passwords: changing one's own, and a link by mail for who has forgotten it.

As in services/sign_in.py these functions run on the session of the role `makao_auth`. A link opens
a new password and nothing else: whoever has used it signs in with it, second factor included.
"""

import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from core.errors import BadInput, Refused
from core.text import N_
from models.accounts import AccountMail, MailAbout, OutsideIdentity, PasswordLink
from models.organizations import Profile, ProfileStatus
from services.sign_in import (
    AccountLocked,
    WrongCredentials,
    check_rules,
    count_wrong_try,
    digest,
    end_all,
)

LINK_LASTS = timedelta(hours=1)
HANDED_LASTS = timedelta(days=1)
"""A link that an operator hands over has a longer way to go."""
ASKED_MOST, ASKED_WITHIN = 3, timedelta(hours=1)
KEPT = timedelta(days=2)
LINKS_KEPT = timedelta(days=30)


class LinkOver(Refused):
    """The link was used or replaced, or is too old; or nobody ever made it."""

    code = "password_link_over"
    status = 410
    says = N_("This link was used, replaced by a newer one, or is too old. Ask for a new one.")


def change(  # noqa: PLR0913  # each of them matters
    door: Session, profile_id: UUID, old: str, new: str, now: datetime, *, but: UUID
) -> None:
    """Change somebody's password and end all their other sign-ins, tokens, keys and links.

    The caller commits also when this refuses, or nothing is counted.

    Raises:
        WrongCredentials: the old password does not fit.
        AccountLocked: five wrong tries, less than 15 minutes ago.
        PasswordTooWeak: the new one does not keep the rules.

    """
    _set(door, proved(door, profile_id, old, now, "old"), new, now, but=but)


def proved(door: Session, profile_id: UUID, password: str, now: datetime, field: str) -> Profile:
    """Let somebody show once more that it is them, by their password; locks their row.

    The caller commits also when this refuses, or nothing is counted.

    Raises:
        WrongCredentials: the password does not fit.
        AccountLocked: five wrong tries, less than 15 minutes ago.

    """
    profile = _locked(door, profile_id)
    user = door.get_one(User, profile.ab_user_id)
    if profile.account_locked_until and profile.account_locked_until > now:
        raise AccountLocked
    if not check_password_hash(user.password, password):
        count_wrong_try(profile, now)
        raise WrongCredentials(N_("The present password is not right."), field=field)
    return profile


def ask(door: Session, address: str, now: datetime) -> None:
    """Ask for a link by mail. Does the same, and takes as long, whether or not somebody has it.

    Beyond three within an hour for one address nothing more is sent.

    Raises:
        BadInput: that is no address.

    """
    plain = address.strip().lower()
    if not re.fullmatch(r"[^@\s\0]+@[^@\s\0]+\.[^@\s\0]+", plain) or len(plain) > 320:
        raise BadInput(N_("That is no e-mail address."), field="email")
    about = (AccountMail.address == plain, AccountMail.about == MailAbout.password_link)
    lately = select(func.count()).where(*about, AccountMail.created_at > now - ASKED_WITHIN)
    if (door.scalar(lately) or 0) < ASKED_MOST:
        tell(door, MailAbout.password_link, plain, now)


def owner_of(door: Session, mail: AccountMail) -> Profile | None:
    """Find whom a mail is for; nobody where the address is unknown or its owner is shut out."""
    whose = func.lower(User.email) == mail.address
    query = (
        select(Profile)
        .join(User, User.id == Profile.ab_user_id)
        .where(Profile.id == mail.profile_id if mail.profile_id else whose)
        .where(Profile.status == ProfileStatus.active, User.active)
    )
    return door.scalars(query).first()


def open_link(
    door: Session, profile_id: UUID, now: datetime, lasts: timedelta = LINK_LASTS, *, mailed: bool
) -> str:
    """Make a link for somebody, in place of any other. Returns its code, which is kept nowhere.

    `mailed` says that the code goes to their address and nowhere else.
    """
    _locked(door, profile_id)  # two at once would both be the newest
    end_links(door, profile_id, now)
    code = secrets.token_urlsafe(32)
    link = PasswordLink(profile_id=profile_id, code_hash=digest(code), mailed=mailed)
    link.created_at, link.expires_at = now, now + lasts
    door.add(link)
    door.flush()
    return code


def holder(door: Session, code: str, now: datetime) -> Profile:
    """Tell whose password a link opens.

    Raises:
        LinkOver: it opens nothing.

    """
    query = (
        select(Profile)
        .join(PasswordLink, PasswordLink.profile_id == Profile.id)
        .join(User, User.id == Profile.ab_user_id)
        .where(PasswordLink.code_hash == digest(code), PasswordLink.ended_at.is_(None))
        .where(PasswordLink.expires_at > now)
        .where(Profile.status == ProfileStatus.active, User.active)
    )
    profile = door.scalars(query).one_or_none()
    if profile is None:
        raise LinkOver
    return profile


def choose(door: Session, code: str, new: str, now: datetime) -> Profile:
    """Choose a new password by a link, once; everything else that opens the account ends.

    Wrong tries are forgotten where they were of passwords alone: with a second factor they may
    have been of its codes, and a link would be a way around their limit.

    Raises:
        LinkOver: it opens nothing, or somebody else was faster.
        PasswordTooWeak: the password does not keep the rules; the link still holds.

    """
    profile = _locked(door, holder(door, code, now).id)
    holder(door, code, now)  # again, now that nobody else is at it
    by_mail = select(PasswordLink.mailed).where(PasswordLink.code_hash == digest(code))
    if door.scalar(by_mail):
        profile.email_confirmed_at = profile.email_confirmed_at or now
    _set(door, profile, new, now)
    unlink(door, profile.id)
    if not profile.two_factor_enabled:
        profile.failed_login_attempts, profile.account_locked_until = 0, None
    return profile


def end_links(door: Session, profile_id: UUID, now: datetime) -> None:
    """Make somebody's link worthless, if there is one."""
    live = (PasswordLink.profile_id == profile_id, PasswordLink.ended_at.is_(None))
    door.execute(update(PasswordLink).where(*live).values(ended_at=now))


def tell(
    door: Session, about: MailAbout, address: str, now: datetime, whose: UUID | None = None
) -> None:
    """Have a mail about an account sent to its address, or to one that is not yet `whose` it is."""
    mail = AccountMail(about=about, address=address.lower(), profile_id=whose)
    mail.due_at = mail.created_at = now
    door.add(mail)
    door.flush()


def take_away(door: Session, profile: Profile, now: datetime) -> None:
    """Let a password open nothing any more; its owner needs a link."""
    secret = secrets.token_urlsafe(32)
    door.get_one(User, profile.ab_user_id).password = generate_password_hash(secret)
    profile.password_changed_at = now
    end_all(door, profile.id, now)
    end_links(door, profile.id, now)
    unlink(door, profile.id)


def unlink(door: Session, profile_id: UUID) -> None:
    """Forget which persons of providers open an account: a proved address links them anew."""
    door.execute(delete(OutsideIdentity).where(OutsideIdentity.profile_id == profile_id))


def clean(door: Session, now: datetime) -> None:
    """Forget mails and codes after two days, whatever came of them, and links long over."""
    door.execute(select(func.forget_contact_codes()))
    door.execute(delete(AccountMail).where(AccountMail.created_at < now - KEPT))
    before = now - LINKS_KEPT
    over = or_(PasswordLink.ended_at < before, PasswordLink.expires_at < before)
    door.execute(delete(PasswordLink).where(over))


def _set(
    door: Session, profile: Profile, new: str, now: datetime, *, but: UUID | None = None
) -> None:
    check_rules(new)
    door.get_one(User, profile.ab_user_id).password = generate_password_hash(new)
    profile.password_changed_at = now
    end_all(door, profile.id, now, but=but)
    end_links(door, profile.id, now)
    tell(door, MailAbout.password_changed, profile.email, now)


def _locked(door: Session, profile_id: UUID) -> Profile:
    return door.scalars(
        select(Profile)
        .where(Profile.id == profile_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
