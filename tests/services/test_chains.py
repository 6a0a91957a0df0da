from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core import db
from services import booking_ends, chains, organizations
from services.chains import Flaw
from tests import make, stories
from tests.stories import Story
from workers import chains as jobs

pytestmark = pytest.mark.req("S5.39", "S5.40", "S5.03")


@pytest.fixture
def story(app: Flask, session: Session, home: UUID, tmp_path: Path) -> Story:
    app.config["DATA"] = str(tmp_path)
    story = stories.confirmed(session, home)
    story.pay()
    return story


@pytest.fixture
def forge(superuser: Engine) -> Callable[[str], None]:
    """Change what is written, past every trigger and policy."""

    def run(statement: str) -> None:
        with superuser.connect() as door:
            door.execute(text("SET session_replication_role = replica"))
            door.execute(text(statement))
            door.execute(text("SET session_replication_role = origin"))

    return run


def flaws(kind: str) -> list[str]:
    return [flaw.says for flaw in jobs.verify(kind)]


@pytest.mark.parametrize("kind", ["audit", "ledger"])
def test_what_nobody_touched_is_whole_also_after_many_seals(story: Story, kind: str) -> None:
    assert flaws(kind) == []
    with story.work() as work:
        make.project(work)
    jobs.cast_anchors()
    stories.confirmed(story.session, story.home).pay()
    assert flaws(kind) == []


FORGERIES = {
    "audit": [
        "UPDATE audit_entry SET actor = 'user:somebody' WHERE position = 3",
        'UPDATE audit_entry SET after = after || \'{"name": "x"}\' WHERE position = 2',
        "DELETE FROM audit_entry WHERE position = 2",
        "DELETE FROM seal WHERE chain LIKE 'audit:%' AND number = 1",
        "UPDATE seal SET digest = sha256('x') WHERE chain LIKE 'audit:%'",
    ],
    "ledger": [
        "UPDATE journal_entry SET memo = 'something else' WHERE position = 1",
        "UPDATE posting SET amount = amount * 2",
        "UPDATE journal_entry SET booked_on = booked_on - 1 WHERE position = 2",
        "DELETE FROM journal_entry WHERE position = 1",
        "DELETE FROM posting WHERE amount > 0",
    ],
}


@pytest.mark.parametrize(
    ("kind", "forgery"), [(kind, each) for kind, them in FORGERIES.items() for each in them]
)
def test_every_forgery_is_found_and_its_place_named(
    story: Story, forge: Callable[[str], None], kind: str, forgery: str
) -> None:
    jobs.seal()
    with story.work() as work:
        make.project(work)
    jobs.seal()
    forge(forgery)

    found = jobs.verify(kind)
    assert found
    assert all(flaw.place for flaw in found)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("organization_id", "gen_random_uuid()"),
        ("table_name", "'other'"),
        ("row_id", "gen_random_uuid()"),
        ("action", "'other'"),
        ("before", "'{}'"),
        ("after", "'{}'"),
        ("changed", "'{price}'"),
        ("actor", "'user:somebody'"),
        ("request_id", "'another'"),
        ("client", "'another'"),
        ("severity", "'info'"),
        ("at", "at + interval '1 second'"),
        ("salt", "'x'"),
    ],
)
def test_no_column_of_the_trail_can_be_rewritten(
    story: Story, forge: Callable[[str], None], column: str, value: str
) -> None:
    """Whatever an entry says is in its digest; the rest says where it stands in the chain."""
    jobs.seal()
    with story.work() as work:
        row = work.session.execute(
            text(
                "SELECT id FROM audit_entry WHERE table_name = 'invoice' AND action = 'update'"
                " ORDER BY position LIMIT 1"
            )
        ).scalar_one()

    forge(f"UPDATE audit_entry SET {column} = {value} WHERE id = '{row}'")  # noqa: S608

    assert str(row) in [flaw.place for flaw in jobs.verify("audit")]


def test_the_trail_calls_what_was_decided_by_its_name(story: Story) -> None:
    refused = stories.confirmed(story.session, story.home)
    story.approve()
    with story.work() as work:
        booking_ends.reject(work, refused.booking_id, "no papers")
        member = make.member(work, make.user(db.door()), "Sales").id
        other = make.member(work, make.user(db.door()), "Admin").id
        for active in (False, True):
            organizations.set_roles(work, member, ["Sales"], active=active)
        work.session.commit()
        assert other
        query = text("SELECT array_agg(action ORDER BY at) FROM audit_entry WHERE row_id = :row")
        said = {
            row: work.session.scalar(query, {"row": row})
            for row in (story.booking_id, refused.booking_id, member)
        }

    assert said[story.booking_id][0] == "create"
    assert "approve" in said[story.booking_id]
    assert "reject" in said[refused.booking_id]
    assert said[member] == ["create", "suspend", "activate"]


def test_the_first_bad_row_is_named(story: Story, forge: Callable[[str], None]) -> None:
    jobs.seal()
    forge("UPDATE audit_entry SET actor = 'x' WHERE organization_id IS NOT NULL AND position > 4")
    with story.work() as work:
        query = "SELECT id FROM audit_entry WHERE organization_id = :home AND position = 5"
        row = work.session.scalar(text(query), {"home": story.home})
    (flaw,) = jobs.verify("audit")
    assert flaw == Flaw(f"audit:{story.home}", "the row was changed after it was written", str(row))


@pytest.mark.parametrize("kind", ["audit", "ledger"])
def test_a_tail_that_was_cut_off_is_known_by_the_anchor_outside(
    story: Story, forge: Callable[[str], None], kind: str
) -> None:
    table = {"audit": "audit_entry", "ledger": "journal_entry"}[kind]
    jobs.seal()
    story2 = stories.confirmed(story.session, story.home)
    jobs.cast_anchors()
    assert story2.booking_id
    forge(f"DELETE FROM {table} WHERE seal_id IN (SELECT id FROM seal WHERE number > 1)")  # noqa: S608
    forge(f"DELETE FROM seal WHERE number > 1 AND chain LIKE '{kind}:%'")  # noqa: S608

    assert "the end was cut off" in flaws(kind)


def test_a_chain_that_was_written_anew_does_not_fit_its_anchor(story: Story) -> None:
    ends = jobs.cast_anchors()
    with_lies = [replace(each, digest="00" * 32) for each in ends]
    found = chains.verify(story.session, "ledger", with_lies)
    assert [flaw.says for flaw in found] == ["the chain was written anew"]


def test_anchors_are_kept_outside_the_database_and_told_to_administrators(
    story: Story, tmp_path: Path
) -> None:
    jobs.cast_anchors()
    jobs.cast_anchors()
    files = sorted(path.name for path in (tmp_path / "anchors").iterdir())
    assert f"audit-{story.home}.jsonl" in files
    assert any(name.startswith("ledger-") for name in files)
    assert all(len((tmp_path / "anchors" / name).read_text().splitlines()) == 2 for name in files)
