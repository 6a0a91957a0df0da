"""The books as other programs read them: every entry there, and each balanced."""

import csv
import re
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from beancount.loader import load_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from services import ledger
from services.ledger import Leg, Recipe
from tests import make, stories
from tests.programs import hledger
from tests.workers.test_commands import Run, run
from workers.ledger import KINDS

assert run, "the fixture"
BIN = Path(sys.executable).parent


@pytest.fixture
def paid(session: Session, home: UUID) -> stories.Story:
    story = stories.confirmed(session, home)
    story.pay(Decimal("1000.50"))
    with story.work() as work:
        name = 'A "B"; C|D\\  E'
        work.session.execute(text("UPDATE party SET name = :name"), {"name": name})
    return story


def entries(story: stories.Story) -> int:
    with story.work() as work:
        return work.session.scalar(text("SELECT count(*) FROM journal_entry")) or 0


@pytest.mark.parametrize("form", ["beancount", "hledger"])
def test_plain_text_has_every_entry_and_each_balances(
    run: Run,
    paid: stories.Story,
    form: str,
) -> None:
    said = run("ledger", "export", "--format", form).output

    blocks = [each for each in said.split("\n\n") if re.match(r"\d{4}-\d\d-\d\d (?!open)", each)]
    assert len(blocks) == entries(paid) == 2
    for block in blocks:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for amount, currency in re.findall(r"  (-?\d+\.\d\d) ([A-Z]{3})$", block, re.MULTILINE):
            sums[currency] += Decimal(amount)
        assert sums == {"KES": 0}
    assert "1000.50 KES" in said
    declared = set(re.findall(r"(?:open |account )(.+?)(?: KES)?$", said, re.MULTILINE))
    used = set(re.findall(r"^ +([A-Za-z]+:.+?)  -?\d", said, re.MULTILINE))
    assert used <= declared


@pytest.fixture
def busy(paid: stories.Story) -> stories.Story:
    """Books with accounts of several parties, in two books and two currencies."""
    with paid.work() as work:
        party = make.party(work, name="Müller & Söhne; Ltd").id
        for n, (book, money, debit, credit, holder) in enumerate(
            (
                ("main", "KES", "5000", "2000", party),
                ("main", "USD", "1010", "4300", None),
                ("main", "JPY", "1030", "4500", None),
                ("main", "KES", "5820", "1010", None),
                ("trust", "KES", "1010", "2400", party),
            )
        ):
            amount = Decimal(1234 + n)
            legs = [Leg(debit, amount), Leg(credit, -amount, holder)]
            key = f"busy:{n}"
            ledger.post(work, Recipe(key, "Told ; | twice", "party", party, money, legs, book=book))
    return paid


def totals(story: stories.Story, book: str) -> dict[tuple[str, str], Decimal]:
    """What the ledger itself says of each kind of accounts, by currency."""
    query = text(
        "SELECT a.type, p.currency, sum(p.amount) FROM posting AS p"
        " JOIN account AS a ON a.id = p.account_id JOIN book AS b ON b.id = a.book_id"
        " WHERE b.name = :book GROUP BY 1, 2"
    )
    with story.work() as work:
        rows = work.session.execute(query, {"book": book})
        return {(KINDS[kind], money): amount for kind, money, amount in rows if amount}


@pytest.mark.req("S1.05")
@pytest.mark.parametrize("book", ["main", "trust"])
def test_beancount_accepts_a_book_and_finds_the_same_totals(
    run: Run, busy: stories.Story, tmp_path: Path, book: str
) -> None:
    file = tmp_path / "book.beancount"
    run("ledger", "export", "--format", "beancount", "--book", book, "--output", str(file))

    checked = subprocess.run([BIN / "bean-check", file], capture_output=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, b"")
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in load_file(str(file))[0]:
        for leg in getattr(entry, "postings", ()):
            found[leg.account.partition(":")[0], leg.units.currency] += leg.units.number
    assert {key: amount for key, amount in found.items() if amount} == totals(busy, book)


@pytest.mark.req("S1.05")
@pytest.mark.parametrize("book", ["main", "trust"])
def test_hledger_accepts_a_book_and_finds_the_same_totals(
    run: Run, busy: stories.Story, tmp_path: Path, book: str
) -> None:
    file = tmp_path / "book.journal"
    run("ledger", "export", "--format", "hledger", "--book", book, "--output", str(file))

    program = [hledger(), "-f", str(file)]
    subprocess.run([*program, "check", "accounts"], check=True)
    listed = [*program, "balance", "--depth", "1", "--flat", "--no-total", "-O", "csv"]
    said = subprocess.run([*listed, "--layout", "bare"], capture_output=True, check=True, text=True)

    found = {
        (row["account"].capitalize(), row["commodity"]): Decimal(row["balance"])
        for row in csv.DictReader(StringIO(said.stdout))
    }
    assert {key: amount for key, amount in found.items() if amount} == totals(busy, book)


def test_a_table_has_a_line_a_posting(run: Run, paid: stories.Story) -> None:
    said = run("ledger", "export", "--format", "csv", "--book", "main").output

    rows = list(csv.DictReader(StringIO(said.removeprefix("\ufeff"))))
    debit, credit = (sum(Decimal(row[each] or 0) for row in rows) for each in ("Debit", "Credit"))
    assert debit == credit == stories.PRICE + Decimal("1000.50")
    assert len({row["Entry"] for row in rows}) == entries(paid)


def test_a_book_that_is_not_kept_is_one_sentence(run: Run, home: UUID) -> None:
    result = run("ledger", "export", "--format", "csv", "--book", "other")

    assert result.exit_code == 1
    assert result.output.strip() == "Error: There is no book “other”. There are: main, trust."
