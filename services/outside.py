"""Signing in by a provider of identities: whose account it opens. It makes nobody a member.

As in services/sign_in.py this runs on the session of the role `makao_auth`.
"""

from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.errors import Refused
from core.text import N_
from models.accounts import MailAbout, OutsideIdentity
from models.organizations import Profile, ProfileStatus
from services import passwords


class AddressNotProved(Refused):
    """The provider does not say that the address is theirs."""

    code = "address_not_proved"
    status = 403
    says = N_("The provider has not proved your e-mail address. Have it confirm the address first.")


class NobodyOfThatAddress(Refused):
    """No account here has the address, or it is shut out: which of them is not told."""

    code = "nobody_of_that_address"
    status = 403
    says = N_("No account here may sign in as %(email)s. You need an invitation first.")


class NotLinkedYet(Refused):
    """The account's address was never shown to be its owner's, or it is linked to somebody else."""

    code = "not_linked_yet"
    status = 403
    says = N_(
        "The account of %(email)s cannot be opened this way yet. Sign in with your password, or ask"
        " for a link to a new one: by that you confirm the address."
    )


def enter(  # noqa: PLR0913  # what the provider says
    door: Session, issuer: str, subject: str, email: str, now: datetime, *, verified: bool
) -> Profile:
    """Find whose account a provider's person opens.

    What counts is the provider's own name for them. The first time it is not known here: then the
    address decides, if the provider has proved it and the account's owner has shown that it is
    theirs. From then on they are linked, whatever becomes of the address, which is told of it.

    Raises:
        AddressNotProved, NobodyOfThatAddress, NotLinkedYet: as they say.

    """
    profile = door.scalars(_linked(issuer, subject)).first()
    if profile is not None:
        return profile
    if not verified or not email:
        raise AddressNotProved
    by_address = _open().where(func.lower(User.email) == email)
    profile = door.scalars(by_address.with_for_update(of=Profile)).first()
    if profile is None:
        raise NobodyOfThatAddress(email=email)
    again = door.scalars(_linked(issuer, subject)).first()
    if again is not None:  # in another window, a moment ago
        return again
    other = select(OutsideIdentity.id).where(
        OutsideIdentity.issuer == issuer,
        or_(OutsideIdentity.profile_id == profile.id, OutsideIdentity.known_as == subject),
    )
    if profile.email_confirmed_at is None or door.scalar(other) is not None:
        raise NotLinkedYet(email=email)
    linked = OutsideIdentity(profile_id=profile.id, issuer=issuer, known_as=subject, linked_at=now)
    door.add(linked)
    door.flush()
    passwords.tell(door, MailAbout.outside_linked, profile.email, now)
    return profile


def _open() -> Select[Profile]:
    """Select whoever may sign in."""
    joined = select(Profile).join(User, User.id == Profile.ab_user_id)
    return joined.where(Profile.status == ProfileStatus.active, User.active)


def _linked(issuer: str, subject: str) -> Select[Profile]:
    joined = _open().join(OutsideIdentity, OutsideIdentity.profile_id == Profile.id)
    return joined.where(OutsideIdentity.issuer == issuer, OutsideIdentity.known_as == subject)
