"""Money: exact decimals in major units with a currency beside them, and how a sum is divided."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError, get_global
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

from core.errors import BadInput
from core.text import N_

CENT_LIMIT = Decimal(10) ** 15
"""One more digit than NUMERIC(19, 4) holds before the point."""
SPACES = dict.fromkeys(map(ord, " \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}"))
GROUPING = SPACES | dict.fromkeys(map(ord, "'\N{RIGHT SINGLE QUOTATION MARK}"), ",")


@lru_cache(maxsize=200)
def decimals(currency: str) -> int:
    """Say how many decimals a currency has: JPY 0, KES 2, KWD 3."""
    return int(get_currency_precision(currency))


@lru_cache(maxsize=200)
def _smallest(currency: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(currency))


def is_currency(code: str) -> bool:
    """Whether this is a currency's ISO 4217 code; those for none and for tests are not."""
    return code in get_global("all_currencies") and code not in {"XXX", "XTS"}


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the decimals of the currency."""
    return amount.quantize(_smallest(currency), ROUND_HALF_UP)


def exact(amount: Decimal, currency: str, field: str = "amount") -> Decimal:
    """Accept an amount that the currency can express.

    Raises:
        BadInput: it is not a number, too large, or has more decimals than the currency.

    """
    if not amount.is_finite() or abs(amount) >= CENT_LIMIT:
        raise BadInput(N_("The amount is not a number that can be kept."), field=field)
    if amount != rounded(amount, currency):
        raise BadInput(
            N_("%(currency)s has %(decimals)s decimals; write the amount with no more."),
            field=field,
            currency=currency,
            decimals=decimals(currency),
        )
    return amount + 0  # minus zero becomes zero


def parsed(text: str, currency: str, field: str = "amount") -> Decimal:
    """Read an amount as people write it: "10,400,000.00", "10400000", "KES 10,400,000", "500/=".

    Exponents, NaN, comma decimals and the sign of another currency are refused rather than guessed.

    Raises:
        BadInput: it cannot be read without guessing.

    """
    plain = ungrouped(_bare(text, currency))
    if plain is None:
        raise BadInput(
            N_("Write the amount in digits, like 10,400,000.00."), field=field, text=text
        )
    return exact(Decimal(plain), currency, field)


def ungrouped(text: str) -> str | None:
    """Take the grouping out of a number as people write it; None if that would be guessing.

    Thousands may stand apart by commas, spaces or apostrophes; a comma never begins decimals.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-").translate(GROUPING)
    whole, point, cents = plain.removeprefix("-").partition(".")
    groups = whole.split(",")
    grouped = len(groups) == 1 or (
        1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    )
    digits = "".join(groups) + cents
    readable = grouped and digits.isascii() and digits.isdigit() and bool(groups[0])
    if not readable or (point and not cents):
        return None
    return plain.replace(",", "")


def _bare(text: str, currency: str) -> str:
    """Take away the currency's own code or sign, before the digits or behind them."""
    plain = text.strip()
    for sign in _signs(currency):
        size = len(sign)
        if plain[:size].casefold() == sign:
            return plain[size:].lstrip(" .\N{NO-BREAK SPACE}")
        if plain[-size:].casefold() == sign:
            return plain[:-size].rstrip()
    return plain.removesuffix("/=").removesuffix("/-")


@lru_cache(maxsize=200)
def _signs(currency: str) -> tuple[str, ...]:
    """List how a currency is written, in English and in its own country, the longest first.

    What is no currency may be anything: somebody has typed it beside the amount.
    """
    found = {currency.casefold()}
    for locale in ("en", f"en_{currency[:2]}") if is_currency(currency) else ():
        with suppress(UnknownLocaleError):
            found.add(get_currency_symbol(currency, locale).casefold())
    return tuple(sorted(found - {""}, key=len, reverse=True))


def written(amount: Decimal | None, currency: str, locale: Locale | str | None = "en") -> str:
    """Write an amount with its code, grouped, in the currency's decimals: KES 10,400,000.00."""
    if amount is None:
        return "\u2013"
    places = decimals(currency) if currency else 2
    pattern = "#,##0" + ("." + "0" * places if places else "")
    digits = format_decimal(abs(amount), format=pattern, locale=locale)
    sign = "\u2212" if amount < 0 else ""
    return f"{currency}\u00a0{sign}{digits}" if currency else f"{sign}{digits}"


def split(total: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Divide `total` by `shares` (any positive weights). The last part takes the remainder.

    The parts always add up to `total`, and none goes the other way: where rounding up has used up a
    total of a few cents, nothing is left for those who come last.
    """
    weight, left, parts = sum(shares), total, []
    for share in shares[:-1]:
        part = rounded(total * share / weight, currency)
        part = min(part, left) if total >= 0 else max(part, left)
        parts.append(part)
        left -= part
    return [*parts, left]


def split_within(total: Decimal, most: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Divide `total` in proportion to what each part may be `most`, and give none more than that.

    Both are zero or more, and `total` at most the sum of them.
    """
    parts = [min(*pair) for pair in zip(split(total, most, currency), most, strict=True)]
    left = total - sum(parts)
    for number, limit in enumerate(most):
        more = min(limit - parts[number], left)
        parts[number] += more
        left -= more
    return parts
