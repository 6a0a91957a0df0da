"""Papers as PDF: made once, kept, and the same bytes for ever; previews are not kept."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, redirect, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from adapters import documents
from adapters.printing import Press
from core import db
from core.errors import NotFound
from core.work import Work, found, unit_of_work
from models.billing import Invoice, InvoiceStatus
from models.credit import CreditNote
from models.files import DocumentUse
from models.lease_papers import LeaseDocument, LeaseTemplate
from models.paper_styles import PaperKind
from services import files, invoice_papers, lease_papers, papers
from services.files import Kept
from services.papers import Paper, Pen, Subject, Writer
from views.admin.rights import require
from views.admin.uploading import storage
from views.web.person import actor


class PapersView(BaseView):  # type: ignore[misc]
    """Papers for the staff."""

    route_base = "/papers"
    default_view = "invoice"

    @expose("/invoice/<uuid:pk>.pdf")  # type: ignore[untyped-decorator]
    def invoice(self, pk: UUID) -> BaseResponse:
        """Give an invoice as it was issued; a draft as it would be."""
        require("invoice", "read")
        work = Work(db.session(), actor())
        if found(work, Invoice, pk).status is InvoiceStatus.draft:
            language = papers.language_of(work, Invoice, pk)
            with force_locale(language):
                return _shown(work, invoice_papers.draft(work, pk, Pen(language, _)))
        return made_once(Invoice, pk, DocumentUse.invoice, invoice_papers.invoice)

    @expose("/credit_note/<uuid:pk>.pdf")  # type: ignore[untyped-decorator]
    def credit_note(self, pk: UUID) -> BaseResponse:
        """Give a credit note."""
        require("credit_note", "read")
        return made_once(CreditNote, pk, DocumentUse.credit_note, invoice_papers.credit_note)

    @expose("/style/<kind>.pdf")  # type: ignore[untyped-decorator]
    def style(self, kind: str) -> BaseResponse:
        """Give an example of a paper in the organization's style."""
        require("paper_style", "read")
        if kind not in {each.value for each in PaperKind}:
            raise NotFound
        work, pen = Work(db.session(), actor()), Pen(str(get_locale() or "en"), _)
        return _shown(work, invoice_papers.sample(work, PaperKind(kind), pen))

    @expose("/lease/<uuid:pk>.pdf")  # type: ignore[untyped-decorator]
    def lease(self, pk: UUID) -> BaseResponse:
        """Give a lease as its document would be now."""
        require("lease", "read")
        work = Work(db.session(), actor())
        with force_locale(lease_papers.language_of(work, pk)):
            return _shown(work, lease_papers.write(work, pk, Pen(str(get_locale()), _)))

    @expose("/lease_template/<uuid:pk>.pdf")  # type: ignore[untyped-decorator]
    def lease_template(self, pk: UUID) -> BaseResponse:
        """Give an example of a lease by a text of the organization's."""
        require("lease_template", "read")
        work, pen = Work(db.session(), actor()), Pen(str(get_locale() or "en"), _)
        return _shown(work, lease_papers.sample(work, found(work, LeaseTemplate, pk), pen))


def lease_document(work: Work, lease_id: UUID) -> LeaseDocument:
    """Make the document of a lease as it is now, in its tenant's language."""
    with force_locale(lease_papers.language_of(work, lease_id)):
        paper = lease_papers.write(work, lease_id, Pen(str(get_locale()), _))
        kept = _set(paper, words_of(paper), work.now)
    return lease_papers.keep(work, lease_id, kept)


def made_once(kind: Subject, subject_id: UUID, use: DocumentUse, write: Writer) -> BaseResponse:
    """Find the paper that was made before, or make it: set outside any transaction, kept once."""
    with unit_of_work(db.session(), actor()) as work:
        document = papers.kept(work, subject_id, use)
        if document is not None:
            return redirect(f"/files/{document.id}")
        language, now = papers.language_of(work, kind, subject_id), work.now
        with force_locale(language):
            paper = write(work, subject_id, Pen(language, _))
            words = words_of(paper)
    kept = _set(paper, words, now)
    with unit_of_work(db.session(), actor()) as work:
        papers.hold(work, kind, subject_id)
        document = papers.kept(work, subject_id, use)
        document = document or files.attach(work, kind.__tablename__, subject_id, kept, use)
        document_id = document.id
    return redirect(f"/files/{document_id}")


def press() -> Press:
    """Give the press of this installation."""
    page = current_app.config["PUBLIC_URL"] + url_for("PortalPapersView.genuine")
    return Press(storage(), current_app.config["SECRET_KEY"], page)


def words_of(paper: Paper) -> dict[str, str]:
    """Say the words of a paper's template in the language at hand."""
    return {key: _(message) for key, message in documents.WORDS[paper.template].items()}


def _set(paper: Paper, words: dict[str, str], now: Any) -> Kept:
    pdf = press().prints(paper.template, paper.said, paper.data | {"words": words}, now)
    stored = storage().put(pdf)
    title = f"{paper.title}.pdf"
    return Kept(title, "application/pdf", stored.key, stored.sha256, stored.size)


def _shown(work: Work, paper: Paper) -> Response:
    """Show what is no document yet: it proves nothing, and is not kept."""
    pdf = press().prints(paper.template, {}, paper.data | {"words": words_of(paper)}, work.now)
    headers = {
        "Content-Disposition": 'inline; filename="preview.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    return Response(pdf, content_type="application/pdf", headers=headers)
