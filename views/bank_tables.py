"""The reconciliation of a bank account as a table."""

from collections.abc import Sequence
from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _

from core.work import Work, found
from models.bank_statements import BankAccount
from services import bank_reconciliation
from services.bank_reconciliation import Item
from views.admin.words import day
from views.financial_sheets import Cell, Head, Line, Table, Wish


def bank(work: Work, wish: Wish) -> Table:
    """Write what the book has, what is open on either side, and what the bank says."""
    heads = [Head(_("What for")), Head(_("Date"), "day"), Head(_("Amount"), "money")]
    title, facts = _("Bank reconciliation"), [(_("As of"), day(wish.on))]
    if wish.bank_account_id is None:
        said = [("waiting", _("Choose a bank account."))]
        return Table("bank", title, facts, heads, [], said)
    account = found(work, BankAccount, wish.bank_account_id)
    facts = [(_("Bank account"), account.name), (_("Currency"), account.currency), *facts]
    told = bank_reconciliation.on(work, account.id, wish.on)
    lines = [_sum(_("In the book"), told.book)]
    if told.before:
        lines.append(
            _sum(_("What bank and book differed by before the first statement"), told.before)
        )
    lines += _items(_("At the bank, not in the book"), told.not_in_book, "bank_line.record", 1)
    lines += _items(_("In the book, not at the bank"), told.not_at_bank, "journal_entry.record", -1)
    lines.append(_sum(_("So the bank should say"), told.explained))
    if told.bank is None:
        said = [("waiting", _("No statement up to that day tells the bank's balance."))]
        return Table("bank", title, facts, heads, lines, said)
    lines.append(_sum(_("The bank says"), told.bank))
    said = [("good", _("All agree."))]
    if told.unexplained:
        lines.append(_sum(_("Not explained"), told.unexplained))
        said = [("stopped", _("Something is not explained. Look for days without a statement."))]
    return Table("bank", title, facts, heads, lines, said)


def _items(title: str, items: Sequence[Item], record: str, sign: int) -> list[Line]:
    if not items:
        return []
    return [
        Line([Cell(title), Cell(), Cell()], look="head"),
        *(
            Line(
                [
                    Cell(each.said, url_for(record, pk=each.id)),
                    Cell(each.on),
                    Cell(sign * each.amount),
                ],
                depth=1,
            )
            for each in items
        ),
    ]


def _sum(label: str, amount: Decimal) -> Line:
    return Line([Cell(label), Cell(), Cell(amount)], look="total")
