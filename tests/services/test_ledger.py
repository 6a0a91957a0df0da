from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core.db import uuid7
from core.errors import BadInput
from core.money import decimals, parsed, split
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.chart import CASH, CUSTOMER_CREDIT, SALES_REVENUE
from models.events import Event
from models.ledger import Account, Entry, Posting
from services import ledger
from services.ledger import Leg, Pair, Recipe
from tests import make
from tests.conftest import Elsewhere

pytestmark = pytest.mark.req("S2.62")


def sale(
    party_id: UUID, key: str = "sale", amount: str = "300.00", currency: str = "KES"
) -> Recipe:
    legs = [
        Leg(CUSTOMER_CREDIT, Decimal(amount), party_id),
        Leg(SALES_REVENUE, -Decimal(amount)),
    ]
    return Recipe(key, "Sale", "party", party_id, currency, legs)


def test_posting_twice_posts_once(work: Work) -> None:
    party = make.party(work).id

    assert ledger.post(work, sale(party)) == ledger.post(work, sale(party))
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", party) == Decimal(300)


def test_one_key_cannot_name_two_sums(work: Work) -> None:
    party = make.party(work).id
    ledger.post(work, sale(party))

    with pytest.raises(ledger.KeyReused):
        ledger.post(work, sale(party, amount="301.00"))


def test_an_entry_is_one_round_trip_with_its_event(work: Work) -> None:
    party = make.party(work).id
    ledger.post(work, sale(party, "opens the accounts"))
    statements: list[str] = []
    connection = work.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))

    entry = ledger.post(work, sale(party))

    assert statements == [], "it travels by itself, in one message"
    told = select(Event).where(Event.subject_id == entry)
    assert work.session.scalars(told).one().data["amount"] == "300.00"


def test_a_reversal_takes_everything_back_and_is_made_once(work: Work) -> None:
    party = make.party(work).id
    entry = ledger.post(work, sale(party))

    first = ledger.reverse(work, entry, "sale:reversed", "Typed wrongly")

    assert ledger.reverse(work, entry, "sale:reversed", "Typed wrongly") == first
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", party) == 0
    assert work.session.get_one(Entry, first).reverses_id == entry


def test_a_business_day_is_that_of_the_organization(work: Work) -> None:
    late = work.at(work.now.replace(year=2026, month=2, day=28, hour=22))

    assert ledger.business_date(late).isoformat() == "2026-03-01"


@pytest.mark.parametrize("legs", [[], [Leg(CASH, Decimal(1))]])
def test_what_does_not_balance_is_refused_with_nothing_written(work: Work, legs: list[Leg]) -> None:
    with pytest.raises(ledger.Unbalanced):
        ledger.post(work, Recipe("odd", "", "party", uuid7(), "KES", legs))
    assert work.session.scalars(select(Entry)).all() == []


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("300", "JPY", True),
        ("300.5", "JPY", False),
        ("300.125", "KWD", True),
        ("300.125", "KES", False),
        ("1e15", "KES", False),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(
    work: Work, amount: str, currency: str, *, fits: bool
) -> None:
    party = make.party(work).id
    if fits:
        ledger.post(work, sale(party, amount=amount, currency=currency))
        assert ledger.balance(work, CUSTOMER_CREDIT, currency, party) == Decimal(amount)
    else:
        with pytest.raises(BadInput):
            ledger.post(work, sale(party, amount=amount, currency=currency))


ODD = {
    "no postings": "SELECT 1",
    "out of balance": (
        "INSERT INTO posting (id, organization_id, entry_id, account_id, currency, amount)"
        " SELECT gen_random_uuid(), organization_id, :entry, id, currency, 5 FROM account LIMIT 1"
    ),
}


@pytest.mark.parametrize("case", sorted(ODD))
def test_the_database_itself_refuses_odd_entries_even_of_its_owner(
    work: Work, owner: Session, case: str
) -> None:
    ledger.post(work, sale(make.party(work).id))
    work.session.commit()
    entry = uuid7()
    owner.execute(
        text(
            "INSERT INTO journal_entry (id, organization_id, book_id, key, memo, source_table,"
            " source_id, actor, booked_on, posted_at, salt, digest) SELECT :entry,"
            " organization_id, id, 'by hand', '', 'x', id, '', now(), now(), '', ''"
            " FROM book WHERE name = 'main'"
        ),
        {"entry": entry},
    )
    with pytest.raises(IntegrityError, match=case):
        owner.execute(text(ODD[case]), {"entry": entry} if ":entry" in ODD[case] else {})
        owner.commit()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE posting SET amount = 1",
        "DELETE FROM posting",
        "TRUNCATE posting",
        "UPDATE journal_entry SET memo = ''",
        "DELETE FROM journal_entry",
    ],
)
def test_what_is_written_stays_even_for_its_owner(work: Work, owner: Session, sql: str) -> None:
    ledger.post(work, sale(make.party(work).id))
    work.session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        owner.execute(text(sql))


def test_many_entries_at_once_are_the_same_as_one_by_one(work: Work) -> None:
    parties = [make.party(work).id for _ in range(3)]
    pairs = [Pair(f"run:{each}", "Run", each, each, Decimal("12.34")) for each in parties]

    written = ledger.post_many(
        work, "party", "KES", CUSTOMER_CREDIT, SALES_REVENUE, pairs, credit_common=True
    )
    again = ledger.post_many(
        work, "party", "KES", CUSTOMER_CREDIT, SALES_REVENUE, pairs, credit_common=True
    )

    assert (written, again) == (3, 0)
    assert ledger.balance(work, SALES_REVENUE, "KES") == Decimal("-37.02")
    legs = func.entry_legs(Entry.organization_id, Entry.id)
    computed = func.entry_digest(
        Entry.salt,
        Entry.id,
        Entry.organization_id,
        Entry.book_id,
        Entry.key,
        Entry.memo,
        Entry.source_id,
        Entry.booked_on,
        Entry.posted_at,
        Entry.reverses_id,
        legs,
    )
    work.session.commit()
    work.session.execute(text("SET LOCAL ROLE makao_reader"))
    assert work.session.scalars(select(computed == Entry.digest)).all() == [True] * 3
    work.session.rollback()


def test_parallel_postings_to_one_account_lose_nothing(
    work: Work, home: UUID, elsewhere: Elsewhere
) -> None:
    party = make.party(work).id
    work.session.commit()

    def post(number: int) -> None:
        with elsewhere.session() as session, seeing(session, Scope(home, actor="test:race")):
            for turn in range(10):
                own = Work(session, Actor("test", "race"))
                ledger.post(own, sale(party, f"race:{number}:{turn}", "1.00"))
                session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, range(8)))

    account = work.session.scalars(select(Account).where(Account.party_id == party)).one()
    assert account.balance == Decimal(80)
    assert work.session.scalar(select(func.count()).select_from(Posting)) == 160


def test_one_key_raced_by_many_is_posted_once(work: Work, home: UUID, elsewhere: Elsewhere) -> None:
    party = make.party(work).id
    work.session.commit()

    def post(_: int) -> UUID:
        with elsewhere.session() as session, seeing(session, Scope(home, actor="test:race")):
            entry = ledger.post(Work(session, Actor("test", "race")), sale(party))
            session.commit()
            return entry

    with ThreadPoolExecutor(8) as pool:
        entries = set(pool.map(post, range(8)))

    assert len(entries) == 1
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", party) == Decimal(300)


@given(
    total=st.decimals(0, 10**12, places=2),
    weights=st.lists(st.integers(1, 1000), min_size=1, max_size=12),
    currency=st.sampled_from(["KES", "JPY", "KWD"]),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_splitting_loses_nothing(total: Decimal, weights: list[int], currency: str) -> None:
    whole = total.quantize(Decimal(1).scaleb(-decimals(currency)))
    parts = split(whole, [Decimal(each) for each in weights], currency)

    assert sum(parts) == whole
    assert all(each == each.quantize(Decimal(1).scaleb(-decimals(currency))) for each in parts)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("10,400,000.00", "10400000.00"), ("0", "0"), ("-5.50", "-5.50"), ("\u22125", "-5")],
)
def test_amounts_are_read_as_people_write_them(typed: str, amount: str) -> None:
    assert parsed(typed, "KES") == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    ["", "1e3", "NaN", "Infinity", "1.234,56", "1,23", "--5", "5.", "1" * 16, "1.005", "\u0661"],
)
def test_amounts_that_need_guessing_are_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        parsed(typed, "KES")
