"""What moved in a wallet between two days, on a page, as a table and on paper."""

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from flask import Response, request
from flask_appbuilder import expose
from flask_babel import gettext as _

from adapters import exports
from adapters.exports import Column, Kind
from core.errors import BadInput
from core.work import Work
from models.wallets import RecordType, Transaction, Wallet
from services import ledger, wallet_statements
from services.wallet_statements import Statement
from views.admin.words import day
from views.financial_sheets import Cell, Head, Line, Table
from views.financials import send_pdf
from views.notices import cut_at
from views.portal.pages import PortalView, needs, reading
from views.portal.wallet import TABLE, own_or_none_such, row
from views.web.person import signed_in

MOST, MOST_PRINTED, MOST_LISTED = 500, 2_000, 20_000
"""Movements on the page, on paper, and in a table."""


class PortalWalletStatementView(PortalView):
    """The statement of a wallet."""

    route_base = "/portal/wallet"
    default_view = "statement"

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
    def table(self) -> Response:
        """Give the same as a table."""
        work = reading()
        mine = own_or_none_such(work)
        since, until = _between(work)
        said = wallet_statements.between(work, mine.id, since, until, MOST_LISTED)
        name = f"{mine.name}-{since:%Y%m%d}-{until:%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        chunks = list(exports.csv_chunks(_sheet(mine, said)))
        return Response(chunks, content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/statement.pdf")  # type: ignore[untyped-decorator]
    @needs("read", TABLE)
    def paper(self) -> Response:
        """Give the same on paper, the oldest first, with the balance after each movement."""
        work = reading()
        mine = own_or_none_such(work)
        since, until = _between(work)
        said = wallet_statements.between(work, mine.id, since, until, MOST_PRINTED)
        name = f"{mine.name}-{since:%Y%m%d}-{until:%Y%m%d}.pdf"
        return send_pdf(work, _printed(work, mine, said, (since, until)), mine.currency, name)


def _printed(work: Work, wallet: Wallet, said: Statement, days: tuple[date, date]) -> Table:
    zone = ledger.zone(work)
    heads = [Head(_("What for")), Head(_("Date"), "day"), Head(_("From or to"))]
    heads += [Head(each, "money") for each in (_("In"), _("Out"), _("Balance"))]
    facts = [
        (_("Wallet"), wallet.name),
        (_("Owner"), signed_in().name),
        (_("Currency"), wallet.currency),
        (_("From"), day(days[0])),
        (_("Through"), day(days[1])),
    ]
    if len(said.rows) == MOST_PRINTED:
        facts.append((_("Note"), _("Older lines are left out: choose fewer days.")))
    came, went = (
        sum(
            (each.amount for each in said.rows if each.entry_id and each.record_type is way),
            Decimal(0),
        )
        for way in (RecordType.credit, RecordType.debit)
    )
    first = Line(
        [Cell(_("Opening balance")), *[Cell()] * 4, Cell(said.after - came + went)], look="total"
    )
    last = [Cell(_("Closing balance")), Cell(), Cell(), Cell(came), Cell(went), Cell(said.after)]
    lines = [_line(each, zone) for each in reversed(said.rows)]
    return Table(
        "statement", _("Wallet statement"), facts, heads, [first, *lines, Line(last, look="total")]
    )


def _line(moved: Transaction, zone: tzinfo) -> Line:
    """Write a movement; one that failed moved nothing, and says so."""
    shown = row(moved)
    title = f"{shown['title']} ({shown['label']})" if shown["failed"] else shown["title"]
    amount = Cell(None if shown["failed"] else moved.amount)
    sides = [amount, Cell()] if moved.record_type is RecordType.credit else [Cell(), amount]
    about = " \N{MIDDLE DOT} ".join(filter(None, (shown["other"], shown["note"])))
    return Line(
        [
            Cell(title),
            Cell(moved.happened_at.astimezone(zone).date()),
            Cell(about),
            *sides,
            Cell(moved.balance_after),
        ]
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


def _sheet(wallet: Wallet, said: Statement) -> exports.Table:
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
    return exports.Table(wallet.name, [Column(title, kind) for title, kind in titles], rows)
