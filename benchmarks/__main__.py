"""Run one figure or all of them: `python -m benchmarks [name ...]`. Exit status 1 if one breaks."""

import importlib
import logging
import subprocess
import sys
from pathlib import Path

log = logging.getLogger("benchmarks")
PARTS = {"__init__", "__main__", "books", "ground", "served", "site", "stock"}
NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in PARTS)


def main() -> int:
    """Run each figure in a process of its own, so that none inherits what another left behind."""
    wanted = sys.argv[1:] or NAMES
    if unknown := set(wanted) - set(NAMES):
        sys.stderr.write(f"No such figure: {', '.join(sorted(unknown))}. There are: {NAMES}\n")
        return 2
    if len(wanted) == 1:
        importlib.import_module(f"benchmarks.{wanted[0]}").main()
        return 0
    command = [sys.executable, "-m", "benchmarks"]
    return max(subprocess.run([*command, name], check=False).returncode for name in wanted)


if __name__ == "__main__":
    sys.exit(main())
