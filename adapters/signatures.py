"""Proof that a message over HTTP comes from who holds the secret, and is fresh."""

import hashlib
import hmac
from collections.abc import Sequence

AGE_MAX_SECONDS = 300


class SignatureRefused(Exception):
    """The message is not signed by a secret of ours, or not lately."""


def verify(raw_body: bytes, header: str, secrets: Sequence[str], now_seconds: float) -> None:
    """Accept a header like `t=<unix seconds>,v1=<hex>` over `<t>.<body>` by HMAC-SHA256.

    Several secrets and several `v1` are accepted so that a secret can be changed without a gap.

    Raises:
        SignatureRefused: malformed, stale by more than AGE_MAX_SECONDS either way, or forged.

    """
    stamp, offered = _parts(header)
    if abs(now_seconds - int(stamp)) > AGE_MAX_SECONDS:
        raise SignatureRefused("the signature is stale")
    matches = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), f"{stamp}.".encode() + raw_body, hashlib.sha256)
        for signature in offered:
            # No early end: the time taken must not tell which secret came close.
            matches |= hmac.compare_digest(expected.hexdigest(), signature)
    if not matches:
        raise SignatureRefused("the signature fits none of the secrets")


def _parts(header: str) -> tuple[str, list[str]]:
    """Take the header apart; limits keep a hostile one cheap."""
    pairs = [part.strip().partition("=") for part in header[:2000].split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    offered = [value for name, _, value in pairs if name == "v1"][:5]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal()):
        raise SignatureRefused("the signature has no time")
    if len(stamps[0]) > 12 or not offered or not all(value.isascii() for value in offered):
        raise SignatureRefused("the signature cannot be read")
    return stamps[0], offered
