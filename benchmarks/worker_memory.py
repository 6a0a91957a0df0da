"""Megabytes of an idle web worker that has answered a request, beside a stock Flask-AppBuilder's."""

from http.client import HTTPConnection
from pathlib import Path

from benchmarks.ground import say
from benchmarks.served import Served, ours, prepared, stock

SETTLED = 20
"""Requests after which both workers have answered some."""


def megabytes(served: Served, path: str) -> float:
    """Tell the resident memory of a worker, on average, after some requests."""
    for _ in range(SETTLED):
        line = HTTPConnection("127.0.0.1", served.port, timeout=120)
        served.get(line, path)
        line.close()
    sizes = [_resident_kilobytes(each) / 1024 for each in served.workers()]
    return sum(sizes) / len(sizes)


def _resident_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    """Measure, and print one line."""
    with prepared() as (here, variables):
        with ours(here, variables) as served:
            size = megabytes(served, "/admin/apartment/")
        with stock(variables) as served:
            limit = megabytes(served, "/apartments/list/")
    say("worker_memory", size, "MB", limit, SETTLED)


if __name__ == "__main__":
    main()
