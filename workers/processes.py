"""Processes under the supervisor: started, watched, started again, ended."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.server_process import end, end_session
from core.startup import CannotStart

LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Whoever ran this long has proved itself: its next restart is a quick one again."""

_one_line_at_a_time = threading.Lock()


def say(name: str, line: str) -> None:
    """Write one line of a process, with its name in front.

    Where nobody reads any more (a closed terminal, a pipe that ended), all goes on without a word.
    """
    with _one_line_at_a_time, suppress(OSError):
        sys.stdout.write(f"{name:<10}| {line.rstrip()}\n")
        sys.stdout.flush()


class Watched(Protocol):
    """What the supervisor watches: a process, or a server that runs on its own."""

    name: str

    def start(self) -> None:
        """Start it; it does not run yet."""

    def running(self) -> bool:
        """Whether it is alive."""

    def stop(self) -> None:
        """End it and wait; nothing if it has ended."""


class Process:
    """A program in a session of its own, so that Ctrl-C reaches only the supervisor."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        patience_seconds: float = 30.0,
    ) -> None:
        """Describe it; nothing starts. After `patience_seconds` a stop no longer asks."""
        self.name = name
        self.command = command
        self.environment = environment
        self.folder = folder
        self.patience_seconds = patience_seconds
        self._popen: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The number of the process, which is that of its session too; 0 before it starts."""
        return self._popen.pid if self._popen else 0

    @property
    def status(self) -> int | None:
        """The exit status, if it has ended (negative: the signal that ended it)."""
        return self._popen.poll() if self._popen else None

    def start(self) -> None:
        """Start it, its output line by line under its name."""
        try:
            self._popen = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise CannotStart(f"Cannot start {self.command[0]}: {error.strerror}.") from error
        say(self.name, f"started, process {self._popen.pid}")
        threading.Thread(target=self._pass_on, args=[self._popen], daemon=True).start()

    def running(self) -> bool:
        """Whether it is alive."""
        return self._popen is not None and self._popen.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait, make it; then end what it left behind in its session."""
        if self._popen is None:
            return
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(self.patience_seconds)
            except subprocess.TimeoutExpired:
                say(self.name, f"did not end in {self.patience_seconds:.0f} s and is made to")
                end(self._popen.pid, patience_seconds=0.0)
                self._popen.wait()
        end_session(self._popen.pid)

    def _pass_on(self, popen: subprocess.Popen[str]) -> None:
        assert popen.stdout
        with popen.stdout as lines:
            for line in lines:
                say(self.name, line)


class Server:
    """An embedded server: it runs apart from us, and outlives a supervisor that is killed."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        start: Callable[[Path], str],
        stop: Callable[[Path], None],
        pid: Callable[[Path], int | None],
    ) -> None:
        """Describe it by the functions of core.embedded."""
        self.name, self.folder = name, folder
        self._start, self._stop, self._pid = start, stop, pid

    def start(self) -> None:
        """Start it and wait until it answers, or take over the one that runs."""
        found = self._pid(self.folder)
        self._start(self.folder)
        how = "taken over" if found else "started"
        say(self.name, f"{how}, process {self._pid(self.folder)}")

    def running(self) -> bool:
        """Whether it is alive."""
        return self._pid(self.folder) is not None

    def stop(self) -> None:
        """End it in order."""
        self._stop(self.folder)


class Keeper:
    """Keeps one of them running: starts it again after a pause that doubles each time."""

    def __init__(
        self, watched: Watched, *, first_pause_seconds: float = 0.5, clock: Callable[[], float]
    ) -> None:
        """Watch `watched`; `clock` counts seconds."""
        self.watched, self._clock = watched, clock
        self._first = self._pause = first_pause_seconds
        self._since = 0.0
        self._again_at: float | None = None

    def start(self) -> None:
        """Start it for the first time."""
        self.watched.start()
        self._since = self._clock()

    def look(self) -> None:
        """Start it again if it has ended and its pause is over. Call this every moment."""
        now = self._clock()
        if self._again_at is not None:
            if now >= self._again_at:
                self._try_again()
        elif not self.watched.running():
            if now - self._since > STEADY_SECONDS:
                self._pause = self._first
            self._wait(f"ended{_how(self.watched)}")

    def _try_again(self) -> None:
        self._again_at = None
        try:
            self.watched.stop()  # what it may have left behind
            self.start()
        except CannotStart as refusal:
            self._wait(str(refusal))

    def _wait(self, why: str) -> None:
        say(self.watched.name, f"{why}; again in {self._pause:g} s")
        self._again_at = self._clock() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)


def _how(watched: Watched) -> str:
    status = getattr(watched, "status", None)
    if status is None:
        return ""
    return f" by {signal.Signals(-status).name}" if status < 0 else f" with status {status}"
