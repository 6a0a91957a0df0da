"""Bills of one's own: which there are, what is due, agreeing to it, and how far it goes alone."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.errors import BadInput, NotFound, Refused
from core.money import parsed
from core.work import Work, found, unit_of_work
from models.bills import EVERY_LABELS, Every
from models.scheduled_bills import (
    DUE_FLOW,
    MODE_LABELS,
    OFFSETS,
    DueStatus,
    Mode,
    ScheduledBill,
    ScheduledPayment,
)
from models.wallet_orders import CHANNEL_LABELS, Channel
from models.wallets import Wallet
from services import scheduled_bills
from services.scheduled_bills import Wish
from views.portal.pages import PortalView, needs, reading
from views.portal.wallet import TABLE, own, own_or_none_such
from views.portal.wallet_acts import field, pin_field, proved
from views.web.person import actor
from views.web.refusals import sentence

LATEST = 12
"""Due times of a bill that its page lists."""


class PortalBillsView(PortalView):
    """The bills that a wallet pays."""

    route_base = "/portal/bills"
    default_view = "bills"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def bills(self) -> str:
        """List one's bills, and what of them waits for an answer."""
        work = reading()
        rows = work.session.scalars(
            select(ScheduledBill).order_by(ScheduledBill.active.desc(), ScheduledBill.title)
        ).all()
        dues = [_due(each, bill) for bill in rows for each in _to_answer(work, bill.id)]
        return self.page(
            "portal/own_bills.html",
            "wallet",
            has_wallet=own(work) is not None,
            rows=[_said(each) for each in rows],
            waiting=[each for each in dues if each["answer"]],
        )

    @expose("/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def new(self) -> Any:
        """Write a bill down."""
        mine = own(reading())
        if mine is None:
            return redirect(url_for("PortalWalletView.wallet"))
        return self._form(_new_fields, lambda: _add(mine), _("A new bill"), _("Keep this bill"))

    @expose("/settings", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def settings(self) -> Any:
        """Say how new bills begin, and how one is told."""
        kept = scheduled_bills.configuration(reading())
        beginning = (kept.bill_mode, kept.remind_days, kept.push_notices)

        def fields(_wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
            push = field("push", _("Push notices on my phone"), refusal, kind="yesno")
            given = {"value": _ticked("push", otherwise=beginning[2]), "required": False}
            return [*_how(beginning[0], beginning[1], refusal), push | given]

        return self._form(fields, _configure, _("What is done by itself"), _("Keep this"))

    @expose("/<uuid:bill_id>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def bill(self, bill_id: UUID) -> Any:
        """Show a bill with its due times, and change how far it goes by itself."""
        work = reading()
        kept = found(work, ScheduledBill, bill_id)
        said = _said(kept)
        dues = [_due(each, kept) for each in _payments(work, kept.id, LATEST)]

        def fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
            active = field("active", _("Active"), refusal, kind="yesno")
            given = {"value": _ticked("active", otherwise=said["active"]), "required": False}
            return [
                *_how(said["mode"], said["remind_days"], refusal),
                active | given,
                *_pin(wallet, refusal),
            ]

        def change() -> Any:
            mode, days, pin = _mode(), _days(), _typed_pin()
            active = request.form.get("active") == "1"
            proved(
                lambda work: scheduled_bills.change(
                    work, bill_id, mode, days, active=active, pin=pin
                )
            )
            flash(_("That is how it is done from now on."), "success")
            return redirect(url_for("PortalBillsView.bills"))

        return self._form(fields, change, said["title"], _("Keep this"), bill=said, dues=dues)

    @expose("/due/<uuid:payment_id>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def agree(self, payment_id: UUID) -> Any:
        """Agree to pay a bill this once."""
        work = reading()
        payment = found(work, ScheduledPayment, payment_id)
        due = _due(payment, found(work, ScheduledBill, payment.bill_id))

        def approve() -> Any:
            pin = request.form.get("pin", "").strip()
            proved(lambda work: scheduled_bills.approve(work, payment_id, pin))
            flash(_("Agreed. It is paid on its day, or within minutes if that is past."), "success")
            return redirect(url_for("PortalBillsView.bills"))

        return self._form(pin_field, approve, due["title"], _("Agree"), due=due)

    @expose("/due/<uuid:payment_id>/skip", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def skip(self, payment_id: UUID) -> Any:
        """Leave a bill out this once."""
        with unit_of_work(db.session(), actor()) as work:
            scheduled_bills.skip(work, payment_id)
        flash(_("It is left out this once."), "success")
        return redirect(url_for("PortalBillsView.bills"))

    def _form(
        self,
        fields: Callable[[Wallet, Refused | None], list[dict[str, Any]]],
        do: Callable[[], Any],
        title: str,
        submit: str,
        **more: Any,
    ) -> Any:
        refusal = None
        if request.method == "POST":
            try:
                return do()
            except Refused as refused:
                if isinstance(refused, NotFound):
                    raise
                refusal = refused
                db.session().rollback()
        shown = fields(own_or_none_such(reading()), refusal)
        beside = {each["name"] for each in shown}
        error = sentence(refusal) if refusal and refusal.field not in beside else ""
        context = {"title": title, "submit": submit, "fields": shown, "error": error, **more}
        page = self.page("portal/own_bill_form.html", "wallet", **context)
        return (page, refusal.status) if refusal else page


def _to_answer(work: Work, bill_id: UUID) -> list[ScheduledPayment]:
    """List what of a bill may be agreed to, what is due first at the top."""
    asked = (DueStatus.waiting, DueStatus.failed)
    query = (
        select(ScheduledPayment)
        .where(ScheduledPayment.bill_id == bill_id, ScheduledPayment.status.in_(asked))
        .order_by(ScheduledPayment.due_on)
        .limit(LATEST)
    )
    return list(work.session.scalars(query))


def _payments(work: Work, bill_id: UUID, most: int) -> list[ScheduledPayment]:
    query = (
        select(ScheduledPayment)
        .where(ScheduledPayment.bill_id == bill_id)
        .order_by(ScheduledPayment.due_on.desc())
        .limit(most)
    )
    return list(work.session.scalars(query))


def _said(bill: ScheduledBill) -> dict[str, Any]:
    return {
        "id": bill.id,
        "title": bill.title,
        "amount": bill.amount,
        "currency": bill.currency,
        "to": f"{bill.biller_name} {bill.account_number}",
        "every": _(EVERY_LABELS[bill.every]),
        "how": _(MODE_LABELS[bill.mode]),
        "mode": bill.mode,
        "remind_days": list(bill.remind_days),
        "active": bill.active,
    }


def _due(payment: ScheduledPayment, bill: ScheduledBill) -> dict[str, Any]:
    open_still = payment.status in (DueStatus.waiting, DueStatus.failed)
    later = bill.mode is Mode.pay and payment.due_on >= bill.since
    by_itself = later and payment.status is DueStatus.waiting
    return {
        "id": payment.id,
        "title": bill.title,
        "amount": bill.amount,
        "currency": bill.currency,
        "due_on": payment.due_on,
        "label": _(DUE_FLOW.labels[payment.status]),
        "meaning": DUE_FLOW.meanings[payment.status],
        "failure": _(payment.failure) if payment.failure else "",
        "answer": open_still and not by_itself and bill.active,
        "skippable": DUE_FLOW.allows(payment.status, "skip"),
    }


def _how(mode: Mode, days: list[int], refusal: Refused | None) -> list[dict[str, Any]]:
    """Ask how far a bill goes by itself, and when its owner is reminded."""
    offered = [{"value": each.value, "label": _(label)} for each, label in MODE_LABELS.items()]
    typed = request.form.getlist("remind_days") if request.method == "POST" else None
    ticked = {str(each) for each in days} if typed is None else set(typed)
    return [
        field(
            "mode",
            _("When it is due"),
            refusal,
            kind="choice",
            options=offered,
            value=mode.value,
        ),
        {
            "name": "remind_days",
            "label": _("Remind me, days before"),
            "kind": "days",
            "errors": [sentence(refusal)] if refusal and refusal.field == "remind_days" else [],
            "options": [{"value": str(each), "checked": str(each) in ticked} for each in OFFSETS],
        },
    ]


def _pin(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    hint = _("Only where it is to be paid by itself.")
    return [each | {"required": False, "hint": hint} for each in pin_field(wallet, refusal)]


def _new_fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    ways = [{"value": each.value, "label": _(CHANNEL_LABELS[each])} for each in Channel]
    often = [{"value": each.value, "label": _(label)} for each, label in EVERY_LABELS.items()]
    kept = scheduled_bills.configuration(reading())
    return [
        field("title", _("What for"), refusal, hint=_("Electricity, water, internet ...")),
        field("amount", _("Amount"), refusal, kind="money", currency=wallet.currency),
        field("biller", _("Paid to"), refusal),
        field("customer_number", _("My customer number there"), refusal, required=False),
        field("channel", _("Where to"), refusal, kind="choice", options=ways),
        field("bank_name", _("Bank"), refusal, required=False, hint=_("Not for mobile money.")),
        field("number", _("Account or phone number"), refusal, autocomplete="off"),
        field(
            "every", _("How often"), refusal, kind="choice", options=often, value=Every.month.value
        ),
        field("first_on", _("First on"), refusal, kind="date"),
        *_how(kept.bill_mode, list(kept.remind_days), refusal),
        *_pin(wallet, refusal),
    ]


def _add(wallet: Wallet) -> Any:
    form, wallet_id = request.form, wallet.id
    channel = next((each for each in Channel if each.value == form.get("channel")), None)
    every = next((each for each in Every if each.value == form.get("every")), None)
    if channel is None:
        raise BadInput(_("Choose where the money goes."), field="channel")
    if every is None:
        raise BadInput(_("Choose how often."), field="every")
    try:
        first_on = date.fromisoformat(form.get("first_on", ""))
    except ValueError:
        raise BadInput(_("Write a day like 2026-03-12."), field="first_on") from None
    amount = parsed(form.get("amount", ""), wallet.currency)
    words = [form.get(name, "") for name in ("title", "biller", "customer_number")]
    title, biller, customer_number = words
    wish = Wish(
        title,
        amount,
        biller,
        customer_number,
        channel,
        form.get("bank_name", ""),
        form.get("number", ""),
        every,
        first_on,
        _mode(),
        _days(),
    )
    pin = _typed_pin()
    proved(lambda work: scheduled_bills.add(work, wallet_id, wish, pin))
    flash(_("Your bill is kept."), "success")
    return redirect(url_for("PortalBillsView.bills"))


def _configure() -> Any:
    mode, days, push = _mode(), _days(), request.form.get("push") == "1"
    with unit_of_work(db.session(), actor()) as work:
        scheduled_bills.configure(work, mode, days, push=push)
    flash(_("New bills begin like that."), "success")
    return redirect(url_for("PortalBillsView.bills"))


def _mode() -> Mode:
    mode = next((each for each in Mode if each.value == request.form.get("mode")), None)
    if mode is None:
        raise BadInput(_("Choose what is done when it is due."), field="mode")
    return mode


def _days() -> list[int]:
    typed = request.form.getlist("remind_days")
    return [int(each) if each.isascii() and each.isdigit() else -1 for each in typed]


def _typed_pin() -> str:
    return request.form.get("pin", "").strip()


def _ticked(name: str, *, otherwise: bool) -> bool:
    return request.form.get(name) == "1" if request.method == "POST" else otherwise
