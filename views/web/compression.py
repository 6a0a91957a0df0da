"""Static files travel compressed: the look of a page reaches a phone in a tenth of its bytes.

Pages are not: they hold secrets beside what somebody else may have written into them, and
the length of the two compressed together would tell about the secret.
"""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request

SQUEEZED = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
SMALLEST_BYTES = 1024


def init_app(app: Flask) -> None:
    """Look at each answer."""
    app.after_request(_squeeze)


def _squeeze(response: Response) -> Response:
    if request.endpoint != "static" or response.mimetype not in SQUEEZED:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or request.accept_encodings["gzip"] <= 0:
        return response
    file = Path(str(current_app.static_folder), (request.view_args or {})["filename"])
    found = file.stat()
    if found.st_size < SMALLEST_BYTES:
        return response
    response.direct_passthrough = False
    response.close()  # the file that would have been sent as it is
    response.set_data(_squeezed(file, found.st_mtime_ns))
    response.content_encoding = "gzip"
    etag, _weak = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the same file in other bytes
    return response


@lru_cache(maxsize=64)
def _squeezed(file: Path, _changed: int) -> bytes:
    """Compress a file once a process; a newer version of it is another key."""
    return gzip.compress(file.read_bytes(), mtime=0)
