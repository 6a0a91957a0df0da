"""Text messages by Africa's Talking's API: a key in a header, a form in, JSON out.

A text costs money and comes in parts: 160 letters of the GSM alphabet, or 70 of any other, and a
few less in each part of several. `fitted` keeps them few.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from adapters.payments import ProviderUnavailable
from adapters.wire import PATIENCE, Limits, Wire

PATH = "/version1/messaging"
ACCEPTED = frozenset({100, 101, 102})
"""Processed, sent, queued: it is on its way."""
FOR_GOOD = frozenset({401, 403, 404, 406, 409})
"""Held as a risk, no such number, a kind that takes no texts, blocked, wants to be left alone.

All others pass: no credit, a sender's name that is not registered yet, no route, broken inside.
"""
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")
"""They stand in the alphabet's second table, and take two places."""
PLAINER = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2018\u2019\u201a", "'"),
        **dict.fromkeys("\u2013\u2014\u2011", "-"),
        **dict.fromkeys("\u00a0\u202f\t", " "),
        "\u2026": "...",
        "\u00b7": "-",
        "\u00d7": "x",
    }
)
"""Signs of print for which one letter outside the alphabet would halve what fits."""


class TextUnavailable(Exception):
    """It could not be handed over, or nobody knows whether it was; try again."""


class TextRefused(Exception):
    """It will never go to this number."""


@dataclass(frozen=True, slots=True)
class Texter:
    """An account at the provider. `sender` is a registered name or short code; none: theirs."""

    address: str
    user: str
    key: str = field(repr=False)
    sender: str = ""
    limits: Limits = PATIENCE

    def send(self, number: str, message: str) -> str:
        """Hand one text over and give the provider's name for it.

        The API has no key against doubles: one that ended without an answer may have been taken.

        Raises:
            TextUnavailable: no good answer, or a refusal that passes.
            TextRefused: the number takes no texts, whatever is tried.

        """
        if not NUMBER.fullmatch(number):
            raise TextRefused("that is no number in full")
        form = {"username": self.user, "to": number, "message": message}
        if self.sender:
            form["from"] = self.sender
        headers = {"apiKey": self.key, "Accept": "application/json"}
        wire = Wire(self.address, headers, self.limits)
        try:
            status, content = wire.send(
                "POST", PATH, urlencode(form).encode(), "application/x-www-form-urlencoded"
            )
        except ProviderUnavailable as error:
            raise TextUnavailable(str(error)) from error
        if status == 400:
            raise TextRefused("the provider cannot read it")
        if not 200 <= status < 300:
            raise TextUnavailable(f"answered {status}")
        return _judged(_recipient(content, number))


def configured(settings: Mapping[str, Any]) -> Texter | None:
    """Give the account that the settings name; None where no texts are sent."""
    address, user, key = (settings[name] for name in ("SMS_URL", "SMS_USER", "SMS_KEY"))
    return Texter(address, user, key, settings["SMS_FROM"]) if address and user and key else None


def parts(message: str) -> int:
    """Count the parts that a text is sent in, each of which is paid."""
    if all(letter in GSM or letter in GSM_TWICE for letter in message):
        places, one, several = len(message) + sum(each in GSM_TWICE for each in message), 160, 153
    else:
        places, one, several = len(message.encode("utf-16-be")) // 2, 70, 67
    return 1 if places <= one else -(-places // several)


def fitted(message: str, end: str = "", most: int = 2) -> str:
    """Cut a text so that it is sent in few parts with its `end`, which stays whole."""
    said = " ".join(message.translate(PLAINER).split())
    said = "".join(letter for letter in said if letter.isprintable())
    tail = f" {end}" if end else ""
    if parts(said + tail) <= most:
        return said + tail
    low, high = 0, len(said)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if parts(_cut(said, middle) + tail) <= most else (low, middle - 1)
        )
    return _cut(said, low) + tail


def _cut(said: str, length: int) -> str:
    return f"{said[:length].rstrip()}..."


def _recipient(content: bytes, number: str) -> dict[str, Any]:
    """Find what is said of the one number; an answer without it says that none was taken."""
    try:
        data = json.loads(content)["SMSMessageData"]
        listed, message = data["Recipients"], str(data.get("Message", ""))
        found = [each for each in listed if each.get("number") == number]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TextUnavailable("the answer cannot be read") from error
    if not found:
        raise TextUnavailable(f"the answer says nothing of the number: {message[:200]}")
    return dict(found[0])


def _judged(said: Mapping[str, Any]) -> str:
    code, words = said.get("statusCode"), str(said.get("status", ""))[:100]
    if not isinstance(code, int):
        raise TextUnavailable("the answer has no status")
    if code in FOR_GOOD:
        raise TextRefused(f"{code} {words}")
    if code not in ACCEPTED:
        raise TextUnavailable(f"{code} {words}")
    return str(said.get("messageId", ""))[:120]
