"""The owner's side of the database: roles, passwords, and the way to the newest revision."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

HERE = Path(__file__).parent
LOGINS = ("makao_app", "makao_worker", "makao_auth")


def make_roles(connection: Connection, passwords: dict[str, str] | None = None) -> None:
    """Create the roles that are missing, and set their passwords. Needs the right to create roles.

    Does nothing where the roles are there and no password is given: an operator may have made them.
    """
    plain = connection.execution_options(no_parameters=True)
    plain.exec_driver_sql((HERE / "sql" / "roles.sql").read_text())
    connection.execute(text("GRANT CREATE, USAGE ON SCHEMA public TO makao_owner"))
    for role, password in (passwords or {}).items():
        assert role in LOGINS
        quoted = connection.scalar(text("SELECT quote_literal(:p)"), {"p": password})
        plain.exec_driver_sql(f"ALTER ROLE {role} PASSWORD {quoted}")


def config(engine: Engine) -> Config:
    """Configure Alembic without Flask, for tests and commands."""
    made = Config(str(HERE / "alembic.ini"))
    made.set_main_option("script_location", str(HERE))
    made.attributes["engine"] = engine
    return made


def upgrade(engine: Engine) -> None:
    """Bring the database of `engine` to the newest revision."""
    command.upgrade(config(engine), "head")


class Owner:
    """What Flask-Migrate needs to know of a database: its metadata and the owner's engine."""

    def __init__(self, engine: Engine, metadata: Any) -> None:
        self.engine = engine
        self.metadata = metadata

    def get_engine(self, *_: object) -> Engine:
        """Give the owner's engine."""
        return self.engine
