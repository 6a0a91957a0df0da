"""Commands: `flask --app app ...`. Errors are one line, the exit status is then not 0."""

import click
from flask import Flask


def init_app(app: Flask) -> None:
    """Hang the commands on the application."""
    app.cli.add_command(prepare)


@click.command()
def prepare() -> None:
    """Bring the database to this version: revisions, permissions, roles."""
