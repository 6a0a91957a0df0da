"""Migrate and run the tests of rules on the oldest PostgreSQL that Makao supports.

`python -m tests.oldest [PYTEST ARGUMENT ...]` starts a server of the system's own package (Debian's
15) in a folder that is removed afterwards.
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.system_user import SystemUser, server_user

PACKAGES = Path("/usr/lib/postgresql")
TESTS = ("tests/models", "tests/services", "tests/workers/test_backups.py")
OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=256MB"


def programs() -> Path | None:
    """Find the oldest server that the system has; None without one."""
    found = [each for each in PACKAGES.glob("*/bin") if (each / "initdb").exists()]
    return min(found, key=lambda each: int(each.parent.name), default=None)


@contextmanager
def server(found: Path) -> Iterator[str]:
    """Lend a server that asks for a password; gives the address of one who may do all."""
    user, password = server_user(), secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="makao-oldest-") as name:
        folder = Path(name) / "server"
        user.make_folder(folder)
        user.open_way_to(folder)
        secret = folder / "password"
        secret.write_text(password)
        os.chown(secret, user.uid, user.gid)
        port, data = _free_port(), str(folder / "data")
        where = f"{OPTIONS} -c port={port} -c unix_socket_directories={folder}"
        _run(user, found / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256",
             f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        log = str(folder / "log")
        _run(user, found / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", where)
        try:
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        finally:
            _run(user, found / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")


def main() -> int:
    """Run the tests there; returns the exit status."""
    found = programs()
    if found is None:
        sys.exit("The oldest PostgreSQL is not here: install your system's package `postgresql`.")
    print(f"On PostgreSQL {found.parent.name}:", flush=True)  # noqa: T201
    with server(found) as address:
        command = [sys.executable, "-m", "pytest", *TESTS, *sys.argv[1:]]
        return subprocess.run(
            command, env=os.environ | {"DATABASE_URL": address}, check=False
        ).returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(user: SystemUser, program: Path, *arguments: str) -> None:
    ended = user.run([str(program), *arguments], {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
    if ended.returncode:
        sys.exit(f"{program.name} failed: {ended.stderr.strip() or ended.stdout.strip()}")


if __name__ == "__main__":
    sys.exit(main())
