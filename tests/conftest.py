"""One database a worker, cloned from a template; everything a test commits is wiped after it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import UUID

os.environ.setdefault("MAKAO_DATA", tempfile.mkdtemp(prefix="makao-tests-"))
os.environ.setdefault("SECRET_KEY", "tests-only-9f3b7c1de5a24086b1c4f7e2d8a6035c")

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.orm import Session

from app import create_app
from core import db, embedded
from core.scope import Scope, seeing
from core.work import Actor, Work
from services import invariants, sign_in
from tests import database, make
from tests.doubles.cards import KEY
from tests.filled import connection, filled, refused
from tests.together import Scheduling
from tests.whole import Whole, whole

__all__ = ["connection", "filled", "refused"]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session", autouse=True)
def _hash_once() -> None:
    """Most people of the tests have one password; it is made slow to hash, and once is enough."""
    once = cache(sign_in.generate_password_hash)  # type: ignore[attr-defined]
    sign_in.generate_password_hash = once  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if WORKER else base


@pytest.fixture(scope="session")
def admin_url(shared: Path) -> URL:
    """The server, as its superuser; it is stopped when the run ends (see pytest_sessionfinish)."""
    url = database.server(shared / "makao")
    if os.environ.get("DATABASE_URL") and not WORKER:
        database.drop_template(url)
    database.make_template(url)
    return url


@pytest.fixture(scope="session")
def addresses(admin_url: URL) -> Iterator[dict[str, str]]:
    with database.cloned(admin_url, f"makao_test_{WORKER or 'alone'}") as settings:
        yield settings


@pytest.fixture(scope="session")
def redis_url(shared: Path) -> str:
    """The embedded Redis; each worker has a database of its own in it."""
    number = int(WORKER[2:]) if WORKER else 0
    return embedded.start_redis(shared / "makao").replace("db=0", f"db={number}")


@pytest.fixture(scope="session")
def app(
    addresses: dict[str, str], redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    folder = str(tmp_path_factory.mktemp("files"))
    app = create_app(
        **addresses,
        REDIS_URL=redis_url,
        UPLOAD_FOLDER=folder,
        # A demo that runs beside the tests has its doubles where ours would be by default.
        **dict.fromkeys(("CARD_PROVIDER_URL", "MAILBOX_URL"), "http://127.0.0.1:1"),
        SMTP_URL="smtp://127.0.0.1:1",
        SMS_URL="http://127.0.0.1:1",
        OIDC_ISSUER="",
        WTF_CSRF_ENABLED=False,
        RATELIMIT_ENABLED=False,
        TESTING=True,
    )
    yield app
    for engine in app.extensions["engines"].values():
        engine.dispose()


@pytest.fixture(scope="session")
def _superuser(admin_url: URL, addresses: dict[str, str]) -> Iterator[Engine]:
    engine = create_engine(addresses["OWNER_DATABASE_URI"], isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def wiped(app: Flask, _superuser: Engine) -> Iterator[None]:
    """Whatever the test commits is gone afterwards."""
    yield
    db.session.remove()
    db.door.remove()
    with _superuser.connect() as connection, connection.begin():
        connection.execute(text(database.WIPE))
    app.extensions["redis"].flushdb()
    rmtree(Path(app.config["DATA"]) / "anchors", ignore_errors=True)


@pytest.fixture
def redis(app: Flask) -> Redis:
    found: Redis = app.extensions["redis"]
    return found


@pytest.fixture
def session(app: Flask, wiped: None) -> Iterator[Session]:
    """A session of the jobs' role; what it may see is a matter of the scope."""
    db.use(app, "jobs")
    with app.app_context():
        yield db.session()
    db.use(app, "web")


@pytest.fixture
def home(session: Session) -> UUID:
    """The organization that a test is about."""
    return make.organization(session)


@pytest.fixture
def work(session: Session, home: UUID) -> Iterator[Work]:
    """A unit of work of a machine in that organization; afterwards, what is always true is true."""
    with seeing(session, Scope(home, actor="test:1")):
        yield Work(session, Actor("test", "1"))
        session.commit()
        assert invariants.broken(session) == {}


@pytest.fixture
def superuser(_superuser: Engine) -> Engine:
    """A door past all rules, to break things with."""
    return _superuser


@dataclass
class Elsewhere:
    """Open further sessions, as parallel requests have them."""

    app: Flask

    def session(self, role: str = "jobs") -> Session:
        return Session(self.app.extensions["engines"][role])


@pytest.fixture
def elsewhere(app: Flask) -> Elsewhere:
    return Elsewhere(app)


@pytest.fixture
def owner(app: Flask, wiped: None) -> Iterator[Session]:
    """A session of the role which owns the tables, rolled back."""
    with Session(app.extensions["engines"]["owner"]) as session:
        yield session


@pytest.fixture(scope="session")
def makao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Run the whole thing, with the demo's data; its card provider takes the key of our client."""
    with whole(tmp_path_factory.mktemp("whole") / "data", CARD_PROVIDER_KEY=KEY) as running:
        yield running


Run = Callable[[], None]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Keep together what shares something dear."""
    return Scheduling(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers that this run started."""
    if WORKER:
        return
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is not None and not os.environ.get("DATABASE_URL"):
        folder = factory.getbasetemp() / "makao"
        if folder.exists():
            embedded.stop_redis(folder)
            embedded.stop_postgres(folder)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test after the argument where its value is a file: that may hold the time of day."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None
