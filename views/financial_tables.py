"""Financial reports as tables: one description for screen, PDF, workbook and CSV."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from core.work import Work, found
from models.chart import AccountType
from models.people import Party
from services import ageing, balances, bank_reconciliation, financials, statements
from services.balances import ChartLine
from services.financials import Part, Spell
from services.statements import PAGE, Statement
from views.admin.spoken import table as record_kind
from views.admin.words import day, money
from views.bank_tables import bank
from views.financial_sheets import Cell, Head, Line, Table, Wish
from views.rent_tables import rents
from views.tax_tables import taxes

AGES = (
    N_("Not due yet"),
    N_("0 to 30 days"),
    N_("31 to 60 days"),
    N_("61 to 90 days"),
    N_("Over 90 days"),
)
PARTS = {
    "income": (N_("Income"), N_("Total income")),
    "expense": (N_("Expenses"), N_("Total expenses")),
    "asset": (N_("Assets"), N_("Total assets")),
    "liability": (N_("Liabilities"), N_("Total liabilities")),
    "equity": (N_("Equity"), N_("Total equity")),
    "operating": (N_("From running the business"), N_("Money from running the business")),
    "investing": (N_("From investing"), N_("Money from investing")),
    "financing": (N_("From financing"), N_("Money from financing")),
}


def trial_balance(work: Work, wish: Wish) -> Table:
    """Write each balance on its side; both sides add up to the same."""
    rows = financials.trial_balance(work, wish.books, wish.on)
    lines = [
        Line(
            [
                Cell(_named(each.line), wish.postings(each.line.code, _year(wish.on), wish.on)),
                Cell(each.debit or None),
                Cell(each.credit or None),
            ]
        )
        for each in rows
    ]
    debit, credit = (sum((getattr(row, side) for row in rows), Decimal(0)) for side in SIDES)
    if rows:
        lines.append(Line([Cell(_("Total")), Cell(debit), Cell(credit)], look="total"))
    heads = [Head(_("Account")), Head(_("Debit"), "money"), Head(_("Credit"), "money")]
    said = [] if debit == credit else [("stopped", _("The two sides differ. Tell your operator."))]
    return Table("trial-balance", _("Trial balance"), _as_of(wish), heads, lines, said)


SIDES = ("debit", "credit")


def income(work: Work, wish: Wish) -> Table:
    """Write what was earned and spent, and what is left."""
    spells = _spells(wish)
    parts = financials.income(work, wish.books, spells)
    lines = [line for part in parts for line in _part(wish, part, spells)]
    if lines:
        lines.append(_sum(_("Result"), financials.result(parts)))
    return Table("income", _("Income statement"), _between(wish), _columns(spells), lines)


def balance_sheet(work: Work, wish: Wish) -> Table:
    """Write what there is, what is owed, and what is left for the owners."""
    days = [wish.on, *([_earlier(wish)] if wish.compare else [])]
    parts = financials.position(work, wish.books, days)
    earned = financials.kept_back(work, wish.books, days)
    spells = [Spell(balances.BEGINNING, each) for each in days]
    lines = [line for part in parts for line in _part(wish, part, spells)]
    if lines or any(earned):
        assets, liabilities, equity = (part.totals for part in parts)
        link = wish.link("income", since=balances.BEGINNING, until=wish.on)
        cells = [Cell(_("Result not yet carried to equity"), link), *map(Cell, earned)]
        lines.append(Line(cells))
        theirs = [sum(each, Decimal(0)) for each in zip(liabilities, equity, earned, strict=True)]
        lines.append(_sum(_("Liabilities, equity and result"), theirs))
        assert list(assets) == theirs  # each entry balances, so do their sums
    heads = [Head(_("Account")), *(Head(day(each), "money") for each in days)]
    return Table("balance-sheet", _("Balance sheet"), _as_of(wish), heads, lines)


def cash_flow(work: Work, wish: Wish) -> Table:
    """Write why there is more money than before, or less."""
    spells = _spells(wish)
    flow = financials.cash_flow(work, wish.books, spells)
    if not any((*flow.opening, *flow.closing, *flow.change)):
        return Table("cash-flow", _("Cash flow"), _between(wish), _columns(spells), [])
    link = wish.link("income", since=wish.since, until=wish.until)
    lines = [
        _sum(_("Money at the beginning"), flow.opening),
        Line([Cell(_("Result"), link), *map(Cell, flow.result)]),
        *(line for part in flow.parts for line in _part(wish, part, spells)),
        _sum(_("Change"), flow.change),
        _sum(_("Money at the end"), flow.closing),
    ]
    return Table("cash-flow", _("Cash flow"), _between(wish), _columns(spells), lines)


def general_ledger(work: Work, wish: Wish) -> Table:
    """Write each posting to an account, with the balance after it."""
    chart = balances.chart(work, wish.books.book_id)
    heads = [Head(_("What for")), Head(_("Date"), "day"), Head(_("Party")), *_running_heads()]
    title = _("General ledger")
    if wish.account not in chart:
        said = [("waiting", _("Choose an account to see its postings."))]
        return Table("ledger", title, _between(wish), heads, [], said)
    read = (wish.books, wish.account, wish.since, wish.until, wish.page)
    told = statements.general_ledger(work, *read)
    lines = [
        Line([Cell(line.memo, _entry(line)), Cell(line.booked_on), Cell(line.party), *moves(line)])
        for line in told.lines
    ]
    whole = max(-(-told.postings // PAGE), 1)
    lines = framed(told, lines, 2, first=wish.page == 1, last=wish.page >= whole)
    facts = [(_("Account"), _named(chart[wish.account])), *_between(wish)]
    return Table("ledger", title, facts, heads, lines, pages=whole)


def party(work: Work, wish: Wish) -> Table:
    """Write what a party owed at first, what came to it, and what it owes."""
    heads = [Head(_("What for")), Head(_("Date"), "day"), Head(_("Kind")), *_running_heads()]
    title = _("Account statement")
    if wish.party_id is None:
        said = [("waiting", _("Choose whose account you want to see."))]
        return Table("party", title, _between(wish), heads, [], said)
    whose = found(work, Party, wish.party_id)
    told = statements.of_party(work, wish.books, whose.id, wish.since, wish.until)
    shown = told.lines[: statements.MOST]
    lines = [
        Line(
            [
                Cell(line.memo, _entry(line)),
                Cell(line.booked_on),
                Cell(record_kind(line.source_table)),
                *moves(line),
            ]
        )
        for line in shown
    ]
    cut = len(told.lines) > len(shown)
    said = (
        [("needs", _("Too much for one page: choose fewer days to see the rest."))] if cut else []
    )
    said += [("waiting", _("Positive is owed to you, negative is what you owe."))]
    facts = [(_("Party"), whose.name), *_between(wish)]
    return Table("party", title, facts, heads, framed(told, lines, 2), said)


def receivables(work: Work, wish: Wish) -> Table:
    """Write what customers owe, by how long it has been due."""
    told = ageing.receivables(work, wish.books, wish.on)
    return _aged(wish, told, "receivables", _("Aged receivables"), "invoice.record")


def payables(work: Work, wish: Wish) -> Table:
    """Write what is owed to others, by how long it has been booked."""
    told = ageing.payables(work, wish.books, wish.on)
    return _aged(wish, told, "payables", _("Aged payables"), "journal_entry.record")


def trust(work: Work, wish: Wish) -> Table:
    """Write whether money held for others is there: at the bank, in the book, by holder."""
    told = financials.trust(work, wish.books, wish.on)
    since = _year(wish.on)
    lines = [Line([Cell(_("Money in the book"))], look="head")]
    for each in told.money:
        link = wish.postings(each.line.code, since, wish.on)
        lines.append(Line([Cell(_named(each.line), link), Cell(each.debit - each.credit)], depth=1))
    lines += [
        _sum(_("In the book"), [told.in_book]),
        Line([Cell(_("Held for others"))], look="head"),
    ]
    for held in told.held:
        said = _("%(account)s, %(count)s holders", account=_named(held.line), count=held.holders)
        link = wish.postings(held.line.code, since, wish.on)
        lines.append(Line([Cell(said, link), Cell(held.accounts)], depth=1))
    lines += [
        _sum(_("By holder"), [told.by_holder]),
        _sum(_("Difference of book and holders"), [told.in_book - told.by_holder]),
    ]
    notes = [] if told.in_book == told.by_holder else [("stopped", _("Book and holders differ."))]
    at_bank = wish.bank
    if at_bank is None:
        at_bank = bank_reconciliation.at_bank(work, wish.books, wish.on)
    if at_bank is None:
        notes.append(("waiting", _("Type what the bank says to compare it with the book.")))
    else:
        short = at_bank - told.in_book
        lines.append(_sum(_("At the bank"), [at_bank]))
        lines.append(_sum(_("Difference of bank and book"), [short]))
        notes.append(
            ("stopped", _("Bank and book differ.")) if short else ("good", _("All agree."))
        )
    heads = [Head(_("Account")), Head(_("Amount"), "money")]
    if not told.money and not told.held and at_bank is None:
        lines = []
    return Table("trust", _("Trust reconciliation"), _as_of(wish), heads, lines, notes)


BUILDERS: dict[str, Callable[[Work, Wish], Table]] = {
    "trial-balance": trial_balance,
    "income": income,
    "balance-sheet": balance_sheet,
    "cash-flow": cash_flow,
    "ledger": general_ledger,
    "party": party,
    "receivables": receivables,
    "payables": payables,
    "trust": trust,
    "bank": bank,
    "taxes": taxes,
    "rent-roll": rents,
}


def _aged(wish: Wish, told: ageing.Ageing, name: str, title: str, record: str) -> Table:
    heads = [Head(_("Party")), Head(_("Total"), "money"), *(Head(_(age), "money") for age in AGES)]
    facts = _as_of(wish)
    if wish.party_id:
        debts = [each for each in told.debts if each.party_id == wish.party_id]
        heads[0] = Head(_("What for"))
        facts = [(_("Party"), debts[0].party if debts else "\N{EN DASH}"), *facts]
        rows = [
            (
                Cell(
                    f"{each.name} \N{MIDDLE DOT} {day(each.since)}",
                    url_for(record, pk=each.subject_id),
                ),
                ageing.columns([each]),
            )
            for each in debts
        ]
        totals = ageing.columns(debts)
    else:
        rows = [
            (Cell(each.party, wish.link(name, on=wish.on, party=each.party_id)), each.amounts)
            for each in told.parties
        ]
        totals = told.totals
    lines = [
        Line([cell, Cell(sum(amounts, Decimal(0))), *(Cell(each or None) for each in amounts)])
        for cell, amounts in rows
    ]
    whole = sum(totals, Decimal(0))
    if lines:
        lines.append(_sum(_("Total"), [whole, *totals]))
    said = []
    if not wish.party_id and whole != told.in_ledger:
        difference = money(told.in_ledger - whole, wish.books.currency)
        text = _("The ledger has %(amount)s beside these: advances, or what was booked by hand.")
        said.append(("needs", text % {"amount": difference}))
    return Table(name, title, facts, heads, lines, said)


def _part(wish: Wish, part: Part, spells: Sequence[Spell]) -> list[Line]:
    """Write rows under their title, with their sum; nothing where there are none."""
    if not part.rows:
        return []
    title, total = PARTS[part.key]
    lines = [Line([Cell(_(title))], look="head")]
    for row in part.rows:
        amounts = [
            Cell(amount, "" if row.heads else wish.postings(row.line.code, each.since, each.until))
            for amount, each in zip(row.amounts, spells, strict=True)
        ]
        lines.append(Line([Cell(_named(row.line)), *amounts], depth=row.depth + 1))
    return [*lines, _sum(_(total), part.totals)]


def framed(
    told: Statement, lines: list[Line], blank: int, *, first: bool = True, last: bool = True
) -> list[Line]:
    """Put the opening before the lines, and sums and closing after them."""
    empty = [Cell()] * blank
    opening = [Cell(_("Opening balance")), *empty, Cell(), Cell(), Cell(told.opening)]
    sums = [Cell(told.debit), Cell(told.credit), Cell(told.closing)]
    closing = [Cell(_("Closing balance")), *empty, *sums]
    head = [Line(opening, look="total")] if first else []
    return [*head, *lines, *([Line(closing, look="total")] if last else [])]


def _running_heads() -> list[Head]:
    return [Head(_(each), "money") for each in (N_("Debit"), N_("Credit"), N_("Balance"))]


def moves(line: statements.Line) -> list[Cell]:
    """Give the debit or credit of a posting, and the balance after it."""
    return [
        Cell(line.amount if line.amount > 0 else None),
        Cell(-line.amount if line.amount < 0 else None),
        Cell(line.balance),
    ]


def _entry(line: statements.Line) -> str:
    return url_for("journal_entry.record", pk=line.entry_id)


def _sum(label: str, amounts: Sequence[Decimal]) -> Line:
    return Line([Cell(label), *map(Cell, amounts)], look="total")


def _named(line: ChartLine) -> str:
    return f"{line.code} {_(line.name)}"


def _columns(spells: Sequence[Spell]) -> list[Head]:
    spans = [f"{day(each.since)} \N{EN DASH} {day(each.until)}" for each in spells]
    return [Head(_("Account")), *(Head(span, "money") for span in spans)]


def _spells(wish: Wish) -> list[Spell]:
    asked = Spell(wish.since, wish.until)
    if wish.compare == "before":
        return [asked, asked.before()]
    if wish.compare == "year":
        return [asked, Spell(_last_year(wish.since), _last_year(wish.until))]
    return [asked]


def _earlier(wish: Wish) -> date:
    return _last_year(wish.on) if wish.compare == "year" else date(wish.on.year - 1, 12, 31)


def _last_year(on: date) -> date:
    return on.replace(year=on.year - 1, day=28 if (on.month, on.day) == (2, 29) else on.day)


def _year(on: date) -> date:
    return date(on.year, 1, 1)


def _as_of(wish: Wish) -> list[tuple[str, str]]:
    return [*_where(wish), (_("As of"), day(wish.on))]


def _between(wish: Wish) -> list[tuple[str, str]]:
    return [*_where(wish), (_("From"), day(wish.since)), (_("To"), day(wish.until))]


def _where(wish: Wish) -> list[tuple[str, str]]:
    said = [(_("Book"), wish.books.name), (_("Currency"), wish.books.currency)]
    if place := wish.books.place:
        said.append((_("Estate"), place.estate))
        said += [(_("Unit"), place.unit)] if place.unit else []
    return said


assert set(AccountType) <= set(PARTS)
