"""Putting money into a wallet, through a provider or a bank: a payment that is for no invoice."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import PaymentMethod
from models.payments import INTENT_FLOW, ONLINE, PaymentIntent
from models.wallets import Wallet, WalletStatus
from services import payments, ways
from services.events import emit
from services.payments import PaymentInitiated
from services.wallet_movements import NotActive, OverCap

METHODS = (*ONLINE, PaymentMethod.bank_transfer)
"""The ways by which money comes into a wallet."""


def begin(  # noqa: PLR0913  # the facts of one payment
    work: Work,
    wallet_id: UUID,
    amount: Decimal,
    method: PaymentMethod,
    key: str = "",
    *,
    provider: str = "",
    phone: str = "",
) -> PaymentIntent:
    """Write down that the owner of a wallet means to put money into it, from outside.

    By card or mobile money the `provider` takes it, or the method's usual one; one without a page
    asks the `phone`. The same `key` of a form gives the same payment.

    Raises:
        BadInput: the amount is not above zero, the method brings no money in, or the provider does
            not take such a sum.
        NotOffered: the organization does not take payments this way.
        NotActive: the wallet is frozen or closed.
        OverCap: a provider would take more than the wallet may hold.

    """
    wallet = locked(work, Wallet, wallet_id)
    if method not in METHODS:
        raise BadInput(N_("Choose what to pay and how."), field="method")
    if exact(amount, wallet.currency) <= 0:
        raise BadInput(N_("A payment must be more than zero."), field="amount")
    if wallet.status is not WalletStatus.active:
        raise NotActive
    if method in ONLINE and wallet.cap is not None and wallet.balance + amount > wallet.cap:
        raise OverCap(field="amount")  # before a provider takes what the wallet may not hold
    earlier = select(PaymentIntent).where(
        PaymentIntent.wallet_id == wallet.id, PaymentIntent.form_key == key[:80]
    )
    if key and (again := work.session.scalar(earlier)):
        return again
    taker, asked = method.value, ""
    if method in ONLINE:
        way = ways.chosen(work, method, provider)
        taker, asked = way.name, ways.fitting(way, amount, wallet.currency, phone)
    intent = payments.new_intent(work, wallet.party_id, wallet.currency, amount, method, taker)
    intent.wallet_id, intent.form_key, intent.phone = wallet.id, key[:80] or None, asked
    work.session.add(intent)
    work.session.flush()
    emit(
        work,
        PaymentInitiated(intent.id, intent.party_id, method, intent.amount, intent.currency),
    )
    if method is PaymentMethod.bank_transfer:
        INTENT_FLOW.move(intent, "ask_payer")
    work.session.flush()
    return intent
