"""Payments: what is due, paying it by one of the ways offered, and what became of it."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import NotFound, Refused
from core.work import Work, found, unit_of_work
from models.billing import InvoiceStatus, PaymentMethod
from models.payments import INTENT_FLOW, ONLINE, IntentStatus, PaymentIntent
from services import (
    buying,
    catalogue,
    credit,
    credit_notes,
    organizations,
    paying,
    payments,
    ways,
)
from views.notices import cut_at
from views.portal import offered
from views.portal.bookings import bill_state
from views.portal.pages import PAYMENTS, PortalView, needs, reading
from views.portal.said import how_to_pay, way_in_words
from views.web.person import actor
from views.web.refusals import sentence

WAITING = (IntentStatus.pending, IntentStatus.requires_action)


class PortalPaymentsView(PortalView):
    """Money from the buyer."""

    default_view = "payments"

    @expose("/payments")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def payments(self) -> str:
        """Show what is due, with the way to pay it, and what was paid."""
        return self._payments()

    @expose("/payments", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("pay", PAYMENTS)
    def pay(self) -> Any:
        """Begin to pay the invoices that are ticked; pressed twice it begins once."""
        try:
            ids = [_uuid(each) for each in request.form.getlist("invoice")]
            back = _outside("PortalPaymentsView.back")
            with unit_of_work(db.session(), actor()) as work:
                method, provider = offered.chosen(work, request.form.get("method", ""))
                intent = paying.pay(
                    work,
                    ids,
                    method,
                    back,
                    request.form.get("amount", "").strip(),
                    provider=provider,
                    phone=request.form.get("phone", "").strip(),
                    again=request.form.get("again") == "1",
                    saves=request.form.get("saves") == "1",
                )
                intent_id, home = intent.id, intent.organization_id
        except Refused as refusal:
            if refusal.status == 404:
                raise
            return self._payments(sentence(refusal), refusal.field), refusal.status
        if method in ONLINE:
            current_app.extensions["ring"]("workers.payments.ask", home, intent_id, queue="money")
        return redirect(url_for("PortalPaymentsView.payment", intent_id=intent_id))

    @expose("/payments/<uuid:intent_id>")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def payment(self, intent_id: UUID) -> str:
        """Show one payment as it is; one by card leads on to the provider's page."""
        return self._payment(intent_id, leads=True)

    @expose("/payments/<uuid:intent_id>/back")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def back(self, intent_id: UUID) -> str:
        """Receive the payer again: only what the provider told us is said."""
        return self._payment(intent_id, leads=False)

    @expose("/payments/<uuid:intent_id>/state")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def state(self, intent_id: UUID) -> Response:
        """Answer a page that waits: with what is so now, or with the way on."""
        leads = request.args.get("leads") == "1"
        shown = _shown(reading(), intent_id, leads=leads)
        response = Response(render_template("portal/payment_state.html", **shown))
        if leads and shown["pay_url"]:
            response.headers["HX-Redirect"] = shown["pay_url"]
        return response

    @expose("/payments/<uuid:intent_id>/cancel", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("pay", PAYMENTS)
    def cancel(self, intent_id: UUID) -> Any:
        """Give up a payment that was not made."""
        with unit_of_work(db.session(), actor()) as work:
            payments.cancel(work, intent_id)
        flash(_("That payment is given up. Nothing was charged."), "success")
        return redirect(url_for("PortalPaymentsView.payments"))

    def _payments(self, error: str = "", field: str | None = "") -> str:
        work = reading()
        bills = buying.bills(work)
        picked = request.form.getlist("invoice") or request.args.getlist("invoice")
        due = [(bill, bill_state(bill)) for bill in bills if bill.due]
        sent = buying.announced(work)
        first = next((bill for bill, _state in due if bill.id not in sent), None)
        ticked = picked or ([str(first.id)] if first else [])
        wish = next((bill.method for bill, _state in due if str(bill.id) in ticked), None)
        offers = offered.offers(work, due[0][0].currency if due else "")
        history = buying.paid(work)
        return self.page(
            "portal/payments.html",
            "payments",
            due=due,
            picked=ticked,
            announced=sent,
            owed=buying.owed(bills),
            later=[
                (bill, bill_state(bill))
                for bill in bills
                if bill.confirmed and bill.status is InvoiceStatus.draft
            ],
            ways=offered.choices(offers, wish),
            phone=offered.phone(work),
            phones=any(each.phone for each in offers),
            saves=" ".join(each.name for each in offers if each.saves),
            saves_ticked=request.form.get("saves") == "1",
            again=field == "again",
            how=how_to_pay(PaymentMethod.cash, catalogue.organization(work).address),
            in_cash=wish is PaymentMethod.cash,
            amount=request.form.get("amount", "").strip(),
            history=[_row(each) for each in history],
            cut=cut_at(buying.MOST, len(history)),
            papers=_papers(work),
            credit=credit.own(work),
            error="" if field in ("amount", "phone") else error,
            errors=[error] if field == "amount" else [],
            phone_errors=[error] if field == "phone" else [],
        )

    def _payment(self, intent_id: UUID, *, leads: bool) -> str:
        shown = _shown(reading(), intent_id, leads=leads)
        return self.page("portal/payment.html", "payments", **shown)


def _shown(work: Work, intent_id: UUID, *, leads: bool) -> dict[str, Any]:
    """Gather what a payment's page says."""
    intent = found(work, PaymentIntent, intent_id)
    online = intent.method in ONLINE
    open_still = intent.status in WAITING and online
    way = ways.WAYS.get(intent.provider)
    return {
        "intent": intent,
        "parts": buying.paid_for(work, intent_id),
        "label": _(INTENT_FLOW.labels[intent.status]),
        "meaning": INTENT_FLOW.meanings[intent.status],
        "way": _(way.label) if way else "",
        "phone": intent.phone if open_still else "",
        "demo_phone": _demo_phone(intent) if open_still else "",
        "leads": leads and open_still and not intent.phone,
        "pay_url": intent.pay_url if open_still else "",
        "waits": online and intent.status in payments.ASKED,
        "awaited": not online and intent.status in payments.ASKED,
        "paid": intent.status in payments.OVER,
        "bank": str(organizations.setting(work, "bank.details")),
        "may_cancel": INTENT_FLOW.allows(intent.status, "cancel"),
    }


def _row(intent: PaymentIntent) -> dict[str, Any]:
    sent = intent.method is PaymentMethod.bank_transfer and intent.status in payments.ASKED
    return {
        "intent": intent,
        "method": way_in_words(intent),
        "label": _("Transfer awaited") if sent else _(INTENT_FLOW.labels[intent.status]),
        "meaning": "waiting" if sent else INTENT_FLOW.meanings[intent.status],
        "paid": intent.status in payments.OVER,
    }


def _papers(work: Work) -> list[dict[str, Any]]:
    """List the latest invoices and credit notes, each as it was written."""
    invoices = [
        {
            "number": each.number,
            "kind": _("Invoice"),
            "issued_at": each.issued_at,
            "total": each.total,
            "currency": each.currency,
            "url": url_for("PortalPapersView.invoice", invoice_id=each.id),
        }
        for each in buying.issued(work)
    ]
    notes = [
        {
            "number": each.number,
            "kind": _("Credit note"),
            "issued_at": each.issued_at,
            "total": -each.total,
            "currency": each.currency,
            "url": url_for("PortalPapersView.credit_note", note_id=each.id),
        }
        for each in credit_notes.latest(work)
    ]
    return sorted([*invoices, *notes], key=lambda each: each["issued_at"], reverse=True)


def _demo_phone(intent: PaymentIntent) -> str:
    """Give where the demo shows the phone that is asked; nowhere in earnest."""
    phones = current_app.config["MPESA_PHONE_URL"]
    return f"{phones}/{intent.phone.lstrip('+')}" if phones and intent.phone else ""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _outside(endpoint: str) -> str:
    """Give the address of a page of a payment as the provider's page has to know it."""
    path = url_for(endpoint, intent_id=UUID(int=0)).replace(str(UUID(int=0)), "{id}")
    return f"{current_app.config['PUBLIC_URL']}{path}"
