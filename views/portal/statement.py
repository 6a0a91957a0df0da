"""What stands between a customer and the organization: opening, each entry, what is owed now."""

from datetime import date
from typing import Any

from flask import Response, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core.errors import NotFound
from core.work import Work
from services import balances, ledger, statements
from views.admin.words import day
from views.financial_sheets import Cell, Head, Line, Table
from views.financial_tables import framed, moves
from views.financials import send_csv, send_pdf
from views.portal.pages import PAYMENTS, PortalView, needs, reading
from views.web.person import signed_in


class PortalStatementView(PortalView):
    """The account of whoever is signed in."""

    default_view = "statement"

    @expose("/statement")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def statement(self) -> str:
        """Show the account, of this year unless other days are asked for."""
        work = reading()
        where, since, until = _asked(work)
        table = _table(work, where, since, until)
        span: dict[str, Any] = {"since": since, "until": until, "currency": where.currency}
        return self.page(
            "portal/statement.html",
            "payments",
            table=table,
            currency=where.currency,
            currencies=_currencies(work),
            since=since.isoformat(),
            until=until.isoformat(),
            pdf_url=url_for("PortalStatementView.file", kind="pdf", **span),
            csv_url=url_for("PortalStatementView.file", kind="csv", **span),
        )

    @expose("/statement.<kind>")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def file(self, kind: str) -> Response:
        """Give the same as a PDF, or as CSV."""
        if kind not in {"pdf", "csv"}:
            raise NotFound
        work = reading()
        where, since, until = _asked(work)
        table = _table(work, where, since, until)
        name = f"statement-{until}.{kind}"
        if kind == "csv":
            return send_csv(table, where.currency, name)
        return send_pdf(work, table, where.currency, name)


def _asked(work: Work) -> tuple[balances.Books, date, date]:
    """Read the days and the currency; what cannot be read is as if nothing was asked."""
    today = ledger.business_date(work)
    until = _day("until", today)
    since = min(_day("since", date(until.year, 1, 1)), until)
    offered = _currencies(work)
    asked = request.args.get("currency", "")
    currency = asked if asked in offered else (offered or [""])[0]
    return balances.books(work, currency=currency), since, until


def _day(name: str, otherwise: date) -> date:
    try:
        given = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return otherwise
    return given if balances.BEGINNING <= given <= date(2200, 12, 31) else otherwise


def _currencies(work: Work) -> list[str]:
    member = signed_in().member
    if member is None or member.party_id is None:
        return []
    found = statements.currencies_of(work, member.party_id)
    return [currency for book, currency in found if book == "main"]


def _table(work: Work, where: balances.Books, since: date, until: date) -> Table:
    member = signed_in().member
    heads = [Head(_("What for")), Head(_("Date"), "day")]
    heads += [Head(each, "money") for each in (_("Charged"), _("Paid"), _("Balance"))]
    facts = [
        (_("Customer"), signed_in().name),
        (_("Currency"), where.currency),
        (_("From"), day(since)),
        (_("To"), day(until)),
    ]
    title = _("Account statement")
    if member is None or member.party_id is None:
        return Table("statement", title, facts, heads, [])
    told = statements.of_party(work, where, member.party_id, since, until)
    lines = [
        Line([Cell(line.memo), Cell(line.booked_on), *moves(line)])
        for line in told.lines[-statements.MOST :]
    ]
    if not lines and not told.opening:
        return Table("statement", title, facts, heads, [])
    cut = len(told.lines) > len(lines)
    said = [("needs", _("Older lines are left out: choose fewer days."))] if cut else []
    return Table("statement", title, facts, heads, framed(told, lines, 1), said)
