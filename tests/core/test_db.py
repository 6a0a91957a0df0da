"""Connections: one that the server ended while it was idle is not handed out again."""

import pytest
from flask import Flask
from sqlalchemy import Engine, text


@pytest.mark.req("S5.01")
def test_a_connection_that_was_ended_meanwhile_is_replaced(app: Flask, superuser: Engine) -> None:
    engine: Engine = app.extensions["engines"]["jobs"]
    engine.dispose()  # so that the pool holds the one connection that this is about
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT pg_backend_pid()"))
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT pg_backend_pid()"))
    with superuser.connect() as other:
        # Waits until it is gone: what the server has to say is then at our end.
        other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": before})
    with engine.connect() as connection:
        after = connection.scalar(text("SELECT pg_backend_pid()"))
    assert kept == before
    assert after != before
