"""Seconds from `make run` in an empty folder to the sign-in page, with the demo's data."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.ground import say
from tests.whole import whole

LIMIT_SECONDS = 60.0


def main() -> None:
    """Measure, and print one line."""
    with TemporaryDirectory(prefix="makao-bench-start-") as folder:
        Path(folder).chmod(0o755)
        begun = time.perf_counter()
        with whole(Path(folder) / "data") as makao:
            answer = httpx.get(f"{makao.address}/login/", trust_env=False)
            seconds = time.perf_counter() - begun
            assert answer.status_code == 200
    say("start_up", seconds, "s", LIMIT_SECONDS, 1)


if __name__ == "__main__":
    main()
