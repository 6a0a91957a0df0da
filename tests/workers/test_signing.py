"""The final document: made once all have signed, resumed after a death, never of other bytes."""

import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typst
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters import sealing
from adapters.storage import FolderStorage
from core import db
from models.events import Event
from models.files import Document
from models.signing import RequestStatus, SignatureRequest
from services import signing, signing_acts, signing_progress
from tests.services.test_signing import Person, Town, given
from workers import signing as later


@pytest.fixture
def town(app: Flask, session: Session, home: UUID, tmp_path: Path) -> Town:
    made = Town(app, session, home)
    source = tmp_path / "lease.typ"
    source.write_text('#set document(title: "Lease")\n= Lease\nRent is 25,000.')
    pdf = typst.compile(source, pdf_standards=["a-2a"])
    assert isinstance(pdf, bytes)
    stored = storage(app).put(pdf)
    made.sha256 = stored.sha256  # type: ignore[attr-defined]
    return made


def storage(app: Flask) -> FolderStorage:
    return FolderStorage(Path(app.config["UPLOAD_FOLDER"]))


def gathered(town: Town, *people: Person) -> UUID:
    """Let all sign a real PDF; the final document is still to be made."""
    digest: str = town.sha256  # type: ignore[attr-defined]
    with town.jobs() as work:
        document = town.document(work, digest)
        until = work.now.replace(year=work.now.year + 1)
        asked = [signing.Asked(each.party_id, role="Tenant") for each in people]
        subject = ("party", town.subject)
        request = signing.ask(work, subject, document, "Lease A0101", asked, until).id
    for each in people:
        mine = town.place(request, each)
        code = town.code(mine, each)
        with town.web(each) as work:
            signing_acts.sign(work, mine, given(code, sha256=digest))
        town.advance(request)
    return request


def final(town: Town, request: UUID) -> bytes:
    with town.jobs() as work:
        row = work.session.get_one(SignatureRequest, request)
        assert row.signed_document_id
        key = work.session.get_one(Document, row.signed_document_id).storage_key
    with storage(town.app).open(key) as file:
        return file.read()


@pytest.mark.req("S2.12", "S2.13", "S2.14")
def test_the_final_document_names_all_who_signed_and_holds(town: Town, tmp_path: Path) -> None:
    tenant, owner = town.person(name="Amina Tenant"), town.person(name="Otieno Owner")
    request = gathered(town, tenant, owner)
    db.use(town.app, "jobs")
    later.make(str(town.home), str(request))
    later.make(str(town.home), str(request))
    pdf = final(town, request)
    (tmp_path / "x.pdf").write_bytes(pdf)
    said = run("pdftotext", "-layout", str(tmp_path / "x.pdf"), "-")

    assert sealing.verify(pdf).holds
    assert "Signature is Valid" in run("pdfsig", "-nocert", str(tmp_path / "x.pdf"))
    for words in ("Rent is 25,000.", "Amina Tenant", "Otieno Owner", "10.1.2.3 a phone", "Signed"):
        assert words in said, words
    with town.jobs() as work:
        told = select(Event).where(Event.type == "signature.completed")
        assert len(work.session.scalars(told).all()) == 1


@pytest.mark.parametrize("where", ["seal", "put", "complete"])
def test_a_worker_that_dies_leaves_it_to_the_clock(
    town: Town, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    request = gathered(town, town.person())
    db.use(town.app, "jobs")
    target: Any = {"seal": sealing, "put": FolderStorage, "complete": signing_progress}[where]
    with monkeypatch.context() as dying:
        dying.setattr(target, where, dies)
        with pytest.raises(KeyboardInterrupt):
            later.make(str(town.home), str(request))
    assert town.states(request)[0] == RequestStatus.sealing
    later.look_after()

    assert sealing.verify(final(town, request)).holds
    with town.jobs() as work:
        uses = select(Document).where(Document.use == "signed")
        assert len(work.session.scalars(uses).all()) == 1


def test_a_document_that_was_changed_or_lost_is_not_sealed_and_somebody_is_told(
    town: Town,
) -> None:
    request = gathered(town, town.person())
    key: str = town.sha256  # type: ignore[attr-defined]
    file = next(Path(town.app.config["UPLOAD_FOLDER"]).rglob(key))
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole.replace(b"%PDF", b"%PDf"))
    db.use(town.app, "jobs")
    later.make(str(town.home), str(request))
    file.unlink()
    later.make(str(town.home), str(request))
    with town.jobs() as work:
        row = work.session.get_one(SignatureRequest, request)
        assert (row.status, row.failure) == (RequestStatus.sealing, later.LOST)
        told = [each.data["why"] for each in work.session.scalars(failures())]
    storage(town.app).put(whole)
    later.look_after()

    assert told == ["this is not the document that was signed", later.LOST]
    assert town.states(request)[0] == RequestStatus.completed


def failures() -> Any:
    return select(Event).where(Event.type == "signature.failed").order_by(Event.id)


def dies(*_args: object, **_given: object) -> None:
    """Stand for a process that is killed: nothing catches this."""
    raise KeyboardInterrupt


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
