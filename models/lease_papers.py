"""Leases as documents: the text that they are made of, and those that were made."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Name
from core.scope import Record, keyed, same_organization
from core.text import N_
from models.estate import Estate
from models.files import Document
from models.leasing import Lease

ONE_TEXT = N_("There is a text for that already. Change that one.")


class LeaseTemplate(Record):
    """The text of an organization's leases, or of those of one estate, which goes before it.

    A line that begins with `#` is a heading, an empty line ends a paragraph, and names in braces
    stand for what a lease says (services/lease_papers.py has them). `version` counts its texts.
    """

    __tablename__ = "lease_template"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        Index(
            "uq_lease_template_all",
            "organization_id",
            unique=True,
            postgresql_where=text("estate_id IS NULL"),
            info={"says": ONE_TEXT},
        ),
        UniqueConstraint("organization_id", "estate_id", info={"says": ONE_TEXT}),
        CheckConstraint(
            "btrim(wording) <> ''", "has_wording", info={"says": N_("A lease needs a text.")}
        ),
    )

    name: Mapped[Name]
    estate_id: Mapped[UUID | None]
    wording: Mapped[str] = mapped_column(String(20_000))
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    estate: Mapped[Estate | None] = relationship(
        primaryjoin="foreign(LeaseTemplate.estate_id) == Estate.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class LeaseDocument(Record):
    """A document that was made of a lease; `terms` are what it says, as the database read them.

    Without a template it was made of the text that comes with the program.
    """

    __tablename__ = "lease_document"
    __table_args__ = keyed(
        same_organization("lease_id", "lease"),
        same_organization("document_id", "document"),
        same_organization("template_id", "lease_template"),
        UniqueConstraint("organization_id", "document_id"),
        Index("ix_lease_document_lease", "organization_id", "lease_id", "id"),
        CheckConstraint(
            "(template_id IS NULL) = (template_version IS NULL)", "version_of_template"
        ),
    )

    lease_id: Mapped[UUID]
    document_id: Mapped[UUID]
    template_id: Mapped[UUID | None]
    template_version: Mapped[int | None]
    terms: Mapped[Any | None] = mapped_column(JSONB)

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(LeaseDocument.lease_id) == Lease.id", lazy="raise_on_sql"
    )
    document: Mapped[Document] = relationship(
        primaryjoin="foreign(LeaseDocument.document_id) == Document.id", lazy="raise_on_sql"
    )
    template: Mapped[LeaseTemplate | None] = relationship(
        primaryjoin="foreign(LeaseDocument.template_id) == LeaseTemplate.id", lazy="raise_on_sql"
    )
