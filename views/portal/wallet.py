"""The wallet of a member of the portal: what is in it, what moved, and how wishes stand."""

from typing import Any
from uuid import UUID

from flask import current_app, redirect, render_template, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import NotFound
from core.work import Work, found, unit_of_work
from models.wallet_orders import ORDER_FLOW, ORDER_LABELS, Order, OrderKind, OrderStatus
from models.wallets import (
    TRANSACTION_MEANINGS,
    TRANSACTION_STATUS_LABELS,
    WALLET_FLOW,
    RecordType,
    Transaction,
    TransactionStatus,
    Wallet,
    WalletStatus,
)
from services import wallet_payouts, wallet_pins, wallet_statements, wallets
from views.portal.pages import PortalView, needs, reading
from views.web.person import actor, signed_in

TABLE = "portal_wallet"
FEW = 8
"""Movements on the first page."""


class PortalWalletView(PortalView):
    """Balance, movements, orders."""

    route_base = "/portal/wallet"
    default_view = "wallet"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def wallet(self) -> str:
        """Show what is in the wallet and what can be done with it; or offer to open one."""
        work = reading()
        mine = own(work)
        if mine is None:
            return self.page("portal/wallet_none.html", "wallet")
        if wallets.flaw(work, mine.id):
            _have_inspected(mine)
        return self.page(
            "portal/wallet.html",
            "wallet",
            **balance(work, mine),
            has_pin=wallet_pins.has_pin(work, mine.id),
            waiting=[_order(work, each) for each in wallet_statements.under_way(work, mine.id)],
            rows=[row(each) for each in wallet_statements.latest(work, mine.id, FEW)],
        )

    @expose("/open", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def open(self) -> Any:
        """Open the wallet of the party that one signs in for, and go on to its PIN."""
        with unit_of_work(db.session(), actor()) as work:
            wallets.open_for(work, _party())
        return redirect(url_for("PortalWalletActsView.pin"))

    @expose("/orders/<uuid:order_id>")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def order(self, order_id: UUID) -> str:
        """Show how a wish of the owner stands."""
        work = reading()
        return self.page(
            "portal/wallet_order.html", "wallet", **_order(work, found(work, Order, order_id))
        )

    @expose("/orders/<uuid:order_id>/state")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def order_state(self, order_id: UUID) -> str:
        """Answer a page that waits."""
        work = reading()
        shown = _order(work, found(work, Order, order_id))
        return render_template("portal/wallet_order_state.html", **shown)


def own(work: Work) -> Wallet | None:
    """Find the wallet at hand: the first of the party, by currency."""
    member = signed_in().member
    if member is None or member.party_id is None:
        return None
    held = wallets.of_party(work, member.party_id)
    return next(iter(held), None)


def own_or_none_such(work: Work) -> Wallet:
    """Find the wallet at hand.

    Raises:
        NotFound: there is none.

    """
    mine = own(work)
    if mine is None:
        raise NotFound
    return mine


def balance(work: Work, wallet: Wallet) -> dict[str, Any]:
    """Gather what the card of a wallet says."""
    return {
        "wallet": wallet,
        "available": wallets.available(work, wallet.id),
        "held": wallet.held,
        "usable": wallet.status is WalletStatus.active,
        "label": _(WALLET_FLOW.labels[wallet.status]),
        "meaning": WALLET_FLOW.meanings[wallet.status],
    }


def row(moved: Transaction) -> dict[str, Any]:
    """Make the line of a movement: money that went out is negative."""
    out = moved.record_type is RecordType.debit
    other = moved.credit_account_name if out else moved.debit_account_name
    return {
        "title": _(moved.title),
        "other": _(other) if other else "",
        "note": moved.narration,
        "at": moved.happened_at,
        "amount": -moved.amount if out else moved.amount,
        "currency": moved.currency,
        "failed": moved.status is TransactionStatus.failed,
        "label": _(TRANSACTION_STATUS_LABELS[moved.status]),
        "meaning": TRANSACTION_MEANINGS[moved.status],
        "icon": "arrow-up" if out else "arrow-down",
    }


def _order(work: Work, order: Order) -> dict[str, Any]:
    paid = order.status is OrderStatus.done and order.kind is OrderKind.bill
    return {
        "recharge_pin": _grouped(wallet_payouts.recharge_pin(work, order)) if paid else "",
        "order": order,
        "kind": _(ORDER_LABELS[order.kind]),
        "label": _(ORDER_FLOW.labels[order.status]),
        "meaning": ORDER_FLOW.meanings[order.status],
        "waits": order.status is OrderStatus.requested,
        "aside": order.status is OrderStatus.set_aside,
        "done": order.status is OrderStatus.done,
        "failure": _(order.failure) if order.failure else "",
    }


def _grouped(pin: str) -> str:
    """Write a recharge PIN as it is typed: in fours."""
    return " ".join(pin[at : at + 4] for at in range(0, len(pin), 4))


def _party() -> UUID:
    member = signed_in().member
    if member is None or member.party_id is None:
        raise NotFound
    return member.party_id


def _have_inspected(wallet: Wallet) -> None:
    """Have a job look at a wallet that does not fit: it freezes it and raises the alarm."""
    current_app.extensions["ring"](
        "workers.wallets.inspect", wallet.organization_id, wallet.id, queue="money"
    )
