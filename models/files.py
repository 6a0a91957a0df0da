"""Documents: the rows behind stored files, and what they are attached to."""

from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.scope import Record, keyed, same_organization
from core.text import N_


class DocumentUse(StrEnum):
    """What a document is to the record it hangs on."""

    attachment = auto()
    photo = auto()
    logo = auto()
    contract = auto()
    receipt = auto()
    invoice = auto()
    credit_note = auto()
    signed = auto()
    lease = auto()
    import_file = auto()
    export = auto()


PAPERS = (
    DocumentUse.contract,
    DocumentUse.receipt,
    DocumentUse.invoice,
    DocumentUse.credit_note,
)
"""What is made once of a record, and stays."""


class Document(Record):
    """A stored file. Its bytes never change: a new version is a new document.

    `storage_key` is where the storage holds it, `size` is in bytes. It belongs to the record named
    by `subject_table` and `subject_id`: who may see that record may see the document.
    """

    __tablename__ = "document"
    __table_args__ = keyed(
        Index("ix_document_subject", "organization_id", "subject_id", "use"),
        Index(
            "uq_document_paper",
            "organization_id",
            "subject_id",
            "use",
            unique=True,
            postgresql_where=text("use IN ('contract', 'receipt', 'invoice', 'credit_note')"),
        ),
        CheckConstraint("size > 0", "not_empty", info={"says": N_("The file is empty.")}),
    )

    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    use: Mapped[DocumentUse] = mapped_column(server_default=DocumentUse.attachment)
    title: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    storage_key: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(server_default="0")
    uploaded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))

    def __str__(self) -> str:
        return self.title


class Comment(Record):
    """What a member wrote on a record."""

    __tablename__ = "record_comment"
    __table_args__ = keyed(
        Index("ix_record_comment_subject", "organization_id", "subject_id", "id"),
        same_organization("author_id", "membership"),
        CheckConstraint("btrim(body) <> ''", "says_something"),
    )

    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    author_id: Mapped[UUID]
    author_name: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(String(4000))

    def __str__(self) -> str:
        return self.body[:60]


class Follower(Record):
    """A member who is told what happens to a record."""

    __tablename__ = "record_follower"
    __table_args__ = keyed(UniqueConstraint("organization_id", "subject_id", "profile_id"))

    subject_table: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[UUID]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
