"""Ways to pay that payers have saved: cards that a provider keeps, and charges when we ask."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Currency
from core.scope import PartyScoped, Record, keyed, same_organization
from core.text import N_


class SavedWay(PartyScoped, Record):
    """A card at a provider, as its owner knows it. No card number ever reaches us.

    `token_locked` is what the provider charges it by, in a locked box; `fingerprint` is the
    provider's own name for the card, the same whenever it is saved. It came with a payment, whose
    payer agreed to that. Removed at `revoked_at`, it is removed at the provider, too, by a job
    which is due at `forget_at`.
    """

    __tablename__ = "saved_way"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "party_id", "id"),
        UniqueConstraint("organization_id", "party_id", "provider", "id"),
        Index(
            "uq_saved_way_card",
            "organization_id",
            "party_id",
            "provider",
            "fingerprint",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index(
            "ix_saved_way_forget",
            "organization_id",
            "forget_at",
            postgresql_where=text("forget_at IS NOT NULL"),
        ),
        CheckConstraint("last_four ~ '^[0-9]{4}$'", "last_four_digits"),
        CheckConstraint(
            "forget_at IS NULL OR revoked_at IS NOT NULL",
            "forgotten_when_removed",
            info={"says": N_("Only a card that was removed is forgotten.")},
        ),
    )

    party_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(String(40))
    token_locked: Mapped[str] = mapped_column(String(1000))
    fingerprint: Mapped[str] = mapped_column(String(120))
    brand: Mapped[str] = mapped_column(String(40), server_default="")
    last_four: Mapped[str] = mapped_column(String(4))
    expires_on: Mapped[date | None]
    currency: Mapped[Currency]
    """That of the payment it came with. In it the card pays by itself."""
    agreed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    revoked_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")

    def __str__(self) -> str:
        return f"{self.brand} {self.last_four}".strip()
