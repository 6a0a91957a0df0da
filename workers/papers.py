"""Papers that are made as soon as there is something to write, and sent to whom they are for.

A bell that is lost costs nothing: the clock finds invoices and credit notes that have no paper, and
whoever asks first for another paper has it made then.
"""

import logging
from pathlib import Path
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, gettext

from adapters import documents
from adapters.printing import Press
from adapters.storage import FolderStorage
from core.work import Work
from models.billing import Invoice
from models.bookings import Booking
from models.credit import CreditNote
from models.events import Event
from models.files import DocumentUse
from models.payments import PaymentIntent
from services import files, invoice_papers, paper_mails, papers
from services.files import Kept
from services.papers import NotYet, Pen, Subject, Writer
from workers.jobs import Desk, homes, job

KINDS: dict[str, tuple[Subject, Writer]] = {
    "contract": (Booking, papers.contract),
    "receipt": (PaymentIntent, papers.receipt),
    "invoice": (Invoice, invoice_papers.invoice),
    "credit_note": (CreditNote, invoice_papers.credit_note),
}
MAILED = ("invoice", "credit_note")
"""Papers that go to their customer by mail when they are made."""
log = logging.getLogger(__name__)


def ring_contract(work: Work, event: Event) -> None:
    """Have the contract of an approved booking made."""
    make.later(work.scope.home(), DocumentUse.contract.value, str(event.subject_id))


def ring_receipt(work: Work, event: Event) -> None:
    """Have the receipt of a payment made."""
    make.later(work.scope.home(), DocumentUse.receipt.value, str(event.subject_id))


def ring_invoice(work: Work, event: Event) -> None:
    """Have the paper of an issued invoice made and sent."""
    make.later(work.scope.home(), DocumentUse.invoice.value, str(event.subject_id))


def ring_credit_note(work: Work, event: Event) -> None:
    """Have the paper of a credit note made and sent."""
    make.later(work.scope.home(), DocumentUse.credit_note.value, str(event.subject_id))


def make_missing() -> None:
    """Make the papers whose bell was lost, some at a time, in all organizations."""
    for home in homes():
        with Desk(home, "papers.make_missing").work() as work:
            missing = paper_mails.without_paper(work)
        for use, subject_id in missing:
            try:
                make(str(home), use.value, str(subject_id))
            except Exception:
                log.exception("the paper of %s %s", use, subject_id)


@job(queue="low")
def make(desk: Desk, use: str, subject_id: str) -> None:
    """Make a paper in its customer's language, unless it is there, and keep it."""
    (kind, write), subject = KINDS[use], UUID(subject_id)
    with desk.work() as work:
        known = papers.kept(work, subject, DocumentUse(use))
        if known is not None:
            if use in MAILED:
                paper_mails.send(work, known)
            return
        language, now = papers.language_of(work, kind, subject), work.now
        with force_locale(language):
            try:
                paper = write(work, subject, Pen(language, gettext))
            except NotYet:
                return
            said = documents.WORDS[paper.template]
            words = {key: gettext(message) for key, message in said.items()}
    made = press()
    pdf = made.prints(paper.template, paper.said, paper.data | {"words": words}, now)
    stored = made.storage.put(pdf)
    kept = Kept(f"{paper.title}.pdf", "application/pdf", stored.key, stored.sha256, stored.size)
    with desk.work() as work:
        papers.hold(work, kind, subject)
        if papers.kept(work, subject, DocumentUse(use)) is None:
            document = files.attach(work, kind.__tablename__, subject, kept, DocumentUse(use))
            if use in MAILED:
                paper_mails.send(work, document)


def press() -> Press:
    """Give the press of this installation."""
    settings = current_app.config
    folder = FolderStorage(Path(settings["UPLOAD_FOLDER"]))
    return Press(folder, settings["SECRET_KEY"], f"{settings['PUBLIC_URL']}/portal/genuine")
