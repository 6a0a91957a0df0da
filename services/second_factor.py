"""The second factor: time-based codes (RFC 6238) and codes for the day the phone is lost."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import box
from core.errors import Refused
from core.text import N_
from models.organizations import Profile
from services.sign_in import AccountLocked, count_wrong_try, end_all

STEP_SECONDS = 30
RECOVERY_CODES = 10


class WrongCode(Refused):
    """The code does not fit, or was used before."""

    code = "wrong_code"
    status = 401
    says = N_("That code is not right. Take the one that your app shows now.")


def begin(session: Session, profile_id: UUID, issuer: str) -> tuple[str, str]:
    """Make a secret for somebody's app. Returns it and its `otpauth:` address; not in force yet."""
    profile = _locked(session, profile_id)
    secret = pyotp.random_base32()
    if not profile.two_factor_enabled:
        profile.two_factor_secret = box.lock(secret, _place(profile_id))
    address = pyotp.TOTP(secret).provisioning_uri(name=profile.email, issuer_name=issuer)
    return secret, address


def confirm(session: Session, profile_id: UUID, code: str, now: datetime, but: UUID) -> list[str]:
    """Put the second factor in force with a first code. Returns codes for emergencies, once.

    All other sign-ins end.

    Raises:
        WrongCode: the code does not fit the secret.

    """
    profile = _locked(session, profile_id)
    _check(profile, code, now)
    profile.two_factor_enabled = True
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    profile.recovery_codes = [_digest(each) for each in codes]
    end_all(session, profile_id, now, but=but)
    return codes


def check(session: Session, profile_id: UUID, code: str, now: datetime) -> None:
    """Check a code at sign-in: each works once. The caller commits also when this refuses.

    Raises:
        WrongCode: it does not fit.
        AccountLocked: too many wrong tries.

    """
    profile = _locked(session, profile_id)
    if profile.account_locked_until and profile.account_locked_until > now:
        raise AccountLocked
    kept = _digest(code.strip().lower())
    if kept in profile.recovery_codes:
        profile.recovery_codes = [each for each in profile.recovery_codes if each != kept]
        return
    try:
        _check(profile, code, now)
    except WrongCode:
        count_wrong_try(profile, now)
        raise


def switch_off(session: Session, profile_id: UUID, code: str, now: datetime) -> None:
    """Do without the second factor again; takes a code, so that a stolen session cannot.

    Raises:
        WrongCode: the code does not fit.

    """
    check(session, profile_id, code, now)
    profile = _locked(session, profile_id)
    profile.two_factor_enabled, profile.two_factor_secret = False, None
    profile.recovery_codes = []


def _check(profile: Profile, code: str, now: datetime) -> None:
    if profile.two_factor_secret is None:
        raise WrongCode
    totp = pyotp.TOTP(box.unlock(profile.two_factor_secret, _place(profile.id)))
    step = int(now.timestamp()) // STEP_SECONDS
    plain = code.replace(" ", "")
    # One step to either side, for clocks that differ; a step that was used is used up.
    for each in (step, step - 1, step + 1):
        fits = secrets.compare_digest(totp.generate_otp(each).encode(), plain.encode())
        if fits and each > profile.two_factor_last_step:
            profile.two_factor_last_step = each
            return
    raise WrongCode


def _locked(session: Session, profile_id: UUID) -> Profile:
    return session.scalars(
        select(Profile)
        .where(Profile.id == profile_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _place(profile_id: UUID) -> str:
    return f"profile:two_factor_secret:{profile_id}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
