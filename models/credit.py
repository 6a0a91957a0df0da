"""Credit: notes that take an invoice back in whole or part, and what is used to pay others."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice, InvoiceLine
from models.people import Party


class CreditNote(PartyScoped, Record):
    """What an issued invoice asked for is taken back, in whole or part, with its tax.

    It has a number without gaps of a series of its own, and never changes. `total` is kept by the
    database from its lines, in the invoice's `currency`. What the invoice no longer asks for of it
    is the party's credit.
    """

    __tablename__ = "credit_note"
    __table_args__ = keyed(
        same_organization("invoice_id", "invoice"),
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "number"),
        UniqueConstraint("organization_id", "once"),
        Index("ix_credit_note_invoice", "organization_id", "invoice_id"),
        Index("ix_credit_note_party", "organization_id", "party_id", "id"),
        CheckConstraint("total >= 0", "total_not_negative"),
    )

    number: Mapped[str] = mapped_column(String(40))
    invoice_id: Mapped[UUID]
    party_id: Mapped[UUID]
    currency: Mapped[Currency]
    total: Mapped[Amount] = mapped_column(server_default="0")
    reason: Mapped[str] = mapped_column(String(400))
    once: Mapped[str] = mapped_column(String(80))
    """Whoever sends a form twice writes one note."""
    issued_at: Mapped[datetime]

    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(CreditNote.invoice_id) == Invoice.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(CreditNote.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(OrganizationScoped, Base):
    """How much of one line of the invoice is taken back: without its tax, and the tax."""

    __tablename__ = "credit_note_line"
    __table_args__ = (
        same_organization("credit_note_id", "credit_note"),
        same_organization("invoice_line_id", "invoice_line"),
        UniqueConstraint("organization_id", "credit_note_id", "invoice_line_id"),
        Index("ix_credit_note_line_of", "organization_id", "invoice_line_id"),
        CheckConstraint("net_amount >= 0 AND tax_amount >= 0", "not_negative"),
    )

    credit_note_id: Mapped[UUID]
    invoice_line_id: Mapped[UUID]
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    gross_amount: Mapped[Amount] = mapped_column(
        Computed("net_amount + tax_amount", persisted=True)
    )

    line: Mapped[InvoiceLine] = relationship(
        primaryjoin="foreign(CreditNoteLine.invoice_line_id) == InvoiceLine.id",
        viewonly=True,
        lazy="raise_on_sql",
    )


class CreditUse(PartyScoped, OrganizationScoped, Base):
    """Credit that paid an invoice: that of a note on the same invoice, or what its party had."""

    __tablename__ = "credit_use"
    __table_args__ = keyed(
        same_organization("invoice_id", "invoice"),
        same_organization("party_id", "party"),
        same_organization("credit_note_id", "credit_note"),
        UniqueConstraint("organization_id", "credit_note_id"),
        UniqueConstraint("organization_id", "once"),
        Index("ix_credit_use_invoice", "organization_id", "invoice_id"),
        CheckConstraint(
            "amount > 0", "amount_positive", info={"says": N_("Use more than nothing.")}
        ),
    )

    invoice_id: Mapped[UUID]
    party_id: Mapped[UUID]
    credit_note_id: Mapped[UUID | None]
    once: Mapped[str | None] = mapped_column(String(80))
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    used_at: Mapped[datetime]

    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(CreditUse.invoice_id) == Invoice.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    note: Mapped[CreditNote | None] = relationship(
        primaryjoin="foreign(CreditUse.credit_note_id) == CreditNote.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
