"""Starts doubles as the processes they are, on free ports, and ends them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def running(module: str, data: Path, *options: str) -> Iterator[tuple[list[str], int]]:
    """Start a double and give the addresses of its first line, and its process id."""
    command = [sys.executable, "-m", module, "--data", str(data), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            yield [word for word in line.split() if "://" in word], process.pid
        finally:
            process.terminate()
            process.wait(timeout=10)


@dataclass
class Listener:
    """An address that takes notices, answering with the next of `statuses`, then 204."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, seconds: float = 60) -> list[tuple[bytes, dict[str, str]]]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.got) >= count, seconds), self.got
            return list(self.got)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with listener.came:
                status = listener.statuses.pop(0) if listener.statuses else 204
                listener.got.append((body, dict(self.headers)))
                listener.paths.append(self.path)
                listener.came.notify_all()
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}/notices"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
