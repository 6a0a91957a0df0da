"""Money: read without guessing, exact in the currency's decimals, divided without a cent lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import BadInput
from core.money import decimals, exact, is_currency, parsed, rounded, split, split_within, written

CENTS = some.integers(-(10**12), 10**12).map(lambda each: Decimal(each).scaleb(-2))
SHARES = some.lists(some.integers(1, 10_000).map(Decimal), min_size=1, max_size=40)


@given(total=CENTS, shares=SHARES)
@pytest.mark.req("S3.45")
def test_parts_add_up_and_none_goes_the_other_way(total: Decimal, shares: list[Decimal]) -> None:
    parts = split(total, shares, "KES")

    assert sum(parts) == total
    assert len(parts) == len(shares)
    assert all(part == rounded(part, "KES") for part in parts)
    assert all(part * total >= 0 for part in parts)


@given(total=CENTS, shares=SHARES)
def test_each_part_but_the_last_is_its_share_rounded_half_up(
    total: Decimal, shares: list[Decimal]
) -> None:
    due = [rounded(total * share / sum(shares), "KES") for share in shares[:-1]]
    if abs(sum(due, Decimal(0))) <= abs(total):
        assert split(total, shares, "KES")[:-1] == due


def test_the_last_part_takes_the_remainder() -> None:
    thirds = [Decimal(1)] * 3
    assert split(Decimal(100), thirds, "KES") == [Decimal("33.33")] * 2 + [Decimal("33.34")]
    assert split(Decimal(100), thirds, "JPY") == [Decimal(33), Decimal(33), Decimal(34)]
    assert split(Decimal("0.02"), [Decimal(1)] * 4, "KES") == [
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal(0),
        Decimal(0),
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [("0.005", "KES", "0.01"), ("-0.005", "KES", "-0.01"), ("2.5", "JPY", "3")],
)
def test_halves_are_rounded_away_from_zero(amount: str, currency: str, said: str) -> None:
    assert rounded(Decimal(amount), currency) == Decimal(said)


@pytest.mark.parametrize(("currency", "places"), [("KES", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_its_decimals(currency: str, places: int) -> None:
    assert is_currency(currency)
    assert decimals(currency) == places
    assert exact(Decimal(1).scaleb(-places), currency)
    with pytest.raises(BadInput):
        exact(Decimal(1).scaleb(-places - 1), currency)


def test_what_is_no_currency_is_known() -> None:
    assert not any(map(is_currency, ("XXY", "XXX", "XTS")))
    assert not is_currency("")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10,400,000.00", "10400000.00"),
        ("10400000", "10400000"),
        (" 1 000 ", "1000"),
        ("\u221212.50", "-12.50"),
        ("-0", "0"),
        ("KES 10,400,000.00", "10400000"),
        ("Ksh. 500", "500"),
        ("500 kes", "500"),
        ("12,500/=", "12500"),
        ("6\N{NARROW NO-BREAK SPACE}900\N{NARROW NO-BREAK SPACE}000", "6900000"),
        ("6'900'000", "6900000"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: str) -> None:
    assert parsed(text, "KES") == Decimal(amount)
    assert str(parsed("-0", "KES")) == "0"


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "1e3", "NaN", "Infinity", "1.234,56", "1,23", "1.005", "1" + "0" * 15, "1,2,3"),
        *("٣", "USD 5", "$5", "KES", "5 KES KES", "--5", "-.5", "5/=/="),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parsed(text, "KES", "price")
    assert refused.value.field == "price"


@given(amount=some.integers(0, 10**14).map(lambda each: Decimal(each).scaleb(-2)))
def test_what_is_written_is_read_again(amount: Decimal) -> None:
    said = written(amount, "KES")
    assert said.startswith("KES\N{NO-BREAK SPACE}")
    assert parsed(said.removeprefix("KES"), "KES") == amount


def test_an_amount_that_is_not_there_is_a_dash() -> None:
    assert written(None, "KES") == "\N{EN DASH}"
    assert written(Decimal("-1234.5"), "KES") == "KES\N{NO-BREAK SPACE}\N{MINUS SIGN}1,234.50"
    assert written(Decimal(1234), "JPY") == "JPY\N{NO-BREAK SPACE}1,234"


@pytest.mark.parametrize("currency", ["\U000ceddd", "", "K", "../", "XXX1"])
def test_an_amount_beside_what_is_no_currency_is_read(currency: str) -> None:
    assert parsed("12", currency) == Decimal(12)


@given(most=some.lists(some.integers(1, 200_000), min_size=1, max_size=9), share=some.data())
def test_no_part_of_a_sum_is_more_than_it_may_be(most: list[int], share: some.DataObject) -> None:
    limits = [Decimal(each).scaleb(-2) for each in most]
    total = Decimal(share.draw(some.integers(0, sum(most)))).scaleb(-2)

    parts = split_within(total, limits, "KES")

    assert sum(parts) == total
    assert all(0 <= each <= limit for each, limit in zip(parts, limits, strict=True))


def test_a_credit_note_over_all_but_a_few_cents_fits_its_lines() -> None:
    parts = split_within(Decimal("4999.97"), [Decimal(1000)] * 5, "KES")

    assert (sum(parts), max(parts)) == (Decimal("4999.97"), Decimal(1000))
