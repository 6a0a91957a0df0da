"""The whole thing as `make run` starts it: all processes, on free ports, in a folder of its own."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from core import embedded

ROOT = Path(__file__).parents[1]
PORTS = 5
"""Web, card provider, mail, mailbox, other providers: neighbours."""
OURS = (
    "DATABASE_",
    "REDIS_",
    "CARD_",
    "STRIPE_",
    "PAYSTACK_",
    "FLUTTERWAVE_",
    "MPESA_",
    "SMTP_",
    "MAKAO_",
    "SECRET_KEY",
    "PUBLIC_URL",
)
PATIENCE_SECONDS = 900.0
"""A start with the demo takes a quarter of a minute alone, and much longer beside a full load."""


@dataclass
class Whole:
    """Makao, running."""

    folder: Path
    port: int
    supervisor: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return (self.folder / "demo-password").read_text().strip()

    @property
    def log(self) -> str:
        return (self.folder / "all.log").read_text(errors="replace")

    def flask(self, *arguments: str) -> str:
        """Run a command of ours; what it says is given, and a failure is one of the test."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *arguments],
            cwd=ROOT,
            env=environment(self.folder, self.port),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"flask {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def process(self, name: str) -> int:
        """Tell the number of the process that the supervisor knows by this name."""
        known: dict[str, list[int]] = json.loads((self.folder / "processes.json").read_text())
        return known[name][0]

    def web_workers(self) -> list[int]:
        """Tell the processes that answer requests."""
        web = self.process("web")
        return [int(each) for each in Path(f"/proc/{web}/task/{web}/children").read_text().split()]

    def server(self, name: str) -> int:
        """Tell the process of the embedded Postgres or Redis; 0 while it does not run."""
        asked = {"postgres": embedded.postgres_pid, "redis": embedded.redis_pid}
        return asked[name](self.folder) or 0

    def ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200
        return False

    def seconds_until(self, true: Callable[[], bool], limit: float = PATIENCE_SECONDS) -> float:
        """Wait, and tell how long it took; longer than `limit` fails."""
        began = time.monotonic()
        while not true():
            assert self.supervisor.poll() is None, self.log[-4000:]
            assert time.monotonic() - began < limit, f"not within {limit} s\n{self.log[-4000:]}"
            time.sleep(0.1)
        return time.monotonic() - began


@contextmanager
def whole(folder: Path, **variables: str) -> Iterator[Whole]:
    """Start everything with the demo's data, and end it in order."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_ports()
    with (folder / "all.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "workers.supervisor"],
            cwd=ROOT,
            env=environment(folder, port) | variables,
            stdout=log,
            stderr=log,
        )
        running = Whole(folder, port, supervisor)
        try:
            running.seconds_until(running.ready)
            yield running
        finally:
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(timeout=90)


def environment(folder: Path, port: int) -> dict[str, str]:
    """Give this process's environment without what would lead to other servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **kept,
        "MAKAO_DATA": str(folder),
        "MAKAO_DEMO": "1",
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }


def free_ports() -> int:
    """Find neighbouring ports that nobody listens on; returns the first."""
    while True:
        first = random.randrange(20_000, 32_000)  # noqa: S311  # no secret
        with ExitStack() as probes, suppress(OSError):
            for port in range(first, first + PORTS):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
