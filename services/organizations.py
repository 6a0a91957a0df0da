"""Organizations: founding one, who belongs, and what may be set."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint, uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, locked
from models.organizations import Counter, Invitation, Membership, Organization, Setting
from services.events import Fact, emit

INVITATION_LASTS = timedelta(days=14)
ADDRESS = r"[a-z0-9][a-z0-9-]{1,59}"
"""What a web address may be."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting: its default, which also gives its type, and what it is for."""

    default: Any
    says: str


SETTINGS: Mapping[str, Declared] = {
    "booking.stale_days": Declared(3, N_("Days without a change before a booking is re-assigned")),
    "booking.remind_minutes": Declared(15, N_("Minutes before a hold ends that its buyer is told")),
    "invoice.due_days": Declared(
        14, N_("Days until an invoice is due when no plan says otherwise")
    ),
    "lease.signature_days": Declared(14, N_("Days in which a lease is to be signed")),
    "lease.ask_signatures": Declared(
        default=True, says=N_("Have a lease signed electronically as soon as it is sent")
    ),
    "payment.expire_minutes": Declared(60, N_("Minutes until an unfinished payment is given up")),
    "payment.duplicate_minutes": Declared(
        60, N_("Minutes in which a second payment like the first is asked about (0: never)")
    ),
    "payment.by_card": Declared(default=True, says=N_("Offer to pay by card")),
    "payment.by_stripe": Declared(default=True, says=N_("Offer to pay by Stripe")),
    "payment.by_paystack": Declared(default=True, says=N_("Offer to pay by Paystack")),
    "payment.by_flutterwave": Declared(default=True, says=N_("Offer to pay by Flutterwave")),
    "payment.by_mpesa": Declared(default=True, says=N_("Offer to pay by M-Pesa")),
    "security.two_factor_for_money": Declared(
        default=True, says=N_("Whoever may move money needs a second factor")
    ),
    "wallet.cap": Declared(500_000, N_("The most that a new wallet may hold, in its currency")),
    "wallet.transfers": Declared(
        default=True, says=N_("Money may be sent from one wallet to another")
    ),
    "wallet.payouts_by_mpesa": Declared(
        default=True, says=N_("Send withdrawals to M-Pesa by itself, where it is set up for that")
    ),
    "wallet.least_withdrawal": Declared(100, N_("The least that may be taken out of a wallet")),
    "signature.remind_days": Declared(
        3, N_("Days after which whoever has not signed is reminded (0: never)")
    ),
    "onboarding.open_form": Declared(
        default=False, says=N_("Everybody may apply at a form of ours, without an invitation")
    ),
    "kyc.by_provider": Declared(
        default=True, says=N_("Have applicants checked by the provider, where one is set up")
    ),
    "kyc.check_hours": Declared(72, N_("Hours until a check of an applicant is given up")),
    "kyc.valid_months": Declared(24, N_("Months until the proof of an identity is renewed")),
    "bank.details": Declared("", N_("Bank account that customers pay transfers to")),
}


class AddressTaken(Refused):
    """Another organization has this web address."""

    code = "address_taken"
    says = N_("This web address is taken. Choose another.")


class LastAdmin(Refused):
    """Nobody would be left who can let others in."""

    code = "last_admin"
    says = N_("An organization keeps at least one administrator. Name another one first.")


class InvitationOver(Refused):
    """The link was used, withdrawn, or is too old."""

    code = "invitation_over"
    status = 410
    says = N_("This invitation is over. Ask for a new one.")


@dataclass(frozen=True)
class OrganizationFounded(Fact, type="organization.founded", table="organization"):
    """A customer of the platform begins."""

    organization_id: UUID
    name: str


@dataclass(frozen=True)
class OrganizationSuspended(Fact, type="organization.suspended", table="organization"):
    """The platform lets nobody work in it for now. Written by the database itself."""

    organization_id: UUID
    name: str
    reason: str


@dataclass(frozen=True)
class OrganizationResumed(Fact, type="organization.resumed", table="organization"):
    """The platform lets people work in it again. Written by the database itself."""

    organization_id: UUID
    name: str
    reason: str


@dataclass(frozen=True)
class MemberInvited(Fact, type="member.invited", table="member_invitation"):
    """Somebody was sent a link."""

    invitation_id: UUID
    email: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class MemberRolesChanged(Fact, type="member.roles_changed", table="membership"):
    """What a member may do is different from now on."""

    membership_id: UUID
    profile_id: UUID
    roles: tuple[str, ...]
    active: bool


def found(work: Work, name: str, slug: str = "", founder_id: UUID | None = None) -> UUID:
    """Make an organization with its main book; whoever asks is its first administrator.

    `founder_id` counts only for the platform's own commands. Returns the organization's id.

    Raises:
        AddressTaken: another organization has this web address.

    """
    organization_id = uuid7()
    address = slug or address_of(name)
    call = func.found_organization(organization_id, uuid7(), uuid7(), name, address, founder_id)
    try:
        with work.session.begin_nested():
            work.session.execute(select(call))
    except IntegrityError as error:
        if broken_constraint(error) == "uq_organization_slug":
            raise AddressTaken(field="slug") from error
        raise
    return organization_id


def address_of(name: str) -> str:
    """Make a web address of a name: small letters and digits, with hyphens between the words."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def invite(
    work: Work, email: str, roles: Sequence[str], party_id: UUID | None = None, mailed: str = ""
) -> str:
    """Invite somebody by a link that works once, for 14 days. Returns its code, kept nowhere.

    `mailed` is another code, which goes to the address and nowhere else: whoever comes by it has
    shown that the address is theirs.

    Raises:
        BadInput: the address or the roles cannot be read.

    """
    check_address(email)
    if not roles:
        raise BadInput(N_("Choose at least one role."), field="roles")
    code = secrets.token_urlsafe(32)
    row = Invitation(
        organization_id=work.scope.home(),
        email=email.lower(),
        roles=sorted(roles),
        party_id=party_id,
        code_hash=hash_of(mailed or secrets.token_urlsafe(32)),
        shown_hash=hash_of(code),
        invited_by_id=work.scope.profile_id,
        expires_at=work.now + INVITATION_LASTS,
    )
    work.session.add(row)
    work.session.flush()
    emit(work, MemberInvited(row.id, row.email, tuple(row.roles)))
    return code


def check_address(email: str) -> None:
    """Make sure that something can be an e-mail address.

    Raises:
        BadInput: it cannot.

    """
    if not re.fullmatch(r"[^@\s\0]+@[^@\s\0]+\.[^@\s\0]+", email) or len(email) > 320:
        raise BadInput(N_("That is no e-mail address."), field="email")


def hash_of(code: str) -> bytes:
    """Give what is kept of an invitation's code."""
    return hashlib.sha256(code.encode()).digest()


def accept(work: Work, code: str) -> UUID:
    """Make whoever asks a member, as the invitation says. Returns the organization's id.

    Raises:
        InvitationOver: the code is unknown, used, withdrawn or too old.

    """
    home = work.session.scalar(select(func.accept_invitation(code, uuid7())))
    if home is None:
        raise InvitationOver
    return UUID(str(home))


def withdraw_invitation(work: Work, invitation_id: UUID) -> None:
    """Make an invitation's link worthless."""
    locked(work, Invitation, invitation_id).withdrawn_at = work.now


def set_roles(work: Work, membership_id: UUID, roles: Sequence[str], *, active: bool) -> Membership:
    """Say what a member may do from now on. Their sign-ins go on with the new roles at once.

    Raises:
        LastAdmin: nobody else is an active administrator.

    """
    admins = select(Membership.id).where(Membership.active, Membership.roles.contains(["Admin"]))
    others = set(work.session.scalars(admins.with_for_update())) - {membership_id}
    member = locked(work, Membership, membership_id)
    if "Admin" in member.roles and not others and not (active and "Admin" in roles):
        raise LastAdmin
    member.roles, member.active = sorted(roles), active
    emit(work, MemberRolesChanged(member.id, member.profile_id, tuple(member.roles), active))
    return member


def setting(work: Work, key: str) -> Any:
    """Read what the organization has set, or the default."""
    value = work.session.scalar(select(Setting.value).where(Setting.key == key))
    return SETTINGS[key].default if value is None else value


def change_setting(work: Work, key: str, value: Any) -> None:
    """Set a value for the organization.

    Raises:
        BadInput: there is no such setting, or the value is of another type than its default.

    """
    declared = SETTINGS.get(key)
    if declared is None or type(value) is not type(declared.default):
        raise BadInput(N_("That setting takes another kind of value."), field=key)
    row = work.session.scalar(select(Setting).where(Setting.key == key).with_for_update())
    if row is None:
        row = Setting(organization_id=work.scope.home(), key=key)
        work.session.add(row)
    row.value = value


def next_number(work: Work, series: str, prefix: str) -> str:
    """Give the next number of a series, like `INV-000012`: without gaps, one at a time.

    Whoever takes a number holds the series until the end of the transaction.
    """
    call = func.next_number(work.scope.home(), series)
    return f"{prefix}-{work.session.scalar(select(call)):06d}"


def last_number(work: Work, series: str) -> int:
    """Tell the last number given in a series."""
    return work.session.scalar(select(Counter.last).where(Counter.series == series)) or 0


def home(work: Work) -> Organization:
    """Load the organization that the work is in."""
    return work.session.scalars(
        select(Organization).where(Organization.id == work.scope.home())
    ).one()
