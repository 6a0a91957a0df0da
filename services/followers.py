"""Followers: who is told what happens to a record, like those who write on it or look after it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.work import Work
from models.files import Follower
from models.organizations import Membership
from services import access


def follow(work: Work, table: str, subject_id: UUID, profile_ids: Iterable[UUID]) -> None:
    """Let members follow a record; whoever does already goes on."""
    rows = [
        {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "subject_table": table,
            "subject_id": subject_id,
            "profile_id": profile_id,
        }
        for profile_id in sorted(set(profile_ids))
    ]
    if rows:
        work.session.execute(insert(Follower).values(rows).on_conflict_do_nothing())


def leave(work: Work, subject_id: UUID, profile_id: UUID) -> None:
    """Follow a record no more; whoever does not anyway changes nothing."""
    mine = (Follower.subject_id == subject_id, Follower.profile_id == profile_id)
    work.session.execute(delete(Follower).where(*mine))


def of(work: Work, table: str, subject_id: UUID) -> set[UUID]:
    """Name who follows a record, as far as they are active staff whose roles still read it."""
    query = (
        select(Follower.profile_id, Membership.roles)
        .join(Membership, Membership.profile_id == Follower.profile_id)
        .where(Follower.subject_id == subject_id, Membership.active, Membership.staff)
    )
    return {
        row.profile_id
        for row in work.session.execute(query)
        if access.allows(row.roles, table, "read")
    }
