"""Inviting: a link by which somebody becomes a member, sent to them by mail."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from core import box
from core.db import uuid7
from core.work import Work, found
from models.notices import Channel, Dispatch
from models.organizations import Invitation, Membership, Profile
from services import organizations, people

BUYER = "Buyer"
"""The role of those who book and pay in the portal, each as the customer that they are."""


def invite(
    work: Work, email: str, roles: Sequence[str], party_id: UUID | None = None
) -> tuple[Invitation, str]:
    """Invite somebody by mail. Returns the invitation, and a code to show once.

    Until the mail has gone its own code is kept locked with it; afterwards nowhere. Whoever is to
    buy is somebody the organization knows: they are found by their address, or made known by it.

    Raises:
        As `organizations.invite`.

    """
    if party_id is None and BUYER in roles and "@" in email:
        party_id = people.customer_of(work, email).id
    dispatch_id = uuid7()
    mailed, kept = new_code(dispatch_id)
    code = organizations.invite(work, email, roles, party_id, mailed)
    invitation = work.session.scalars(
        select(Invitation).where(Invitation.shown_hash == organizations.hash_of(code))
    ).one()
    work.session.add(
        Dispatch(
            id=dispatch_id,
            organization_id=invitation.organization_id,
            invitation_id=invitation.id,
            channel=Channel.email,
            address=invitation.email,
            locked=kept,
            due_at=work.now,
            created_at=work.now,
        )
    )
    work.session.flush()
    return invitation, code


def change_roles(
    work: Work, membership_id: UUID, roles: Sequence[str], *, active: bool
) -> Membership:
    """Say what a member may do from now on; one who is to buy becomes a customer, too.

    Raises:
        As `organizations.set_roles`.

    """
    member = organizations.set_roles(work, membership_id, roles, active=active)
    if BUYER in roles and member.party_id is None:
        profile = found(work, Profile, member.profile_id)
        member.party_id = people.customer_of(work, profile.email, profile.name).id
    return member


def read(work: Work, dispatch: Dispatch) -> tuple[Invitation, str] | None:
    """Read what a mail with an invitation says; None where it opens nothing any more."""
    assert dispatch.invitation_id
    invitation = found(work, Invitation, dispatch.invitation_id)
    over = invitation.accepted_at or invitation.withdrawn_at or invitation.expires_at <= work.now
    if over or not dispatch.locked:
        return None
    return invitation, box.unlock(dispatch.locked, _place(dispatch.id))


def new_code(dispatch_id: UUID) -> tuple[str, str]:
    """Make a code for an invitation, and what of it the dispatch keeps until it has gone."""
    code = secrets.token_urlsafe(32)
    return code, box.lock(code, _place(dispatch_id))


def _place(dispatch_id: UUID) -> str:
    return f"dispatch:locked:{dispatch_id}"
