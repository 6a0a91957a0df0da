"""Alembic's environment: one metadata for Flask-AppBuilder's tables and ours, run as the owner."""

from alembic import context
from flask import current_app
from sqlalchemy import text

import models
from core.db import Base

assert models.__all__, "importing models is what fills the metadata"


def compared(_item: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:  # noqa: FBT001
    """Leave alone the indexes of sql/begin/search.sql: they are over a function made there."""
    return not (kind == "index" and (name or "").startswith("search_"))


def run() -> None:
    """Migrate over the connection of the command; a blocked table fails after five seconds."""
    engine = context.config.attributes.get("engine")
    if engine is None:
        engine = current_app.extensions["migrate"].db.get_engine()
    with engine.connect() as connection:
        connection.execute(text("SET ROLE makao_owner"))
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_server_default=False,
            include_object=compared,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
