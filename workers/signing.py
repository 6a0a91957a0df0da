"""Signatures, later: codes and notices to signers, whose turn is next, and the final document.

The document is made outside any transaction. A process that dies while making it leaves the request
as it was, and the clock finds it; made twice, the first one counts.
"""

import logging
from pathlib import Path
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, gettext

from adapters import documents, sealing
from adapters.printing import Press
from adapters.sealing import CannotSeal
from adapters.storage import FolderStorage, NotStored
from core.text import N_
from core.work import Work, found
from models.events import Event
from models.files import Document
from models.notices import Priority
from models.signing import RequestStatus, SignatureRequest, Signer
from services import (
    notices,
    organizations,
    signature_papers,
    signing,
    signing_acts,
    signing_progress,
)
from services.files import Kept
from services.notices import Notice
from services.papers import Pen
from workers.jobs import Desk, homes, job

log = logging.getLogger(__name__)
LOST = "the document is not in the storage"


def asked(work: Work, event: Event) -> None:
    """Tell somebody that it is their turn to sign."""
    says = N_("Please read and sign “%(title)s”. You have until %(day)s.")
    _tell_signer(work, event, says)


def reminded(work: Work, event: Event) -> None:
    """Remind somebody who has not signed yet."""
    says = N_("“%(title)s” still waits for your signature. You have until %(day)s.")
    _tell_signer(work, event, says)


def code_asked(work: Work, event: Event) -> None:
    """Send a signer the code that they asked for."""
    signing_acts.send_code(work, event.subject_id, UUID(event.data["profile_id"]))


def moved(work: Work, event: Event) -> None:
    """Go on after somebody signed or declined."""
    signing_progress.advance(work, UUID(event.data["request_id"]))


def ring(work: Work, event: Event) -> None:
    """Have the final document made."""
    make.later(work.scope.home(), str(event.subject_id))


def completed(work: Work, event: Event) -> None:
    """Tell everybody that the document is signed by all."""
    says = N_("“%(title)s” is signed by all. You find it at its record.")
    _tell_all(work, event, says, title=event.data["title"])


def declined(work: Work, event: Event) -> None:
    """Tell everybody that nothing comes of it, and why."""
    says = N_("“%(title)s” is not signed: %(name)s declined. %(reason)s")
    values = {name: event.data[name] for name in ("title", "name", "reason")}
    _tell_all(work, event, says, **values)


def expired(work: Work, event: Event) -> None:
    """Tell everybody that the time to sign is over."""
    _tell_all(
        work,
        event,
        N_("The time to sign “%(title)s” is over, and not all have signed."),
        title=event.data["title"],
    )


def withdrawn(work: Work, event: Event) -> None:
    """Tell everybody that they need not sign any more."""
    says = N_("“%(title)s” need not be signed any more: %(reason)s")
    _tell_all(work, event, says, title=event.data["title"], reason=event.data["reason"])


def failed(work: Work, event: Event) -> None:
    """Have an administrator look."""
    says = N_("The signed document of “%(title)s” could not be made: %(why)s.")
    values = {"title": event.data["title"], "why": event.data["why"]}
    link = f"/admin/signature_request/{event.subject_id}"
    notice = Notice(says, f"event:{event.id}", values, link, Priority.high)
    notices.notify_roles(work, ["Admin"], notice)


def look_after() -> None:
    """End what is over, remind who is late, and do what a lost bell has left."""
    for home in homes():
        desk = Desk(home, "signing.look_after")
        with desk.work() as work:
            ended, left = signing_progress.over(work), signing_progress.waiting(work)
            signing_progress.remind_due(work)
        for request_id in ended:
            with desk.work() as work:
                signing_progress.expire(work, request_id)
        for request_id in left:
            with desk.work() as work:
                signing_progress.advance(work, request_id)
            try:
                make(str(home), str(request_id))
            except Exception:
                log.exception("the signed document of %s", request_id)


@job(queue="default")
def make(desk: Desk, request_id: str) -> None:
    """Make the final document of a request that all have signed, unless it is there."""
    key = UUID(request_id)
    with desk.work() as work:
        request = found(work, SignatureRequest, key)
        if request.status is not RequestStatus.sealing:
            return
        document = found(work, Document, request.document_id)
        storage_key, digest, title = document.storage_key, request.sha256, document.title
        home = organizations.home(work)
        with force_locale(home.locale):
            paper = signature_papers.certificate(work, key, Pen(home.locale, gettext))
            said = documents.WORDS[paper.template]
            words = {name: gettext(message) for name, message in said.items()}
            reason = gettext("Signed electronically by all whom the last page names")
        now = work.now
    storage = FolderStorage(Path(current_app.config["UPLOAD_FOLDER"]))
    try:
        with storage.open(storage_key) as file:
            original = file.read()
        page = Press(storage, current_app.config["SECRET_KEY"], "").prints(
            paper.template, {}, paper.data | {"words": words}, now
        )
        identity = sealing.kept(Path(current_app.config["SIGNING_FILE"]), now)
        sealed = sealing.seal(original, page, identity, reason, digest)
    except (NotStored, CannotSeal) as error:
        why = LOST if isinstance(error, NotStored) else str(error)
        log.error("the signed document of %s: %s", request_id, why)  # noqa: TRY400  # no bug of ours
        with desk.work() as work:
            signing_progress.failed(work, key, why)
        return
    stored = storage.put(sealed)
    kept = Kept(title, "application/pdf", stored.key, stored.sha256, stored.size)
    with desk.work() as work:
        signing_progress.complete(work, key, kept)


def _tell_signer(work: Work, event: Event, says: str) -> None:
    signer = found(work, Signer, event.subject_id)
    request = found(work, SignatureRequest, signer.request_id)
    values = {"title": request.title, "day": request.expires_at.date().isoformat()}
    notice = Notice(says, f"event:{event.id}", values, f"/portal/sign/{signer.id}")
    if signer.party_id is not None:
        notices.notify_party(work, signer.party_id, notice)
    elif signer.profile_id is not None:
        notices.notify(work, [signer.profile_id], notice)


def _tell_all(work: Work, event: Event, says: str, **values: str) -> None:
    """Tell the signers, and whoever asked them."""
    request = found(work, SignatureRequest, event.subject_id)
    once, staff = f"event:{event.id}", {request.asked_by_id} - {None}
    for each in signing.of(work, request.id):
        if each.party_id is not None:
            link = f"/portal/sign/{each.id}"
            notices.notify_party(work, each.party_id, Notice(says, once, values, link))
        elif each.profile_id is not None:
            staff.add(each.profile_id)
    link = f"/admin/signature_request/{request.id}"
    notices.notify(work, [each for each in staff if each], Notice(says, once, values, link))
