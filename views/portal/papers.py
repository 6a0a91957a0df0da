"""Papers for customers and visitors, and the proof that one is genuine."""

import hmac
import json
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from adapters.printing import SIGNED
from models.billing import Invoice
from models.bookings import Booking
from models.credit import CreditNote
from models.files import DocumentUse
from models.payments import PaymentIntent
from services import invoice_papers, papers
from services.papers import Pen
from views.papers import made_once, press, words_of
from views.portal.pages import PAYMENTS, PortalView, enter_shop, needs, reading


class PortalPapersView(PortalView):
    """Contracts, invoices, receipts, price lists, and the proof that a paper is genuine."""

    default_view = "genuine"

    @expose("/bookings/<uuid:booking_id>/contract.pdf")  # type: ignore[untyped-decorator]
    @needs("read")
    def contract(self, booking_id: UUID) -> BaseResponse:
        """Give the contract of an approved booking."""
        return made_once(Booking, booking_id, DocumentUse.contract, papers.contract)

    @expose("/invoices/<uuid:invoice_id>/invoice.pdf")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def invoice(self, invoice_id: UUID) -> BaseResponse:
        """Give an issued invoice."""
        return made_once(Invoice, invoice_id, DocumentUse.invoice, invoice_papers.invoice)

    @expose("/credit-notes/<uuid:note_id>/credit-note.pdf")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def credit_note(self, note_id: UUID) -> BaseResponse:
        """Give what says that an invoice was taken back, in whole or part."""
        return made_once(CreditNote, note_id, DocumentUse.credit_note, invoice_papers.credit_note)

    @expose("/payments/<uuid:intent_id>/receipt.pdf")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def receipt(self, intent_id: UUID) -> BaseResponse:
        """Give the receipt of money that came in."""
        return made_once(PaymentIntent, intent_id, DocumentUse.receipt, papers.receipt)

    @expose("/<slug>/projects/<uuid:project_id>/price-list.pdf")  # type: ignore[untyped-decorator]
    def price_list(self, slug: str, project_id: UUID) -> Response:
        """Give what a project offers today. It changes with each booking, so none is kept."""
        enter_shop(slug)
        work = reading()
        paper = papers.price_list(work, project_id, _pen())
        midnight = work.now.replace(hour=0, minute=0, second=0, microsecond=0)
        words = words_of(paper)
        pdf = _set_once(paper.template, json.dumps(paper.data | {"words": words}), midnight)
        name = f"price-list-{slug}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(pdf, content_type="application/pdf", headers=headers)

    @expose("/genuine")  # type: ignore[untyped-decorator]
    def genuine(self) -> Any:
        """Say whether the code of a paper is ours, to whoever holds the paper."""
        said = {name: request.args.get(name, "")[:200] for name in SIGNED}
        given = request.args.get("code", "")
        is_ours = hmac.compare_digest(press().proof(said).encode(), given.encode())
        page = self.page("portal/genuine.html", "home", said=said, ours=is_ours, asked=given)
        return page if is_ours or not given else (page, 404)


@lru_cache(maxsize=16)
def _set_once(template: str, frozen: str, now: Any) -> bytes:
    """Set a paper that anybody may ask for, once for all who ask for the same."""
    return press().prints(template, {}, json.loads(frozen), now)


def _pen() -> Pen:
    return Pen(str(get_locale() or "en"), _)
