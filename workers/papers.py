"""Papers that are made as soon as there is something to write: contracts and receipts.

A bell that is lost costs nothing: whoever asks first for the paper has it made then.
"""

from pathlib import Path
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, gettext

from adapters import documents
from adapters.printing import Press
from adapters.storage import FolderStorage
from core.work import Work
from models.bookings import Booking
from models.events import Event
from models.files import DocumentUse
from models.payments import PaymentIntent
from services import files, papers
from services.files import Kept
from services.papers import NotYet, Pen, Writer
from workers.jobs import Desk, job

KINDS: dict[str, tuple[type[Booking | PaymentIntent], Writer]] = {
    "contract": (Booking, papers.contract),
    "receipt": (PaymentIntent, papers.receipt),
}


def ring_contract(work: Work, event: Event) -> None:
    """Have the contract of an approved booking made."""
    make.later(work.scope.home(), DocumentUse.contract.value, str(event.subject_id))


def ring_receipt(work: Work, event: Event) -> None:
    """Have the receipt of a payment made."""
    make.later(work.scope.home(), DocumentUse.receipt.value, str(event.subject_id))


@job(queue="low")
def make(desk: Desk, use: str, subject_id: str) -> None:
    """Make a paper in its customer's language, unless it is there, and keep it."""
    (kind, write), subject = KINDS[use], UUID(subject_id)
    with desk.work() as work:
        if papers.kept(work, subject, DocumentUse(use)) is not None:
            return
        language, now = papers.language_of(work, kind, subject), work.now
        with force_locale(language):
            try:
                paper = write(work, subject, Pen(language, gettext))
            except NotYet:
                return
            said = documents.WORDS[paper.template]
            words = {key: gettext(message) for key, message in said.items()}
    press = _press()
    pdf = press.prints(paper.template, paper.said, paper.data | {"words": words}, now)
    stored = press.storage.put(pdf)
    kept = Kept(f"{paper.title}.pdf", "application/pdf", stored.key, stored.sha256, stored.size)
    with desk.work() as work:
        papers.hold(work, kind, subject)
        if papers.kept(work, subject, DocumentUse(use)) is None:
            files.attach(work, kind.__tablename__, subject, kept, DocumentUse(use))


def _press() -> Press:
    settings = current_app.config
    folder = FolderStorage(Path(settings["UPLOAD_FOLDER"]))
    return Press(folder, settings["SECRET_KEY"], f"{settings['PUBLIC_URL']}/portal/genuine")
