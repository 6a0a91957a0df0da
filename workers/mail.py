"""Mails and texts out: each is claimed and committed, sent with no transaction open, then marked.

A process that dies after sending sends the same again: a mail under the same message id, so that
programs show it once; a text comes twice.
"""

import base64
import logging
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.text import N_
from core.work import Work, found
from models.notices import Channel, Dispatch, Notification
from models.organizations import Organization, Profile
from services import (
    application_mails,
    invitations,
    notices,
    organizations,
    paper_mails,
    signing_acts,
)
from workers.jobs import Desk, each
from workers.letters import Letter, NotDelivered, hand_over, reachable

log = logging.getLogger(__name__)
CODE = N_("Your code: %(code)s. Give it to nobody; we never ask for it.")


def dispatch_due() -> None:
    """Send every mail that is due; where no mail server is set up they wait."""
    if reachable(Channel.email):
        each("dispatches", _mail_all)


def text_due() -> None:
    """Send every text that is due; where no account is set up they wait."""
    if reachable(Channel.sms):
        each("dispatches", _text_all)


def _mail_all(home: UUID) -> None:
    _dispatch_all(home, Channel.email)


def _text_all(home: UUID) -> None:
    _dispatch_all(home, Channel.sms)


def _dispatch_all(home: UUID, channel: Channel) -> None:
    desk = Desk(home, "mail")
    with desk.work() as work:
        due = notices.due(work, Dispatch, channel)
    for dispatch_id in due:
        try:
            _send(desk, dispatch_id)
        except Exception:
            log.exception("%s %s", channel, dispatch_id)


def _send(desk: Desk, dispatch_id: UUID) -> None:
    with desk.work() as work:
        dispatch = notices.claim(work, Dispatch, dispatch_id)
        if dispatch is None:
            return
        letter, channel = _letter(work, dispatch), dispatch.channel
    if letter is None:
        with desk.work() as work:
            said = "it opens nothing any more"
            notices.not_sent(work, Dispatch, dispatch_id, said, for_good=True)
        return
    try:
        hand_over(channel, letter, f"<{dispatch_id}@makao>")
    except NotDelivered as failure:
        with desk.work() as work:
            said, over = str(failure), failure.for_good
            notices.not_sent(work, Dispatch, dispatch_id, said, for_good=over)
    else:
        with desk.work() as work:
            notices.sent(work, Dispatch, dispatch_id)


def _short(notice_id: UUID) -> str:
    """Name a notice in few letters, for a text; views/notices.py reads it."""
    return f"/n/{base64.urlsafe_b64encode(notice_id.bytes).decode().rstrip('=')}"


def _letter(work: Work, dispatch: Dispatch) -> Letter | None:
    if dispatch.document_id is not None:
        paper = paper_mails.read(work, dispatch)
        home = organizations.home(work).name
        return Letter(
            dispatch.address,
            paper.name,
            paper.locale,
            home,
            paper.message,
            paper.values,
            paper.link,
            chosen=False,
            title=paper.title,
            storage_key=paper.storage_key,
        )
    if dispatch.application_id is not None:
        return _application(work, dispatch)
    if dispatch.notification_id is None:
        return _invitation(work, dispatch)
    notice = found(work, Notification, dispatch.notification_id)
    profile = work.session.scalars(select(Profile).where(Profile.id == notice.profile_id)).one()
    code = {"code": signing_acts.code_in(dispatch)} if dispatch.locked else {}
    return Letter(
        to=dispatch.address,
        name=profile.name,
        locale=profile.locale,
        organization=work.session.scalars(select(Organization.name)).one(),
        message=notice.message,
        values={key: str(value) for key, value in notice.values.items()} | code,
        link=notice.link,
        more=(CODE,) if code else (),
        texted=CODE if code else "",
        short=_short(notice.id),
    )


def _invitation(work: Work, dispatch: Dispatch) -> Letter | None:
    """Write an invitation in the organization's language; whoever reads it has none yet."""
    read = invitations.read(work, dispatch)
    if read is None:
        return None
    invitation, code = read
    home = organizations.home(work)
    until = invitation.expires_at.astimezone(ZoneInfo(home.time_zone))
    return Letter(
        to=dispatch.address,
        name=dispatch.address.partition("@")[0],
        locale=home.locale,
        organization=home.name,
        message=N_(
            "%(organization)s invites you to work with them. The link works once, until %(day)s."
        ),
        values={"organization": home.name, "day": f"{until:%Y-%m-%d}"},
        link=f"/invitation/{code}",
    )


def _application(work: Work, dispatch: Dispatch) -> Letter | None:
    """Write to somebody who applies, in the organization's language."""
    read = application_mails.read(work, dispatch)
    if read is None:
        return None
    home = organizations.home(work)
    return Letter(
        to=dispatch.address,
        name=read.name,
        locale=home.locale,
        organization=home.name,
        message=read.message,
        values={"organization": home.name, "number": read.number, "why": read.why},
        link=f"/application/{read.code}" if read.code else "",
        more=read.more,
        act=N_("Open the application"),
        why=N_("You get this because somebody applied with this address."),
        chosen=False,
    )
