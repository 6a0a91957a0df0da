"""Papers by mail: invoices and credit notes go to their customers, once an address."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.money import written
from core.text import N_
from core.work import Work, found
from models.billing import Invoice
from models.credit import CreditNote
from models.files import Document, DocumentUse
from models.notices import Channel, Dispatch
from models.organizations import Membership, Profile
from models.people import Party
from services import papers

RECENT = timedelta(days=3)
"""For how long after its issue the clock looks for a paper that was not made."""
MOST = 100
KINDS: dict[DocumentUse, type[Invoice | CreditNote]] = {
    DocumentUse.invoice: Invoice,
    DocumentUse.credit_note: CreditNote,
}
SAYS = {
    DocumentUse.invoice: N_("Invoice %(number)s over %(total)s is due on %(due)s."),
    DocumentUse.credit_note: N_("Credit note %(number)s over %(total)s is written to your favour."),
}


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What a mail with a paper says, in which language, and where its file is kept."""

    name: str
    locale: str
    message: str
    values: dict[str, str]
    link: str
    title: str
    storage_key: str


def send(work: Work, document: Document) -> int:
    """Put a paper in the mail to its customer and to who signs in for them; once each.

    Returns to how many addresses.
    """
    row = _subject(work, document)
    party = found(work, Party, row.party_id)
    wanted = (
        select(Profile.email)
        .join(Membership, Membership.profile_id == Profile.id)
        .where(
            Membership.party_id == party.id,
            Membership.active,
            Profile.email_notices,
            Profile.email != "",
        )
    )
    addresses = {each.lower() for each in (party.email, *work.session.scalars(wanted)) if each}
    rows = [
        {
            "id": uuid7(),
            "organization_id": work.scope.home(),
            "document_id": document.id,
            "channel": Channel.email,
            "address": address,
            "due_at": work.now,
            "created_at": work.now,
        }
        for address in sorted(addresses)
    ]
    if rows:
        work.session.execute(insert(Dispatch).values(rows).on_conflict_do_nothing())
    return len(rows)


def without_paper(work: Work) -> list[tuple[DocumentUse, UUID]]:
    """List what was issued lately, and has no paper yet."""
    missing: list[tuple[DocumentUse, UUID]] = []
    for use, kind in KINDS.items():
        made = exists().where(Document.subject_id == kind.id, Document.use == use)
        query = (
            select(kind.id)
            .where(kind.issued_at > work.now - RECENT, kind.number.is_not(None), ~made)
            .order_by(kind.issued_at)
            .limit(MOST)
        )
        missing += [(use, row_id) for row_id in work.session.scalars(query)]
    return missing


def read(work: Work, dispatch: Dispatch) -> Enclosed:
    """Read what a mail with a paper says, in its customer's language."""
    assert dispatch.document_id
    document = found(work, Document, dispatch.document_id)
    row = _subject(work, document)
    due = row.due_on if isinstance(row, Invoice) else None
    return Enclosed(
        found(work, Party, row.party_id).name,
        papers.language_of(work, KINDS[document.use], row.id),
        SAYS[document.use],
        {
            "number": row.number or "",
            "total": written(row.total, row.currency).replace("\N{NO-BREAK SPACE}", " "),
            "due": due.isoformat() if due else "-",
        },
        f"/portal/payments?invoice={row.id}" if isinstance(row, Invoice) else "/portal/payments",
        document.title,
        document.storage_key,
    )


def _subject(work: Work, document: Document) -> Invoice | CreditNote:
    kind = KINDS[document.use]
    row = work.session.scalars(select(kind).where(kind.id == document.subject_id)).one()
    assert isinstance(row, (Invoice, CreditNote))
    return row
