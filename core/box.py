"""A locked box: small secrets as they are kept in the database, AES-GCM with a key id in front."""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_keys: dict[str, bytes] = {}


def use_keys(*keys: str) -> None:
    """Set the keys: the first locks, all of them open (so that a key can be rotated)."""
    _keys.clear()
    for key in keys:
        _keys[hashlib.sha256(b"id" + key.encode()).hexdigest()[:8]] = hashlib.sha256(
            b"box" + key.encode()
        ).digest()


def lock(plain: str, place: str) -> str:
    """Lock `plain` for one `place` (`table:column:id`); elsewhere it does not open."""
    key_id, key = next(iter(_keys.items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), place.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unlock(locked: str, place: str) -> str:
    """Open what `lock` made for the same place.

    Raises:
        ValueError: the key is not known, or the text was made for another place or changed.

    """
    key_id, _, text = locked.partition(".")
    raw = base64.urlsafe_b64decode(text)
    if key_id not in _keys:
        raise ValueError("locked with a key that is not known")
    try:
        opened = AESGCM(_keys[key_id]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except InvalidTag as error:
        raise ValueError("changed, or made for another place") from error
    return opened.decode()


def current(locked: str) -> bool:
    """Whether it is locked with the key that locks now, and not with one from before."""
    return locked.partition(".")[0] == next(iter(_keys))


def blind(plain: str, place: str) -> bytes:
    """Give the same digest for the same text of a place, which tells nothing without the key."""
    key = next(iter(_keys.values()))
    return hmac.digest(key, f"blind:{place}:{plain}".encode(), "sha256")
