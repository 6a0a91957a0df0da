"""The ways to pay by a provider: what payers are told of each, and what each takes."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from core import phones
from core.errors import BadInput, Refused
from core.money import written
from core.text import N_
from core.work import Work
from models.billing import PaymentMethod
from services import organizations

KENYA = "KE"


class NotOffered(Refused):
    """The organization does not take payments this way, or not in this currency."""

    code = "way_not_offered"
    says = N_("That way to pay is not offered. Choose another.")


@dataclass(frozen=True, slots=True)
class Way:
    """One provider as a payer meets it. `name` is how payments keep it.

    Without `currencies` it takes any. `most` is the largest single payment, in major units;
    `whole` takes no cents. `phone` is the country whose mobile phones it asks, for who has no page;
    one that `pays_out` sends money to such phones, too. One that `saves` keeps cards for us.
    """

    name: str
    method: PaymentMethod
    label: str
    says: str
    icon: str
    currencies: frozenset[str] = frozenset()
    most: Decimal | None = None
    whole: bool = False
    phone: str = ""
    pays_out: bool = False
    saves: bool = False


WAYS = {
    way.name: way
    for way in (
        Way(
            "card",
            PaymentMethod.card,
            N_("Card"),
            N_("You pay on the card provider's own page."),
            "credit-card",
        ),
        Way(
            "stripe",
            PaymentMethod.card,
            N_("Card, by Stripe"),
            N_("You pay on Stripe's page. Your bank may ask you to confirm it."),
            "credit-card",
            saves=True,
        ),
        Way(
            "paystack",
            PaymentMethod.card,
            N_("Card or bank, by Paystack"),
            N_("You choose on Paystack's page how to pay."),
            "credit-card",
            currencies=frozenset({"NGN", "GHS", "ZAR", "KES", "USD", "XOF"}),
            saves=True,
        ),
        Way(
            "flutterwave",
            PaymentMethod.card,
            N_("Card or mobile money, by Flutterwave"),
            N_("You choose on Flutterwave's page how to pay."),
            "credit-card",
            currencies=frozenset(
                {"NGN", "KES", "GHS", "UGX", "TZS", "RWF", "ZAR", "ZMW", "MWK", "EGP"}
                | {"XAF", "XOF", "USD", "EUR", "GBP"}
            ),
        ),
        Way(
            "mpesa",
            PaymentMethod.mobile_money,
            N_("M-Pesa"),
            N_("Your phone is asked for your PIN."),
            "device-mobile",
            currencies=frozenset({"KES"}),
            most=Decimal(250_000),
            whole=True,
            phone=KENYA,
            pays_out=True,
        ),
    )
}
DEFAULTS = {PaymentMethod.card: "card", PaymentMethod.mobile_money: "mpesa"}
"""The provider of a method where nobody says which."""


def offered(work: Work, set_up: Collection[str], currency: str = "") -> list[Way]:
    """List the ways that the organization offers, out of those that are set up here."""
    return [
        way
        for way in WAYS.values()
        if way.name in set_up
        and organizations.setting(work, f"payment.by_{way.name}")
        and (not currency or not way.currencies or currency in way.currencies)
    ]


def chosen(work: Work, method: PaymentMethod, provider: str) -> Way:
    """Find the way of a payment by its provider, or the usual one of its method.

    Raises:
        NotOffered: there is none such, or the organization does not want it.

    """
    way = WAYS.get(provider or DEFAULTS.get(method, ""))
    if way is None or way.method is not method:
        raise NotOffered(field="method")
    if not organizations.setting(work, f"payment.by_{way.name}"):
        raise NotOffered(field="method")
    return way


def paying_out(work: Work, amount: Decimal, currency: str, number: str) -> tuple[str, str]:
    """Find who sends so much to a phone by itself: the provider, and the phone in E.164.

    Nobody (two empty texts) where the organization wants none, or the sum or phone is not for them.
    """
    for way in WAYS.values():
        if way.pays_out and organizations.setting(work, f"wallet.payouts_by_{way.name}"):
            with suppress(BadInput, NotOffered):
                return way.name, fitting(way, amount, currency, number)
    return "", ""


def phone_of(provider: str, number: str) -> str:
    """Write a phone as a provider takes it, which was found to fit before."""
    return phones.mobile(number, WAYS[provider].phone)


def fitting(way: Way, amount: Decimal, currency: str, phone: str) -> str:
    """Check that a payment can be made this way; gives the phone that is asked, in E.164.

    Raises:
        NotOffered: not in this currency.
        BadInput: more than it takes at once, cents where it takes none, or no phone to ask.

    """
    if way.currencies and currency not in way.currencies:
        raise NotOffered(field="method")
    if way.most is not None and amount > way.most:
        raise BadInput(
            N_("%(way)s takes at most %(most)s at once. Pay a part of it, or choose another way."),
            field="amount",
            way=way.label,
            most=written(way.most, currency),
        )
    if way.whole and amount != amount.to_integral_value():
        raise BadInput(
            N_("%(way)s takes whole amounts only, without cents. Pay %(whole)s as a part of it."),
            field="amount",
            way=way.label,
            whole=written(amount // 1, currency),
        )
    return phones.mobile(phone, way.phone) if way.phone else ""
