"""What a supervisor that was killed left running: remembered in a file, ended by the next one."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.server_process import alive, end, end_session, identity
from core.startup import CannotStart
from workers.processes import say


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one supervisor at a time have the folder; a killed one lets go of it, too.

    Raises:
        CannotStart: another one runs, or the folder cannot be written.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "supervisor.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(
                    f"Makao already runs on {folder}: stop it first, or set MAKAO_DATA to another"
                    " folder."
                ) from None
            yield
    except OSError as error:
        raise CannotStart(f"Cannot write to {folder}: {error.strerror}.") from error


def remember(folder: Path, numbers: Mapping[str, int]) -> None:
    """Write down which processes run, each with what tells it apart from a later namesake."""
    fresh = folder / "processes.json.new"
    fresh.write_text(json.dumps({name: [pid, identity(pid)] for name, pid in numbers.items()}))
    fresh.replace(folder / "processes.json")


def forget(folder: Path) -> None:
    """Nothing runs any more."""
    (folder / "processes.json").unlink(missing_ok=True)


def end_leftovers(folder: Path) -> None:
    """End what the last supervisor could not end, because it was killed."""
    try:
        remembered = json.loads((folder / "processes.json").read_text())
    except (OSError, ValueError):
        return
    for name, (pid, was) in remembered.items():
        if alive(pid) and identity(pid) != was:
            continue  # the number went to somebody else, which also says that ours are gone
        if alive(pid):
            say(name, f"left over from before, process {pid}: ending it")
            end(pid, patience_seconds=10.0)
        end_session(pid)
    forget(folder)
