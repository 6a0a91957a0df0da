"""What hangs on records: stored files, and comments with the people they name."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, Forbidden, NotFound, Refused
from core.text import N_
from core.work import Work, locked
from models.files import Comment, Document, DocumentUse
from models.organizations import Membership, Profile
from services import access, followers
from services.events import Fact, emit

MENTIONS_AT_MOST = 20
REMOVABLE = (DocumentUse.attachment, DocumentUse.photo, DocumentUse.logo)


class PaperStays(Refused):
    """Contracts, invoices and receipts are kept."""

    code = "paper_stays"
    says = N_("Papers stay as they were made.")


@dataclass(frozen=True)
class DocumentAttached(Fact, type="document.attached", table="document"):
    """A file was put to a record."""

    document_id: UUID
    record_table: str
    record_id: UUID
    title: str


@dataclass(frozen=True)
class DocumentRemoved(Fact, type="document.removed", table="document"):
    """A file was taken from a record."""

    document_id: UUID
    record_table: str
    record_id: UUID
    title: str


@dataclass(frozen=True)
class RecordCommented(Fact, type="record.commented", table="record_comment"):
    """Somebody wrote on a record; `mentions` are the profiles they named."""

    comment_id: UUID
    record_table: str
    record_id: UUID
    record_name: str
    author_id: UUID
    mentions: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as the storage keeps it; `size` is in bytes."""

    title: str
    content_type: str
    key: str
    sha256: str
    size: int


def attach(
    work: Work,
    table: str,
    subject_id: UUID,
    kept: Kept,
    use: DocumentUse = DocumentUse.attachment,
) -> Document:
    """Put a stored file to a record. A logo takes the place of the one before."""
    if use is DocumentUse.logo:
        earlier = select(Document.id).where(Document.subject_id == subject_id, Document.use == use)
        for document_id in work.session.scalars(earlier).all():
            remove(work, table, subject_id, document_id)
    document = Document(
        organization_id=work.scope.home(),
        subject_table=table,
        subject_id=subject_id,
        use=use,
        title=kept.title[:200],
        content_type=kept.content_type,
        storage_key=kept.key,
        sha256=kept.sha256,
        size=kept.size,
        uploaded_by_id=work.scope.profile_id,
        created_at=work.now,
    )
    work.session.add(document)
    work.session.flush()
    emit(work, DocumentAttached(document.id, table, subject_id, document.title))
    return document


def remove(work: Work, table: str, subject_id: UUID, document_id: UUID) -> None:
    """Take a file from a record, but for papers: those stay as they were made.

    Raises:
        NotFound: the record has no such file.
        PaperStays: it is a paper.

    """
    document = locked(work, Document, document_id)
    if (document.subject_table, document.subject_id) != (table, subject_id):
        raise NotFound
    if document.use not in REMOVABLE:
        raise PaperStays
    title = document.title
    work.session.delete(document)
    work.session.flush()
    emit(work, DocumentRemoved(document_id, table, subject_id, title))


def comment(work: Work, table: str, subject_id: UUID, body: str, name: str = "") -> Comment:
    """Write on a record, called `name`. `@` and a member's name (no spaces) tells them of it.

    Whoever writes follows the record from now on, and so does whoever is named.

    Raises:
        BadInput: it says nothing, or too much.
        Forbidden: whoever writes is no member.

    """
    said = body.strip()
    if not said or len(said) > 4000:
        raise BadInput(N_("Write 1 to 4,000 characters."), field="text")
    query = select(Membership.id, Membership.profile_id, Profile.name).join(Profile)
    author = work.session.execute(
        query.where(Membership.profile_id == work.scope.profile_id)
    ).one_or_none()
    if author is None:
        raise Forbidden
    row = Comment(
        organization_id=work.scope.home(),
        subject_table=table,
        subject_id=subject_id,
        author_id=author.id,
        author_name=author.name,
        body=said,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    mentions = _mentioned(work, table, said)
    writer = author.profile_id
    followers.follow(work, table, subject_id, [writer, *mentions])
    emit(work, RecordCommented(row.id, table, subject_id, name[:200], writer, mentions))
    return row


def _mentioned(work: Work, table: str, text: str) -> tuple[UUID, ...]:
    """Find the members that a text names, by their whole name or the first of it.

    Who may not read the record is not told of it.
    """
    found = re.findall(r"@([\w.\-]+)", text)[:MENTIONS_AT_MOST]
    names = {each.rstrip(".-").lower() for each in found}
    if not names:
        return ()
    members = select(Profile.id, Profile.name, Membership.roles).join(
        Membership, Membership.profile_id == Profile.id
    )
    return tuple(
        member.id
        for member in work.session.execute(members.where(Membership.active, Membership.staff))
        if {member.name.replace(" ", "").lower(), member.name.split()[0].lower()} & names
        and access.allows(member.roles, table, "read")
    )
