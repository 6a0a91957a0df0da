"""Undoing what a bank's line was matched with; what filled a wallet is taken out of it by a job."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.errors import Refused
from core.work import Work, found, locked
from models.bank_statements import BankLine, BankMatch
from models.payments import PaymentIntent
from services import cheques, ledger, postings, reversals
from services.bank_matching import MatchedAlready, NothingSuggested
from services.bank_statements import BankMatchUndone
from services.billing import ReasonNeeded
from services.events import Fact, emit


@dataclass(frozen=True)
class BankUndoAsked(Fact, type="bank_line.undo_asked", table="bank_line"):
    """Somebody wants a match undone that has filled a wallet; a job does it."""

    line_id: UUID
    match_id: UUID
    reason: str


@dataclass(frozen=True)
class BankUndoRefused(Fact, type="bank_line.undo_refused", table="bank_line"):
    """A match stays, as its money has left the wallet, say; `reason` is a message."""

    line_id: UUID
    match_id: UUID
    reason: str


def undo(work: Work, match_id: UUID, reason: str) -> BankLine:
    """Undo a match: what it had posted is reversed, and the line waits again.

    Raises:
        MatchedAlready: it is undone.
        As `reversals.take_back`.

    """
    line_id = found(work, BankMatch, match_id).line_id
    line = locked(work, BankLine, line_id)
    match = locked(work, BankMatch, match_id)
    if match.undone_at is not None:
        raise MatchedAlready
    match.undone_at = work.now
    work.session.flush()
    if match.booked and match.intent_id is not None:
        reversals.take_back(work, match.intent_id, reason)
    elif match.booked:
        ledger.reverse(work, match.entry_id, *postings.bank_match_undone(match))
    elif match.cleared and match.intent_id is not None:
        cheques.unclear(work, match.intent_id)
    work.session.refresh(line)
    emit(work, BankMatchUndone(line.id, match.id, match.amount, match.currency))
    return line


def undo_all(work: Work, line_id: UUID, reason: str) -> BankLine:
    """Undo all that a line is matched with.

    What filled a wallet is left to a job: no person takes money out of another's wallet.

    Raises:
        NothingSuggested: it is matched with nothing.
        As `undo`.

    """
    query = select(BankMatch.id).where(BankMatch.line_id == line_id, BankMatch.undone_at.is_(None))
    ids = list(work.session.scalars(query.order_by(BankMatch.id)))
    if not ids:
        raise NothingSuggested
    for match_id in ids:
        if work.scope.profile_id is not None and _in_wallet(work, match_id):
            _ask_undo(work, line_id, match_id, reason)
        else:
            undo(work, match_id, reason)
    return found(work, BankLine, line_id)


def undo_asked(work: Work, match_id: UUID, reason: str) -> None:
    """Undo a match that somebody has asked for, or say why it stays; again, nothing happens."""
    match = found(work, BankMatch, match_id)
    if match.undone_at is not None:
        return
    try:
        with work.session.begin_nested():
            undo(work, match_id, reason)
    except Refused as refusal:
        work.session.expire_all()
        emit(work, BankUndoRefused(match.line_id, match_id, refusal.says))


def _in_wallet(work: Work, match_id: UUID) -> bool:
    match = found(work, BankMatch, match_id)
    intent = match.intent_id and found(work, PaymentIntent, match.intent_id)
    return bool(match.booked and intent and intent.wallet_id is not None)


def _ask_undo(work: Work, line_id: UUID, match_id: UUID, reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    emit(work, BankUndoAsked(line_id, match_id, reason.strip()[:400]))
