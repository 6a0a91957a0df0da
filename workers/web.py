"""How gunicorn serves the application: `gunicorn -c python:workers.web "app:create_app()"`."""

import os
from typing import Any

from prometheus_client import multiprocess

from config import HOST, PORT, WEB_PROCESSES, WEB_THREADS, doctor  # not `config`: a setting

bind = f"{HOST}:{PORT}"
worker_class = "gthread"
workers = WEB_PROCESSES
threads = WEB_THREADS
timeout = 60
graceful_timeout = 25
keepalive = 5
backlog = 2048
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
control_socket_disable = True  # its default place is one for all programs of a user
proc_name = "makao-web"


def on_starting(_server: Any) -> None:
    """Refuse to serve from a database that lets anybody in."""
    doctor()


def child_exit(_server: Any, worker: Any) -> None:
    """Take the gauges of a worker that ended out of /metrics."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
