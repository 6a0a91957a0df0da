"""Statements of the hot path: prepared once a connection, and sent past all that they do not need.

To carry a short statement to the server and its row back costs SQLAlchemy and the driver more than
to run it, and each message is waited for. What runs thousands of times a second goes straight to
the protocol, with the beginning of its transaction in the same message; all else goes the ordinary
way.
"""

import select
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import scope

FINE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
UNKNOWN_STATEMENT = b"26000"
Values = list[bytes | None]


class Prepared:
    """A statement that a connection knows by its name from the first use on."""

    def __init__(self, name: str, statement: str) -> None:
        """Take the statement, with $1, $2 ... for its values; each name is used once."""
        self.name = name.encode()
        self.statement = statement
        self.mark = f"prepared {name}"

    def row(self, session: Session, values: Sequence[str | None]) -> list[str | None]:
        """Run it in the session's transaction; give its one row as PostgreSQL writes it.

        Raises:
            DBAPIError: as SQLAlchemy raises it for any other statement.

        """
        messages = [(self, self.encoded(values))]
        connection, untold = scope.begun(session)
        if untold:
            messages = [(_BEGIN, []), (_TELL, _TELL.encoded(list(untold.values()))), *messages]
        answer = _send(connection, messages)
        found = (answer.get_value(0, column) for column in range(answer.nfields))
        return [None if each is None else each.decode() for each in found]

    def encoded(self, values: Sequence[str | None]) -> Values:
        """Write values as they travel; one with a NUL would end there, and is refused."""
        if any(each and "\0" in each for each in values):
            raise self.error(psycopg.DataError("PostgreSQL has no place for NUL in a text"))
        return [None if each is None else each.encode() for each in values]

    def judge(self, answer: Any) -> None:
        """Raise what the server has against it."""
        if answer.status not in FINE:
            raise self.error(error_from_result(answer))

    def error(self, cause: psycopg.Error) -> BaseException:
        """Give the error that SQLAlchemy makes of the driver's."""
        return DBAPIError.instance(self.statement, None, cause, psycopg.Error)


_BEGIN = Prepared("makao_begin", "BEGIN")
_TELL = Prepared("makao_tell", scope.telling("$1", "$2", "$3", "$4", "$5"))


def _send(connection: Connection, messages: Sequence[tuple[Prepared, Values]]) -> Any:
    """Send all in one go, wait once, and give the answer to the last."""
    driver: Any = connection.connection.driver_connection
    last = messages[-1][0]
    try:
        for each, _ in messages:
            if each.mark not in connection.info:
                answer = driver.pgconn.prepare(each.name, each.statement.encode())
                each.judge(answer)
                connection.info[each.mark] = True
        answers = _exchange(driver.pgconn, messages)
    except psycopg.Error as error:  # the line is down
        connection.invalidate()
        raise last.error(error) from error
    except (KeyboardInterrupt, SystemExit):  # the server still has something to say
        connection.invalidate()
        raise
    for (each, _), answer in zip(messages, answers, strict=True):
        if answer.error_field(DiagnosticField.SQLSTATE) == UNKNOWN_STATEMENT:
            connection.info.pop(each.mark)  # something between us and the server has dropped it
        each.judge(answer)
    return answers[-1]


def _exchange(pgconn: Any, messages: Sequence[tuple[Prepared, Values]]) -> list[Any]:
    """Wait for the answer to each message, letting other threads work."""
    pgconn.enter_pipeline_mode()
    for each, values in messages:
        pgconn.send_query_prepared(each.name, values)
    pgconn.pipeline_sync()
    line = select.poll()
    line.register(pgconn.socket, select.POLLIN | select.POLLOUT)
    while pgconn.flush():
        line.poll()
        pgconn.consume_input()
    line.modify(pgconn.socket, select.POLLIN)
    answers: list[Any] = []
    while True:
        while pgconn.is_busy():
            line.poll()
            pgconn.consume_input()
        answer = pgconn.get_result()
        if answer is None:  # it parts the answers of two statements
            if pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("the server closed the connection")
            continue
        if answer.status == ExecStatus.PIPELINE_SYNC:
            pgconn.exit_pipeline_mode()
            return answers
        answers.append(answer)
