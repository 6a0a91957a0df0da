"""What a backup keeps comes back whole, and nothing is thrown away by mistake."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import URL, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from adapters.storage import FolderStorage
from services import files
from services.files import Kept
from tests import database, stories
from tests.workers.test_commands import Run, run

assert run, "the fixture"
NAME = f"makao_test_restored_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
TABLES = ("organization", "booking", "invoice", "journal_entry", "audit_entry", "event", "document")


def counts(address: str) -> dict[str, int]:
    engine = create_engine(address, poolclass=NullPool)
    with engine.connect() as connection:
        found = {
            each: connection.scalar(text(f"SELECT count(*) FROM {each}")) or 0  # noqa: S608
            for each in TABLES
        }
    engine.dispose()
    return found


@pytest.fixture(autouse=True)
def outside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' server runs already, and is nobody's embedded one."""
    monkeypatch.setitem(app.config, "EMBEDDED", False)  # noqa: FBT003


@pytest.fixture
def kept(app: Flask, run: Run, session: Session, home: UUID, tmp_path: Path) -> Path:
    """A backup of a paid booking with a file."""
    story = stories.confirmed(session, home)
    story.pay()
    folder = FolderStorage(Path(app.config["UPLOAD_FOLDER"]))
    stored = folder.put(b"a plan of the house")
    with story.work() as work:
        paper = Kept("plan.txt", "text/plain", stored.key, stored.sha256, stored.size)
        files.attach(work, "booking", story.booking_id, paper)
    session.rollback()
    file = tmp_path / "kept.tar"
    result = run("backup", str(file))
    assert result.exit_code == 0, result.output
    return file


@pytest.fixture
def fresh(
    app: Flask, admin_url: URL, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Another machine: a database and a folder in which there is nothing."""
    with database.cloned(admin_url, NAME) as addresses:
        address = addresses["OWNER_DATABASE_URI"]
        monkeypatch.setitem(app.config, "OWNER_DATABASE_URI", address)
        monkeypatch.setitem(app.config, "UPLOAD_FOLDER", str(tmp_path / "files"))
        yield address


def test_what_was_kept_comes_back_on_another_machine(
    run: Run, kept: Path, fresh: str, tmp_path: Path, addresses: dict[str, str]
) -> None:
    result = run("restore", str(kept))

    assert result.exit_code == 0, result.output
    # That there is a backup is noted once it is whole: it does not tell of itself.
    noted = {"platform_act": 1, "audit_entry": 1}
    there = {
        each: n - noted.get(each, 0) for each, n in counts(addresses["OWNER_DATABASE_URI"]).items()
    }
    assert {each: n for each, n in there.items() if n} == counts(fresh)
    assert counts(fresh)["journal_entry"] > 0
    back = [each.read_bytes() for each in (tmp_path / "files").rglob("*") if each.is_file()]
    assert b"a plan of the house" in back  # beside what other tests have stored


def test_what_is_there_is_not_thrown_away_by_mistake(run: Run, kept: Path, fresh: str) -> None:
    run("restore", str(kept))
    before = counts(fresh)

    again = run("restore", str(kept))

    assert again.exit_code == 1
    assert "holds 1 organizations" in again.output
    assert counts(fresh) == before
    assert run("restore", str(kept), "--replace").exit_code == 0


def test_nothing_is_restored_under_people_who_work(
    run: Run, kept: Path, fresh: str, addresses: dict[str, str]
) -> None:
    name = fresh.rsplit("/", maxsplit=1)[-1].partition("?")[0]
    web = addresses["SQLALCHEMY_DATABASE_URI"]
    theirs = create_engine(web.replace(web.split("/")[-1].partition("?")[0], name, 1))
    with theirs.connect() as connection:
        connection.execute(text("SELECT 1"))
        result = run("restore", str(kept))
    theirs.dispose()

    assert result.exit_code == 1
    assert "Makao is running" in result.output


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08"])
def test_what_is_no_backup_is_one_sentence(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.tar"
    file.write_bytes(content)

    result = run("restore", str(file), "--replace")

    assert result.exit_code == 1
    assert "is no backup of Makao" in result.output


def test_nothing_is_not_called_a_backup(
    app: Flask, run: Run, admin_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = admin_url.set(database="postgres").render_as_string(hide_password=False)
    monkeypatch.setitem(app.config, "OWNER_DATABASE_URI", address)
    result = run("backup", str(tmp_path / "nothing.tar"))
    assert result.exit_code == 1
    assert "There is no Makao in the database" in result.output
    assert not (tmp_path / "nothing.tar").exists()
