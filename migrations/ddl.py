"""Run the SQL files of a revision: `sql/<revision>/<name>.sql`.

A file is never edited once its revision has landed. A function that changes is written whole, with
CREATE OR REPLACE, into the folder of the revision that changes it.
"""

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "sql"


def run(revision: str, *names: str) -> None:
    """Execute the named files of a revision's folder in order."""
    # Without parameters psycopg leaves the % of format() alone, and takes many statements at once.
    plain = op.get_bind().execution_options(no_parameters=True)
    for name in names:
        plain.exec_driver_sql(SQL.joinpath(revision, f"{name}.sql").read_text())
