"""Mails about accounts: a link to a new password, and word of what was changed.

They belong to no organization, and are sent to whoever has the address when they are due. Each is
claimed and committed, sent with no transaction open, and then marked; a link is made with each try.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from core import db
from core.db import uuid7
from core.scope import Scope, seeing
from core.text import N_
from core.work import Actor, Work, unit_of_work
from models.accounts import CODES, AccountMail, MailAbout
from models.notices import Channel
from models.organizations import Profile
from services import contacts, notices, passwords
from workers.letters import Letter, NotDelivered, hand_over, reachable

log = logging.getLogger(__name__)
WHY = N_("You get this because an account here has this address.")
NOT_YOU = N_(
    "If it was not you, ask for a link to a new password at once, and tell an administrator."
)
FORGOTTEN = "/login/forgotten"
ASK = N_("Ask for a link")
CODE = N_("Your code: %(code)s")
HOLDS = N_(
    "Type it where you asked for it. It holds for ten minutes, and shows that you read this."
)
NOT_ASKED = N_("If you did not ask for it, do nothing, and give it to nobody.")
TYPE = N_("Open my profile")
TEXT = N_("%(code)s is your code. It holds for ten minutes. Give it to nobody.")
CHANGES = {
    MailAbout.email_changed: N_(
        "The e-mail address of your account was changed: this one opens it no longer."
    ),
    MailAbout.phone_taken: N_(
        "Your phone number was confirmed by somebody else, and is not confirmed for you any more."
    ),
    MailAbout.password_changed: N_("Your password was changed."),
    MailAbout.second_factor_off: N_("The second factor of your account was taken away."),
    MailAbout.outside_linked: N_(
        "Your account was opened through a provider of identities for the first time. From now on"
        " whoever signs in there as you is signed in here."
    ),
}


def send_due() -> None:
    """Send every such mail that is due; where no mail server is set up they wait."""
    if reachable(Channel.email):
        _send_all(Channel.email)


def text_due() -> None:
    """Send every such text that is due; where no account is set up they wait."""
    if reachable(Channel.sms):
        _send_all(Channel.sms)


def _send_all(channel: Channel) -> None:
    with _door() as work:
        due = notices.due(work, AccountMail, channel)
    for mail_id in due:
        try:
            _send(mail_id)
        except Exception:
            log.exception("mail %s", mail_id)


def _send(mail_id: UUID) -> None:
    with _door() as work:
        mail = notices.claim(work, AccountMail, mail_id)
        if mail is None:
            return
        owner = passwords.owner_of(work.session, mail)
        if owner is None:
            said = "nobody who may sign in has this address"
            notices.not_sent(work, AccountMail, mail_id, said, for_good=True)
            return
        letter, mark = _letter(work, mail, owner), f"<{mail_id}.{mail.attempts}@makao>"
        channel = mail.channel
        if letter is None:
            said = "no code is to be had any more"
            notices.not_sent(work, AccountMail, mail_id, said, for_good=True)
            return
    try:
        hand_over(channel, letter, mark)
    except NotDelivered as failure:
        with _door() as work:
            said, over = str(failure), failure.for_good
            notices.not_sent(work, AccountMail, mail_id, said, for_good=over)
    else:
        with _door() as work:
            notices.sent(work, AccountMail, mail_id)


def _letter(work: Work, mail: AccountMail, owner: Profile) -> Letter | None:
    parts = {
        "to": mail.address,
        "name": owner.name,
        "locale": owner.locale,
        "organization": current_app.config["APP_NAME"],
        "why": WHY,
        "chosen": False,
    }
    if mail.about in CODES:
        code = contacts.make(work.session, mail)
        values, says = {"code": code, "name": current_app.config["APP_NAME"]}, (HOLDS, NOT_ASKED)
        letter = Letter(
            message=CODE, values=values, link="/profile/", more=says, act=TYPE, texted=TEXT, **parts
        )
        return letter if code else None
    if mail.about is not MailAbout.password_link:
        message = CHANGES[mail.about]
        return Letter(message=message, values={}, link=FORGOTTEN, more=(NOT_YOU,), act=ASK, **parts)
    code = passwords.open_link(work.session, owner.id, work.now, mailed=True)
    return Letter(
        message=N_("Choose a new password"),
        values={},
        link=f"/login/password/{code}",
        more=(
            N_(
                "Somebody asked for this link, by which you choose a new password. It works once,"
                " for an hour."
            ),
            N_("If it was not you, do nothing: your password stays as it is."),
        ),
        act=N_("Choose a new password"),
        **parts,
    )


@contextmanager
def _door() -> Iterator[Work]:
    """Work at the door of sign-in, in a session of its own: only there accounts are known."""
    actor = Actor("job", "account_mails")
    scope = Scope(actor=str(actor), request_id=uuid7().hex)
    with (
        Session(db.door.get_bind(), info={"before_scope": True}) as session,
        seeing(session, scope),
        unit_of_work(session, actor, source="jobs") as work,
    ):
        yield work
