"""Money in, whoever takes it: what every provider of payments is asked and answers."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from core.money import decimals

MINOR_MAX = 10**18  # fits a signed 64-bit integer; anything above is a mistake


class ProviderUnavailable(Exception):
    """No answer that can be trusted. What was asked may have happened: ask again, same key."""


class ProviderRefused(Exception):
    """The provider understood and said no. Asking again changes nothing."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the provider's stable code apart from its sentence for people."""
        self.code = code
        self.sentence = sentence
        super().__init__(f"{code}: {sentence}")


class NoticeRefused(Exception):
    """The notice is not the provider's, is stale, or cannot be read. Nothing may follow from it."""


class State(enum.StrEnum):
    """Where a checkout stands with the provider."""

    pending = enum.auto()
    requires_action = enum.auto()
    processing = enum.auto()
    succeeded = enum.auto()
    failed = enum.auto()
    expired = enum.auto()


class RefundState(enum.StrEnum):
    """Where a refund stands with the provider."""

    pending = enum.auto()
    succeeded = enum.auto()
    failed = enum.auto()


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What is to be paid, in major units, and where the payer and the notices go.

    `key` makes it once: the same key with the same content gives the same checkout.
    """

    amount: Decimal
    currency: str
    intent_id: str
    description: str
    return_url: str
    webhook_url: str
    key: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the provider on which the payer pays."""

    reference: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a checkout stands, in major units. `failure_*` are empty unless it failed."""

    state: State
    amount: Decimal
    currency: str
    reference: str
    failure_code: str = ""
    failure_sentence: str = ""


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """How a refund stands, in major units."""

    state: RefundState
    amount: Decimal
    currency: str
    reference: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Word from the provider that something changed: a reason to ask, not yet a fact."""

    event_id: str
    type: str
    reference: str
    intent_id: str


class Provider(Protocol):
    """Whoever takes money in: cards, mobile money, banks.

    Every method but `parse_notice` raises ProviderUnavailable (ask again with the same key) and
    ProviderRefused (do not), and ends within 15 seconds.
    """

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout, once per key."""
        ...

    def status(self, reference: str) -> Outcome:
        """Ask how a checkout stands now."""
        ...

    def refund(self, reference: str, amount: Decimal, currency: str, key: str) -> RefundOutcome:
        """Give back part or all of what a checkout took, once per key."""
        ...

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a notice after proving that it is the provider's and fresh.

        Raises:
            NoticeRefused: it is forged, stale or unreadable.

        """
        ...


def to_minor(amount: Decimal, currency: str) -> int:
    """Turn major units into the whole number of smallest units that goes over the wire.

    Raises:
        ValueError: not above zero, finer than the currency's smallest unit, or beyond MINOR_MAX.

    """
    if not amount.is_finite() or amount <= 0:
        raise ValueError(f"{amount} {currency} is not an amount to pay")
    minor = amount.scaleb(decimals(currency))
    if minor != minor.to_integral_value() or minor > MINOR_MAX:
        raise ValueError(f"{amount} is not a sum in {currency}")
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """Turn smallest units into major units with the decimals of the currency."""
    return Decimal(minor).scaleb(-decimals(currency))
