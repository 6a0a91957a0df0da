"""Admin screens: the register of cheques."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from core.text import N_
from core.work import Work
from models.cheques import Cheque
from services import cheques
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Screen


def deposit(work: Work, row_id: UUID, on: date | None) -> object:
    """Note that a cheque is at the bank."""
    return cheques.deposit(work, row_id, on)


def clear(work: Work, row_id: UUID, on: date | None) -> object:
    """Note that the bank has the money."""
    return cheques.clear(work, row_id, on)


def bounce(work: Work, row_id: UUID, reason: str, fee: Decimal | None) -> object:
    """Note that the bank does not pay."""
    return cheques.bounce(work, row_id, reason, fee)


ON = Input("on", N_("On"), Kind.day, required=False, hint=N_("Empty means today."))

CHEQUE = Screen(
    Cheque,
    title=N_("Cheques"),
    one=N_("Cheque"),
    sentence=N_("Cheques that paid invoices: in hand, at the bank, cleared, or back."),
    menu=N_("Money"),
    columns="number status party bank amount written_on deposited_on cleared_on",
    more="bounced_on reason created_at",
    search="number bank party.name",
    filters="status party written_on deposited_on cleared_on bounced_on amount",
    acts=(
        Act(
            deposit,
            N_("Carried to the bank"),
            move="deposit",
            icon="building-bank",
            inputs=(ON,),
            done=N_("It is at the bank. Say so when it has cleared."),
        ),
        Act(
            clear,
            N_("Cleared"),
            move="clear",
            icon="check",
            money=True,
            inputs=(ON,),
            done=N_("The money is on the bank's account in the ledger."),
        ),
        Act(
            bounce,
            N_("Bounced"),
            move="bounce",
            icon="arrow-back-up",
            tone="danger",
            money=True,
            bulk=False,
            inputs=(
                Input("reason", N_("Reason"), Kind.long, length=400),
                Input(
                    "fee",
                    N_("Fee for the customer"),
                    Kind.money,
                    required=False,
                    hint=N_("What the bank charges you, say. Empty means none."),
                ),
            ),
            confirm=N_("The payment is taken back, and its invoices ask for the money again."),
            done=N_("The payment is taken back, and the customer is told."),
        ),
    ),
    figures="amount",
    groups=(
        Group(N_("Cheque"), "party bank number amount written_on intent"),
        Group(
            N_("What came of it"),
            "deposited_on cleared_on bounced_on reason fee_invoice created_at",
        ),
    ),
    presets=(
        Preset(N_("To carry to the bank"), "status=received"),
        Preset(N_("At the bank"), "status=deposited"),
        Preset(N_("Bounced"), "status=bounced"),
    ),
    programs="currency",
    empty=N_("No cheque was taken yet. Take one at the invoice that it pays."),
    drawing="money",
)
SCREENS = [CHEQUE]
