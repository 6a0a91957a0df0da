"""Logs: one JSON object a line for machines, or coloured lines for people at a terminal.

Whoever logs with the standard library ends up here too. What is bound (`bind(request_id=...)`)
stands on every line until the request or job is over.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.types import Processor

__all__ = ["bind", "bound", "clear", "configure"]

bind = bind_contextvars
bound = bound_contextvars
clear = clear_contextvars

QUIET = (
    *("alembic.runtime", "flask_appbuilder.base", "flask_appbuilder.security", "httpx", "httpcore"),
    *("rq.worker", "werkzeug"),
)
"""Loggers that tell every step at INFO; theirs begin at WARNING."""

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.UnicodeDecoder(),
]


def configure(*, as_json: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send everything that is logged to `stream` (standard error); the last call counts."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED, processors=_renderers(out, as_json=as_json)
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _renderers(out: TextIO, *, as_json: bool) -> list[Processor]:
    rest = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if as_json:
        return [
            rest,
            structlog.processors.dict_tracebacks,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    plain = structlog.dev.plain_traceback  # the pretty one takes seconds over large locals
    colors = out.isatty()
    return [
        rest,
        structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, exception_formatter=plain),
    ]
