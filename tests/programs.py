"""The programs that tests need beside Python. Without one they fail at once; none is skipped."""

import shutil
import sys
from pathlib import Path


class Missing(Exception):
    """A program is not on this machine; the message says how to get it."""


def chromium() -> str:
    """Find a Chromium: the system's, else the one that playwright downloaded.

    Raises:
        Missing: there is neither.

    """
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    downloads = Path.home() / ".cache" / "ms-playwright"
    for found_there in sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True):
        return str(found_there)
    raise Missing(
        "The browser tests need Chromium: install your system's package `chromium`, or run"
        " `.venv/bin/playwright install chromium`."
    )


def pdftoppm() -> str:
    """Find the program that turns PDF pages into pictures.

    Raises:
        Missing: it is not installed.

    """
    if found := shutil.which("pdftoppm"):
        return found
    raise Missing("The tests of documents need pdftoppm: install the package `poppler-utils`.")


def hledger() -> str:
    """Find the program that judges our exports beside Beancount.

    Raises:
        Missing: it is not installed.

    """
    if found := shutil.which("hledger"):
        return found
    raise Missing("The tests of the ledger's exports need hledger: install the package `hledger`.")


def main() -> None:
    """Exit with one sentence if a program is missing."""
    try:
        chromium()
        pdftoppm()
        hledger()
    except Missing as missing:
        sys.exit(f"make test: {missing}")


if __name__ == "__main__":
    main()
