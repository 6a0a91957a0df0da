"""Seconds (p95) of 1,000 requests sent at once to two web processes with 20 connections in all."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.ground import say
from tests.whole import Whole, whole

REQUESTS, LIMIT_SECONDS = 1_000, 2.0


async def storm(makao: Whole) -> list[tuple[int, float]]:
    """Send all at once; gives status and seconds of each."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=makao.address, limits=limits, timeout=60, trust_env=False
    ) as client:

        async def one() -> tuple[int, float]:
            begun = time.perf_counter()
            try:
                status = (await client.get("/readyz")).status_code
            except httpx.HTTPError:
                status = 0
            return status, time.perf_counter() - begun

        return list(await asyncio.gather(*(one() for _ in range(REQUESTS))))


def main() -> None:
    """Measure, and print one line."""
    with TemporaryDirectory(prefix="makao-bench-storm-") as folder:
        Path(folder).chmod(0o755)
        with whole(Path(folder) / "data") as makao:
            answers = asyncio.run(storm(makao))
    errors = sum(status != 200 for status, _ in answers)
    p95 = sorted(seconds for _, seconds in answers)[int(REQUESTS * 0.95) - 1]
    say("in_flight", p95, "s", LIMIT_SECONDS, REQUESTS, errors=errors)


if __name__ == "__main__":
    main()
