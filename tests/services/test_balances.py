"""Balances as of any date: always the sum of the postings, sealed or not, in whatever order."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import BadInput, NotFound
from core.work import Work
from models.chart import BANK, CASH, CUSTOMER_CREDIT, RECEIVABLE, SALES_REVENUE
from services import balances, chains, ledger, statements
from services.balances import Books, Sums
from services.ledger import Leg, Recipe
from tests import make

BEGIN = date(2026, 1, 28)
CODES = (BANK, CASH, SALES_REVENUE, CUSTOMER_CREDIT)


def posted(work: Work, on: date, amount: int, codes: tuple[str, str], party: UUID) -> None:
    debit, credit = (Leg(code, Decimal(0), _holder(code, party)) for code in codes)
    number = work.session.scalar(text("SELECT count(*) FROM journal_entry"))
    legs = [Leg(debit.code, Decimal(amount), debit.party_id)]
    legs.append(Leg(credit.code, Decimal(-amount), credit.party_id))
    recipe = Recipe(f"test:{number}", "Told", "party", party, "KES", legs, booked_on=on)
    ledger.post(work, recipe)


def _holder(code: str, party: UUID) -> UUID | None:
    return party if code in (CUSTOMER_CREDIT, RECEIVABLE) else None


def counted(work: Work, where: Books, until: date) -> dict[str, Sums]:
    """The same, straight from the postings."""
    rows = work.session.execute(
        text(
            "SELECT a.code, sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0)) FROM posting p"
            " JOIN account a ON a.id = p.account_id JOIN journal_entry e ON e.id = p.entry_id"
            " WHERE e.book_id = :book AND p.currency = :currency AND e.booked_on <= :until"
            " GROUP BY 1"
        ),
        {"book": where.book_id, "currency": where.currency, "until": until},
    )
    return {code: Sums(debit, credit) for code, debit, credit in rows}


ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 70),
        st.integers(1, 999),
        st.permutations(CODES).map(lambda each: (each[0], each[1])),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.req("S1.05", "S2.62")
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ENTRIES, st.integers(-1, 75))
def test_a_balance_is_the_sum_of_the_postings_wherever_the_seals_are(
    work: Work, entries: list[tuple[int, int, tuple[str, str], bool]], asked: int
) -> None:
    party = make.party(work).id
    for days, amount, codes, seals in entries:
        posted(work, BEGIN + timedelta(days=days), amount, codes, party)
        if seals:
            chains.seal(work)
    where, until = balances.books(work), BEGIN + timedelta(days=asked)

    assert balances.as_of(work, where, until) == counted(work, where, until)
    for code in CODES:
        moved = balances.days(work, where, code, BEGIN, until)
        assert sum(each.sums.balance for each in moved) == balances.balances(
            counted(work, where, until), [code]
        )


def test_an_entry_booked_back_into_a_month_that_is_rolled_up_counts_there(work: Work) -> None:
    party = make.party(work).id
    posted(work, date(2026, 3, 31), 100, (BANK, SALES_REVENUE), party)
    chains.seal(work)
    posted(work, date(2026, 2, 28), 7, (BANK, SALES_REVENUE), party)
    where = balances.books(work)

    for sealed in (False, True):
        if sealed:
            chains.seal(work)
        assert balances.as_of(work, where, date(2026, 2, 28))[BANK] == Sums(Decimal(7))
        assert balances.as_of(work, where, date(2026, 3, 31))[BANK] == Sums(Decimal(107))
        assert balances.moved(work, where, date(2026, 3, 1), date(2026, 3, 31))[BANK] == Sums(
            Decimal(100)
        )


def test_pages_of_the_general_ledger_go_on_where_the_last_one_ended(work: Work) -> None:
    party = make.party(work).id
    for number in range(23):
        codes = (BANK, SALES_REVENUE) if number % 3 else (CASH, BANK)
        posted(work, BEGIN + timedelta(days=number // 4), number + 1, codes, party)
        if number % 5 == 0:
            chains.seal(work)
    where, until = balances.books(work), BEGIN + timedelta(days=9)
    since = BEGIN + timedelta(days=1)

    whole = statements.general_ledger(work, where, BANK, since, until, size=100)
    pages = [statements.general_ledger(work, where, BANK, since, until, n, 7) for n in (1, 2, 3, 4)]

    assert [line for page in pages for line in page.lines] == whole.lines
    assert len(whole.lines) == whole.postings == 19
    assert whole.lines[-1].balance == whole.closing
    assert whole.opening == Decimal(2 + 3 - 1 - 4)
    assert whole.closing == whole.opening + whole.debit - whole.credit


def test_a_partys_statement_says_what_is_owed_before_within_and_after(work: Work) -> None:
    party, other = make.party(work).id, make.party(work).id
    posted(work, BEGIN, 500, (CUSTOMER_CREDIT, BANK), party)
    posted(work, BEGIN + timedelta(days=3), 200, (BANK, CUSTOMER_CREDIT), party)
    posted(work, BEGIN + timedelta(days=3), 99, (BANK, CUSTOMER_CREDIT), other)
    posted(work, BEGIN + timedelta(days=9), 50, (BANK, CUSTOMER_CREDIT), party)

    said = statements.of_party(
        work, balances.books(work), party, BEGIN + timedelta(days=1), BEGIN + timedelta(days=8)
    )

    assert (said.opening, said.closing) == (Decimal(500), Decimal(300))
    assert [(line.amount, line.balance) for line in said.lines] == [(Decimal(-200), Decimal(300))]
    assert statements.currencies_of(work, party) == [("main", "KES")]


def test_a_book_or_currency_that_is_not_there_is_refused(work: Work) -> None:
    with pytest.raises(NotFound):
        balances.books(work, "nobody's")
    with pytest.raises(BadInput):
        balances.books(work, "main", "JPY")
    assert balances.books(work).currency == "KES"
