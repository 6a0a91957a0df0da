"""Judge the database that the migrations make: against the models, and its row-level security.

Builds one in a folder of its own, so that nothing of a running Makao is touched. Exit status 1 if
one of the judges found something.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import config
from core import embedded

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[1]


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
            return max(
                subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
                for command in (
                    [*flask, "prepare"],
                    [*flask, "db", "check"],
                    [str(BIN / "pgrls"), "lint", "--database-url", address],
                    [str(BIN / "pgrls"), "verify", "--database-url", address],
                )
            )
        finally:
            embedded.stop_postgres(folder)


if __name__ == "__main__":
    sys.exit(main())
