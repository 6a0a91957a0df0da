"""Financial reports agree with one another, with the ledger, and with an accountant."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.work import Work
from models.chart import (
    BANK,
    CASH,
    CUSTOMER_CREDIT,
    DEPOSITS_HELD,
    PAYABLE,
    SALES_REVENUE,
    TRUST,
)
from services import ageing, balances, booking_ends, chains, financials, ledger
from services.financials import Spell
from services.ledger import Leg, Recipe
from tests import make, stories
from tests.stories import PRICE

MARCH = Spell(date(2026, 3, 1), date(2026, 3, 31))
REPAIRS, FURNITURE, WORN, CAPITAL, INSURANCE = "5000", "1500", "1590", "3000", "5500"


def book(work: Work, on: date, amount: int, debit: str, credit: str, **more: object) -> None:
    """Post two legs; `party` is whose they are, where they are somebody's."""
    party, name = more.get("party"), more.get("book", "main")
    own = (PAYABLE, CUSTOMER_CREDIT, DEPOSITS_HELD)
    legs = [
        Leg(code, Decimal(value), party if code in own else None)  # type: ignore[arg-type]
        for code, value in ((debit, amount), (credit, -amount))
    ]
    key = f"{on}:{amount}:{debit}:{credit}"
    recipe = Recipe(key, "Told", "party", UUID(int=1), "KES", legs, on, str(name))
    ledger.post(work, recipe)


@pytest.fixture
def year(work: Work) -> Work:
    """A year of a small company, with some of it not yet sealed."""
    book(work, date(2026, 1, 5), 10_000, BANK, CAPITAL)
    book(work, date(2026, 2, 3), 4_000, FURNITURE, BANK)
    book(work, date(2026, 2, 10), 3_000, CASH, SALES_REVENUE)
    chains.seal(work)
    book(work, date(2026, 3, 1), 5_000, BANK, SALES_REVENUE)
    book(work, date(2026, 3, 31), 700, REPAIRS, PAYABLE, party=make.party(work).id)
    book(work, date(2026, 3, 31), 100, INSURANCE, WORN)
    chains.seal(work)
    book(work, date(2026, 3, 15), 250, REPAIRS, CASH)
    book(work, date(2026, 4, 1), 9_999, BANK, SALES_REVENUE)
    return work


@pytest.mark.req("S1.05")
def test_a_trial_balance_has_two_equal_sides(year: Work) -> None:
    rows = financials.trial_balance(year, balances.books(year), MARCH.until)

    sides = {each.line.code: (each.debit, each.credit) for each in rows}
    assert sides[BANK] == (Decimal(11_000), Decimal(0))
    assert sides[SALES_REVENUE] == (Decimal(0), Decimal(8_000))
    assert sides[CASH] == (Decimal(2_750), Decimal(0))
    assert sum(each.debit for each in rows) == sum(each.credit for each in rows)


@pytest.mark.req("S1.05")
def test_an_income_statement_is_of_its_days_and_beside_others(year: Work) -> None:
    parts = financials.income(year, balances.books(year), [MARCH, MARCH.before()])

    assert MARCH.before() == Spell(date(2026, 1, 29), date(2026, 2, 28))
    earned, spent = parts
    assert (earned.totals, spent.totals) == (
        (Decimal(5_000), Decimal(3_000)),
        (Decimal(1_050), Decimal(0)),
    )
    assert financials.result(parts) == (Decimal(3_950), Decimal(3_000))
    heading, line = earned.rows
    assert (heading.line.code, heading.heads, heading.amounts) == ("40", True, line.amounts)
    assert (line.line.code, line.depth) == (SALES_REVENUE, 1)


@pytest.mark.req("S1.05")
@pytest.mark.parametrize("days", [0, 31, 62, 89, 200])
def test_a_balance_sheet_balances_on_any_day(year: Work, days: int) -> None:
    where, on = balances.books(year), date(2026, 1, 1) + timedelta(days=days)

    assets, liabilities, equity = financials.position(year, where, [on])
    (kept,) = financials.kept_back(year, where, [on])

    assert assets.totals[0] == liabilities.totals[0] + equity.totals[0] + kept


@pytest.mark.req("S1.05")
def test_a_cash_flow_explains_the_change_of_money(year: Work) -> None:
    spells = [Spell(date(2026, 1, 1), MARCH.until), MARCH]

    flow = financials.cash_flow(year, balances.books(year), spells)

    assert flow.opening == (Decimal(0), Decimal(9_000))
    assert flow.closing == (Decimal(13_750), Decimal(13_750))
    for n in range(2):
        assert flow.opening[n] + flow.change[n] == flow.closing[n]
    operating, investing, financing = flow.parts
    assert operating.totals[0] == Decimal(700 + 100)  # owed to a supplier, and worn off
    assert investing.totals == (Decimal(-4_000), Decimal(0))
    assert financing.totals == (Decimal(10_000), Decimal(0))


@pytest.mark.req("S1.05", "S3.16")
def test_aged_receivables_are_the_open_invoices_and_what_the_ledger_says(
    work: Work, session: Session, home: UUID
) -> None:
    told = [stories.confirmed(session, home) for _ in range(3)]
    told[0].pay(PRICE / 4)
    with told[1].work() as acting:
        booking_ends.cancel(acting, told[1].booking_id, "changed their mind")
    where, today = balances.books(work), ledger.business_date(work)

    now = ageing.receivables(work, where, today)
    later = ageing.receivables(work, where, today + timedelta(days=120))
    before = ageing.receivables(work, where, today - timedelta(days=1))

    assert sum(now.totals) == now.in_ledger == PRICE * 7 / 4
    assert later.totals[-1] == now.in_ledger
    assert before == ageing.Ageing([], Decimal(0))
    assert {each.party_id for each in now.parties} == {told[0].customer_id, told[2].customer_id}


@pytest.mark.parametrize(
    ("days", "column"), [(-1, 0), (0, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)]
)
def test_a_debt_is_in_the_column_of_its_days(days: int, column: int) -> None:
    debt = ageing.Debt(UUID(int=1), "x", UUID(int=2), "x", MARCH.since, days, Decimal(7))

    assert [n for n, amount in enumerate(ageing.columns([debt])) if amount] == [column]


@pytest.mark.req("S1.05")
def test_aged_payables_are_the_newest_bills_that_make_up_what_is_owed(work: Work) -> None:
    supplier, other = make.party(work).id, make.party(work).id
    book(work, date(2026, 1, 1), 100, REPAIRS, PAYABLE, party=supplier)
    book(work, date(2026, 2, 1), 300, REPAIRS, PAYABLE, party=supplier)
    book(work, date(2026, 2, 15), 150, PAYABLE, BANK, party=supplier)
    book(work, date(2026, 3, 20), 40, REPAIRS, PAYABLE, party=supplier)
    book(work, date(2026, 3, 20), 60, PAYABLE, BANK, party=other)

    found = ageing.payables(work, balances.books(work), MARCH.until)

    assert [(each.since, each.amount) for each in found.debts] == [
        (date(2026, 2, 1), Decimal(250)),
        (date(2026, 3, 20), Decimal(40)),
    ]
    assert found.totals == tuple(map(Decimal, (0, 40, 250, 0, 0)))
    assert found.in_ledger == Decimal(290 - 60)


@pytest.mark.req("S1.05")
def test_money_held_for_others_is_compared_with_their_accounts(work: Work) -> None:
    for number in (1, 2):
        party = make.party(work).id
        book(
            work, date(2026, 3, number), 500 * number, BANK, DEPOSITS_HELD, party=party, book=TRUST
        )
    where = balances.books(work, TRUST)

    found = financials.trust(work, where, MARCH.until)

    assert found.in_book == found.by_holder == Decimal(1_500)
    (held,) = found.held
    assert (held.line.code, held.balance, held.holders) == (DEPOSITS_HELD, Decimal(1_500), 2)
