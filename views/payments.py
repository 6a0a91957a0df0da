"""Admin screens: payments and refunds."""

from typing import Any

from sqlalchemy import ColumnElement

from core.text import N_
from models.billing import PaymentMethod
from models.disputes import Dispute, DisputePart
from models.payments import (
    ONLINE,
    Allocation,
    IntentStatus,
    PaymentIntent,
    ProviderEvent,
    Refund,
    RefundStatus,
)
from models.people import Party
from services import payments, refunds
from views.admin.acts import Act
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts


def _transfer(row: PaymentIntent) -> str:
    if row.method is not PaymentMethod.bank_transfer:
        return N_("Only a bank transfer is confirmed by hand.")
    return N_("It has arrived already.") if row.status in payments.OVER else ""


def _nothing_over(row: Any) -> str:
    if row.status not in payments.OVER:
        return N_("Nothing came in by it.")
    return "" if row.unapplied_amount > 0 else N_("All of it paid invoices.")


def _transfers(_at_hand: Any) -> Any:
    one = PaymentIntent
    begun = facts(
        one.id,
        one.number,
        one.created_at,
        who=Party.name,
        about=one.note,
        amount=one.amount,
        currency=one.currency,
    ).join(Party, Party.id == one.party_id)
    open_still = one.status.in_((IntentStatus.requires_action, IntentStatus.processing))
    by_bank = one.method == PaymentMethod.bank_transfer
    return begun.where(by_bank, open_still).order_by(one.created_at)


def _refunds(*rules: ColumnElement[bool]) -> Any:
    asked = facts(
        Refund.id,
        PaymentIntent.number,
        Refund.created_at,
        who=Party.name,
        about=Refund.failure,
        amount=Refund.amount,
        currency=Refund.currency,
    ).join(PaymentIntent, PaymentIntent.id == Refund.intent_id)
    return asked.join(Party, Party.id == Refund.party_id).where(*rules).order_by(Refund.created_at)


def _failed(_at_hand: Any) -> Any:
    return _refunds(Refund.status == RefundStatus.failed)


def _by_hand(_at_hand: Any) -> Any:
    """No provider sends these: somebody pays them, and says so."""
    by_nobody = PaymentIntent.method.not_in(ONLINE)
    return _refunds(Refund.status == RefundStatus.requested, by_nobody)


INTENT = Screen(
    PaymentIntent,
    title=N_("Payments"),
    one=N_("Payment"),
    sentence=N_("Money that came in, is on its way, or did not come."),
    menu=N_("Money"),
    waiting=(
        Waiting("confirm_transfer", N_("Confirm transfer %(name)s"), "building-bank", _transfers),
    ),
    counted=True,
    columns="number status party method amount succeeded_at",
    more="provider receipt refunded_amount created_at",
    search="number reference receipt party.name",
    filters="status method provider party amount created_at succeeded_at",
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
        Act(
            refunds.return_credit,
            N_("Pay back what is left over"),
            icon="arrow-back-up",
            right=("refund", "settle"),
            money=True,
            unless=_nothing_over,
            bulk=False,
            confirm=N_("What of it paid no invoice goes back to the payer."),
            done=N_(
                "It is on its way back. By cash or bank, say so at the refund when it is done."
            ),
        ),
    ),
    groups=(
        Group(N_("Payment"), "party method provider phone reference receipt note"),
        Group(N_("What came of it"), "amount refunded_amount succeeded_at failure created_at"),
    ),
    figures="amount refunded_amount method party",
    related=(
        Related(
            Allocation, "intent_id", N_("Pays"), "invoice amount", labels={"invoice": N_("Invoice")}
        ),
        Related(Refund, "intent_id", N_("Refunds"), "intent status amount reason"),
        Related(Dispute, "intent_id", N_("Disputes"), "intent status amount reason"),
        Related(
            ProviderEvent,
            "intent_id",
            N_("Messages of the provider"),
            "type received_at handled_at",
            labels={"received_at": N_("Received"), "handled_at": N_("Handled")},
        ),
    ),
    presets=(
        Preset(
            N_("Transfers to confirm"),
            "method=bank_transfer&status=requires_action&status=processing",
        ),
        Preset(N_("Failed"), "status=failed"),
    ),
    programs="currency reference phone note failure",
    own="number status method amount refunded_amount currency reference succeeded_at created_at",
    drawing="money",
)


def _by_provider(row: Refund) -> str:
    """Say why nobody pays it by hand: only a refund by card is due to be asked for."""
    return N_("The provider sends this refund by itself.") if row.check_at else ""


REFUND = Screen(
    Refund,
    title=N_("Refunds"),
    one=N_("Refund"),
    sentence=N_("Money on its way back to those who paid."),
    menu=N_("Money"),
    waiting=(
        Waiting("retry", N_("A refund failed: %(name)s"), "cash-off", _failed, "stopped"),
        Waiting("settle", N_("Pay back by hand: %(name)s"), "cash", _by_hand),
    ),
    columns="intent status amount reason created_at",
    more="failure attempts succeeded_at",
    called="intent",
    heading=N_("Refund of %(name)s"),
    groups=(
        Group(
            N_("Refund"),
            "intent intent.party amount reason failure attempts created_at succeeded_at",
        ),
    ),
    search="intent.number reason",
    filters="status amount created_at",
    acts=(
        Act(
            refunds.settle,
            N_("Paid back by hand"),
            move="succeed",
            icon="cash",
            money=True,
            unless=_by_provider,
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
    presets=(
        Preset(N_("On their way"), "status=requested"),
        Preset(N_("Failed"), "status=failed"),
    ),
    programs="currency reference",
    drawing="money",
)
DISPUTE = Screen(
    Dispute,
    title=N_("Disputes"),
    one=N_("Dispute"),
    sentence=N_("Payments that a payer's bank wants back. They are answered at the provider."),
    menu=N_("Money"),
    columns="intent status amount reason created_at",
    more="provider reference closed_at",
    called="intent",
    heading=N_("Dispute of %(name)s"),
    groups=(
        Group(
            N_("Dispute"),
            "intent intent.party amount reason provider reference created_at closed_at",
        ),
    ),
    search="intent.number reference",
    filters="status amount created_at",
    labels={"closed_at": N_("Closed")},
    related=(Related(DisputePart, "dispute_id", N_("Invoices that ask again"), "invoice amount"),),
    presets=(Preset(N_("Open"), "status=open"),),
    programs="currency",
    drawing="money",
)
SCREENS = [INTENT, REFUND, DISPUTE]
