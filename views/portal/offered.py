"""The ways to pay that a payer chooses from, read and written alike wherever money is taken."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from sqlalchemy import select

from adapters import providers
from core.errors import BadInput
from core.work import Work
from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from models.organizations import Membership
from models.people import Party
from services import ways
from services.ways import Way

TRANSFER = PaymentMethod.bank_transfer.value
"""The way to pay that needs no provider; cash is paid at the office."""


def offers(work: Work, currency: str = "") -> list[Way]:
    """List the providers that the organization offers, and that are set up here."""
    return ways.offered(work, providers.set_up(current_app.config), currency)


def chosen(work: Work, typed: str) -> tuple[PaymentMethod, str]:
    """Read how the payer wants to pay: by which method, through whom.

    Raises:
        BadInput: it is none of those that are offered.

    """
    way = next((each for each in offers(work) if each.name == typed), None)
    if way is not None:
        return way.method, way.name
    if typed == TRANSFER:
        return PaymentMethod.bank_transfer, ""
    raise BadInput(_("Choose how you want to pay."), field="method")


def choices(those: Sequence[Way], wish: PaymentMethod | None = None) -> list[dict[str, Any]]:
    """Write the ways to pay; what was chosen is ticked, else the wish, else the first."""
    rows = [
        {"value": each.name, "label": _(each.label), "note": _(each.says), "method": each.method}
        for each in those
    ]
    transfer = {"value": TRANSFER, "label": _(PAYMENT_METHOD_LABELS[PaymentMethod.bank_transfer])}
    note = _("You get our bank details and a reference.")
    rows.append({**transfer, "note": note, "method": PaymentMethod.bank_transfer})
    typed = request.form.get("method", "")
    by_wish = next((row["value"] for row in rows if row["method"] is wish), rows[0]["value"])
    ticked = typed if typed in {row["value"] for row in rows} else by_wish
    return [{**row, "checked": row["value"] == ticked} for row in rows]


def phone(work: Work) -> str:
    """Give the phone that was typed, or suggest the payer's own."""
    own = (
        select(Party.phone)
        .join(Membership, Membership.party_id == Party.id)
        .where(Membership.profile_id == work.scope.profile_id, Party.phone != "")
    )
    return request.form.get("phone", "").strip() or work.session.scalar(own.limit(1)) or ""
