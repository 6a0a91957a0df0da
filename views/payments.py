"""Admin screens: payments and refunds."""

from core.text import N_
from models.billing import PaymentMethod
from models.payments import (
    Allocation,
    IntentStatus,
    PaymentIntent,
    ProviderEvent,
    Refund,
)
from services import payments, refunds
from views.acts import Act
from views.registry import Group, Preset, Related, Screen


def _transfer(row: PaymentIntent) -> str:
    if row.method is not PaymentMethod.bank_transfer:
        return N_("Only a bank transfer is confirmed by hand.")
    waits = row.status in (IntentStatus.pending, IntentStatus.processing)
    return "" if waits else N_("It does not wait for a transfer.")


INTENT = Screen(
    PaymentIntent,
    title=N_("Payments"),
    one=N_("Payment"),
    sentence=N_("Money that came in, is on its way, or did not come."),
    menu=N_("Money"),
    columns="number status party method amount succeeded_at",
    more="refunded_amount created_at",
    search="number reference party.name",
    filters="status method party amount created_at succeeded_at",
    acts=(
        Act(
            payments.confirm_transfer,
            N_("Confirm transfer"),
            move="succeed",
            icon="building-bank",
            money=True,
            unless=_transfer,
            confirm=N_("It stands on the bank's statement, in this amount."),
            done=N_("The transfer is in the ledger, and the invoices are paid."),
        ),
        Act(
            payments.cancel,
            N_("Give up"),
            move="cancel",
            icon="x",
            tone="danger",
            confirm=N_("If the payer pays nevertheless, it still counts."),
            done=N_("Nobody waits for this payment any more."),
        ),
    ),
    groups=(
        Group(N_("Payment"), "party method provider reference note"),
        Group(N_("What came of it"), "amount refunded_amount succeeded_at failure created_at"),
    ),
    figures="amount refunded_amount method party",
    related=(
        Related(
            Allocation, "intent_id", N_("Pays"), "invoice amount", labels={"invoice": N_("Invoice")}
        ),
        Related(Refund, "intent_id", N_("Refunds"), "intent status amount reason"),
        Related(
            ProviderEvent,
            "intent_id",
            N_("Messages of the provider"),
            "type received_at handled_at",
            labels={"received_at": N_("Received"), "handled_at": N_("Handled")},
        ),
    ),
    presets=(
        Preset(N_("Transfers to confirm"), "method=bank_transfer&status=processing"),
        Preset(N_("Failed"), "status=failed"),
    ),
    programs="currency provider reference note failure",
    drawing="money",
)
REFUND = Screen(
    Refund,
    title=N_("Refunds"),
    one=N_("Refund"),
    sentence=N_("Money on its way back to those who paid."),
    menu=N_("Money"),
    columns="intent status amount reason failure created_at",
    more="attempts succeeded_at",
    search="intent.number reason",
    filters="status amount created_at",
    acts=(
        Act(
            refunds.settle,
            N_("Paid back by hand"),
            move="succeed",
            icon="cash",
            money=True,
            confirm=N_("You have given or sent the money back to the payer."),
            done=N_("The refund is in the ledger."),
        ),
        Act(
            refunds.retry,
            N_("Try again"),
            move="retry",
            icon="refresh",
            money=True,
            done=N_("The refund is asked for again."),
        ),
    ),
    presets=(Preset(N_("Failed"), "status=failed"),),
    programs="currency reference",
    drawing="money",
)
SCREENS = [INTENT, REFUND]
