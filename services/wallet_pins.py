"""PINs of wallets: what a person proves with that they may spend.

The database judges and counts the tries. It is given the scrypt of what was typed, and keeps a
digest of that: neither the PIN nor what it was made of can be read from it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import uuid7
from core.errors import BadInput, NotFound, Refused
from core.text import N_
from core.work import Work
from models.organizations import Profile
from services import second_factor, sign_in
from services.events import Fact

LENGTHS = range(4, 7)
ASCENDING = "01234567890"


class WrongPin(Refused):
    """The PIN does not fit; the try is counted, so that the caller commits."""

    code = "wrong_pin"
    status = 422
    says = N_("That PIN is not right. After five wrong tries it is locked for 15 minutes.")


class PinLocked(Refused):
    """Too many wrong tries, for now."""

    code = "pin_locked"
    status = 423
    says = N_("Too many wrong tries: the PIN is locked. Wait 15 minutes, or set a new one.")


class NoPin(Refused):
    """Nobody spends without one."""

    code = "no_pin"
    says = N_("Set a PIN first.")


class PinTooEasy(BadInput):
    """It would be guessed."""

    code = "pin_too_easy"
    says = N_("A PIN has 4 to 6 digits that are not all the same and do not just count up or down.")


@dataclass(frozen=True)
class WalletPinSet(Fact, type="wallet.pin_set", table="wallet"):
    """Somebody chose a new PIN. Written by the database itself."""

    wallet_id: UUID
    party_id: UUID
    profile_id: UUID


@dataclass(frozen=True)
class WalletPinLocked(Fact, type="wallet.pin_locked", table="wallet"):
    """Five wrong PINs in a row. Written by the database itself."""

    wallet_id: UUID
    party_id: UUID
    profile_id: UUID


def has_pin(work: Work, wallet_id: UUID) -> bool:
    """Whether the person at hand has set a PIN for a wallet of theirs."""
    return work.session.scalar(select(func.wallet_pin_salt(wallet_id))) is not None


def prove(work: Work, wallet_id: UUID, pin: str) -> None:
    """Let the rest of this transaction ask for money to move out of a wallet of one's own.

    The caller commits also when this refuses, or nothing is counted.

    Raises:
        WrongPin: it does not fit.
        PinLocked: too many wrong tries.
        NoPin: there is none yet.

    """
    salt = work.session.scalar(select(func.wallet_pin_salt(wallet_id)))
    if salt is None:
        raise NoPin(field="pin")
    call = func.try_wallet_pin(
        wallet_id, _stretched(pin, bytes(salt)), work.now, uuid7(), str(work.actor),
        work.correlation_id,
    )  # fmt: skip
    said = work.session.scalar(select(call))
    if said == "wrong":
        raise WrongPin(field="pin")
    if said != "right":
        raise PinLocked(field="pin")


def choose(  # noqa: PLR0913  # each of them matters
    door: Session,
    profile_id: UUID,
    wallet_id: UUID,
    pin: str,
    *,
    password: str,
    code: str,
    now: datetime,
) -> None:
    """Set or change a person's PIN for a wallet, on the session of sign-in.

    The caller commits also when this refuses, or wrong passwords are not counted.

    Raises:
        WrongCredentials: the password does not fit.
        WrongCode: they have a second factor, and the code does not fit.
        PinTooEasy: it would be guessed.
        NotFound: the wallet is not theirs.

    """
    profile = door.scalars(select(Profile).where(Profile.id == profile_id)).one()
    checked, refusal = None, None
    try:
        checked = sign_in.check(door, profile.email, password, now)
    except sign_in.WrongCredentials as refused:
        refusal = refused
    if checked is None or checked.id != profile_id:
        raise sign_in.WrongCredentials(
            N_("The present password is not right."), field="password"
        ) from refusal
    if profile.two_factor_enabled:
        second_factor.check(door, profile_id, code, now)
    _check_rules(pin)
    salt = secrets.token_bytes(16)
    digest = hashlib.sha256(_stretched(pin, salt)).digest()
    call = func.set_wallet_pin(profile_id, wallet_id, salt, digest, now, uuid7(), uuid7())
    if not door.scalar(select(call)):
        raise NotFound


def _check_rules(pin: str) -> None:
    plain = len(pin) in LENGTHS and pin.isascii() and pin.isdigit()
    counts = pin in ASCENDING or pin in ASCENDING[::-1]
    if not plain or counts or len(set(pin)) == 1:
        raise PinTooEasy(field="pin")


def _stretched(pin: str, salt: bytes) -> bytes:
    """Make guessing cost: as much as for a password."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
