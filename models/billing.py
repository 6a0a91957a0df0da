"""Invoices: what a party owes, line by line. One kind for every domain."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    case,
    literal,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.estate import Unit
from models.leasing import Lease
from models.people import Party
from models.taxes import Tax


class InvoiceStatus(StrEnum):
    """Where an invoice stands. Sales calls issued and partly paid ones Pending."""

    draft = auto()
    issued = auto()
    partly_paid = auto()
    paid = auto()
    rejected = auto()
    void = auto()
    written_off = auto()


_OPEN = {InvoiceStatus.issued, InvoiceStatus.partly_paid}

INVOICE_FLOW = Flow(
    start=InvoiceStatus.draft,
    moves={
        "issue": ({InvoiceStatus.draft}, InvoiceStatus.issued),
        "pay_part": (_OPEN, InvoiceStatus.partly_paid),
        "pay": (_OPEN, InvoiceStatus.paid),
        "take_back_payment": (
            {InvoiceStatus.paid, InvoiceStatus.partly_paid},
            InvoiceStatus.partly_paid,
        ),
        "reopen": ({InvoiceStatus.paid, InvoiceStatus.partly_paid}, InvoiceStatus.issued),
        "reject": ({InvoiceStatus.draft, InvoiceStatus.issued}, InvoiceStatus.rejected),
        "void": ({InvoiceStatus.draft, InvoiceStatus.issued}, InvoiceStatus.void),
        "write_off": (_OPEN, InvoiceStatus.written_off),
    },
    labels={
        InvoiceStatus.draft: N_("Draft"),
        InvoiceStatus.issued: N_("Pending"),
        InvoiceStatus.partly_paid: N_("Partly paid"),
        InvoiceStatus.paid: N_("Paid"),
        InvoiceStatus.rejected: N_("Rejected"),
        InvoiceStatus.void: N_("Void"),
        InvoiceStatus.written_off: N_("Written off"),
    },
    governed=frozenset({"write_off"}),
    meanings={
        InvoiceStatus.draft: "waiting",
        InvoiceStatus.issued: "needs",
        InvoiceStatus.partly_paid: "good",
        InvoiceStatus.paid: "good",
        InvoiceStatus.rejected: "stopped",
        InvoiceStatus.void: "stopped",
        InvoiceStatus.written_off: "stopped",
    },
)


class PaymentMethod(StrEnum):
    """How somebody pays. `invoice` is payment on account with terms: no money moves yet."""

    card = auto()
    cash = auto()
    invoice = auto()
    bank_transfer = auto()
    mobile_money = auto()
    wallet = auto()
    cheque = auto()


PAYMENT_METHOD_LABELS = {
    PaymentMethod.card: N_("Card"),
    PaymentMethod.cash: N_("Cash"),
    PaymentMethod.invoice: N_("Invoice"),
    PaymentMethod.bank_transfer: N_("Bank transfer"),
    PaymentMethod.mobile_money: N_("Mobile money"),
    PaymentMethod.wallet: N_("Wallet"),
    PaymentMethod.cheque: N_("Cheque"),
}


class Invoice(PartyScoped, Record):
    """A demand for money from one party. `total` is kept by the database from its lines.

    Its number is given when it is issued and has no gaps; from then on its lines and terms never
    change: a wrong invoice is voided and another issued. Amounts are in `currency`. `unit_id` is
    the unit of an estate that it is about, if it is about one; `lease_id` the lease under which.
    """

    __tablename__ = "invoice"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        same_organization("replaces_id", "invoice"),
        same_organization("unit_id", "unit"),
        same_organization("lease_id", "lease"),
        UniqueConstraint("organization_id", "number"),
        Index("ix_invoice_party", "organization_id", "party_id", "id"),
        Index("ix_invoice_status", "organization_id", "status", "id"),
        Index("ix_invoice_due", "organization_id", "due_on"),
        Index(
            "ix_invoice_unit",
            "organization_id",
            "unit_id",
            postgresql_where=text("unit_id IS NOT NULL"),
        ),
        Index(
            "ix_invoice_lease",
            "organization_id",
            "lease_id",
            postgresql_where=text("lease_id IS NOT NULL"),
        ),
        CheckConstraint(
            "paid_amount >= 0 AND paid_amount <= total",
            "paid_within_total",
            info={"says": N_("That is more than is still due on the invoice.")},
        ),
        CheckConstraint(
            "(status = 'draft') OR (number IS NOT NULL) OR status IN ('rejected', 'void')",
            "issued_has_number",
        ),
        CheckConstraint("status <> 'paid' OR paid_amount = total", "paid_is_paid"),
    )

    number: Mapped[str | None] = mapped_column(String(40))
    party_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(String(200))
    status: Mapped[InvoiceStatus] = mapped_column(default=INVOICE_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1)
    currency: Mapped[Currency]
    total: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    paid_amount: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    due_on: Mapped[date | None]
    issued_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    payment_method: Mapped[PaymentMethod | None]
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    replaces_id: Mapped[UUID | None]
    unit_id: Mapped[UUID | None]
    lease_id: Mapped[UUID | None]

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Invoice.party_id) == Party.id", lazy="raise_on_sql"
    )
    unit: Mapped[Unit | None] = relationship(
        primaryjoin="foreign(Invoice.unit_id) == Unit.id", lazy="raise_on_sql"
    )
    lease: Mapped[Lease | None] = relationship(
        primaryjoin="foreign(Invoice.lease_id) == Lease.id", lazy="raise_on_sql"
    )
    lines: Mapped[list["InvoiceLine"]] = relationship(
        primaryjoin="foreign(InvoiceLine.invoice_id) == Invoice.id",
        order_by="InvoiceLine.position",
        viewonly=True,
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.number or self.subject


_ENDED = (InvoiceStatus.void, InvoiceStatus.rejected, InvoiceStatus.written_off)
Invoice.due_amount = column_property(
    case(
        (Invoice.status.in_(_ENDED), literal(0, Invoice.total.type)),
        else_=Invoice.total - Invoice.paid_amount,
    )
)


_ASKED = "round(quantity * unit_price, places)"
_NET = f"{_ASKED} - discount - CASE WHEN tax_included THEN tax_amount ELSE 0 END"
_RATE = "tax_percent / CASE WHEN tax_included THEN 100 + tax_percent ELSE 100 END"
_GROSS = f"{_ASKED} - discount + CASE WHEN tax_included THEN 0 ELSE tax_amount END"


class InvoiceLine(OrganizationScoped, Base):
    """One thing an invoice asks money for. `code` is the chart's line that it earns for.

    `amount` is the price of all, rounded half up to `places`; less `discount` and with the tax at
    `tax_percent` it asks for `gross_amount`, of which `net_amount` is earned. All are in the
    invoice's currency. `item_id` is what it charges for (an apartment, a package, an add-on), so
    that a draft can follow its price; an instalment names none. Of a price that contains its tax
    and is asked for in parts, `taxed_after` is what the parts before this one ask for: the taxes of
    the parts are then, to the last cent, the tax of the whole.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        same_organization("invoice_id", "invoice", ondelete="CASCADE"),
        same_organization("tax_id", "tax"),
        UniqueConstraint("organization_id", "invoice_id", "position"),
        Index(
            "ix_invoice_line_tax",
            "organization_id",
            "tax_id",
            postgresql_where=text("tax_id IS NOT NULL"),
        ),
        CheckConstraint("quantity > 0", "quantity_positive"),
        CheckConstraint("places BETWEEN 0 AND 4", "places"),
        CheckConstraint(
            f"discount = 0 OR discount > 0 AND discount <= {_ASKED}",
            "discount_within",
            info={"says": N_("A discount is at most what it is taken from.")},
        ),
        CheckConstraint("(tax_id IS NULL) = (tax_percent IS NULL)", "tax_has_percent"),
        CheckConstraint(
            f"tax_amount = CASE WHEN tax_id IS NULL THEN 0 ELSE"
            f" round((coalesce(taxed_after, 0) + {_ASKED} - discount) * {_RATE}, places)"
            f" - round(coalesce(taxed_after, 0) * {_RATE}, places) END",
            "tax_is_its_percent",
        ),
        CheckConstraint(
            "taxed_after IS NULL OR taxed_after >= 0 AND tax_id IS NOT NULL AND tax_included",
            "part_contains_its_tax",
        ),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3), default=Decimal(1))
    unit_price: Mapped[Amount]
    places: Mapped[int] = mapped_column(server_default="4")
    """Decimals of the currency; 4 where all that is multiplied is whole."""
    amount: Mapped[Amount] = mapped_column(Computed(_ASKED, persisted=True))
    discount: Mapped[Amount] = mapped_column(server_default="0")
    tax_id: Mapped[UUID | None]
    tax_percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    tax_included: Mapped[bool] = mapped_column(server_default=text("false"))
    tax_amount: Mapped[Amount] = mapped_column(server_default="0")
    taxed_after: Mapped[Amount | None]
    net_amount: Mapped[Amount] = mapped_column(Computed(_NET, persisted=True))
    gross_amount: Mapped[Amount] = mapped_column(Computed(_GROSS, persisted=True))
    code: Mapped[str] = mapped_column(String(20))
    item_id: Mapped[UUID | None]

    tax: Mapped[Tax | None] = relationship(
        primaryjoin="foreign(InvoiceLine.tax_id) == Tax.id", viewonly=True, lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.description
