"""The box: opens with its key, in its place, and only if nobody changed what is in it."""

import base64
from collections.abc import Iterator

import pytest

from core import box


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    before = dict(box._keys)
    box.use_keys("the first key")
    yield
    box._keys.clear()
    box._keys.update(before)


def test_what_is_locked_opens_in_its_place_alone() -> None:
    locked = box.lock("JBSWY3DPEHPK3PXP", "profile:secret:1")

    assert "JBSWY" not in locked
    assert box.unlock(locked, "profile:secret:1") == "JBSWY3DPEHPK3PXP"
    with pytest.raises(ValueError, match="another place"):
        box.unlock(locked, "profile:secret:2")


def test_the_same_word_never_looks_the_same() -> None:
    assert box.lock("x", "a:b:1") != box.lock("x", "a:b:1")


def test_a_changed_byte_is_noticed() -> None:
    key_id, _, inside = box.lock("x", "a:b:1").partition(".")
    raw = bytearray(base64.urlsafe_b64decode(inside))
    raw[-1] ^= 1
    with pytest.raises(ValueError, match="changed"):
        box.unlock(f"{key_id}.{base64.urlsafe_b64encode(raw).decode()}", "a:b:1")


def test_a_key_is_rotated_and_the_old_one_still_opens() -> None:
    old = box.lock("x", "a:b:1")
    box.use_keys("the next key", "the first key")

    assert box.unlock(old, "a:b:1") == "x"
    assert box.lock("x", "a:b:1").split(".")[0] != old.split(".")[0]
    box.use_keys("the next key")
    with pytest.raises(ValueError, match="not known"):
        box.unlock(old, "a:b:1")
