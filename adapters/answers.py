"""Reads fields of a provider's answer, trusting none."""

import enum
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.payments import MINOR_MAX, ProviderUnavailable, from_minor

TEXT_MAX = 500

Member = TypeVar("Member", bound=enum.StrEnum)


class Answer:
    """An object of JSON. Each method raises ProviderUnavailable where the field is no good."""

    def __init__(self, fields: Any) -> None:
        if not isinstance(fields, dict):
            raise ProviderUnavailable("the answer is no object")
        self._fields: dict[str, Any] = fields

    def text(self, name: str, *, empty: bool = False, lenient: bool = False) -> str:
        """Read a text; a missing one may be `empty`, and what is none too if `lenient`."""
        value = self._fields.get(name, "" if empty else None)
        if lenient and not isinstance(value, str):
            value = ""
        if not isinstance(value, str) or len(value) > TEXT_MAX or not (value or empty):
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def part(self, name: str) -> dict[str, Any]:
        """Read an object."""
        value = self._fields.get(name)
        if not isinstance(value, dict):
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def maybe(self, name: str) -> "Answer | None":
        """Read an object that may be missing."""
        return Answer(self._fields[name]) if self._fields.get(name) is not None else None

    def whole(self, name: str) -> int:
        """Read a whole number above zero."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MINOR_MAX:
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def any(self, name: str) -> Any:
        """Give a field as it is, None where it is missing."""
        return self._fields.get(name)

    def last_day(self, year: str, month: str) -> date | None:
        """Read the last day of a month, given as numbers or their texts; None if it is none."""
        try:
            first = date(int(self._fields[year]), int(self._fields[month]), 28)
        except (KeyError, TypeError, ValueError):
            return None
        return (first + timedelta(days=4)).replace(day=1) - timedelta(days=1)

    def url(self, name: str) -> str:
        """Read an address on the web."""
        value = self.text(name)
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise ProviderUnavailable(f"the answer has no good {name}") from error
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ProviderUnavailable(f"the answer has no good {name}")
        return value

    def instant(self, name: str) -> datetime:
        """Read a time in seconds."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**11:
            raise ProviderUnavailable(f"the answer has no good {name}")
        return datetime.fromtimestamp(value, UTC)

    def currency(self) -> str:
        """Read three capital letters."""
        value = self.text("currency")
        if not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
            raise ProviderUnavailable("the answer has no good currency")
        return value

    def amount(self) -> Decimal:
        """Read smallest units as major ones."""
        return from_minor(self.whole("amount"), self.currency())

    def member(self, name: str, among: type[Member]) -> Member:
        """Read one of a few words."""
        try:
            return among(self.text(name))
        except ValueError as error:
            raise ProviderUnavailable(f"the answer has no known {name}") from error
