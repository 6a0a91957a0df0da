"""Static files are fetched once: their addresses carry what is in them, and change when they do.

Each page needs a dozen of them. To ask after every one on every page costs a slow phone a round
trip before anything is painted.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

FOREVER = "public, max-age=31536000, immutable"
FONT = "public, max-age=3600, stale-while-revalidate=604800"
"""Stylesheets name fonts by their plain addresses."""


def init_app(app: Flask) -> None:
    """Put the version into addresses, and let browsers keep what has one."""
    app.url_defaults(_versioned)
    app.after_request(_kept)


def _versioned(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        version = _version(str(values["filename"]))
        if version:
            values.setdefault("v", version)


def _kept(response: Response) -> Response:
    """Let go of nothing that can be asked for by another address when it changes."""
    if request.endpoint != "static" or response.status_code not in (200, 206, 304):
        return response
    name = str((request.view_args or {})["filename"])
    if request.args.get("v") == _version(name):
        response.headers["Cache-Control"] = FOREVER
    elif name.endswith(".woff2"):
        response.headers["Cache-Control"] = FONT
    return response


def _version(name: str) -> str:
    path = Path(str(current_app.static_folder), name)
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=256)
def _digest(file: Path, _changed: int) -> str:
    """Read a file once a process; a newer version of it is another key."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
