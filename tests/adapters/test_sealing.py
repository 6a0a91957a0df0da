"""Digital signatures on documents, judged by us and by a program that knows nothing of us."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst

from adapters import sealing
from adapters.sealing import CannotSeal

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


def pdf(folder: Path, words: str) -> bytes:
    source = folder / "x.typ"
    source.write_text(f'#set document(title: "x")\n= Lease\n{words}')
    made = typst.compile(source, pdf_standards=["a-2a", "ua-1"])
    assert isinstance(made, bytes)
    return made


def judged(folder: Path, document: bytes) -> str:
    """Let poppler judge: it ends well even if a signature does not hold, so its text counts."""
    file = folder / "signed.pdf"
    file.write_bytes(document)
    command = ["pdfsig", "-nocert", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def identity() -> bytes:
    return sealing.self_made(NOW)


@pytest.mark.req("S2.14")
def test_a_sealed_document_holds_for_others_and_keeps_what_was_read(
    tmp_path: Path, identity: bytes
) -> None:
    document = pdf(tmp_path, "Rent is 25,000.")
    sealed = sealing.seal(document, pdf(tmp_path, "Who signed"), identity, "All signed")
    verdict = sealing.verify(sealed)
    said = judged(tmp_path, sealed)
    text = subprocess.run(
        ["pdftotext", str(tmp_path / "signed.pdf"), "-"],  # noqa: S607
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert sealed.startswith(document)
    assert (verdict.holds, verdict.signer) == (True, "Makao documents")
    assert verdict.issuer == "Makao demo authority"
    assert "Signature Validation: Signature is Valid." in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said
    assert "Rent is 25,000." in text
    assert "Who signed" in text


@pytest.mark.parametrize("place", ["in what was read", "in the page behind", "after the end"])
def test_one_changed_byte_breaks_it(tmp_path: Path, identity: bytes, place: str) -> None:
    document = pdf(tmp_path, "Rent is 25,000.")
    sealed = bytearray(sealing.seal(document, pdf(tmp_path, "Who signed"), identity, "x"))
    if place == "after the end":
        sealed += b"\n% and more"
    else:
        at = document.index(b"stream") + 20 if place == "in what was read" else len(document) + 200
        sealed[at] ^= 1
    verdict = sealing.verify(bytes(sealed))

    assert not verdict.holds
    assert "Total document signed" not in judged(tmp_path, bytes(sealed)) or (
        "Signature is Valid" not in judged(tmp_path, bytes(sealed))
    )


@pytest.mark.parametrize("damaged", [b"", b"%PDF-1.7 no more", b"PK\x03\x04", bytes(5000)])
def test_what_is_no_signed_document_does_not_hold_and_stumbles_over_nothing(damaged: bytes) -> None:
    assert not sealing.verify(damaged).holds


def test_a_document_is_sealed_only_if_it_is_the_one_that_was_signed(
    tmp_path: Path, identity: bytes
) -> None:
    document, page = pdf(tmp_path, "Rent is 25,000."), pdf(tmp_path, "Who signed")

    with pytest.raises(CannotSeal, match="not the document"):
        sealing.seal(document, page, identity, "x", "0" * 64)
    with pytest.raises(CannotSeal):
        sealing.seal(b"%PDF-1.7 damaged", page, identity, "x")
    with pytest.raises(CannotSeal):
        sealing.seal(document, page, b"no key", "x")


def test_an_identity_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    path = tmp_path / "below" / "signing.pem"
    first, second = sealing.kept(path, NOW), sealing.kept(path, NOW)

    assert first == second
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]
