"""A limit on a whole conversation, where a timeout limits only each wait within it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadline:
    """The end of one conversation. `passed` tells a cut connection from one that broke."""

    def __init__(self) -> None:
        self.passed = False
        self._socket_of: Callable[[], socket.socket | None] = lambda: None
        self._lock = threading.Lock()

    def watch(self, socket_of: Callable[[], socket.socket | None]) -> None:
        """Say where the socket is found, now or as soon as there is one."""
        with self._lock:
            self._socket_of = socket_of
            if self.passed:
                self._cut()

    def _expire(self) -> None:
        with self._lock:
            self.passed = True
            self._cut()

    def _cut(self) -> None:
        """Wake whoever waits for the socket; closing it from here would not."""
        open_socket = self._socket_of()
        if open_socket is not None:
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it ended by itself in this very moment


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Cut the watched socket after so many seconds, however steadily bytes drip in."""
    limit = Deadline()
    timer = threading.Timer(seconds, limit._expire)  # noqa: SLF001 - its own other half
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
