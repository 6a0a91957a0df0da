"""Zip files from strangers (documents and workbooks are such): looked through before use."""

import zipfile
import zlib
from io import BytesIO
from typing import IO

ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 512 * 1024 * 1024
RATIO_MAX = 100
RATIO_MATTERS_FROM_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


class Unsafe(Exception):
    """The archive is broken, or unfolds to far more than it is."""


class Harmful(Exception):
    """An entry holds the mark of harm that was looked for."""


def names_in(content: bytes, never: bytes = b"") -> frozenset[str]:
    """Unpack everything once, keeping nothing, and give the names within.

    `never` is a mark of harm that no entry may hold. Declared sizes are not believed: each entry
    is read to its end and its checksum compared.

    Raises:
        Unsafe: damaged, encrypted, overlapping, or above one of the limits of this module.
        Harmful: an entry holds `never`.

    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _weigh(entries, len(content))
            for entry in entries:
                with archive.open(entry) as unpacked:
                    _read_through(unpacked, never)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise Unsafe("the archive is damaged") from error
    except (RuntimeError, zlib.error) as error:
        raise Unsafe("the archive is damaged or encrypted") from error
    return frozenset(entry.filename for entry in entries)


def _read_through(unpacked: IO[bytes], never: bytes) -> None:
    while chunk := unpacked.read(CHUNK_BYTES):
        if never and never in chunk:
            raise Harmful("an entry holds what none may hold")


def _weigh(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > ENTRIES_MAX:
        raise Unsafe("the archive holds too many files")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_BYTES_MAX:
        raise Unsafe("the archive unfolds to too much")
    if unpacked > RATIO_MATTERS_FROM_BYTES and unpacked > size * RATIO_MAX:
        raise Unsafe("the archive unfolds to far more than it is")
    if sum(entry.compress_size for entry in entries) > size:
        raise Unsafe("the archive uses the same bytes twice")
