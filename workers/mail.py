"""Mails out: each is claimed and committed, sent with no transaction open, and then marked.

A process that dies after sending sends the same mail again, under the same message id: programs
show it once.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import shorten
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale, format_date, gettext
from sqlalchemy import select

from adapters.mail import Attachment, Mailer, MailRefused, MailUnavailable, Message
from adapters.storage import FolderStorage, NotStored
from core.text import N_
from core.work import Work, found
from models.notices import Dispatch, Notification
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

log = logging.getLogger(__name__)
SUBJECT = 110
"""Letters of a subject; all of what is told stands in the mail."""
CODE = N_("Your code: %(code)s. Give it to nobody; we never ask for it.")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is made of. `more` follows what is told; `chosen` is what one may do without."""

    to: str
    name: str
    locale: str
    organization: str
    message: str
    values: dict[str, str]
    link: str
    more: tuple[str, ...] = ()
    act: str = N_("Open it")
    why: str = N_("You get this because it concerns you or your work here.")
    chosen: bool = True
    title: str = ""
    storage_key: str = ""


def dispatch_due() -> None:
    """Send every mail that is due; where no mail server is set up they wait."""
    if current_app.config["SMTP_URL"]:
        each("dispatches", _dispatch_all)


def _dispatch_all(home: UUID) -> None:
    desk = Desk(home, "mail")
    with desk.work() as work:
        due = notices.due(work, Dispatch)
    for dispatch_id in due:
        try:
            _send(desk, dispatch_id)
        except Exception:
            log.exception("mail %s", dispatch_id)


def _send(desk: Desk, dispatch_id: UUID) -> None:
    with desk.work() as work:
        dispatch = notices.claim(work, Dispatch, dispatch_id)
        if dispatch is None:
            return
        letter = _letter(work, dispatch)
    if letter is None:
        with desk.work() as work:
            said = "it opens nothing any more"
            notices.not_sent(work, Dispatch, dispatch_id, said, for_good=True)
        return
    mailer = Mailer(current_app.config["SMTP_URL"], current_app.config["MAIL_FROM"])
    try:
        mailer.send(written(letter, f"<{dispatch_id}@makao>", _enclosed(letter)))
    except (MailUnavailable, MailRefused) as error:
        for_good = isinstance(error, MailRefused)
        with desk.work() as work:
            notices.not_sent(work, Dispatch, dispatch_id, str(error), for_good=for_good)
    else:
        with desk.work() as work:
            notices.sent(work, Dispatch, dispatch_id)


def written(letter: Letter, message_id: str, enclosed: Sequence[Attachment] = ()) -> Message:
    """Write a mail in its reader's language, as text and as HTML."""
    public = current_app.config["PUBLIC_URL"]
    with force_locale(letter.locale):
        values = {key: _said(value) for key, value in letter.values.items()}
        subject = gettext(letter.message) % values
        context = {
            "subject": " ".join(subject.split())[:300],
            "language": letter.locale,
            "name": letter.organization,
            "greeting": gettext("Hello %(name)s,") % {"name": letter.name},
            "paragraphs": [gettext(each) % values for each in letter.more],
            "act": {"url": public + letter.link, "label": gettext(letter.act)}
            if letter.link
            else None,
            "why": gettext(letter.why),
            "settings_url": f"{public}/profile/" if letter.chosen else "",
        }
        pages = current_app.jinja_env
        text = pages.get_template("mail/base.txt").render(context)
        html = pages.get_template("mail/base.html").render(context)
    return Message(
        letter.to,
        _one_line(context["subject"]),
        text,
        html,
        enclosed,
        message_id=message_id,
    )


def _enclosed(letter: Letter) -> list[Attachment]:
    """Take the paper that goes along, unless the storage has lost it."""
    if not letter.storage_key:
        return []
    try:
        with FolderStorage(Path(current_app.config["UPLOAD_FOLDER"])).open(
            letter.storage_key
        ) as file:
            return [Attachment(letter.title, "application/pdf", file.read())]
    except NotStored:
        log.warning("the paper %s is not in the storage", letter.title)
        return []


def _one_line(said: str) -> str:
    """Make a subject of what is told. Marks of direction and joiners, say, no header may have."""
    short = shorten(said, SUBJECT, placeholder="\u2026")
    return "".join(letter for letter in short if letter.isprintable())


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


def _said(value: str) -> str:
    """Say a day as a day, and a state in the reader's language."""
    if DAY.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "d MMM y"))
    return gettext(value) if value else ""
