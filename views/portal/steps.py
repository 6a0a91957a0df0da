"""What the steps of a booking show, and how each choice is read."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _

from core.errors import BadInput
from core.money import parsed
from core.work import Work
from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from services import buying, choices, offers
from services.buying import Purchase
from views.portal.said import chosen_in_words, in_parts, refund_rule

STEPS = ("package", "addons", "payment", "review")
METHOD_ICONS = {
    PaymentMethod.card: "credit-card",
    PaymentMethod.bank_transfer: "building-bank",
    PaymentMethod.cash: "cash",
    PaymentMethod.invoice: "file-invoice",
}


def where(bought: Purchase) -> str:
    """Name the step at which a booking stands."""
    if bought.package_id is None:
        return "package"
    if bought.method is None:
        return "payment" if bought.addons_price else "addons"
    return "review"


def address(booking_id: UUID, step: str) -> str:
    """Give the address of a step."""
    return url_for("PortalWizardView.step", booking_id=booking_id, step=step)


def around(bought: Purchase, step: str, error: str) -> dict[str, Any]:
    """Put together what stands around a step (templates/macros/wizard.html)."""
    at = STEPS.index(step)
    back = address(bought.id, STEPS[at - 1]) if at else None
    return {
        "action": address(bought.id, step),
        "steps": _steps(bought, step),
        "errors": [error] if error else [],
        "back_url": back,
        "leave_url": "/portal/",
        "total": total(bought),
        "live": step != "review",
        "countdown": {
            "ends_at": bought.hold_until,
            "text": _("Kept for you"),
            "ended_text": _("The hold has ended"),
        },
    }


def _steps(bought: Purchase, now: str) -> list[dict[str, Any]]:
    labels = {
        "package": (_("Package"), bought.package),
        "addons": (_("Add-ons"), ""),
        "payment": (_("Payment"), ""),
        "review": (_("Review"), ""),
    }
    open_steps = STEPS[: 1 if bought.package_id is None else len(STEPS)]
    steps: list[dict[str, Any]] = [
        {"label": _("Apartment"), "note": bought.apartment, "state": "done", "url": ""}
    ]
    for name in STEPS:
        before = STEPS.index(name) < STEPS.index(now)
        steps.append(
            {
                "label": labels[name][0],
                "note": labels[name][1],
                "state": "current" if name == now else "done" if before else "ahead",
                "url": address(bought.id, name) if name in open_steps else "",
            }
        )
    return [*steps, {"label": _("Pay"), "note": "", "state": "ahead", "url": ""}]


def total(bought: Purchase) -> dict[str, Any]:
    """Give the running total: always what the database computed."""
    lines = [{"label": _("Apartment %(name)s", name=bought.apartment), "amount": bought.base_price}]
    if bought.package_id:
        label = _("Package %(name)s", name=bought.package)
        lines.append({"label": label, "amount": bought.package_price})
    if bought.addons_price:
        lines.append({"label": _("Add-ons"), "amount": bought.addons_price})
    return {
        "lines": lines,
        "total": bought.total,
        "currency": bought.currency,
        "title": _("Total"),
    }


def _choose_package(work: Work, bought: Purchase) -> None:
    wish = _uuid(request.form.get("package", ""))
    if wish is None:
        raise BadInput(_("Choose a package to go on."), field="package")
    if wish != bought.package_id:
        choices.choose_package(work, bought.id, wish)


def _choose_addons(work: Work, bought: Purchase) -> None:
    wanted: dict[UUID, int] = {}
    for name, text in request.form.items():
        addon_id = _uuid(name.removeprefix("units-")) if name.startswith("units-") else None
        if addon_id is not None and text.strip() not in ("", "0"):
            wanted[addon_id] = _units(text)
    if wanted != {each.addon_id: each.units for each in buying.chosen(work, bought.id)}:
        choices.choose_addons(work, bought.id, wanted)


def _choose_payment(work: Work, bought: Purchase) -> None:
    try:
        method = PaymentMethod(request.form.get("method", ""))
    except ValueError:
        raise BadInput(_("Choose how you want to pay."), field="method") from None
    wish = request.form.get("plan", "")
    plan_id = _uuid(wish)
    if wish and plan_id is None:
        raise BadInput(_("Choose one of the plans."), field="plan")
    if (method, plan_id) != (bought.method, bought.plan_id):
        choices.choose_payment(work, bought.id, method, plan_id)


CHOOSERS = {"package": _choose_package, "addons": _choose_addons, "payment": _choose_payment}


def check_read(bought: Purchase) -> None:
    """Refuse to confirm another price than the one that was on the page."""
    if parsed(request.form.get("total", ""), bought.currency, "total") != bought.total:
        raise BadInput(_("The price has changed while you were reading. Look at it again."))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _units(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 6):
        raise BadInput(_("Write units in digits, like 2."), field="addons")
    return int(text)


def _package_step(work: Work, bought: Purchase, _typed: Any) -> dict[str, Any]:
    offered = offers.packages(work, bought.original_id, bought.base_price)
    return {
        "offered": offered,
        "w": {
            "title": _("Choose a package"),
            "sentence": _("Each apartment comes with one. It says how it is finished."),
        },
    }


def _addons_step(work: Work, bought: Purchase, typed: Any) -> dict[str, Any]:
    units = {str(each.addon_id): str(each.units) for each in buying.chosen(work, bought.id)}
    if typed is not None:
        units = {name.removeprefix("units-"): text for name, text in typed.items()}
    return {
        "offered": offers.addons(work, bought.original_id),
        "units": units,
        "w": {
            "title": _("Add what you like"),
            "sentence": _("All of this is optional. Prices are per unit, fitted."),
        },
    }


def _payment_step(work: Work, bought: Purchase, _typed: Any) -> dict[str, Any]:
    plans = buying.plans(work, bought)
    notes = {
        PaymentMethod.card: _("You pay on the card provider's own page."),
        PaymentMethod.bank_transfer: _("You get our bank details and a reference."),
        PaymentMethod.cash: _("You pay at our office and get a receipt."),
        PaymentMethod.invoice: _("We send invoices; you pay by their due dates."),
    }
    return {
        "methods": [
            {
                "value": each.value,
                "label": _(PAYMENT_METHOD_LABELS[each]),
                "note": notes[each],
                "checked": each is (bought.method or PaymentMethod.card),
            }
            for each in METHOD_ICONS
        ],
        "plans": plans,
        "w": {
            "title": _("How do you want to pay?"),
            "sentence": _("Nothing is charged now. You can still change it on the next page."),
        },
    }


def _review_step(work: Work, bought: Purchase, _typed: Any) -> dict[str, Any]:
    bills = [each for each in buying.bills(work, bought.id) if each.status.value == "draft"]
    parts = next((p.shares for p in buying.plans(work, bought) if p.id == bought.plan_id), ())
    words = chosen_in_words(bought, buying.chosen(work, bought.id))
    method = PAYMENT_METHOD_LABELS[bought.method] if bought.method else ""
    if method:
        how = in_parts(max(1, len(parts)))
        words.append(_("You pay by: %(method)s, %(parts)s.", method=_(method), parts=how))
    return {
        "words": words,
        "lines": buying.lines(work, bought.id) if not parts else [],
        "bills": bills,
        "shares": parts,
        "rule": refund_rule(bought),
        "w": {
            "title": _("Review and confirm"),
            "sentence": _("Read it once more. Confirming issues the invoice."),
            "next_label": _("Confirm booking"),
            "hidden": {"total": bought.total},
        },
    }


SHOWN: dict[str, Callable[[Work, Purchase, Any], dict[str, Any]]] = {
    "package": _package_step,
    "addons": _addons_step,
    "payment": _payment_step,
    "review": _review_step,
}
