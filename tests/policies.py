"""After a whole run of the tests: has each policy of row-level security been exercised by one?

Loaded by `make test` (`-p tests.policies`). The statements that the tests send are noted with the
role that sends them, and judged by `pgrls coverage`; a policy that none of them met fails the run.
What functions of the owner do inside the database is not seen, so that his policies are left out.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pgrls.coverage import ExercisedTuple, exercised_from_sql, write_artifact
from sqlalchemy import Connection, Engine, event

from tests import database

PLACEHOLDER = re.compile(r"%\((?:[^()]|\([^()]*\))*\)s|%s")
LIST = re.compile(r"NULL(?:, *NULL)+")
ROLE = re.compile(r"SET (?:LOCAL )?ROLE (\w+)")
UNSEEN: frozenset[str] = frozenset({"owner"})
NOTED: set[tuple[str, str]] = set()
"""Statements as they were sent, without what was filled in, and by which role."""


def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    """Remember that a role has sent a statement."""
    told = connection.info
    if found := ROLE.match(statement):
        told["role"] = found[1]
    plain = LIST.sub("NULL", PLACEHOLDER.sub("NULL", statement)).replace("%%", "%")
    NOTED.add((told.get("role") or str(connection.engine.url.username), plain))


def forget(connection: Connection) -> None:
    """A role that was taken for a transaction ends with it."""
    if not connection.invalidated:
        connection.info.pop("role", None)


def exercised() -> list[list[str]]:
    """Say which tables were met, by whom and by which kind of statement."""
    met = {
        (relation, role, command)
        for role, statement in NOTED
        for _schema, relation, command in exercised_from_sql(statement)
    }
    return [list(each) for each in sorted(met)]


def pytest_configure() -> None:
    """Begin to listen, in each process that runs tests."""
    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", forget)
    event.listen(Engine, "rollback", forget)


class Gathered:
    """What all processes of this run have met."""

    met: set[tuple[str, str, str]] = set()  # noqa: RUF012  # one run a process


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has met."""
    said = getattr(node, "workeroutput", {}).get("exercised", [])
    Gathered.met.update((relation, role, command) for relation, role, command in said)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Judge before the server stops; a worker only tells."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["exercised"] = exercised()
        return
    Gathered.met.update((one, two, three) for one, two, three in exercised())
    if missed := _missed(config):
        lines = "\n".join(f"  {each}" for each in missed)
        config.get_terminal_writer().line(f"\nPolicies that no test has exercised:\n{lines}")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _missed(config: Any) -> list[str]:
    folder = config._tmp_path_factory.getbasetemp()
    address = database.server(folder / "makao").set(
        drivername="postgresql", database=database.TEMPLATE
    )
    with tempfile.TemporaryDirectory() as name:
        noted = Path(name) / "exercised.json"
        tuples = [ExercisedTuple("public", *each) for each in Gathered.met]
        write_artifact(str(noted), tuples, generated_at=datetime.now(UTC))
        command = [
            *(str(Path(sys.executable).parent / "pgrls"), "coverage", "--format", "json"),
            *("--database-url", address.render_as_string(hide_password=False)),
            *("--coverage", str(noted)),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=dict(os.environ)
        )
    policies = json.loads(done.stdout)["policies"]
    return [
        f"{each['table']}.{each['policy']} ({each['command']}, {', '.join(each['roles'])})"
        for each in policies
        if not each["covered"] and each["policy"] not in UNSEEN
    ]
