"""The catalogues: every message of the sources is in each, translated, with the same values.

`python -m tests.translations` prints what is amiss, one a line, and exits 1 if anything is;
with `--write` it brings the catalogues up to date with the sources instead.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
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
    "core",
    "models",
    "services",
    "adapters",
    "views",
    "dashboards",
    "workers",
    "templates",
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
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(locale=language, project="Makao", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def amiss(language: str, wanted: Catalog) -> Iterator[str]:
    """Tell what a catalogue lacks."""
    found = catalogue(language)
    for message in wanted:
        if not message.id:
            continue
        theirs = found.get(message.id, message.context)
        said = theirs.string if theirs else ""
        words = list(said) if isinstance(said, tuple | list) else [said]
        if theirs is None or theirs.fuzzy or not all(words):
            yield f"{language}: not translated: {message.id!r}"
        elif isinstance(message.id, str) and _values(message.id) != _values(str(words[0])):
            yield f"{language}: other values: {message.id!r} -> {words[0]!r}"


def _values(text: str) -> set[str]:
    return {match[0] for match in VALUES.finditer(text)}


def write(language: str, wanted: Catalog) -> None:
    """Add what is new to a catalogue and drop what is gone; what is translated stays."""
    found = catalogue(language)
    found.update(wanted, no_fuzzy_matching=True)
    found.creation_date = found.revision_date = LONG_AGO
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file,
            found,
            omit_header=False,
            sort_output=True,
            no_location=True,
            ignore_obsolete=True,
            width=100,
        )


def main() -> int:
    """Judge, or with `--write` mend, all catalogues but English; returns the exit status."""
    wanted = sources()
    languages = [each for each in config.LANGUAGES if each != config.BABEL_DEFAULT_LOCALE]
    if "--write" in sys.argv[1:]:
        for language in languages:
            write(language, wanted)
        return 0
    found = [line for language in languages for line in amiss(language, wanted)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
