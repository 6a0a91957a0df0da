"""Admin screens: wallets, what is to be paid out of them, and their movements."""

from typing import Any

from sqlalchemy import or_

from core.text import N_
from core.work import clock
from models.wallet_orders import Order, OrderStatus
from models.wallets import Transaction, Wallet
from services import wallet_movements, wallet_payouts, wallets
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts

MENU = N_("Money")
REASON = Input("reason", N_("Reason"), Kind.long, length=400)


def _waits(row: Order) -> str:
    if row.status is not OrderStatus.set_aside:
        return N_("It is not on its way out.")
    asked = row.called_at
    waits = row.provider and (asked is None or clock() < asked + wallet_payouts.PATIENCE)
    return wallet_payouts.ByProvider.says if waits else ""


def _has_number(row: Order) -> str:
    return "" if row.account_number else N_("It goes to no account outside.")


def _has_numbers(row: Transaction) -> str:
    known = row.debit_account_number or row.credit_account_number or row.recharge_pin
    return "" if known else N_("It goes to no account outside.")


WALLET = Screen(
    Wallet,
    title=N_("Wallets"),
    one=N_("Wallet"),
    sentence=N_("Money that residents and customers keep here. Only its owner spends it."),
    menu=MENU,
    columns="name status party balance held cap",
    more="reason status_at created_at",
    search="name party.name",
    filters="status party currency created_at",
    labels={"party": N_("Owner"), "status_at": N_("Since")},
    acts=(
        Act(
            wallets.freeze,
            N_("Freeze"),
            move="freeze",
            icon="snowflake",
            tone="danger",
            inputs=(REASON,),
            done=N_("Nothing leaves it any more. Its owner is told."),
        ),
        Act(
            wallets.unfreeze,
            N_("Unfreeze"),
            move="unfreeze",
            icon="flame",
            inputs=(REASON,),
            done=N_("Its owner can use it again."),
        ),
        Act(
            wallets.close,
            N_("Close"),
            move="close",
            icon="lock",
            tone="danger",
            inputs=(REASON,),
            done=N_("The wallet is closed."),
        ),
        Act(
            wallets.reopen,
            N_("Open again"),
            move="reopen",
            icon="lock-open",
            inputs=(REASON,),
            done=N_("Its owner can use it again."),
        ),
    ),
    figures="balance held cap party",
    groups=(Group(N_("Wallet"), "name party currency reason status_at created_at"),),
    related=(
        Related(
            Transaction,
            "wallet_id",
            N_("Movements"),
            "title status record_type amount happened_at",
            order="-id",
        ),
        Related(Order, "wallet_id", N_("Asked for"), "kind status amount created_at", order="-id"),
    ),
    presets=(Preset(N_("Frozen"), "status=frozen"),),
    drawing="money",
)


TRANSACTION = Screen(
    Transaction,
    title=N_("Wallet movements"),
    one=N_("Wallet movement"),
    sentence=N_("Each movement of a wallet's money, and each that failed."),
    menu=MENU,
    columns="title status type record_type wallet party amount happened_at",
    more="processor reference payment_reference fee balance_after narration",
    search="reference payment_reference narration wallet.name party.name",
    filters="status type record_type wallet party amount happened_at",
    labels={"party": N_("Owner"), "happened_at": N_("Time")},
    figures="amount balance_after wallet party",
    groups=(
        Group(
            N_("Movement"),
            "type record_type wallet party categories narration happened_at response_code",
        ),
        Group(
            N_("From and to"),
            "debit_account_number debit_account_name credit_account_number credit_account_name"
            " destination_bank_code destination_bank_name",
        ),
        Group(
            N_("References"),
            "reference payment_reference session_id processor processor_data customer_reference",
        ),
        Group(
            N_("Biller"),
            "biller_id biller_name item_name item_code customer_address recharge_pin fee",
        ),
    ),
    acts=(
        Act(
            wallet_movements.reveal,
            N_("Show the account numbers"),
            icon="eye",
            bulk=False,
            unless=_has_numbers,
            confirm=N_("It is noted that you read them."),
            outcome=str,
        ),
    ),
    presets=(Preset(N_("Failed"), "status=failed"),),
    programs="currency",
    drawing="money",
)


def _to_pay_out(_at_hand: Any) -> Any:
    asked = facts(
        Order.id,
        Wallet.name,
        Order.created_at,
        who=Order.account_name,
        amount=Order.amount,
        currency=Order.currency,
    ).join(Wallet, Wallet.id == Order.wallet_id)
    stuck = or_(Order.provider == "", Order.called_at < clock() - wallet_payouts.PATIENCE)
    return asked.where(Order.status == OrderStatus.set_aside, stuck).order_by(Order.created_at)


ORDER = Screen(
    Order,
    title=N_("Paid out of wallets"),
    one=N_("Wallet order"),
    sentence=N_("What owners asked of their wallets. Pay out what is on its way out."),
    menu=MENU,
    waiting=(Waiting("paid_out", N_("Pay out of the wallet %(name)s"), "cash", _to_pay_out),),
    columns="wallet status kind amount channel account_name created_at",
    more="account_number bank_name provider reference failure done_at",
    called="wallet",
    heading=N_("Asked of %(name)s"),
    search="wallet.name account_name reference",
    filters="status kind channel amount created_at",
    acts=(
        Act(
            wallet_payouts.paid_out,
            N_("Paid out"),
            move="finish",
            icon="cash",
            money=True,
            bulk=False,
            unless=_waits,
            inputs=(
                Input("reference", N_("Reference of the bank"), required=False, length=120),
                Input(
                    "recharge_pin",
                    N_("Recharge PIN"),
                    required=False,
                    length=60,
                    hint=N_("Of a prepaid bill: what a meter or phone takes. Its owner reads it."),
                ),
            ),
            done=N_("It has left the wallet. Its owner is told."),
        ),
        Act(
            wallet_payouts.not_paid,
            N_("Could not be paid"),
            move="fail",
            icon="x",
            tone="danger",
            money=True,
            bulk=False,
            unless=_waits,
            inputs=(REASON,),
            done=N_("The money is in the wallet again. Its owner is told."),
        ),
        Act(
            wallet_payouts.reveal,
            N_("Show the account number"),
            icon="eye",
            bulk=False,
            unless=_has_number,
            confirm=N_("It is noted that you read it."),
            outcome=str,
        ),
    ),
    groups=(
        Group(N_("Asked for"), "wallet kind amount note created_at done_at failure reference"),
        Group(
            N_("To"),
            "channel provider bank_name bank_code account_name account_number called_at attempts",
        ),
        Group(N_("Biller"), "biller_name biller_id item_name item_code"),
    ),
    figures="amount wallet account_name",
    presets=(Preset(N_("To pay out"), "status=set_aside"), Preset(N_("Not made"), "status=failed")),
    programs="currency",
    drawing="money",
)
SCREENS = [WALLET, ORDER, TRANSACTION]
