"""The providers of payments that the settings name. The only place that knows them all."""

from collections.abc import Mapping
from typing import Any, Protocol

from adapters import card, flutterwave, mpesa, paystack, stripe
from adapters.payments import Charger, NotCalled, Payer, Provider, ProviderUnavailable
from adapters.paystack import PaystackProvider
from adapters.stripe import StripeProvider


class Maker(Protocol):
    """The module of a provider."""

    def configured(self, settings: Mapping[str, Any], /) -> Provider | None:
        """Give it as the settings name it; None where they do not."""


MAKERS: Mapping[str, Maker] = {
    "card": card,
    "stripe": stripe,
    "paystack": paystack,
    "flutterwave": flutterwave,
    "mpesa": mpesa,
}
"""By the name that payments keep."""


def named(settings: Mapping[str, Any], name: str) -> Provider | None:
    """Give a provider by its name; None where it is not set up, or nobody's name."""
    maker = MAKERS.get(name)
    return maker.configured(settings) if maker else None


def payer(settings: Mapping[str, Any], name: str) -> Payer | None:
    """Give a provider that sends money, by its name; None where it is not set up for that."""
    if name != "mpesa":
        return None
    made = mpesa.configured(settings)
    return made if made and made.till.initiator and made.till.credential else None


def needed_charger(settings: Mapping[str, Any], name: str) -> Charger:
    """Give a provider that charges saved cards, by its name.

    Raises:
        NotCalled: it is not set up (any more), or charges none.

    """
    made = named(settings, name)
    if not isinstance(made, StripeProvider | PaystackProvider):
        raise NotCalled(f"the provider {name} is not set up, or charges no saved cards")
    return made


def needed(settings: Mapping[str, Any], name: str) -> Provider:
    """Give a provider by its name.

    Raises:
        ProviderUnavailable: it is not set up (any more); what it was asked may still be under way.

    """
    found = named(settings, name)
    if found is None:
        raise ProviderUnavailable(f"the provider {name} is not set up")
    return found


def set_up(settings: Mapping[str, Any]) -> frozenset[str]:
    """Tell which providers are set up."""
    return frozenset(name for name in MAKERS if named(settings, name) is not None)
