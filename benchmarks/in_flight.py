"""Seconds (p95) of 1,000 requests sent at once to two web processes with 20 connections in all.

Each is a program's: it shows its key, and reads an apartment through row-level security.
"""

import asyncio
import time
from contextlib import suppress

from sqlalchemy import text

from benchmarks.ground import say
from benchmarks.served import Served, ours, prepared

REQUESTS, LIMIT_SECONDS, PATIENCE_SECONDS = 1_000, 2.0, 60.0
WARM = 200


async def ask(served: Served, path: str) -> tuple[int, float]:
    """Send one request on a connection of its own; gives status and seconds, 0 for none."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines.append(f"Authorization: {served.headers['Authorization']}")
    begun, said = time.perf_counter(), b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write("\r\n".join([*lines, "", ""]).encode())
            said = await reader.read()
            writer.close()
    parts = said.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 else 0, time.perf_counter() - begun


async def storm(served: Served, path: str, requests: int) -> list[tuple[int, float]]:
    """Send all at once."""
    return list(await asyncio.gather(*(ask(served, path) for _ in range(requests))))


def main() -> None:
    """Measure, and print one line."""
    with prepared(beside=False) as (here, variables), ours(here, variables) as served:
        with here.work() as work:
            apartment = work.session.scalar(text("SELECT id FROM apartment ORDER BY name LIMIT 1"))
            work.session.rollback()
        path = f"/api/v1/apartment/{apartment}"
        asyncio.run(storm(served, path, WARM))
        answers = asyncio.run(storm(served, path, REQUESTS))
    errors = sum(status != 200 for status, _ in answers)
    p95 = sorted(seconds for _, seconds in answers)[int(REQUESTS * 0.95) - 1]
    say("in_flight", p95, "s", LIMIT_SECONDS, REQUESTS, errors=errors)


if __name__ == "__main__":
    main()
