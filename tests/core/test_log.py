"""Logs: JSON for machines, lines for people, and the request on each."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core import log


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.clear()
    yield io.StringIO()
    log.clear()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_standard_library_and_structlog_write_alike(out: io.StringIO) -> None:
    log.configure(as_json=True, stream=out)
    logging.getLogger("a.b").warning("paid %s", 7, extra={"ids": [1]})
    structlog.get_logger("a.b").warning("paid 7", ids=[1])
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    first.pop("timestamp")
    second.pop("timestamp")
    assert first == second == {"message": "paid 7", "level": "warning", "logger": "a.b", "ids": [1]}


def test_what_is_bound_stands_on_every_line_until_it_is_cleared(out: io.StringIO) -> None:
    log.configure(as_json=True, stream=out)
    log.bind(request_id="r1")
    logging.getLogger("x").info("one")
    log.clear()
    logging.getLogger("x").info("two")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("request_id") for line in lines] == ["r1", None]


def test_an_exception_stays_on_one_line_for_machines(out: io.StringIO) -> None:
    log.configure(as_json=True, stream=out)
    try:
        int("no number")
    except ValueError:
        logging.getLogger("x").exception("it broke")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"


def test_people_get_a_line_without_braces(out: io.StringIO) -> None:
    log.configure(as_json=False, stream=out)
    logging.getLogger("x").info("one")
    logging.getLogger("werkzeug").info("a step that nobody asked for")
    (line,) = out.getvalue().splitlines()
    assert "one" in line
    assert "{" not in line
