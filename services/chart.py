"""Charts of accounts: what accountants may change of what a book began with."""

from sqlalchemy import select

from core.errors import BadInput
from core.money import is_currency
from core.text import N_
from core.work import Work
from models.chart import MAIN, Book, LedgerAccount


def names(work: Work) -> dict[str, str]:
    """Name the ledger accounts of the organization by their codes; its own book's name counts."""
    query = (
        select(LedgerAccount.code, LedgerAccount.name)
        .join(Book, Book.id == LedgerAccount.book_id)
        .order_by(Book.name != MAIN, LedgerAccount.code)
    )
    found: dict[str, str] = {}
    for code, name in work.session.execute(query):
        found.setdefault(code, name)
    return found


def check(work: Work, row: LedgerAccount) -> None:
    """Make sure that a ledger account makes sense before it is written.

    Raises:
        BadInput: its currency is none, or what it stands under is of another book or type.

    """
    row.code = (row.code or "").strip()
    row.currency = (row.currency or "").strip().upper() or None
    if row.currency is not None and not is_currency(row.currency):
        raise BadInput(N_("That is no currency: write its code, like KES."), field="currency")
    if row.parent_id is None:
        return
    above = work.session.get(LedgerAccount, row.parent_id)
    if above is None or (above.book_id, above.type) != (row.book_id, row.type):
        raise BadInput(N_("An account stands under one of the same book and type."), field="parent")
