import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.startup import CannotStart
from models.builder import Import
from models.payments import IntentStatus
from models.sales import Apartment
from services import organizations
from tests import make, stories
from workers import jobs, payments, preparation

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session, tmp_path: Path) -> Run:
    app.config["DATA"] = str(tmp_path)
    return lambda *words: app.test_cli_runner().invoke(args=words)


def test_preparing_what_is_prepared_does_nothing(run: Run) -> None:
    first, second = run("prepare"), run("prepare")
    assert (first.exit_code, second.exit_code, second.output) == (0, 0, "")


@pytest.mark.parametrize(
    "words",
    ["import sales", "import sales nowhere.xlsx", "verify nothing", "ledger export --format x"],
)
def test_what_was_typed_wrongly_is_said_in_one_line(run: Run, words: str) -> None:
    result = run(*words.split())
    assert result.exit_code == 2
    assert len(result.output.strip().splitlines()) == 1
    assert run(words.split(maxsplit=1)[0], "--help").exit_code == 0


def test_a_database_that_is_away_is_one_sentence(app: Flask, run: Run) -> None:
    kept = app.config["OWNER_DATABASE_URI"]
    app.config["OWNER_DATABASE_URI"] = "postgresql+psycopg://nobody:secret@127.0.0.1:1/x"
    result = run("prepare")
    app.config["OWNER_DATABASE_URI"] = kept
    assert result.exit_code == 1
    assert result.output.startswith("Error: Cannot reach the database")
    assert len(result.output.strip().splitlines()) == 1
    assert "secret" not in result.output


@pytest.mark.req("S5.39")
@pytest.mark.parametrize("kind", ["audit", "ledger"])
def test_verify_says_whole_or_names_the_row_and_fails(
    run: Run, session: Session, home: UUID, superuser: Engine, kind: str
) -> None:
    stories.confirmed(session, home)
    assert run("verify", kind).output.strip() == f"The {kind} is whole."
    table = {"audit": "audit_entry", "ledger": "journal_entry"}[kind]
    with superuser.connect() as door:
        door.execute(text("SET session_replication_role = replica"))
        row = door.scalar(
            text(
                f"UPDATE {table} SET actor = 'x', salt = '' WHERE id = (SELECT id FROM {table}"  # noqa: S608
                " WHERE organization_id IS NOT NULL ORDER BY position LIMIT 1) RETURNING id"
            )
        )
    result = run("verify", kind)
    assert result.exit_code == 1
    assert str(row) in result.output


def test_invariants_are_told_by_name(
    run: Run, session: Session, home: UUID, superuser: Engine
) -> None:
    assert run("invariants").exit_code == 0
    stories.confirmed(session, home)
    with superuser.connect() as door:
        door.execute(text("SET session_replication_role = replica"))
        door.execute(text("UPDATE account SET balance = balance + 1 WHERE balance IS NOT NULL"))
    result = run("invariants")
    assert result.exit_code == 1
    assert "I2: every balance kept is the sum of its postings" in result.output


def test_the_doctor_says_what_is_wrong_in_words(run: Run) -> None:
    result = run("doctor")
    assert "database, as web: well" in result.output
    assert "is `flask --app app scheduler` running?" in result.output
    assert result.exit_code == 1


def test_a_worker_does_what_was_rung_for(
    app: Flask, session: Session, home: UUID, run: Run
) -> None:
    story = stories.confirmed(session, home)
    intent_id = story.begin_card()
    payments.ask.later(home, str(intent_id))
    assert run("worker", "--burst").exit_code == 0

    assert story.intent(intent_id).attempts == 1
    assert story.intent(intent_id).status is IntentStatus.pending
    queue = Queue("money", connection=app.extensions["redis"], serializer=JSONSerializer)
    assert queue.failed_job_registry.count == 0


def test_a_queue_that_is_away_is_passed_over(
    app: Flask, session: Session, home: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis import Redis  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    away = Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    monkeypatch.setitem(app.extensions, "bell", away)
    jobs.ring("workers.payments.ask", home, home)


def sheet(place: Path, *rows: str) -> Path:
    heading = "Project,Apartment,Type,Space (m2),Base price,Currency,Packages,Status"
    place.write_text("\n".join([heading, *rows]), encoding="utf-8")
    return place


GOOD = "Acacia Heights,{name},Part of a project,50,100,KES,,For Sale"
BAD = "Acacia Heights,{name},Part of a project,much,100,KES,,For Sale"


@pytest.fixture
def acacia(session: Session, home: UUID) -> str:
    with stories.unit(session, home) as work:
        make.project(work, name="Acacia Heights")
        return organizations.home(work).slug


@pytest.mark.req("S3.29")
def test_a_check_says_what_is_wrong_and_leaves_nothing_behind(
    run: Run, session: Session, home: UUID, acacia: str, tmp_path: Path
) -> None:
    file = sheet(tmp_path / "list.csv", GOOD.format(name="A1"), BAD.format(name="A2"))

    result = run("import", "sales", str(file), "-o", acacia, "--check")

    assert result.exit_code == 0, result.output
    assert "list.csv line 3, Space (m2): “much” is no number" in result.output
    assert "1 of 2 rows can be taken in, 1 are rejected. Nothing was changed." in result.output
    with stories.unit(session, home) as work:
        assert work.session.scalars(select(Apartment.id)).all() == []
        assert work.session.scalars(select(Import.id)).all() == []


@pytest.mark.req("S3.29")
def test_an_import_takes_in_what_it_can_and_keeps_the_rest_beside_the_file(
    run: Run, session: Session, home: UUID, acacia: str, tmp_path: Path
) -> None:
    file = sheet(tmp_path / "list.csv", GOOD.format(name="A1"), BAD.format(name="A2"))

    first = run("import", "sales", str(file), "-o", acacia)
    second = run("import", "sales", str(file), "-o", acacia)

    assert "1 created, 0 updated, 0 unchanged, 1 rejected." in first.output
    assert "0 created, 0 updated, 1 unchanged, 1 rejected." in second.output
    kept = (tmp_path / "list.rejected.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(kept) == 2
    assert kept[1].startswith("3,Acacia Heights,A2")
    assert kept[1].endswith("no number from 0.01 to 1000000.")


def test_all_or_nothing_is_nothing_where_a_row_is_bad(
    run: Run, session: Session, home: UUID, acacia: str, tmp_path: Path
) -> None:
    file = sheet(tmp_path / "list.csv", GOOD.format(name="A1"), BAD.format(name="A2"))

    result = run("import", "sales", str(file), "-o", acacia, "--all-or-nothing")

    assert result.exit_code == 1
    assert "Error: 1 rows cannot be taken" in result.output
    with stories.unit(session, home) as work:
        assert work.session.scalars(select(Apartment.id)).all() == []


def test_an_import_for_nobody_is_one_sentence(run: Run, home: UUID, tmp_path: Path) -> None:
    file = sheet(tmp_path / "list.csv")

    result = run("import", "sales", str(file), "-o", "Nobody Ltd")

    assert result.exit_code == 1
    assert "Error: There is no organization “Nobody Ltd”." in result.output


def test_databases_of_one_server_are_prepared_at_the_same_time(
    app: Flask, session: Session
) -> None:
    """Roles belong to the server: whoever writes them second is sent away, and comes again."""
    session.rollback()

    def again(_: int) -> list[str]:
        engine = create_engine(app.config["OWNER_DATABASE_URI"], poolclass=NullPool)
        with engine.connect() as connection:
            return preparation.roles(app, connection)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(again, range(40))) == [[]] * 40


def test_a_database_of_another_version_is_said_in_one_sentence(
    app: Flask, superuser: Engine
) -> None:
    known = "SELECT version_num FROM alembic_version"
    with superuser.connect() as connection:
        revision = connection.scalar(text(known))
        connection.execute(text("UPDATE alembic_version SET version_num = 'not_of_here'"))
        try:
            with pytest.raises(CannotStart, match="was made by a version of Makao that this one"):
                preparation.prepare(app, lambda _app: None)
            assert connection.scalar(text(known)) == "not_of_here"
        finally:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
            )


@pytest.mark.parametrize(
    "words", [("import", "sales", __file__), ("demo", "load"), ("db", "check")], ids=" ".join
)
def test_each_command_says_in_one_line_that_the_database_is_away(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    given = {name: value for name, value in os.environ.items() if "DATABASE" not in name}
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=given | {"MAKAO_DATA": str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database cannot be reached: ")
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_a_database_of_another_version_is_told_as_that(run: Run, superuser: Engine) -> None:
    with superuser.connect() as door:
        door.execute(text("ALTER TABLE organization RENAME TO renamed_for_a_test"))
        try:
            result = run("demo", "load")
        finally:
            door.execute(text("ALTER TABLE renamed_for_a_test RENAME TO organization"))
    assert result.exit_code == 1
    assert "prepare" in result.output
    assert len(result.output.splitlines()) == 1
