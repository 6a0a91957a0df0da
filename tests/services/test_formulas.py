"""Formulas of administrators: what they may say, and everything that they may not."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import BadInput
from services import formulas
from services.formulas import Name

NAMES = {
    "area": Name("u.area"),
    "share": Name("u.share"),
    "type": Name("u.type", frozenset({"shop", "office"})),
}
ROW = "FROM (VALUES (80::numeric, 50::numeric, 'shop')) AS u(area, share, type)"
pytestmark = pytest.mark.req("S1.46", "S1.51")


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("area * 45.50", Decimal("3640.00")),
        ("area * 45 if type == 'shop' else area * 30", Decimal(3600)),
        ("max(1000, min(area * 20, 1500))", Decimal(1500)),
        ("round(area / 3) - -1", Decimal(28)),
        ("abs(share - area) * (share / 100)", Decimal(15)),
        ("area / (share - 50)", None),
        ("1 if not (area > 80 or share != 50) and type in ('shop', 'office') else 2", Decimal(1)),
    ],
)
def test_a_formula_gives_a_number(session: Session, formula: str, value: Decimal | None) -> None:
    sql = formulas.number(formula, NAMES).sql

    assert session.scalar(text(f"SELECT {sql} {ROW}")) == value


def test_a_condition_is_true_or_false_and_its_names_are_known(session: Session) -> None:
    read = formulas.condition('area >= 80 and type not in ["office"]', NAMES)

    assert session.scalar(text(f"SELECT {read.sql} {ROW}")) is True
    assert read.names == {"area", "type"}


HOSTILE = (
    "",
    " ",
    "area; DROP TABLE unit",
    "area -- all",
    "'; SELECT 1",
    'type == "shop\' OR 1=1 --"',
    "type == 'sh' 'op; x'",
    "__import__('os').system('x')",
    "().__class__",
    "area.real",
    "area[0]",
    "[area for area in share]",
    "lambda: 1",
    "(x := 3)",
    "f'{area}'",
    "area ** 999999999",
    "area // 2",
    "area % 2",
    "area << 9",
    "1e308",
    "0x10",
    "1_000",
    "9" * 13,
    "1.1234567",
    "1j",
    "True",
    "None",
    "'shop'",
    "type",
    "type + 1",
    "min()",
    "min(area, key=1)",
    "round(area, 2)",
    "pg_sleep(9)",
    "min",
    "area < share < 3",
    "area if area else 1",
    "area and share",
    "not area",
    "type in 'shop'",
    "type == 'castle'",
    "type in ()",
    "unit",
    "area = 3",
    "await area",
    "*area",
    "(" * 300 + "1" + ")" * 99,
    "-" * 399 + "1",
    "1" + "+1" * 190,
    "area\nshare",
    "area\0",
    "\u202earea",
)


@pytest.mark.parametrize("formula", HOSTILE)
def test_what_is_not_on_the_list_is_refused(formula: str) -> None:
    with pytest.raises(BadInput):
        formulas.number(formula, NAMES)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("areshtypminx01.,'\"()+-*/<>=! ;[]{}_"), max_size=40))
def test_whatever_is_typed_is_read_as_a_number_or_refused(typed: str) -> None:
    """What is read has no quote but around a word of the list, no semicolon, and no comment."""
    try:
        sql = formulas.number(typed, NAMES).sql
    except BadInput:
        return
    bare = sql.replace("'shop'", "").replace("'office'", "")
    assert not set(bare) & set("'\";\\")
    assert "--" not in bare


@pytest.mark.parametrize(
    "formula",
    [
        "max(area * 45, 1000)",
        "min(1000, area)",
        "max(1, min(share, area))",
        "1 if area > 80 else 2",
        "1 if not area > 80 else 2",
        "round(max(area))",
    ],
)
def test_what_speaks_of_a_missing_value_gives_nothing(session: Session, formula: str) -> None:
    row = "FROM (VALUES (NULL::numeric, 50::numeric, 'shop')) AS u(area, share, type)"

    assert session.scalar(text(f"SELECT {formulas.number(formula, NAMES).sql} {row}")) is None


def test_what_is_chosen_without_the_missing_value_is_given(session: Session) -> None:
    row = "FROM (VALUES (NULL::numeric, 50::numeric, 'shop')) AS u(area, share, type)"
    sql = formulas.number("share if type == 'shop' else area", NAMES).sql

    assert session.scalar(text(f"SELECT {sql} {row}")) == Decimal(50)
