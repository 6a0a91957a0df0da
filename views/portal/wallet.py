"""The wallet of a member of the portal: what is in it, what moved, and how wishes stand."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from adapters import exports
from adapters.exports import Column, Kind, Table
from core import db
from core.errors import BadInput, NotFound
from core.work import Work, found, unit_of_work
from models.wallets import (
    ORDER_FLOW,
    ORDER_LABELS,
    TRANSACTION_MEANINGS,
    TRANSACTION_STATUS_LABELS,
    WALLET_FLOW,
    Order,
    OrderStatus,
    RecordType,
    Transaction,
    TransactionStatus,
    Wallet,
    WalletStatus,
)
from services import wallet_pins, wallet_statements, wallets
from services.wallet_statements import Statement
from views.notices import cut_at
from views.portal.pages import PortalView, needs, reading
from views.web.person import actor, signed_in

TABLE = "portal_wallet"
FEW, MOST = 8, 500
"""Movements on the first page, and in a statement."""


class PortalWalletView(PortalView):
    """Balance, movements, statements, orders."""

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
            waiting=[_order(each) for each in wallet_statements.under_way(work, mine.id)],
            rows=[row(each) for each in wallet_statements.latest(work, mine.id, FEW)],
        )

    @expose("/open", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def open(self) -> Any:
        """Open the wallet of the party that one signs in for, and go on to its PIN."""
        with unit_of_work(db.session(), actor()) as work:
            wallets.open_for(work, _party())
        return redirect(url_for("PortalWalletActsView.pin"))

    @expose("/statement")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def statement(self) -> str:
        """Show what moved between two days, with the balance before and after."""
        work = reading()
        mine = own_or_none_such(work)
        since, until = _between(work)
        said = wallet_statements.between(work, mine.id, since, until, MOST)
        return self.page(
            "portal/wallet_statement.html",
            "wallet",
            wallet=mine,
            said=said,
            rows=[row(each) for each in said.rows],
            since=since,
            until=until,
            cut=cut_at(MOST, len(said.rows)),
        )

    @expose("/statement.csv")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def statement_file(self) -> Response:
        """Give the same as a table."""
        work = reading()
        mine = own_or_none_such(work)
        since, until = _between(work)
        said = wallet_statements.between(work, mine.id, since, until, exports_most())
        name = f"{mine.name}-{since:%Y%m%d}-{until:%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        chunks = list(exports.csv_chunks(_table(mine, said)))
        return Response(chunks, content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/orders/<uuid:order_id>")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def order(self, order_id: UUID) -> str:
        """Show how a wish of the owner stands."""
        work = reading()
        return self.page(
            "portal/wallet_order.html", "wallet", **_order(found(work, Order, order_id))
        )

    @expose("/orders/<uuid:order_id>/state")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def order_state(self, order_id: UUID) -> str:
        """Answer a page that waits."""
        shown = _order(found(reading(), Order, order_id))
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


def exports_most() -> int:
    """Say how many movements a file takes."""
    return 20_000


def _order(order: Order) -> dict[str, Any]:
    return {
        "order": order,
        "kind": _(ORDER_LABELS[order.kind]),
        "label": _(ORDER_FLOW.labels[order.status]),
        "meaning": ORDER_FLOW.meanings[order.status],
        "waits": order.status is OrderStatus.requested,
        "aside": order.status is OrderStatus.set_aside,
        "done": order.status is OrderStatus.done,
        "failure": _(order.failure) if order.failure else "",
    }


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


def _between(work: Work) -> tuple[date, date]:
    """Read the days that a statement is asked for; without any the last ninety."""
    until = _day("until") or wallet_statements.today(work)
    since = _day("since") or until - timedelta(days=90)
    if since > until:
        raise BadInput(_("The first day is after the last."), field="since")
    return since, until


def _day(name: str) -> date | None:
    typed = request.args.get(name, "")
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise BadInput(_("Write a day like 2026-03-12."), field=name) from None


def _table(wallet: Wallet, said: Statement) -> Table:
    titles: Sequence[tuple[str, Kind]] = (
        (_("Time"), Kind.instant),
        (_("Reference"), Kind.text),
        (_("What for"), Kind.text),
        (_("From or to"), Kind.text),
        (_("Account"), Kind.text),
        (_("Note"), Kind.text),
        (_("Status"), Kind.text),
        (_("Amount"), Kind.number),
        (_("Balance afterwards"), Kind.number),
        (_("Currency"), Kind.text),
    )
    rows = [
        (
            each.happened_at,
            each.reference,
            line["title"],
            line["other"],
            each.credit_account_number
            if each.record_type is RecordType.debit
            else each.debit_account_number,
            each.narration,
            line["label"],
            line["amount"],
            each.balance_after,
            each.currency,
        )
        for each, line in ((each, row(each)) for each in said.rows)
    ]
    return Table(wallet.name, [Column(title, kind) for title, kind in titles], rows)
