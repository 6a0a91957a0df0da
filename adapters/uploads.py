"""Files from strangers: known by their content, refused with a reason, made harmless."""

import enum
import re
import unicodedata
import zipfile
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from io import BytesIO

from adapters import archives, pictures
from core.errors import BadInput
from core.text import N_

CONTENT_BYTES_MAX = 50 * 1024 * 1024
NAME_MAX = 120
# Split in two, so that scanners do not take this very file for the test virus.
TEST_VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
PAGE = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|\?php)\b", re.IGNORECASE)
# `/JS` alone would be met by chance in compressed streams.
PROGRAM = re.compile(rb"/(JavaScript|Launch|RichMedia)\b|/JS\s*[(<]|/JS\s+\d+\s+\d+\s+R\b")


class Kind(enum.StrEnum):
    """What a file is, by its content. The value is its extension."""

    png = enum.auto()
    jpg = enum.auto()
    webp = enum.auto()
    pdf = enum.auto()
    docx = enum.auto()
    xlsx = enum.auto()
    csv = enum.auto()


EXTENSION = re.compile(rf"\.({'|'.join(Kind)}|jpeg)$", re.IGNORECASE)
PICTURES = frozenset({Kind.png, Kind.jpg, Kind.webp})
DOCUMENTS = PICTURES | {Kind.pdf, Kind.docx, Kind.xlsx, Kind.csv}
OFFICE = "application/vnd.openxmlformats-officedocument."
MIMES = {
    Kind.png: "image/png",
    Kind.jpg: "image/jpeg",
    Kind.webp: "image/webp",
    Kind.pdf: "application/pdf",
    Kind.docx: f"{OFFICE}wordprocessingml.document",
    Kind.xlsx: f"{OFFICE}spreadsheetml.sheet",
    Kind.csv: "text/csv",
}


class UploadRefused(BadInput):
    """The file cannot be taken; the sentence says why and what to do."""

    code = "upload_refused"


@dataclass(frozen=True, slots=True)
class Upload:
    """What may be kept: for a picture the picture encoded anew, else the bytes as they came."""

    name: str
    kind: Kind
    mime: str
    content: bytes = field(repr=False)
    width: int = 0
    height: int = 0


def check(
    name: str,
    content: bytes,
    allowed: AbstractSet[Kind] = DOCUMENTS,
    bytes_max: int = CONTENT_BYTES_MAX,
) -> Upload:
    """Take a file if its content is of an allowed kind and does not pretend to be two things.

    The name is made safe, and its extension that of what the file is.

    Raises:
        UploadRefused: of no allowed kind, empty, too long, damaged, or hostile.
        PictureRefused: a picture that is damaged or too large.

    """
    if not content:
        raise UploadRefused(N_("The file is empty. Choose another one."))
    if len(content) > bytes_max:
        raise UploadRefused(
            N_("The file is larger than %(megabytes)s MB. Make it smaller and upload it again."),
            megabytes=bytes_max // (1024 * 1024),
        )
    if TEST_VIRUS in content:
        raise _hostile()
    kind = _kind(content)
    if kind is None or kind not in allowed:
        raise UploadRefused(
            N_("A file of this kind cannot be taken here. Use one of: %(kinds)s."),
            kinds=", ".join(sorted(allowed)),
        )
    if kind in PICTURES or kind is Kind.pdf:
        _refuse_second_life(content)
    if kind in PICTURES:
        picture = pictures.normalise(content)
        return Upload(
            _safe_name(name, kind),
            kind,
            MIMES[kind],
            picture.content,
            picture.width,
            picture.height,
        )
    if kind is Kind.pdf:
        _check_pdf(content)
    return Upload(_safe_name(name, kind), kind, MIMES[kind], content)


def _kind(content: bytes) -> Kind | None:
    """Tell what the bytes are; the name and what the browser says count for nothing."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.png
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.jpg
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Kind.webp
    if content.startswith(b"%PDF-"):
        return Kind.pdf
    if content.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    return Kind.csv if _is_table(content) else None


def _office_kind(content: bytes) -> Kind | None:
    try:
        names = archives.names_in(content, never=TEST_VIRUS)
    except archives.Unsafe as error:
        raise _damaged() from error
    except archives.Harmful as error:
        raise _hostile() from error
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".html")) for name in names):
        raise _hostile()
    if "[Content_Types].xml" not in names:
        return None
    if "word/document.xml" in names:
        return Kind.docx
    return Kind.xlsx if "xl/workbook.xml" in names else None


def _is_table(content: bytes) -> bool:
    """Text that is no markup. UTF-16 has NULs, and must say so by its first two bytes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError:
            return False
    head = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    controls = re.search(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]", content)
    return not controls and not head.startswith(b"<")


def _refuse_second_life(content: bytes) -> None:
    """Refuse what is a web page, a document or an archive to another reader.

    Phones hang data of their own behind a picture, so a tail alone is no crime.
    """
    ends = content[:1024], content[-65536:]
    if zipfile.is_zipfile(BytesIO(content)) or any(PAGE.search(end) for end in ends):
        raise _hostile()


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:]:
        raise _damaged()
    if PROGRAM.search(content):
        raise UploadRefused(
            N_("The PDF holds a program. Print it to a new PDF and upload that instead.")
        )


def _safe_name(name: str, kind: Kind) -> str:
    """Keep what people read of a name, and nothing that steers a path, a shell or the eye."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c if c.isprintable() and c not in '<>:"|?*' else " " for c in last)
    stem = " ".join(EXTENSION.sub("", shown).split()).strip(". ")
    return f"{stem[: NAME_MAX - 5].rstrip() or 'file'}.{kind}"


def _damaged() -> UploadRefused:
    return UploadRefused(
        N_(
            "The file is damaged or incomplete. Open it on your device, save it anew and upload it"
            " again."
        )
    )


def _hostile() -> UploadRefused:
    return UploadRefused(N_("The file holds something that could do harm, and was not kept."))
