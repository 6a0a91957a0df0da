"""Processes by their number: whether one is alive, what it runs, how to end it."""

import os
import signal
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from core.startup import CannotStart


def program(package: str, *parts: str) -> Path:
    """Find a program that an installed package brings, without importing the package.

    Raises:
        CannotStart: the package is not installed.

    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {package} is not installed: run `make` again.")
    return Path(spec.submodule_search_locations[0], *parts)


def alive(pid: int) -> bool:
    """Whether the process exists; one that has ended and was not yet collected does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return True


def identity(pid: int) -> str:
    """Tell the process apart from a later one with the same number; empty if that is unknown."""
    try:
        return _stat(pid)[19]  # when it started, in ticks since the machine did
    except OSError:
        return ""


def runs(pid: int, name: str) -> bool:
    """Whether the process is the program `name`; where that is not to be learned, yes."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip().startswith(name)
    except OSError:
        return alive(pid)


def end(pid: int, *, patience_seconds: float, group: bool = False) -> bool:
    """Ask the process (or its whole group) to end, then make it; whether asking was enough."""
    send = os.killpg if group else os.kill
    for sign, seconds in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 10.0)):
        try:
            send(pid, sign)
        except ProcessLookupError:
            return True
        if wait_until_gone(pid, seconds):
            return sign == signal.SIGTERM
    return False


def inside(folder: Path) -> list[int]:
    """Tell the processes that work in `folder`, as servers do in their data; needs /proc."""
    return [number for number in _numbers() if _folder(number) == folder]


def end_session(session: int) -> None:
    """End at once all that still runs in a session, whose leader had the number `session`.

    Reaches also what moved to a process group of its own. Where there is no /proc, the leader's
    group is all that is reached.
    """
    members = [number for number in _numbers() if _session(number) == str(session)]
    for send, number in [(os.killpg, session), *((os.kill, member) for member in members)]:
        with suppress(ProcessLookupError, PermissionError):
            send(number, signal.SIGKILL)


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait for the process to end; whether it did."""
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _numbers() -> list[int]:
    try:
        return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    except OSError:
        return []


def _folder(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _session(pid: int) -> str:
    try:
        return _stat(pid)[3]
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """Read the fields of /proc/PID/stat after the name, which may hold spaces and brackets."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
