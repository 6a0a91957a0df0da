"""Files by their content: the key of a file is the digest of its bytes."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK_BYTES = 1024 * 1024
CONTENT_BYTES_MAX = 100 * 1024 * 1024


class NotStored(Exception):
    """There is no file under this key."""


class TooLarge(Exception):
    """The content is longer than the limit. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a file is kept. `key` is the SHA-256 of its bytes, in hexadecimal."""

    key: str
    sha256: str
    size: int


class Storage(Protocol):
    """A place for files. The same content is kept once: drop it when the last owner has gone."""

    def put(self, content: bytes | BinaryIO, bytes_max: int = CONTENT_BYTES_MAX) -> Stored:
        """Keep the content, whole or not at all.

        Raises:
            TooLarge: it is longer than `bytes_max`.

        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Give the content to read; the caller closes it.

        Raises:
            NotStored: there is none.

        """
        ...

    def delete(self, key: str) -> None:
        """Drop the content; twice does no harm."""
        ...


class FolderStorage:
    """Files in a local folder, which several processes may use at once."""

    def __init__(self, folder: Path) -> None:
        """Use the folder, making it on first use."""
        self._folder = folder
        self._unfinished = folder / "unfinished"
        self._unfinished.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, content: bytes | BinaryIO, bytes_max: int = CONTENT_BYTES_MAX) -> Stored:
        """Keep the content; it is on the disk, under its key, before this returns."""
        source = BytesIO(content) if isinstance(content, bytes) else content
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=self._unfinished)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in _chunks(source, bytes_max):
                    size += len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._settle(Path(name), digest.hexdigest())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Stored(digest.hexdigest(), digest.hexdigest(), size)

    def open(self, key: str) -> BinaryIO:
        """Give the content to read; the caller closes it."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NotStored(key) from error

    def delete(self, key: str) -> None:
        """Drop the content; twice does no harm."""
        self._path(key).unlink(missing_ok=True)

    def _settle(self, unfinished: Path, key: str) -> None:
        """Move a whole file to its key. A folder forgets a new name unless it is synced too."""
        path = self._path(key)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        unfinished.replace(path)
        for folder in (path.parent, self._folder):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _path(self, key: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", key):
            raise NotStored(key)
        return self._folder / key[:2] / key


def _chunks(source: BinaryIO, bytes_max: int) -> Iterator[bytes]:
    left = bytes_max
    while chunk := source.read(CHUNK_BYTES):
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"longer than {bytes_max} bytes")
        yield chunk
