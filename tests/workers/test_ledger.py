"""The books as other programs read them: every entry there, and each balanced."""

import csv
import re
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import stories
from tests.workers.test_commands import Run, run

assert run, "the fixture"


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
