"""Money that moves, as the rules against laundering see it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.text import N_
from core.work import Work, found
from models.aml import AML_RULE_LABELS, AmlRule
from models.billing import PaymentMethod
from models.events import Event
from models.notices import Priority
from models.people import Party
from services import access, aml, notices
from services.notices import Notice


def payment(work: Work, event: Event) -> None:
    """Look at a payment that came in; what a wallet pays was looked at on its way there."""
    if event.data["method"] != PaymentMethod.wallet:
        _moved(work, event, "intent_id")


def top_up(work: Work, event: Event) -> None:
    """Look at what came into a wallet. Its payment is the same money, and counts once."""
    _moved(work, event, "intent_id")


def order(work: Work, event: Event) -> None:
    """Look at what was sent out of a wallet."""
    _moved(work, event, "order_id")


def _moved(work: Work, event: Event, key: str) -> None:
    data: dict[str, Any] = event.data
    party_id, subject_id = UUID(data["party_id"]), UUID(data[key])
    at: datetime = event.happened_at
    aml.moved(work, party_id, subject_id, Decimal(data["amount"]), data["currency"], at)


def flagged(work: Work, event: Event) -> None:
    """Tell whoever may decide such cases."""
    says = N_("%(name)s: %(rule)s. Look into case %(number)s.")
    values = {
        "name": found(work, Party, UUID(event.data["party_id"])).name,
        "rule": AML_RULE_LABELS[AmlRule(event.data["rule"])],
        "number": event.data["number"],
    }
    link = f"/admin/aml_case/{event.subject_id}"
    notice = Notice(says, f"event:{event.id}", values, link, Priority.high)
    notices.notify_roles(work, access.holders("aml_case", "clear"), notice)
