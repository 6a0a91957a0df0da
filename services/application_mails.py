"""Mails to people who apply: they have no sign-in, so that notices do not reach them.

The link of an application stands in the mail that it came with, and in that which says that it was
handed in; what is kept of its code is a digest, so that later mails point to those.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import func, select

from core import box
from core.db import uuid7
from core.text import N_
from core.work import Work, found
from models.notices import Channel, Dispatch
from models.onboarding import Application, ApplicationStatus
from models.organizations import Membership


class About(StrEnum):
    """What a mail to somebody who applies is about."""

    invited = auto()
    received = auto()
    more_asked = auto()
    rejected = auto()


SAYS = {
    About.invited: N_("%(organization)s asks you to apply. Have a picture of your paper at hand."),
    About.received: N_("We have your application %(number)s. See how it stands by this link."),
    About.more_asked: N_("Your application %(number)s needs something more."),
    About.rejected: N_("Your application %(number)s was not accepted."),
}
STILL = {
    About.invited: (ApplicationStatus.draft,),
    About.more_asked: (ApplicationStatus.more_asked,),
    About.rejected: (ApplicationStatus.rejected,),
}
"""Where an application has to be for its mail to be news."""
BY_LINK = N_("Open the link in our mail of before, complete it, and hand it in again.")


@dataclass(frozen=True, slots=True)
class ApplicationMail:
    """What a mail says; `why` is what the staff wrote and `code` that of the link, or nothing."""

    message: str
    number: str
    name: str
    why: str
    code: str
    more: tuple[str, ...]


def put(work: Work, row: Application, about: About, code: str = "") -> Dispatch | None:
    """Put a mail to whoever applies on its way; none without an address."""
    if not row.email:
        return None
    dispatch = uuid7()
    mail = Dispatch(
        id=dispatch,
        organization_id=row.organization_id,
        application_id=row.id,
        about=about,
        channel=Channel.email,
        address=row.email.lower(),
        locked=box.lock(code, _place(dispatch)) if code else "",
        due_at=work.now,
        created_at=work.now,
    )
    work.session.add(mail)
    work.session.flush()
    return mail


def received(work: Work, code: str) -> None:
    """Send the link to whoever has just handed an application in, once."""
    dispatch = uuid7()
    work.session.scalar(
        select(func.mail_application(code, dispatch, box.lock(code, _place(dispatch))))
    )


def signs_in(work: Work, party_id: UUID | None) -> bool:
    """Say whether somebody signs in for a party, so that a notice reaches them."""
    query = select(Membership.id).where(Membership.party_id == party_id, Membership.active)
    return party_id is not None and work.session.scalar(query.limit(1)) is not None


def read(work: Work, dispatch: Dispatch) -> ApplicationMail | None:
    """Read what a mail says; None where the application has moved on."""
    assert dispatch.application_id
    row, about = found(work, Application, dispatch.application_id), About(dispatch.about)
    if about in STILL and row.status not in STILL[about]:
        return None
    why = {About.more_asked: row.asked, About.rejected: row.reason}.get(about, "")
    code = box.unlock(dispatch.locked, _place(dispatch.id)) if dispatch.locked else ""
    more = ("%(why)s",) if why else ()
    if about is About.more_asked:
        more = (*more, BY_LINK)
    return ApplicationMail(SAYS[about], row.number, row.name or row.email, why, code, more)


def _place(dispatch_id: UUID) -> str:
    return f"dispatch:locked:{dispatch_id}"
