"""Judge the database that the migrations make: against the models, and its row-level security.

Builds one in a folder of its own, so that nothing of a running Makao is touched. Exit status 1 if
one of the judges found something.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

import config
from core import embedded

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[1]
ERRORS = ("--min-severity", "error", "--fail-on", "error")


def _allowed(address: str, folder: Path) -> list[str]:
    """Write which policies may show every row, and why: the list is made, so that none is missed.

    `owner` is for the owner's own functions, which decide themselves what they show. `reader` is
    the role of invariants and proofs, which nobody signs in as. `door` is the role of sign-in and
    `jobs` that of the schedule, on the platform's own tables. `read_by_all` tables hold no data of
    any organization.
    """
    open_ = {
        "owner": "makao_owner",
        "reader": "makao_reader",
        "door": "makao_auth",
        "jobs": "makao_worker",
        "read_by_all": "makao_app,makao_auth,makao_reader,makao_worker",
    }
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT tablename, policyname,"
            " array_to_string(ARRAY(SELECT unnest(roles) ORDER BY 1), ',') FROM pg_policies"
        ).fetchall()
    names = [f'"public.{table}.{name}"' for table, name, roles in rows if open_.get(name) == roles]
    place = folder / "pgrls.toml"
    place.write_text(f"[lint.rules.SEC038]\nallowlist = [{', '.join(names)}]\n")
    return ["--config", str(place)]


def main() -> int:
    """Migrate an empty database, then compare, lint and verify it; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="makao-schema-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        address = embedded.start_postgres(folder, {"fsync": "off"})
        try:
            variables = config.environment(MAKAO_DATA=name, MAKAO_DEMO="1", PYTHONPATH=str(ROOT))
            for unwanted in ("DATABASE_URL", "DATABASE_APP_URL", "DATABASE_WORKER_URL"):
                variables.pop(unwanted, None)
            flask = [str(BIN / "flask"), "--app", "app"]
            pgrls, there = str(BIN / "pgrls"), ["--database-url", address]
            judges: tuple[Callable[[], list[str]], ...] = (
                lambda: [*flask, "prepare"],
                lambda: [*flask, "db", "check"],
                lambda: [pgrls, "lint", *there, *_allowed(address, folder), *ERRORS],
                lambda: [pgrls, "verify", *there],
            )
            return max(
                subprocess.run(judge(), cwd=ROOT, env=variables, check=False).returncode
                for judge in judges
            )
        finally:
            embedded.stop_postgres(folder)


if __name__ == "__main__":
    sys.exit(main())
