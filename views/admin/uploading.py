"""Taking in a file: checked by its content, kept in the storage, and written down with a record."""

from pathlib import Path
from uuid import UUID

from flask import current_app
from werkzeug.datastructures import FileStorage

from adapters import uploads
from adapters.storage import FolderStorage
from core import db
from core.errors import BadInput
from core.text import N_
from core.work import unit_of_work
from models.files import Document, DocumentUse
from services import files
from services.files import Kept
from views.web.person import actor
from views.web.refusals import in_words


def storage() -> FolderStorage:
    """Give the place where files are kept."""
    return FolderStorage(Path(current_app.config["UPLOAD_FOLDER"]))


def keep(
    table: str,
    subject_id: UUID,
    sent: FileStorage | None,
    use: DocumentUse = DocumentUse.attachment,
) -> Document:
    """Check a file, keep it, and put it to a record that the caller has found in sight.

    Raises:
        BadInput: nothing was sent, or the file cannot be taken.

    """
    pictures = use in (DocumentUse.photo, DocumentUse.logo)
    kept = taken(sent, pictures=pictures)
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        return files.attach(work, table, subject_id, kept, use)


def taken(sent: FileStorage | None, *, pictures: bool) -> Kept:
    """Check a file and keep it in the storage; whoever asks writes it down with a record.

    Raises:
        BadInput: nothing was sent, or the file cannot be taken.

    """
    if sent is None or not sent.filename:
        raise BadInput(N_("Choose a file first."), field="file")
    allowed = uploads.PICTURES if pictures else uploads.DOCUMENTS
    upload = uploads.check(sent.filename, sent.stream.read(), allowed)
    stored = storage().put(upload.content)
    return Kept(upload.name, upload.mime, stored.key, stored.sha256, stored.size)
