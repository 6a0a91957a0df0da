"""Digital signatures on PDF documents (PAdES, ETSI EN 319 142), and the proof that one holds.

A document keeps its bytes: the page that says who agreed and when is added behind them as a new
revision of the file, and the signature covers all of it. So what was read is still in there to the
last byte, and one changed byte anywhere breaks the signature.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import pem
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD = "Makao"
LIFE = timedelta(days=3650)
OF_A_PAGE = ("/Resources", "/MediaBox", "/Contents")


class CannotSeal(Exception):
    """The document, or what it is to be signed with, cannot be used."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a signed document proves. `holds` only if no byte has changed since it was signed."""

    holds: bool
    signer: str = ""
    issuer: str = ""
    signed_at: datetime | None = None
    why: str = ""


def seal(document: bytes, page: bytes, identity: bytes, reason: str, sha256: str = "") -> bytes:
    """Add the pages of `page` behind a PDF, and sign it all; no further change is allowed.

    `identity` is PEM: a private key, its certificate, and those that vouch for it. `sha256` is what
    the document has to be, in hexadecimal.

    Raises:
        CannotSeal: it is another document, damaged or locked, or the identity does not fit.

    """
    if sha256 and hashlib.sha256(document).hexdigest() != sha256:
        raise CannotSeal("this is not the document that was signed")
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        reason=reason,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    try:
        writer = IncrementalPdfFileWriter(BytesIO(document))
        _append(writer, page)
        signer = PdfSigner(metadata, _signer(identity))
        sealed = bytes(_apart(signer.sign_pdf, writer).getbuffer())
    except Exception as error:  # pyHanko raises whatever a damaged file makes it stumble on
        raise CannotSeal(f"{type(error).__name__}: {error}") from error
    verdict = verify(sealed)
    if not verdict.holds:
        raise CannotSeal(verdict.why)
    return sealed


def verify(document: bytes) -> Verdict:
    """Say whether a document is as it was signed; who vouches for its signer is not asked.

    Whatever a damaged file makes of itself is a signature that does not hold, never an error.
    """
    try:
        reader = PdfFileReader(BytesIO(document))
        signatures = reader.embedded_signatures
        if not signatures:
            return Verdict(holds=False, why="it is not signed")
        certificates = [each.signer_cert for each in signatures]
        trusting = ValidationContext(trust_roots=certificates, allow_fetching=False)
        status = _apart(validate_pdf_signature, signatures[-1], trusting)
        whole = status.coverage is not None and status.coverage.name == "ENTIRE_FILE"
        found = certificates[-1]
        return Verdict(
            holds=bool(status.intact and status.valid and whole),
            signer=str(found.subject.native.get("common_name", "")),
            issuer=str(found.issuer.native.get("common_name", "")),
            signed_at=status.signer_reported_dt,
            why="" if whole else "something was added after it was signed",
        )
    except Exception as error:  # noqa: BLE001  # pyHanko raises whatever it stumbles on
        return Verdict(holds=False, why=f"{type(error).__name__}: {error}")


def kept(path: Path, now: datetime) -> bytes:
    """Read the identity from a file; where there is none, one that we made ourselves is put there.

    Raises:
        CannotSeal: the file cannot be read or written.

    """
    with suppress(FileNotFoundError):
        return _read(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(self_made(now))
        with suppress(FileExistsError):
            os.link(fresh, path)  # fails if another process was first: then its identity counts
        fresh.unlink()
    except OSError as error:
        raise CannotSeal(f"cannot write {path}: {error.strerror}") from error
    return _read(path)


def self_made(now: datetime, name: str = "Makao documents") -> bytes:
    """Make a key, and a certificate for it from an authority that nobody knows; PEM."""
    authority, root = _certified("Makao demo authority", now, None)
    key, leaf = _certified(name, now, (authority, root.subject))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)


def _apart(do: Callable[..., Any], *given: object) -> Any:
    """Do it in a thread of its own: pyHanko starts a loop of events, and a thread has only one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(do, *given).result()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CannotSeal(f"cannot read {path}: {error.strerror}") from error


def _certified(
    name: str, now: datetime, by: tuple[ec.EllipticCurvePrivateKey, x509.Name] | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer = by or (key, subject)
    is_root = by is None
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(
            x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True
        )
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    return key, certificate


def _signer(identity: bytes) -> SimpleSigner:
    parts = list(pem.unarmor(identity, multiple=True))
    keys = [PrivateKeyInfo.load(der) for kind, _, der in parts if kind == "PRIVATE KEY"]
    certificates = [Certificate.load(der) for kind, _, der in parts if kind == "CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise CannotSeal("the identity is one PKCS #8 key with its certificates, as PEM")
    vouching = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    vouching.register_multiple(certificates[1:])
    return SimpleSigner(certificates[0], keys[0], vouching)


def _append(writer: IncrementalPdfFileWriter, pages: bytes) -> None:
    """Put pages of another document behind the last one."""
    reader = PdfFileReader(BytesIO(pages))
    for number in range(int(reader.root["/Pages"]["/Count"])):
        reference, _ = reader.find_page_for_modification(number)  # type: ignore[no-untyped-call]
        page = reference.get_object()
        parts = {pdf_name(each): writer.import_object(page.raw_get(each)) for each in OF_A_PAGE}
        whole = DictionaryObject({pdf_name("/Type"): pdf_name("/Page"), **parts})  # type: ignore[no-untyped-call]
        writer.insert_page(whole)  # type: ignore[no-untyped-call]
