"""Web servers under measurement: ours, and a stock Flask-AppBuilder application beside it.

Both run under the same gunicorn settings (workers/web.py), with two processes, over databases of one
server: 100,000 apartments, in 1,000 projects and of 10,000 customers.
"""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app import create_app
from benchmarks.ground import Ground, ground
from core import embedded
from models.organizations import CredentialKind
from tests import database
from tests.views.conftest import Office
from tests.whole import free_ports

APARTMENTS, PROJECTS, CUSTOMERS = 100_000, 1_000, 10_000
CLIENTS, SECONDS = 4, 10
PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).parent.parent
OURS = """
CREATE TEMP TABLE site AS SELECT uuid_now() AS id, i FROM generate_series(1, :projects) AS i;
CREATE TEMP TABLE buyer AS SELECT uuid_now() AS id, i FROM generate_series(1, :customers) AS i;
INSERT INTO project (id, organization_id, name, currency) SELECT id, :home, 'Project ' || i, 'KES' FROM site;
INSERT INTO party (id, organization_id, name) SELECT id, :home, 'Customer ' || i FROM buyer;
INSERT INTO apartment (id, organization_id, project_id, customer_id, type, status, name, area, floor,
    layout, view, currency, base_price)
SELECT uuid_now(), :home, s.id, b.id, 'project', 'in_progress', 'A' || lpad(n::text, 7, '0'), 78,
    n % 40, (ARRAY['1 bedroom', '2 bedroom', '3 bedroom'])[1 + n % 3], 'Hills', 'KES', 10400000 + n % 1000
FROM generate_series(1, :apartments) AS n JOIN site AS s ON s.i = 1 + n % :projects
JOIN buyer AS b ON b.i = 1 + n % :customers;
SELECT counted('party');
SELECT counted('apartment', 'source_id IS NULL');
ANALYZE
"""
STOCK = """
INSERT INTO project (id, name) SELECT gen_random_uuid(), 'Project ' || i
FROM generate_series(1, :projects) AS i;
INSERT INTO party (id, name) SELECT gen_random_uuid(), 'Customer ' || i
FROM generate_series(1, :customers) AS i;
INSERT INTO apartment (id, project_id, customer_id, type, status, name, area, floor, block, layout,
    view, description, currency, base_price)
SELECT gen_random_uuid(), s.id, b.id, 'project', 'in_progress', 'A' || lpad(n::text, 7, '0'), 78,
    n % 40, '', (ARRAY['1 bedroom', '2 bedroom', '3 bedroom'])[1 + n % 3], 'Hills', '', 'KES',
    10400000 + n % 1000
FROM generate_series(1, :apartments) AS n
JOIN project AS s ON s.name = 'Project ' || (1 + n % :projects)
JOIN party AS b ON b.name = 'Customer ' || (1 + n % :customers);
ANALYZE
"""
SIZES = {"apartments": APARTMENTS, "projects": PROJECTS, "customers": CUSTOMERS}


@dataclass
class Served:
    """A web server: where it listens, its first process, and what its clients send."""

    port: int
    process: subprocess.Popen[bytes]
    headers: dict[str, str]

    def get(self, line: HTTPConnection, path: str) -> bytes:
        """Get a page; anything but success ends the measurement."""
        line.request("GET", path, headers=self.headers)
        answer = line.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:500])
        return body

    def rate(self, path: str) -> float:
        """Ask for a page again and again by a few clients; returns answers a second."""

        def ask(seconds: float) -> int:
            line, done = HTTPConnection("127.0.0.1", self.port, timeout=120), 0
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                assert b"A0000" in self.get(line, path), "rows are shown"
                done += 1
            line.close()
            return done

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(ask, [1.0] * CLIENTS))
            begun = time.monotonic()
            done = sum(pool.map(ask, [float(SECONDS)] * CLIENTS))
            return done / (time.monotonic() - begun)

    def workers(self) -> list[int]:
        """Tell the processes that answer."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def prepared(*, beside: bool = True) -> Iterator[tuple[Ground, dict[str, str]]]:
    """Make both databases, or ours alone; gives ours, and the environment that servers run in."""
    with ground(web=True) as here, TemporaryDirectory(prefix="makao-bench-web-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "metrics").mkdir()
        redis = embedded.start_redis(folder)
        here.sql(OURS, **SIZES)
        with database.autocommit(here.admin) as connection:
            connection.execute(text("CREATE DATABASE stock"))
        stock = here.admin.set(database="stock").render_as_string(hide_password=False)
        variables = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "DATABASE_URL": here.addresses["OWNER_DATABASE_URI"],
            "DATABASE_APP_URL": here.addresses["SQLALCHEMY_DATABASE_URI"],
            "DATABASE_WORKER_URL": here.addresses["WORKER_DATABASE_URI"],
            "DATABASE_AUTH_URL": here.addresses["AUTH_DATABASE_URI"],
            "STOCK_DATABASE_URL": stock,
            "STOCK_PASSWORD": secrets.token_urlsafe(),
            "REDIS_URL": redis,
            "MAKAO_DEMO": "1",
            "WEB_PROCESSES": "2",
        }
        try:
            if beside:
                _fill_stock(stock, variables)
            yield here, variables
        finally:
            embedded.stop_redis(folder)


def _fill_stock(address: str, variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "benchmarks.stock"]
    subprocess.run(command, env=variables, check=True, cwd=ROOT, capture_output=True)
    with create_engine(address, poolclass=NullPool).begin() as connection:
        for each in filter(str.strip, STOCK.split(";\n")):
            connection.execute(text(each), SIZES)


@contextmanager
def ours(here: Ground, variables: dict[str, str]) -> Iterator[Served]:
    """Serve Makao; clients are an administrator's browser, and a program with their key."""
    settings = {**here.addresses, "REDIS_URL": variables["REDIS_URL"], "RATELIMIT_ENABLED": False}
    app = create_app(**settings)
    with Session(app.extensions["engines"]["jobs"]) as session:
        office = Office(app, here.home, session)
        admin = office.person("Admin")
        here.sql("UPDATE profile SET two_factor_enabled = true")  # as of all who move money
        headers = {
            "Cookie": f"makao=k.{office.secret(admin, CredentialKind.browser)}",
            "Authorization": f"Bearer {office.secret(admin, CredentialKind.api_key)}",
        }
    with _serving("app:create_app()", variables, "/livez") as served:
        served.headers = headers
        yield served


@contextmanager
def stock(variables: dict[str, str]) -> Iterator[Served]:
    """Serve Flask-AppBuilder; clients are its administrator's browser, and a program of theirs."""
    with _serving("benchmarks.stock:create_app()", variables, "/login/") as served:
        site = f"http://127.0.0.1:{served.port}"
        who = {"username": "admin", "password": variables["STOCK_PASSWORD"]}
        with httpx.Client(base_url=site, trust_env=False, follow_redirects=True) as browser:
            form = browser.get("/login/").text
            token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
            browser.post("/login/", data=who | {"csrf_token": token.group(1) if token else ""})
            asked = browser.post("/api/v1/security/login", json=who | {"provider": "db"})
            served.headers = {
                "Cookie": f"session={browser.cookies['session']}",
                "Authorization": f"Bearer {asked.json()['access_token']}",
            }
        yield served


@contextmanager
def _serving(app: str, variables: dict[str, str], ready: str) -> Iterator[Served]:
    port = free_ports()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:workers.web", app]
    environment = variables | {"PORT": str(port)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    served = Served(port, process, {})
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _answers(port, ready):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(port: int, path: str) -> bool:
    with suppress(OSError, HTTPException):
        line = HTTPConnection("127.0.0.1", port, timeout=30)
        line.request("GET", path)
        return line.getresponse().status == 200
    return False
