"""Papers as PDF: made on first demand, kept, and from then on the same bytes for ever."""

import hmac
import json
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Response, current_app, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from adapters import documents
from adapters.printing import SIGNED, Press
from core import db
from core.work import unit_of_work
from models.billing import Invoice
from models.bookings import Booking
from models.files import DocumentUse
from models.payments import PaymentIntent
from services import files, papers
from services.files import Kept
from services.papers import Paper, Pen, Writer
from views.admin.uploading import storage
from views.portal.pages import PAYMENTS, PortalView, enter_shop, needs, reading
from views.web.person import actor


class PortalPapersView(PortalView):
    """Contracts, invoices, receipts, price lists, and the proof that a paper is genuine."""

    default_view = "genuine"

    @expose("/bookings/<uuid:booking_id>/contract.pdf")  # type: ignore[untyped-decorator]
    @needs("read")
    def contract(self, booking_id: UUID) -> BaseResponse:
        """Give the contract of an approved booking."""
        return _paper(Booking, booking_id, DocumentUse.contract, papers.contract)

    @expose("/invoices/<uuid:invoice_id>/invoice.pdf")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def invoice(self, invoice_id: UUID) -> BaseResponse:
        """Give an issued invoice."""
        return _paper(Invoice, invoice_id, DocumentUse.invoice, papers.invoice)

    @expose("/payments/<uuid:intent_id>/receipt.pdf")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def receipt(self, intent_id: UUID) -> BaseResponse:
        """Give the receipt of money that came in."""
        return _paper(PaymentIntent, intent_id, DocumentUse.receipt, papers.receipt)

    @expose("/<slug>/projects/<uuid:project_id>/price-list.pdf")  # type: ignore[untyped-decorator]
    def price_list(self, slug: str, project_id: UUID) -> Response:
        """Give what a project offers today. It changes with each booking, so none is kept."""
        enter_shop(slug)
        work = reading()
        paper = papers.price_list(work, project_id, _pen())
        midnight = work.now.replace(hour=0, minute=0, second=0, microsecond=0)
        words = _words(paper)
        pdf = _set_once(paper.template, json.dumps(paper.data | {"words": words}), midnight)
        name = f"price-list-{slug}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(pdf, content_type="application/pdf", headers=headers)

    @expose("/genuine")  # type: ignore[untyped-decorator]
    def genuine(self) -> Any:
        """Say whether the code of a paper is ours, to whoever holds the paper."""
        said = {name: request.args.get(name, "")[:200] for name in SIGNED}
        given = request.args.get("code", "")
        is_ours = hmac.compare_digest(_press().proof(said).encode(), given.encode())
        page = self.page("portal/genuine.html", "home", said=said, ours=is_ours, asked=given)
        return page if is_ours or not given else (page, 404)


def _paper(
    kind: type[Booking | Invoice | PaymentIntent], subject_id: UUID, use: DocumentUse, write: Writer
) -> BaseResponse:
    """Find the paper that was made before, or make it: set outside any transaction, kept once."""
    with unit_of_work(db.session(), actor()) as work:
        document = papers.kept(work, subject_id, use)
        if document is not None:
            return redirect(f"/files/{document.id}")
        language, now = papers.language_of(work, kind, subject_id), work.now
        with force_locale(language):
            paper = write(work, subject_id, Pen(language, _))
            words = _words(paper)
    kept = _set(paper, words, now)
    with unit_of_work(db.session(), actor()) as work:
        papers.hold(work, kind, subject_id)
        table = kind.__tablename__
        document = papers.kept(work, subject_id, use)
        document = document or files.attach(work, table, subject_id, kept, use)
        document_id = document.id
    return redirect(f"/files/{document_id}")


def _set(paper: Paper, words: dict[str, str], now: Any) -> Kept:
    pdf = _press().prints(paper.template, paper.said, paper.data | {"words": words}, now)
    stored = storage().put(pdf)
    title = f"{paper.title}.pdf"
    return Kept(title, "application/pdf", stored.key, stored.sha256, stored.size)


@lru_cache(maxsize=16)
def _set_once(template: str, frozen: str, now: Any) -> bytes:
    """Set a paper that anybody may ask for, once for all who ask for the same."""
    return _press().prints(template, {}, json.loads(frozen), now)


def _press() -> Press:
    page = current_app.config["PUBLIC_URL"] + url_for("PortalPapersView.genuine")
    return Press(storage(), current_app.config["SECRET_KEY"], page)


def _words(paper: Paper) -> dict[str, str]:
    return {key: _(message) for key, message in documents.WORDS[paper.template].items()}


def _pen() -> Pen:
    return Pen(str(get_locale() or "en"), _)
