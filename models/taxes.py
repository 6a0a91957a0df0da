"""Taxes: what an organization adds to what it charges, by rates that begin on a day."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Name
from core.scope import Record, keyed, same_organization
from core.text import N_
from models.chart import TAX_PAYABLE


class Tax(Record):
    """A tax that lines of invoices may carry. Its rates are rows of their own, by day.

    `included` means that prices contain it: it is taken out of them, and adds nothing. `account` is
    the line of the chart on which it is owed to the authority. The one that is `in_sales` is in the
    prices of apartments, whatever it is elsewhere, where a project names none of its own.
    """

    __tablename__ = "tax"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id", "code", info={"says": N_("There is a tax with this code.")}
        ),
        CheckConstraint(
            "code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$'",
            "code_is_plain",
            info={"says": N_("A code has up to 20 digits or plain letters, like VAT16.")},
        ),
        CheckConstraint(
            "active OR NOT in_sales",
            "in_sales_is_active",
            info={"says": N_("Sales prices contain it. Let them contain another one first.")},
        ),
        Index(
            "uq_tax_one_in_sales",
            "organization_id",
            unique=True,
            postgresql_where=text("in_sales"),
            info={"says": N_("Sales prices contain another tax already.")},
        ),
    )

    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[Name]
    account: Mapped[str] = mapped_column(String(20), server_default=TAX_PAYABLE)
    included: Mapped[bool] = mapped_column(server_default=text("false"))
    in_sales: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    def __str__(self) -> str:
        return self.name


class TaxRate(Record):
    """How many percent a tax is from a day on, until its next rate begins."""

    __tablename__ = "tax_rate"
    __table_args__ = keyed(
        same_organization("tax_id", "tax"),
        UniqueConstraint(
            "organization_id",
            "tax_id",
            "begins_on",
            info={"says": N_("Another rate of this tax begins on that day.")},
        ),
        CheckConstraint(
            "percent >= 0 AND percent <= 100",
            "percent",
            info={"says": N_("A rate is from 0 to 100 percent.")},
        ),
    )

    tax_id: Mapped[UUID]
    begins_on: Mapped[date]
    percent: Mapped[Decimal] = mapped_column(Numeric(7, 4))

    tax: Mapped[Tax] = relationship(
        primaryjoin="foreign(TaxRate.tax_id) == Tax.id", lazy="raise_on_sql"
    )
