"""Applications beside the tests' own: with pools of their own, which end with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from app import create_app
from core import db


@contextmanager
def apart() -> Iterator[None]:
    """Let another application have the sessions; the tests' own get theirs back afterwards."""
    kept = [each.session_factory.kw.get("bind") for each in (db.session, db.door)]
    try:
        yield
    finally:
        for sessions, bind in zip((db.session, db.door), kept, strict=True):
            sessions.remove()
            sessions.configure(bind=bind)


@contextmanager
def another(**settings: Any) -> Iterator[Flask]:
    """Make one that nothing is left of afterwards.

    What its sessions have borrowed goes back before the pools end. What is lent by then, or is
    opened by a session that still knows a pool which has ended, nobody closes any more.
    """
    with apart():
        app = create_app(**settings)
        try:
            yield app
        finally:
            db.session.remove()
            db.door.remove()
            for engine in app.extensions["engines"].values():
                engine.dispose()
