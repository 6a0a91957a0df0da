"""Notices: what people are told, in the app and, if they wish, by mail and by text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.work import Work, locked
from models.accounts import AccountMail
from models.notices import Channel, Dispatch, Notification, Priority
from models.organizations import Membership, Profile

Mail = TypeVar("Mail", Dispatch, AccountMail)
KEPT = timedelta(days=90)
AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
"""How long until a mail is tried again, by the number of tries; after the last it is given up."""
TOO_OLD = {Channel.email: timedelta(days=3), Channel.sms: timedelta(hours=2)}
"""What could not be sent for so long is not news any more. A text is for what is urgent."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message id with its values, the page it leads to, and the fact it tells of (`once`).

    One that is not `mailed` is told in the app alone: a mail of another kind says the same.
    """

    message: str
    once: str
    values: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    priority: Priority = Priority.normal
    mailed: bool = True


def notify(work: Work, profile_ids: Iterable[UUID], notice: Notice) -> int:
    """Tell members something, once each, whatever is called twice; returns to how many.

    Whoever wants mail gets one, but not for what is of low priority; whoever has confirmed a phone
    and wants texts gets one for what is of high priority.
    """
    rows = [
        {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "profile_id": profile_id,
            "once": notice.once[:160],
            "message": notice.message,
            "values": dict(notice.values),
            "link": notice.link,
            "priority": notice.priority,
            "created_at": work.now,
            "expires_at": work.now + KEPT,
        }
        for profile_id in sorted(set(profile_ids))
    ]
    if not rows:
        return 0
    fresh = insert(Notification).values(rows).on_conflict_do_nothing()
    told = work.session.execute(fresh.returning(Notification.id, Notification.profile_id)).all()
    if told and notice.mailed and notice.priority is not Priority.low:
        _dispatch(
            work,
            {profile_id: notice_id for notice_id, profile_id in told},
            urgent=notice.priority is Priority.high,
        )
    return len(told)


def notify_party(work: Work, party_id: UUID, notice: Notice) -> int:
    """Tell whoever signs in for a party."""
    query = select(Membership.profile_id).where(Membership.party_id == party_id, Membership.active)
    return notify(work, work.session.scalars(query).all(), notice)


def notify_roles(work: Work, roles: Sequence[str], notice: Notice) -> int:
    """Tell the active members who hold one of the roles."""
    return notify(work, holders(work, roles), notice)


def holders(work: Work, roles: Sequence[str]) -> set[UUID]:
    """Name the active members who hold one of the roles."""
    query = select(Membership.profile_id).where(
        Membership.active, Membership.roles.overlap(list(roles))
    )
    return set(work.session.scalars(query))


def mark_read(work: Work, notification_id: UUID) -> None:
    """Note that somebody has read a notice of theirs; doing it twice changes nothing."""
    row = locked(work, Notification, notification_id)
    row.read_at = row.read_at or work.now


def mark_all_read(work: Work, profile_id: UUID) -> None:
    """Note that somebody has read all their notices."""
    mine = Notification.profile_id == profile_id
    unread = update(Notification).where(mine, Notification.read_at.is_(None))
    work.session.execute(unread.values(read_at=work.now))


def due(
    work: Work, kind: type[Dispatch] | type[AccountMail], channel: Channel, most: int = 50
) -> list[UUID]:
    """List the mails or texts of a kind to send now."""
    waiting = (kind.sent_at.is_(None), kind.failed_at.is_(None), kind.channel == channel)
    query = (
        select(kind.id).where(*waiting, kind.due_at <= work.now).order_by(kind.due_at).limit(most)
    )
    return list(work.session.scalars(query))


def claim(work: Work, kind: type[Mail], mail_id: UUID) -> Mail | None:
    """Take a mail to send; None if somebody else has. The caller commits before it sends."""
    row = locked(work, kind, mail_id)
    if row.sent_at or row.failed_at or row.due_at > work.now:
        return None
    row.attempts += 1
    row.due_at = work.now + AGAIN[min(row.attempts, len(AGAIN)) - 1]
    if row.created_at < work.now - TOO_OLD[row.channel]:
        row.failed_at, row.last_error = work.now, "too old to be news"
        _forget(row)
        return None
    return row


def sent(work: Work, kind: type[Mail], mail_id: UUID) -> None:
    """Note that a mail has gone; what was locked in it is forgotten."""
    row = locked(work, kind, mail_id)
    row.sent_at = work.now
    _forget(row)


def not_sent(work: Work, kind: type[Mail], mail_id: UUID, error: str, *, for_good: bool) -> None:
    """Note that a mail has not gone, and whether it ever will."""
    row = locked(work, kind, mail_id)
    row.last_error = error[:500]
    if for_good or row.attempts > len(AGAIN):
        row.failed_at = work.now
        _forget(row)


def _forget(row: Dispatch | AccountMail) -> None:
    if isinstance(row, Dispatch):
        row.locked = ""


def clean(work: Work) -> int:
    """Forget notices that are over, with their mails; returns how many."""
    gone = select(Notification.id).where(
        or_(
            Notification.expires_at < work.now,
            Notification.read_at < work.now - KEPT,
        )
    )
    work.session.execute(delete(Dispatch).where(Dispatch.notification_id.in_(gone)))
    gone_rows = delete(Notification).where(Notification.id.in_(gone)).returning(Notification.id)
    return len(work.session.scalars(gone_rows).all())


def _dispatch(work: Work, told: Mapping[UUID, UUID], *, urgent: bool) -> None:
    rows = [
        {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "notification_id": told[profile_id],
            "channel": channel,
            "address": address,
            "due_at": work.now,
            "created_at": work.now,
        }
        for channel, wants in _wishes(told, urgent=urgent).items()
        for profile_id, address in work.session.execute(wants)
    ]
    if rows:
        work.session.execute(insert(Dispatch).values(rows).on_conflict_do_nothing())


def _wishes(told: Iterable[UUID], *, urgent: bool) -> dict[Channel, Select[UUID, str]]:
    """Select who wants to be told by which channel, and at which address."""
    among = Profile.id.in_(told)
    mailed = select(Profile.id, Profile.email).where(
        among, Profile.email_notices, Profile.email != ""
    )
    texted = select(Profile.id, Profile.phone).where(
        among, Profile.text_notices, Profile.phone_confirmed_at.is_not(None)
    )
    return {Channel.email: mailed} | ({Channel.sms: texted} if urgent else {})
