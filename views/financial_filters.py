"""What can be asked of each financial report: read from the address, and described as fields."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.errors import BadInput, NotFound
from core.money import parsed, rounded
from core.text import N_
from core.work import Work
from models.estate import Estate, Unit
from models.people import Party
from services import balances, bank_reconciliation, ledger
from services.balances import Place
from views.admin.inputs import name_of, source_of
from views.admin.rights import require
from views.financial_sheets import Wish
from views.web.person import actor

RIGHT = "financial_report"
MOST_ESTATES = 500


@dataclass(frozen=True, slots=True)
class Report:
    """A report: what it is called, what it answers, and what can be asked of it."""

    title: str
    sentence: str
    icon: str
    asks: str


REPORTS: Mapping[str, Report] = {
    "trial-balance": Report(
        N_("Trial balance"), N_("Every account with its balance on a day."), "scale", "on"
    ),
    "income": Report(
        N_("Income statement"),
        N_("What was earned and spent, and what is left."),
        "chart-bar",
        "since until compare estate unit",
    ),
    "balance-sheet": Report(
        N_("Balance sheet"),
        N_("What there is, what is owed, and what is left."),
        "building-bank",
        "on compare",
    ),
    "cash-flow": Report(
        N_("Cash flow"),
        N_("Where money came from, and where it went."),
        "arrows-exchange",
        "since until compare",
    ),
    "ledger": Report(
        N_("General ledger"),
        N_("Each posting to an account, with the balance after it."),
        "list-details",
        "account since until estate unit",
    ),
    "party": Report(
        N_("Account statement"),
        N_("What a party owed, what came to it, and what it owes."),
        "user",
        "party since until estate unit",
    ),
    "receivables": Report(
        N_("Aged receivables"),
        N_("What customers owe, by how long it has been due."),
        "hourglass",
        "on party",
    ),
    "payables": Report(
        N_("Aged payables"),
        N_("What you owe, by how long it has been booked."),
        "hourglass",
        "on party",
    ),
    "rent-roll": Report(
        N_("Rent roll"),
        N_("Each unit, who rents it, for how much, and what is overdue."),
        "key",
        "on estate unit",
    ),
    "trust": Report(
        N_("Trust reconciliation"),
        N_("Whether money held for others is there: bank, book and holders."),
        "shield-check",
        "on bank",
    ),
    "bank": Report(
        N_("Bank reconciliation"),
        N_("Whether bank and book say the same, and what stands between them."),
        "building-bank",
        "bank_account on",
    ),
    "taxes": Report(
        N_("Taxes"),
        N_("What was charged and taken back by tax and rate, and what is owed of it."),
        "receipt-tax",
        "since until",
    ),
}
COMPARED = {"before": N_("The time before"), "year": N_("A year earlier")}


def asked(name: str) -> tuple[Work, Report, Wish, list[str]]:
    """Read what is asked for; what cannot be read is left out, and told.

    Raises:
        NotFound: there is no such report.

    """
    require(RIGHT, "read")
    if name not in REPORTS:
        raise NotFound
    work, report, unread = Work(db.session(), actor()), REPORTS[name], list[str]()
    today = ledger.business_date(work)
    book = request.args.get("book") or ("trust" if name == "trust" else "")
    try:
        books = balances.books(work, book, request.args.get("currency", ""))
    except BadInput:
        unread.append(_("Currency"))
        books = balances.books(work, book)
    asks = report.asks.split()
    if "estate" in asks:
        books = replace(books, place=_place(work, unread))
    on = _day("on", today, unread)
    until = _day("until", today, unread)
    since = _day("since", date(until.year, 1, 1), unread)
    if since > until:
        unread.append(_("From"))
        since = until
    compare = request.args.get("compare", "")
    wish = Wish(
        books,
        on,
        since,
        until,
        compare if compare in COMPARED and "compare" in asks else "",
        request.args.get("account", ""),
        _party(unread),
        _bank(books.currency, unread) if "bank" in asks else None,
        max(request.args.get("page", 1, int), 1),
        _id("bank_account", _("Bank account"), unread),
    )
    return work, report, wish, unread


def _day(name: str, otherwise: date, unread: list[str]) -> date:
    given = request.args.get(name, "")
    if not given:
        return otherwise
    try:
        day_ = date.fromisoformat(given)
    except ValueError:
        unread.append(given[:20])
        return otherwise
    if not balances.BEGINNING <= day_ <= date(2200, 12, 31):
        unread.append(given[:20])
        return otherwise
    return day_


def _party(unread: list[str]) -> UUID | None:
    return _id("party", _("Party"), unread)


def _id(name: str, label: str, unread: list[str]) -> UUID | None:
    given = request.args.get(name, "")
    try:
        return UUID(given) if given else None
    except ValueError:
        unread.append(label)
        return None


def _place(work: Work, unread: list[str]) -> Place | None:
    """Read which estate, or which unit of one, is asked for; a unit says its estate itself."""
    estate_id = _id("estate", _("Estate"), unread)
    unit_id = _id("unit", _("Unit"), unread)
    unit = work.session.get(Unit, unit_id) if unit_id else None
    place = work.session.get(Estate, unit.estate_id if unit else estate_id or UUID(int=0))
    if (unit_id and unit is None) or (estate_id and place is None):
        unread.append(_("Unit") if unit_id and unit is None else _("Estate"))
    if place is None:
        return None
    return Place(place.id, place.name, unit.id if unit else None, unit.number if unit else "")


def _bank(currency: str, unread: list[str]) -> Decimal | None:
    given = request.args.get("bank", "").strip()
    try:
        return parsed(given, currency, "bank") if given else None
    except BadInput:
        unread.append(_("What the bank says"))
        return None


def fields(work: Work, report: Report, wish: Wish) -> list[dict[str, Any]]:
    """Describe what can be asked, with what is asked now (macros/ui.html)."""
    books = [{"value": each, "label": each} for each in balances.names(work)]
    moneys = balances.currencies(work, wish.books.book_id)
    made = [_choice("book", _("Book"), books, wish.books.name)]
    if len(moneys) > 1:
        offered = [{"value": each, "label": each} for each in moneys]
        made.append(_choice("currency", _("Currency"), offered, wish.books.currency))
    describe = {
        "on": lambda: _date("on", _("As of"), wish.on),
        "since": lambda: _date("since", _("From"), wish.since),
        "until": lambda: _date("until", _("To"), wish.until),
        "compare": lambda: _compared(wish),
        "account": lambda: _account(work, wish),
        "estate": lambda: _estate(work, wish),
        "unit": lambda: _unit(wish),
        "bank_account": lambda: _bank_account(work),
        "party": lambda: _whose(wish),
        "bank": lambda: _said_by_bank(wish),
    }
    return [*made, *(describe[each]() for each in report.asks.split())]


def _choice(name: str, label: str, options: Any, value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": "choice", "options": options, "value": value}


def _date(name: str, label: str, value: date) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": "date", "value": value.isoformat()}


def _compared(wish: Wish) -> dict[str, Any]:
    offered = [{"value": key, "label": _(label)} for key, label in COMPARED.items()]
    made = _choice("compare", _("Compare with"), offered, wish.compare)
    return made | {"placeholder": _("Nothing")}


def _account(work: Work, wish: Wish) -> dict[str, Any]:
    chart = balances.chart(work, wish.books.book_id)
    heads = {line.parent for line in chart.values()}
    offered = [
        {"value": code, "label": f"{code} {_(line.name)}"}
        for code, line in chart.items()
        if code not in heads
    ]
    return _choice("account", _("Account"), offered, wish.account)


def _estate(work: Work, wish: Wish) -> dict[str, Any]:
    query = select(Estate.id, Estate.name).order_by(Estate.name).limit(MOST_ESTATES)
    offered = [{"value": str(key), "label": name} for key, name in work.session.execute(query)]
    place = wish.books.place
    made = _choice("estate", _("Estate"), offered, str(place.estate_id) if place else "")
    return made | {"placeholder": _("All")}


def _unit(wish: Wish) -> dict[str, Any]:
    place = wish.books.place
    chosen, unit_id = [], None
    if place and place.unit_id:
        unit_id = str(place.unit_id)
        chosen = [{"value": unit_id, "label": place.unit, "selected": True}]
    return {
        "name": "unit",
        "label": _("Unit"),
        "kind": "search",
        "source": source_of("invoice", "unit"),
        "options": chosen,
        "value": unit_id,
    }


def _bank_account(work: Work) -> dict[str, Any]:
    offered = [
        {"value": str(each.id), "label": each.name} for each in bank_reconciliation.accounts(work)
    ]
    return _choice("bank_account", _("Bank account"), offered, request.args.get("bank_account", ""))


def _whose(wish: Wish) -> dict[str, Any]:
    name = name_of(db.session(), Party, wish.party_id)
    chosen = [{"value": str(wish.party_id), "label": name, "selected": True}] if name else []
    source = source_of("invoice", "party")
    return {
        "name": "party",
        "label": _("Party"),
        "kind": "search",
        "source": source,
        "options": chosen,
        "value": str(wish.party_id) if name else None,
    }


def _said_by_bank(wish: Wish) -> dict[str, Any]:
    return {
        "name": "bank",
        "label": _("What the bank says"),
        "kind": "money",
        "currency": wish.books.currency,
        "value": "" if wish.bank is None else f"{rounded(wish.bank, wish.books.currency)}",
    }
