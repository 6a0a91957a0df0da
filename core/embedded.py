"""The embedded servers: where they live, and how to start and stop them.

One folder holds both: `postgres/` and `redis/` their data, `run/` their sockets, `logs/` what they
say. They listen on sockets only, in a folder that nobody but their user may enter. They outlive
whoever started them; a start finds them and takes them over.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from core import postgres_server, redis_server
from core.system_user import server_user

LONGEST_SOCKET_PATH = 103
"""Bytes; Linux allows 107, macOS 103."""


def sockets(folder: Path) -> Path:
    """Name the folder of the sockets: `run/`, or a short one where that path is too long."""
    usual = folder.resolve() / "run"
    if len(bytes(usual / postgres_server.SOCKET)) <= LONGEST_SOCKET_PATH:
        return usual
    key = hashlib.sha256(bytes(folder.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"makao-{key}")


def postgres_address(folder: Path, *, user: str = "postgres", database: str = "makao") -> str:
    """Give the libpq address of the server in `folder`; starts nothing."""
    return f"postgresql://{user}@/{database}?host={quote(str(sockets(folder)))}"


def redis_address(folder: Path) -> str:
    """Give the address of the Redis in `folder`; starts nothing."""
    return f"unix://{quote(str(sockets(folder) / redis_server.SOCKET))}?db=0"


def start_postgres(folder: Path, settings: Mapping[str, str] | None = None) -> str:
    """Start PostgreSQL in `folder`, made on first use; returns the address of its superuser.

    A server that already runs there is taken over. `settings` are further ones of postgresql.conf.

    Raises:
        CannotStart: the folder is damaged, of another version, or not to be written.

    """
    user = server_user()
    folder.mkdir(parents=True, exist_ok=True)
    postgres_server.start(folder.resolve(), sockets(folder), user, settings or {})
    address = postgres_address(folder)
    postgres_server.create_database(postgres_address(folder, database="postgres"), "makao")
    return address


def stop_postgres(folder: Path) -> None:
    """Stop the server in `folder`, ending its connections; nothing if it does not run."""
    postgres_server.stop(folder.resolve(), server_user())


def postgres_pid(folder: Path) -> int | None:
    """Tell the process of the server in `folder`, if it is alive."""
    return postgres_server.pid(folder.resolve())


def start_redis(folder: Path) -> str:
    """Start Redis in `folder`, made on first use; returns its address. Takes over a running one.

    Raises:
        CannotStart: the folder is damaged or not to be written.

    """
    user = server_user()
    folder.mkdir(parents=True, exist_ok=True)
    redis_server.start(folder.resolve(), sockets(folder), user)
    return redis_address(folder)


def stop_redis(folder: Path) -> None:
    """Stop the Redis in `folder` after it has saved; nothing if it does not run."""
    redis_server.stop(folder.resolve())


def redis_pid(folder: Path) -> int | None:
    """Tell the process of the Redis in `folder`, if it is alive."""
    return redis_server.pid(folder.resolve())
