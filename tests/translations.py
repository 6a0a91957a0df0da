"""The catalogues: the messages of the sources, no more and no fewer, with the same values.

`python -m tests.translations` prints what is amiss, one a line, and exits 1 if anything is;
with `--write` it brings the catalogues up to date with the sources instead.

Whatever a customer may meet is translated, or the check fails: portal, catalogue, sign-in, errors,
statuses, refusals, notices and mails (CUSTOMERS). Customers did not choose this program and have
nobody to ask. A screen of the staff may wait for its translation and shows English until then, so
that a new screen is not held up by languages that its maker does not speak.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import config

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "translations"
SOURCES = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true"}, "templates/**.html": {"trimmed": "true"}}
KEYWORDS = {
    "_": None, "N_": None, "gettext": None, "lazy_gettext": None, "__": None, "ngettext": (1, 2),
}  # fmt: skip
FLOORS = (
    "app.py",
    "adapters/documents",
    "core",
    "models",
    "services",
    "adapters",
    "views",
    "dashboards",
    "workers",
    "templates",
)
CUSTOMERS = (
    "adapters/documents",
    "core",
    "models",
    "services/access",
    "services/asking",
    "services/assignments",
    "services/billing",
    "services/booking",
    "services/buying",
    "services/cancellations",
    "services/choices",
    "services/duplicates",
    "services/files",
    "services/papers",
    "services/payments",
    "services/people",
    "services/refunds",
    "services/sales.py",
    "services/second_factor",
    "services/sign_in",
    "services/ways",
    "templates/appbuilder/general/security",
    "templates/errors",
    "templates/macros/confirm",
    "templates/macros/corner",
    "templates/macros/wizard",
    "templates/mail",
    "templates/notices",
    "templates/portal",
    "templates/public",
    "templates/second_factor",
    "templates/sign_in",
    "views/edges",
    "views/enrolment",
    "views/home",
    "views/portal",
    "views/refusals",
    "views/sign_in",
    "workers",
)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moves would be a change each time
VALUES = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w+)\}")


def sources() -> Catalog:
    """Read every message that is marked in the sources; without dates, so that it only changes
    when they do.
    """
    catalogue = Catalog(project="Makao", charset="utf-8")
    for name, _line, message, comments, context in extract_from_dir(
        ROOT, SOURCES, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",)
    ):
        if name.startswith(FLOORS):
            catalogue.add(message, None, [(name, 1)], auto_comments=comments, context=context)
    return catalogue


def catalogue(language: str) -> Catalog:
    """Read the catalogue of a language; an empty one if there is none yet."""
    path = _path(language)
    if not path.exists():
        return Catalog(locale=language, project="Makao", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def amiss(language: str, wanted: Catalog) -> Iterator[str]:
    """Tell what a catalogue lacks, has too much, or says with other values."""
    found = catalogue(language)
    for message in wanted:
        theirs = found.get(_key(message), message.context)
        if message.id and theirs is None:
            yield f"{language}: not there, run `make translations`: {message.id!r}"
        elif message.id and theirs is not None and language != config.BABEL_DEFAULT_LOCALE:
            yield from _misses(language, message, theirs)
    for message in found:
        if message.id and wanted.get(_key(message), message.context) is None:
            yield f"{language}: no longer used, run `make translations`: {message.id!r}"


def _misses(language: str, message: Message, theirs: Message) -> Iterator[str]:
    words = theirs.string if isinstance(theirs.string, tuple) else (theirs.string,)
    if not all(words) or theirs.fuzzy:
        if any(name.startswith(CUSTOMERS) for name, _line in message.locations):
            yield f"{language}: not translated: {message.id!r}"
    elif isinstance(message.id, str):
        if _values(message.id) != _values(str(words[0])):
            yield f"{language}: other values: {message.id!r} -> {words[0]!r}"
    else:
        # A form for one or two may name the number in words; none may ask for more than there is.
        given = _values(message.id[1])
        yield from (
            f"{language}: other values: {message.id[1]!r} -> {each!r}"
            for each in words
            if not _values(str(each)) <= given
        )


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _values(text: str) -> set[str]:
    return {match[0] for match in VALUES.finditer(text)}


def write(language: str, wanted: Catalog) -> None:
    """Add what is new to a catalogue and drop what is gone; what is translated stays."""
    found = catalogue(language)
    found.update(wanted, no_fuzzy_matching=True)
    save(language, found)


def save(language: str, found: Catalog) -> None:
    """Keep a catalogue in an order that only changes with its messages."""
    path = _path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_written(found))


def _written(found: Catalog) -> bytes:
    """Write without dates, and without lines that move with every edit of the sources."""
    found.fuzzy = False  # a fuzzy heading keeps the whole catalogue from being compiled
    found.header_comment = "# Made by `make translations`; translations are written in by hand."
    found.creation_date = found.revision_date = LONG_AGO
    found.obsolete.clear()
    file = BytesIO()
    write_po(file, found, sort_output=True, no_location=True, ignore_obsolete=True, width=100)
    return file.getvalue()


def _path(language: str) -> Path:
    if language == config.BABEL_DEFAULT_LOCALE:
        return FOLDER / "messages.pot"  # English is what the sources say: a template, no catalogue
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def main() -> int:
    """Judge all catalogues, or with `--write` mend them; returns the exit status."""
    wanted = sources()
    if "--write" in sys.argv[1:]:
        for language in config.LANGUAGES:
            write(language, wanted)
        return 0
    found = [line for language in config.LANGUAGES for line in amiss(language, wanted)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
