"""Stored files: who may see a record may see what is attached to it."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response, send_file
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from adapters.storage import NotStored
from adapters.uploads import MIMES, PICTURES
from core import db
from core.db import Base
from core.errors import NotFound
from models.files import Document, DocumentUse
from views.admin.uploading import storage
from views.web.person import person

PUBLIC = (DocumentUse.photo, DocumentUse.logo)
INLINE = {MIMES[kind] for kind in PICTURES} | {"application/pdf"}


class FilesView(BaseView):  # type: ignore[misc]
    """Downloads."""

    route_base = "/files"
    default_view = "download"

    @expose("/<uuid:pk>")  # type: ignore[untyped-decorator]
    def download(self, pk: UUID) -> Response:
        """Send a document to whoever may see its record."""
        document = db.session().scalar(select(Document).where(Document.id == pk))
        if document is None or not _may_see(document):
            raise NotFound
        return sent(document, "private, max-age=300")


def sent(document: Document, kept: str) -> Response:
    """Send what is stored, so that nothing in it runs; `kept` is for how long by whom.

    Raises:
        NotFound: the storage has lost it.

    """
    try:
        stream = storage().open(document.storage_key)
    except NotStored:
        raise NotFound from None
    response = send_file(stream, mimetype=document.content_type, etag=document.sha256)
    inline = document.content_type in INLINE
    name = quote(document.title, safe="")
    kind = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{name}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = kept
    return response


def _may_see(document: Document) -> bool:
    """Ask for the record itself, through both locks; staff also need the right to read its table.

    Pictures of the catalogue are for everybody whom row-level security shows them to.
    """
    if document.use in PUBLIC:
        return True
    at_hand = person()
    if at_hand is None or at_hand.member is None:
        return False
    if at_hand.member.staff and not at_hand.may("read", document.subject_table):
        return False
    kind: Any = _models().get(document.subject_table)
    if kind is None:
        return False
    seen = select(kind.id).where(kind.id == document.subject_id)
    return db.session().scalar(seen) is not None


def _models() -> dict[str, type[Base]]:
    return {each.class_.__tablename__: each.class_ for each in Base.registry.mappers}
