"""Files by their content, in a folder of their own."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from adapters.storage import FolderStorage, NotStored, TooLarge


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files")


@pytest.mark.parametrize("content", [b"", b"lease", b"x" * 3_000_000])
def test_what_is_kept_is_found_by_its_digest(storage: FolderStorage, content: bytes) -> None:
    stored = storage.put(content)
    assert stored.key == stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert storage.put(BytesIO(content)) == stored
    with storage.open(stored.key) as file:
        assert file.read() == content


def test_what_is_dropped_is_gone_and_twice_does_no_harm(storage: FolderStorage) -> None:
    key = storage.put(b"lease").key
    storage.delete(key)
    storage.delete(key)
    with pytest.raises(NotStored):
        storage.open(key)


def test_too_much_leaves_nothing_behind(storage: FolderStorage, tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        storage.put(b"x" * 11, bytes_max=10)

    class Breaking(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(5)

    with pytest.raises(ConnectionResetError):
        storage.put(Breaking(b"half of it"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63]
)
def test_a_key_leads_nowhere_else(storage: FolderStorage, key: str) -> None:
    for act in (storage.open, storage.delete):
        with pytest.raises(NotStored):
            act(key)


def test_many_may_keep_the_same_at_once(storage: FolderStorage) -> None:
    content = b"x" * 500_000
    with ThreadPoolExecutor(8) as pool:
        keys = {stored.key for stored in pool.map(storage.put, [content] * 32)}
    assert len(keys) == 1
    with storage.open(keys.pop()) as file:
        assert file.read() == content
