"""The doctor: looks at everything that is set up, and says in plain words what is wrong."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import config
from core.startup import CannotStart
from core.work import clock
from workers import chains, invariants, relay
from workers.jobs import Desk, homes

FREE_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is (empty: well), and what to do."""

    what: str
    wrong: str = ""


def examine(app: Flask) -> Iterator[Finding]:
    """Look at everything, one after another; what cannot be looked at is a finding, too."""
    looks: dict[str, Callable[[Flask], str]] = {
        "settings": _settings,
        "database, as web": lambda app: _database(app, "web"),
        "database, as jobs": lambda app: _database(app, "jobs"),
        "database, as sign-in": lambda app: _database(app, "door"),
        "schema": _schema,
        "redis": _redis,
        "outbox": _outbox,
        "schedule": _schedule,
        "card provider": _card,
        "mail": _mail,
        "files": _files,
        "invariants": _invariants,
        "audit chain": lambda _: _chain("audit"),
        "ledger chain": lambda _: _chain("ledger"),
    }
    for what, look in looks.items():
        try:
            yield Finding(what, look(app))
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            yield Finding(what, str(cause).strip().splitlines()[0])


def _settings(app: Flask) -> str:
    try:
        config.doctor()
    except CannotStart as refusal:
        return str(refusal)
    if not app.config["DEMO"] and not app.config["PUBLIC_URL"].startswith("https://"):
        return "PUBLIC_URL is not https: cookies and passwords would travel in the open."
    return ""


def _database(app: Flask, role: str) -> str:
    with app.extensions["engines"][role].connect() as connection:
        connection.execute(text("SELECT 1"))
        theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        drift = abs((theirs - clock()).total_seconds())
    return f"its clock differs from ours by {drift:.0f} s." if drift > 5 else ""


def _schema(app: Flask) -> str:
    with app.extensions["engines"]["owner"].connect() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return "" if found else "there is none: run `flask --app app prepare`."


def _redis(app: Flask) -> str:
    try:
        app.extensions["redis"].ping()
    except RedisError as error:
        return f"it does not answer ({error}): things happen a few seconds later, none is lost."
    return ""


def _outbox(_app: Flask) -> str:
    oldest, parked = 0.0, 0
    for home in homes():
        with Desk(home, "doctor").work() as work:
            oldest = max(oldest, relay.oldest_waiting(work))
            query = "SELECT count(*) FROM delivery WHERE parked_at IS NOT NULL AND done_at IS NULL"
            parked += work.session.scalar(text(query)) or 0
    if oldest > 60:
        return f"the oldest fact waits for {oldest:.0f} s: is `flask --app app relay` running?"
    return f"{parked} deliveries are parked: look at them and replay them." if parked else ""


def _schedule(_app: Flask) -> str:
    with Desk(None, "doctor").work() as work:
        query = "SELECT max(finished_at) FROM scheduled_run"
        last = work.session.scalar(text(query))
    if last is None or (clock() - last).total_seconds() > 60:
        return "nothing ran in the last minute: is `flask --app app scheduler` running?"
    return ""


def _card(app: Flask) -> str:
    address = app.config["CARD_PROVIDER_URL"]
    if not address:
        return "none is set up (CARD_PROVIDER_URL): customers cannot pay by card."
    try:
        httpx.get(address, timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        return f"it does not answer: {error}."
    return ""


def _mail(app: Flask) -> str:
    return "" if app.config["SMTP_URL"] else "none is set up (SMTP_URL): notices stay in the app."


def _files(app: Flask) -> str:
    folder = app.config["UPLOAD_FOLDER"]
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written."
    free = shutil.disk_usage(folder).free
    return f"only {free // 1024**2} MB are free." if free < FREE_BYTES else ""


def _invariants(_app: Flask) -> str:
    return "; ".join(invariants.check())


def _chain(kind: str) -> str:
    return "; ".join(f"{flaw.chain}: {flaw.says} ({flaw.place})" for flaw in chains.verify(kind))
