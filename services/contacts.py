"""Addresses and phones of accounts: showing that one is one's own, and having another address.

As in services/passwords.py these functions run on the session of the role `makao_auth`. The
database judges codes, counts the tries, and lets nothing become confirmed without one
(migrations/sql/contacts/).
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core import phones
from core.db import uuid7
from core.errors import Refused
from core.text import N_
from models.accounts import CODES, AccountMail, MailAbout
from models.notices import Channel
from models.organizations import Profile
from services import accounts, organizations, passwords, sign_in

HOUR, MOST_CODES = timedelta(hours=1), 5
HOLDS = timedelta(minutes=10)
ABOUT = {Channel.email: MailAbout.email_code, Channel.sms: MailAbout.phone_code}


class WrongContactCode(Refused):
    """The code does not fit; the try is counted, so that the caller commits."""

    code = "wrong_contact_code"
    status = 422
    says = N_("That code is not right. Take the newest one; after five tries it is used up.")


class ContactCodeOver(Refused):
    """The code is too old, was used up, or was for another address."""

    code = "contact_code_over"
    status = 422
    says = N_("This code opens nothing any more. Have a new one sent.")


class TooManyContactCodes(Refused):
    """Five codes within an hour, to somebody or to an address."""

    code = "too_many_contact_codes"
    status = 429
    says = N_("Five codes were sent within an hour. Wait a while, then have a new one sent.")


class AddressTaken(Refused):
    """Another account has the address. Told only to who has shown that they read its mail."""

    code = "address_taken"
    says = N_("There is another account with this address. Sign in there, or ask us for help.")


def ask(
    door: Session, profile_id: UUID, channel: Channel, now: datetime, region: str = "KE"
) -> str:
    """Have a code sent to somebody's present address or phone. Returns where it goes.

    A phone without its country's code is one of the `region`.

    Raises:
        BadInput: there is no phone, or it is none that could be called.
        TooManyContactCodes: five were asked for within an hour.

    """
    profile = accounts.by_id(door, profile_id)
    if channel is Channel.email:
        return _send(door, profile, channel, profile.email.lower(), now)
    number = phones.e164(profile.phone, region)
    if number != profile.phone:
        profile.phone = number
    return _send(door, profile, channel, number, now)


def ask_for(door: Session, profile_id: UUID, address: str, password: str, now: datetime) -> str:
    """Have a code sent to the address that somebody wants instead of theirs, if it is them.

    Whether another account has it shows only to who reads its mail. The caller commits also when
    this refuses, or nothing is counted.

    Raises:
        WrongCredentials, AccountLocked: the password does not fit.
        BadInput: that is no address.
        TooManyContactCodes: five were asked for within an hour.

    """
    plain = address.strip().lower()
    organizations.check_address(plain)
    profile = passwords.proved(door, profile_id, password, now, "password")
    return _send(door, profile, Channel.email, plain, now)


def make(door: Session, mail: AccountMail) -> str:
    """Make the code of a mail that is about to go; those before open nothing. '' beyond five."""
    code, salt = f"{secrets.randbelow(10**6):06}", secrets.token_bytes(16)
    digest = hashlib.sha256(salt + code.encode()).digest()
    call = func.new_contact_code(mail.profile_id, mail.channel, mail.address, uuid7(), salt, digest)
    return code if door.scalar(select(call)) == "made" else ""


def pending(door: Session, profile_id: UUID, channel: Channel, now: datetime) -> str:
    """Give the address to which the newest code goes; '' where none was asked for lately."""
    query = (
        select(AccountMail.address)
        .where(AccountMail.profile_id == profile_id, AccountMail.about == ABOUT[channel])
        .where(AccountMail.created_at > now - HOUR)
        .order_by(AccountMail.id.desc())
        .limit(1)
    )
    return door.scalar(query) or ""


def confirm(  # noqa: PLR0913  # each of them matters
    door: Session, profile_id: UUID, channel: Channel, code: str, now: datetime, *, but: UUID
) -> Profile:
    """Confirm an address or a phone by the code that went there.

    An address that was not yet theirs takes the place of the old one, which is told of it: all
    other sign-ins end, and what opened the account by the old one. A phone that was confirmed for
    somebody else is theirs no longer: whoever has it now has shown so. The caller commits also when
    this refuses, or nothing is counted.

    Raises:
        WrongContactCode: the code does not fit.
        ContactCodeOver: it is too old, or used up.
        AddressTaken: another account has the address.

    """
    said = door.scalar(select(func.try_contact_code(profile_id, channel, code.strip())))
    if said != "right":
        raise WrongContactCode(field="code") if said == "wrong" else ContactCodeOver(field="code")
    profile = accounts.by_id(door, profile_id)
    address = door.scalar(select(func.contact_proved(profile_id, channel)))
    assert address
    if channel is Channel.sms:
        _take_phone(door, profile, address, now)
    elif address == profile.email.lower():
        profile.email_confirmed_at = now
    else:
        _move(door, profile, address, now, but)
    door.flush()
    return profile


def _send(door: Session, profile: Profile, channel: Channel, address: str, now: datetime) -> str:
    """Ask for a code, which is made when it goes. Whoever asks at once waits for their row."""
    asked = select(func.count()).where(
        AccountMail.about.in_(CODES),
        AccountMail.created_at > now - HOUR,
        or_(AccountMail.profile_id == profile.id, AccountMail.address == address),
    )
    if (door.scalar(asked) or 0) >= MOST_CODES:
        raise TooManyContactCodes
    mail = AccountMail(
        about=ABOUT[channel], channel=channel, address=address, profile_id=profile.id
    )
    mail.due_at = mail.created_at = now
    door.add(mail)
    door.flush()
    return address


def _take_phone(door: Session, profile: Profile, number: str, now: datetime) -> None:
    if number != profile.phone:
        raise ContactCodeOver(field="code")
    held = (Profile.phone == number, Profile.phone_confirmed_at.is_not(None))
    others = (
        update(Profile)
        .where(*held, Profile.id != profile.id)
        .values(phone_confirmed_at=None)
        .returning(Profile.id, Profile.email)
    )
    for other_id, email in door.execute(others).all():
        passwords.tell(door, MailAbout.phone_taken, email, now, other_id)
    profile.phone_confirmed_at = now


def _move(door: Session, profile: Profile, address: str, now: datetime, but: UUID) -> None:
    same = or_(func.lower(User.email) == address, func.lower(User.username) == address)
    if door.scalar(select(User.id).where(same, User.id != profile.ab_user_id)) is not None:
        raise AddressTaken(field="code")
    before, profile.email, profile.email_confirmed_at = profile.email, address, now
    user = door.get_one(User, profile.ab_user_id)
    user.email = address
    if user.username.lower() == before.lower():
        user.username = address
    sign_in.end_all(door, profile.id, now, but=but)
    passwords.end_links(door, profile.id, now)
    passwords.unlink(door, profile.id)
    passwords.tell(door, MailAbout.email_changed, before, now, profile.id)
