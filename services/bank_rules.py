"""Rules for lines of banks: what they say, and what they then are."""

from sqlalchemy import select

from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.bank_statements import BankRule
from models.chart import FOLLOWS_DOCUMENTS, OF_A_PARTY, LedgerAccount


def check(work: Work, row: BankRule) -> None:
    """Make sure that a rule leads somewhere.

    Raises:
        BadInput: there is no such account, or it is somebody's own or follows documents.

    """
    row.code, row.pattern = (row.code or "").strip(), (row.pattern or "").strip()
    if not row.code:
        return
    known = select(LedgerAccount.id).where(LedgerAccount.code == row.code, LedgerAccount.active)
    if work.session.scalar(known.limit(1)) is None:
        raise BadInput(N_("The chart has no such account."), field="code")
    if row.code in FOLLOWS_DOCUMENTS or row.code in OF_A_PARTY:
        raise BadInput(N_("That account is not for this."), field="code")
