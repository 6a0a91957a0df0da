"""What all figures stand on: a Postgres of their own that keeps its promises, and one line out."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

os.environ.setdefault("MAKAO_DATA", tempfile.mkdtemp(prefix="makao-bench-"))
os.environ.setdefault("SECRET_KEY", "benchmarks-only-51c0b7ae94d84f1f8a3e2d7b6c09")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import embedded
from core.scope import Scope, seeing
from core.work import Actor, Work
from tests import database, make


@dataclass
class Ground:
    """A database with the schema and one organization in it."""

    admin: URL
    addresses: dict[str, str]
    home: UUID

    def engine(self, setting: str = "WORKER_DATABASE_URI", **options: object) -> Engine:
        """Connect as one of the roles."""
        return create_engine(self.addresses[setting], **options)

    def sql(self, statement: str, **values: object) -> None:
        """Run statements past all rules, to make data quickly: no trigger runs."""
        engine = create_engine(self.addresses["OWNER_DATABASE_URI"], poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for each in filter(str.strip, statement.split(";\n")):
                connection.execute(text(each), {"home": self.home, **values})

    def settle(self) -> None:
        """Do now what the server does in the background within minutes of so many new rows."""
        owner = make_url(self.addresses["OWNER_DATABASE_URI"])
        with database.autocommit(owner) as connection:
            connection.execute(text("VACUUM (ANALYZE)"))

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work of a job in the organization; the caller commits."""
        engine = self.engine(poolclass=NullPool)
        with Session(engine) as session, seeing(session, Scope(self.home, actor="job:benchmark")):
            yield Work(session, Actor("job", "benchmark"))


@contextmanager
def ground(*, web: bool = False) -> Iterator[Ground]:
    """Start a server with durable settings in a temporary folder; it is gone afterwards.

    With `web` it also has the permissions that screens ask for.
    """
    with tempfile.TemporaryDirectory(prefix="makao-bench-pg-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        started = embedded.start_postgres(place)
        admin = make_url(started).set(drivername="postgresql+psycopg", database="postgres")
        try:
            database.make_template(admin, permissions=web)
            with database.cloned(admin, "makao_bench") as addresses:
                engine = create_engine(addresses["WORKER_DATABASE_URI"], poolclass=NullPool)
                with Session(engine) as session:
                    home = make.organization(session, "Benchmark")
                yield Ground(admin, addresses, home)
        finally:
            embedded.stop_postgres(place)


def say(name: str, value: float, unit: str, limit: float, n: int, **more: object) -> None:
    """Print the one line. `ratio` is value / limit."""
    figures = {"value": round(value, 3), "unit": unit, "limit": round(limit, 3)}
    ratio = round(value / limit, 3) if limit else None
    line = {"name": name, **figures, "ratio": ratio, "n": n, **more}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
