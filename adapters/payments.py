"""Money in, whoever takes it: what every provider of payments is asked and answers."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from core.money import decimals

MINOR_MAX = 10**18  # fits a signed 64-bit integer; anything above is a mistake


class ProviderUnavailable(Exception):
    """No answer that can be trusted. What was asked may have happened: ask again, same key."""


class NotCalled(ProviderUnavailable):
    """It was not even asked, so that nothing can have happened."""


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


class DisputeState(enum.StrEnum):
    """Where a dispute stands with the provider, as who was paid sees it."""

    open = enum.auto()
    won = enum.auto()
    lost = enum.auto()


class Topic(enum.StrEnum):
    """What a notice is about."""

    payment = enum.auto()
    refund = enum.auto()
    dispute = enum.auto()


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What is to be paid, in major units, by whom, and where the payer and the notices go.

    `key` makes it once: the same key with the same content gives the same checkout. `phone` is in
    E.164. `expires_at` is until when the payer has, where the provider lets us choose. `saves`
    means that the payer agrees to the card being kept for charges that they are not there for.
    """

    amount: Decimal
    currency: str
    intent_id: str
    description: str
    return_url: str
    webhook_url: str
    key: str
    email: str = ""
    phone: str = ""
    name: str = ""
    expires_at: datetime | None = None
    saves: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A card that a provider keeps. `token` is what it is charged by, a secret of ours.

    `fingerprint` is the same whenever the same card is saved.
    """

    token: str = field(repr=False)
    fingerprint: str
    brand: str
    last_four: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """What a saved card is charged, in major units, once per `key`, its owner not being there."""

    token: str = field(repr=False)
    amount: Decimal
    currency: str
    intent_id: str
    description: str
    key: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the provider on which the payer pays; no `url` where they are asked elsewhere."""

    reference: str
    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a checkout stands, in major units. `failure_*` are empty unless it failed.

    Without an `amount` the provider says only what became of the very sum that was asked for.
    `receipt` is what it calls the money it took; `phone` is who it says has paid, as it says it.
    `card` is what was saved with it. A charge whose payer's bank wants them to be there has failed
    with the code `authentication_required`.
    """

    state: State
    amount: Decimal | None
    currency: str
    reference: str
    failure_code: str = ""
    failure_sentence: str = ""
    receipt: str = ""
    phone: str = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is to go back of what `checkout` took, in major units, once per `key`.

    `phone` (E.164) and the address of notices are for those who had no page to pay on.
    """

    checkout: str
    amount: Decimal
    currency: str
    key: str
    phone: str = ""
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """How a refund stands, in major units."""

    state: RefundState
    amount: Decimal
    currency: str
    reference: str
    failure_sentence: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class DisputeOutcome:
    """How a dispute stands, in major units."""

    reference: str
    state: DisputeState
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Word from the provider that something changed: a reason to ask, not yet a fact.

    Of `intent_id`, `reference` and `receipt` it names at least one, unless the address that it came
    to tells. `subject` is what the provider calls the dispute, where that is the topic.
    """

    event_id: str
    type: str
    reference: str = ""
    intent_id: str = ""
    receipt: str = ""
    topic: Topic = Topic.payment
    subject: str = ""


Heard = Sequence[Mapping[str, Any]]
"""The bodies of the notices that were kept, oldest first: evidence, not yet believed."""


AUTHENTICATION = "authentication_required"


class Charger(Protocol):
    """Whoever keeps cards, and charges them when we ask for it.

    All methods raise as those of a Provider do, and end within 30 seconds.
    """

    def charge(self, request: ChargeRequest) -> Outcome:
        """Charge a card, once per key. A bank that says no is an outcome, no refusal."""
        ...

    def charged(self, request: ChargeRequest) -> Outcome | None:
        """Say how a charge stands whose answer got lost; None if it was never made."""
        ...

    def forget(self, token: str) -> None:
        """Keep a card no longer; one that is not known is forgotten already."""
        ...


class Payer(Protocol):
    """Whoever sends money to phones: a request as of a refund, of no checkout.

    Both methods raise as those of a Provider do.
    """

    def pay_out(self, request: RefundRequest) -> RefundOutcome:
        """Send money, once per key. It may be told later what came of it."""
        ...

    def payout_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Say how what was sent stands; what has to be asked for is told later."""
        ...


class Provider(Protocol):
    """Whoever takes money in: cards, mobile money, banks.

    Every method but `parse_notice` raises ProviderUnavailable (ask again with the same key) and
    ProviderRefused (do not), and ends within 30 seconds.
    """

    @property
    def repeats(self) -> bool:
        """Whether `create` may be called again with the same key when no answer came.

        Where it may not, a second call asks the payer twice.
        """
        ...

    @property
    def signs(self) -> bool:
        """Whether notices are signed. Where not, each address for notices holds a secret."""
        ...

    def create(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout, once per key."""
        ...

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask how a checkout stands now."""
        ...

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back part or all of what a checkout took, once per key."""
        ...

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Ask how a refund stands now that the provider calls `reference`."""
        ...

    def dispute(self, reference: str) -> DisputeOutcome:
        """Ask how a dispute stands now."""
        ...

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a notice after proving that it is the provider's and, where it can tell, fresh.

        Where notices are not signed, the secret in their address is all the proof there is.

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
