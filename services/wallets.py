"""Wallets: opening, freezing, closing and proving them. What moves is in wallet_movements.py."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.text import N_
from core.work import Work, found, locked
from models.people import Party
from models.wallets import WALLET_FLOW, Wallet, WalletStatus
from services import organizations
from services.billing import ReasonNeeded
from services.events import Fact, emit

TAMPERED = N_("Its movements do not fit together any more.")
TRIES = 20


class NotEmpty(Refused):
    """It is closed when nothing is in it any more."""

    code = "wallet_not_empty"
    says = N_("There is money in it, or on its way out. Have it withdrawn first.")


@dataclass(frozen=True)
class WalletOpened(Fact, type="wallet.opened", table="wallet"):
    """Somebody keeps money here from now on. Written by the database itself."""

    wallet_id: UUID
    party_id: UUID
    name: str
    currency: str


@dataclass(frozen=True)
class WalletStatusChanged(Fact, type="wallet.status_changed", table="wallet"):
    """A wallet may be used again, or is closed."""

    wallet_id: UUID
    party_id: UUID
    new: WalletStatus
    reason: str


@dataclass(frozen=True)
class WalletFrozen(Fact, type="wallet.frozen", table="wallet"):
    """Nothing leaves a wallet until somebody of the staff has looked."""

    wallet_id: UUID
    party_id: UUID
    reason: str


@dataclass(frozen=True)
class WalletMismatch(Fact, type="wallet.mismatch", table="wallet"):
    """An alert: a wallet's movements were changed past the ledger's door. `flaw` says which."""

    wallet_id: UUID
    party_id: UUID
    flaw: str


def open_for(work: Work, party_id: UUID, name: str = "", currency: str = "") -> Wallet:
    """Open the wallet of a party in a currency (else the organization's), once: or give theirs.

    Without a `name` it is called after its owner.

    Raises:
        BadInput: the name is taken, or is none (by the database).

    """
    money = currency or organizations.home(work).currency
    called = name or _free_name(work, found(work, Party, party_id).name)
    call = func.open_wallet(
        work.scope.home(),
        uuid7(),
        party_id,
        called,
        money,
        work.now,
        uuid7(),
        str(work.actor),
        work.correlation_id,
    )
    with refusing(
        work.session,
        {
            "uq_wallet_organization_id_name": BadInput(
                N_("That wallet name is taken."), field="name"
            ),
            "ck_wallet_name_is_plain": BadInput(
                N_("A wallet name has 3 to 40 small letters, digits, full stops or hyphens."),
                field="name",
            ),
        },
    ):
        wallet_id = work.session.scalar(select(call))
    return found(work, Wallet, UUID(str(wallet_id)))


def of_party(work: Work, party_id: UUID) -> Sequence[Wallet]:
    """List the wallets of a party, one a currency."""
    query = select(Wallet).where(Wallet.party_id == party_id).order_by(Wallet.currency)
    return work.session.scalars(query).all()


def available(work: Work, wallet_id: UUID) -> Decimal:
    """Say how much may be spent: what is in it, less what is set aside."""
    query = select(Wallet.balance - Wallet.held).where(Wallet.id == wallet_id)
    return work.session.scalar(query) or Decimal(0)


def freeze(work: Work, wallet_id: UUID, reason: str = "") -> Wallet:
    """Let nothing leave a wallet. What comes in still does.

    Raises:
        ReasonNeeded: nobody said why.

    """
    wallet = _moved(work, wallet_id, "freeze", reason)
    emit(work, WalletFrozen(wallet.id, wallet.party_id, wallet.reason))
    return wallet


def unfreeze(work: Work, wallet_id: UUID, reason: str = "") -> Wallet:
    """Let a wallet be used again.

    Raises:
        ReasonNeeded: nobody said why.

    """
    wallet = _moved(work, wallet_id, "unfreeze", reason)
    emit(work, WalletStatusChanged(wallet.id, wallet.party_id, wallet.status, wallet.reason))
    return wallet


def close(work: Work, wallet_id: UUID, reason: str = "") -> Wallet:
    """Close a wallet in which there is nothing.

    Raises:
        ReasonNeeded: nobody said why.
        NotEmpty: there is money in it.

    """
    with refusing(work.session, {"wallet_is_empty": NotEmpty()}):
        wallet = _moved(work, wallet_id, "close", reason)
        work.session.flush()
    emit(work, WalletStatusChanged(wallet.id, wallet.party_id, wallet.status, wallet.reason))
    return wallet


def reopen(work: Work, wallet_id: UUID, reason: str = "") -> Wallet:
    """Open a wallet again that was closed.

    Raises:
        ReasonNeeded: nobody said why.

    """
    wallet = _moved(work, wallet_id, "reopen", reason)
    emit(work, WalletStatusChanged(wallet.id, wallet.party_id, wallet.status, wallet.reason))
    return wallet


def flaw(work: Work, wallet_id: UUID) -> str:
    """Say what does not fit in a wallet's chain, entries and balance; nothing where all does."""
    return work.session.scalar(select(func.wallet_flaw(work.scope.home(), wallet_id))) or ""


def inspect(work: Work, wallet_id: UUID) -> str:
    """Prove a wallet, and freeze it with an alert if it does not hold; gives what is wrong."""
    wrong = flaw(work, wallet_id)
    wallet = locked(work, Wallet, wallet_id)
    if wrong and WALLET_FLOW.allows(wallet.status, "freeze"):
        emit(work, WalletMismatch(wallet.id, wallet.party_id, wrong))
        freeze(work, wallet_id, TAMPERED)
    return wrong


def _moved(work: Work, wallet_id: UUID, move: str, reason: str) -> Wallet:
    """Change a wallet's state, which the caller announces (emit)."""
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    wallet = locked(work, Wallet, wallet_id)
    WALLET_FLOW.move(wallet, move)
    wallet.reason, wallet.status_at = reason[:400], work.now
    return wallet


def _free_name(work: Work, owner: str) -> str:
    """Make a name that nobody's wallet has out of its owner's."""
    plain = re.sub(r"[^a-z0-9]+", ".", owner.lower()).strip(".")[:30]
    stem = plain if len(plain) >= 3 else f"wallet.{plain}".strip(".")
    for number in range(1, TRIES):
        name = stem if number == 1 else f"{stem}.{number}"
        if known(work, name) is None:
            return name
    return f"{stem}.{uuid7().hex[-6:]}"


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody may know of another's wallet."""

    id: UUID
    holder: str
    currency: str
    status: str


def known(work: Work, name: str) -> Known | None:
    """Look a wallet up by its name."""
    call = func.wallet_called(work.scope.home(), name.strip().lower()).table_valued(
        "id", "holder", "money", "status"
    )
    row = work.session.execute(select(call)).first()
    return Known(UUID(str(row.id)), *row[1:]) if row and row.id else None
