"""What goes to somebody outside the app, in their language: a letter, by mail or as a text."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import shorten

from flask import current_app
from flask_babel import force_locale, format_date, gettext

from adapters import sms
from adapters.mail import Attachment, Mailer, MailRefused, MailUnavailable, Message
from adapters.sms import TextRefused, TextUnavailable
from adapters.storage import FolderStorage, NotStored
from core.text import N_
from models.notices import Channel

log = logging.getLogger(__name__)
SUBJECT = 110
"""Letters of a subject; all of what is told stands in the mail."""
PARTS = 2
"""How many parts of a text message are paid for one that is told."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class NotDelivered(Exception):
    """It has not gone, as far as is known; `for_good` says that it never will."""

    def __init__(self, error: Exception, *, for_good: bool) -> None:
        super().__init__(str(error))
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Letter:
    """What is told to whom. `more` follows what is told; `chosen` is what one may do without.

    A text takes `texted` in place of all that, if there is one, and leads to `short`.
    """

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
    texted: str = ""
    short: str = ""


def reachable(channel: Channel) -> bool:
    """Whether a server for mail, or an account for texts, is set up."""
    config = current_app.config
    return bool(config["SMTP_URL"] if channel is Channel.email else sms.configured(config))


def hand_over(channel: Channel, letter: Letter, message_id: str) -> None:
    """Hand a letter over, with no transaction open.

    One that nobody answered for is tried again, a text as well as a mail: a warning or a code that
    comes twice is better than one that does not come. Programs show a mail once by its id.

    Raises:
        NotDelivered: it has not gone, as far as is known.

    """
    try:
        if channel is Channel.email:
            mailer = Mailer(current_app.config["SMTP_URL"], current_app.config["MAIL_FROM"])
            mailer.send(written(letter, message_id, _enclosed(letter)))
        elif texter := sms.configured(current_app.config):
            texter.send(letter.to, texted(letter))
    except (MailUnavailable, TextUnavailable) as error:
        raise NotDelivered(error, for_good=False) from error
    except (MailRefused, TextRefused) as error:
        raise NotDelivered(error, for_good=True) from error


def texted(letter: Letter) -> str:
    """Write a text in its reader's language: short, and a link only where no code stands in it."""
    with force_locale(letter.locale):
        values = {key: _said(value) for key, value in letter.values.items()}
        said = gettext(letter.texted or letter.message) % values
    if letter.texted:
        return sms.fitted(f"{said} ({letter.organization})", most=PARTS)
    end = current_app.config["PUBLIC_URL"] + (letter.short or letter.link)
    return sms.fitted(f"{letter.organization}: {said}", end, PARTS)


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


def _said(value: str) -> str:
    """Say a day as a day, and a state in the reader's language."""
    if DAY.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "d MMM y"))
    return gettext(value) if value else ""
