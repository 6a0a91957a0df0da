"""Entries that accountants write by hand, and take back: through the one door, as a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from core.errors import BadInput, Refused
from core.money import written
from core.text import N_
from core.work import Work, found
from models.chart import FOLLOWS_DOCUMENTS, OF_A_PARTY
from models.estate import Unit
from models.ledger import Entry
from models.people import Party
from services import balances, ledger, postings

MOST = 100
BY_HAND = frozenset({"book"})
"""What an entry is about that no document of ours stands behind."""


class FollowsDocument(Refused):
    """The account says what documents say; a hand would make the two differ."""

    code = "account_follows_documents"
    status = 422
    says = N_("%(account)s follows invoices and wallets. Issue, void or refund there instead.")


class NotByHand(Refused):
    """A document stands behind the entry, and is corrected first."""

    code = "entry_follows_document"
    says = N_("A document stands behind this entry. Correct it there; the ledger follows.")


class SidesDiffer(Refused):
    """Debits and credits differ."""

    code = "sides_differ"
    status = 422
    says = N_("Debits are %(debit)s and credits %(credit)s: they differ by %(difference)s.")


@dataclass(frozen=True, slots=True)
class Line:
    """One side: an account of the chart, whose it is, a debit or a credit, and about which unit."""

    code: str
    debit: Decimal
    credit: Decimal
    party_id: UUID | None = None
    unit_id: UUID | None = None


def post(  # noqa: PLR0913, PLR0917  # what an entry consists of
    work: Work,
    once: UUID,
    where: balances.Books,
    booked_on: date,
    memo: str,
    lines: Sequence[Line],
) -> UUID:
    """Write an entry by hand, once for each `once`: whoever sends a form twice posts it once.

    Raises:
        BadInput: there is no memo, a day that is still to come, or a line that makes no sense.
        FollowsDocument: an account is not for hands.
        SidesDiffer: debits and credits differ.
        The database refuses what `ledger.post` tells of.

    """
    if not memo.strip():
        raise BadInput(N_("Say what the entry is for."), field="memo")
    if booked_on > ledger.business_date(work):
        raise BadInput(N_("That day is still to come."), field="booked_on")
    if not 2 <= len(lines) <= MOST:
        raise BadInput(N_("An entry has at least two lines, and at most a hundred."), field="lines")
    for line in lines:
        _check(work, line)
    debit = sum((each.debit for each in lines), Decimal(0))
    credit = sum((each.credit for each in lines), Decimal(0))
    if debit != credit:
        raise SidesDiffer(
            debit=written(debit, where.currency),
            credit=written(credit, where.currency),
            difference=written(abs(debit - credit), where.currency),
        )
    legs = [
        ledger.Leg(each.code, each.debit - each.credit, each.party_id, each.unit_id)
        for each in lines
    ]
    recipe = postings.entered_by_hand(once, where, booked_on, memo.strip(), legs)
    return ledger.post(work, recipe)


def reverse(work: Work, entry_id: UUID, reason: str) -> Entry:
    """Take an entry back that was written by hand, by its opposite; twice does no more than once.

    Raises:
        BadInput: no reason is given, or it is itself one that takes another back.
        NotByHand: a document stands behind it.

    """
    entry = found(work, Entry, entry_id)
    if not reason.strip():
        raise BadInput(N_("Say why."), field="reason")
    if entry.reverses_id is not None:
        raise BadInput(N_("It takes another entry back. Write that entry again instead."))
    if entry.source_table not in BY_HAND:
        raise NotByHand
    key, memo = postings.taken_back(entry.id, reason.strip())
    return found(work, Entry, ledger.reverse(work, entry.id, key, memo))


def _check(work: Work, line: Line) -> None:
    if line.code in FOLLOWS_DOCUMENTS:
        raise FollowsDocument(account=line.code)
    if min(line.debit, line.credit) < 0 or (line.debit > 0) == (line.credit > 0):
        said = N_("Each line has either a debit or a credit, more than zero.")
        raise BadInput(said, field="lines")
    if line.code in OF_A_PARTY and line.party_id is None:
        raise BadInput(N_("Say whose account %(account)s is."), field="lines", account=line.code)
    if line.party_id is not None:
        found(work, Party, line.party_id)
    if line.unit_id is not None:
        found(work, Unit, line.unit_id)
