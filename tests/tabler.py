"""Cut Tabler's stylesheet to the classes that pages use: `python -m tests.tabler` writes it anew.

Whole, it is 635 kB, four fifths of what a phone's first page would wait for. A class counts as
used when its name stands anywhere in templates, dashboards or scripts.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "static" / "vendor" / "tabler"
WHOLE = {"tabler.css": "tabler.min.css", "tabler.rtl.css": "tabler.rtl.min.css"}
READERS = (
    *(ROOT / "templates").rglob("*.html"),
    *(ROOT / "dashboards").glob("*.py"),
    *(ROOT / "static").glob("*.js"),
    FOLDER / "tabler.min.js",
)
WORD = re.compile(r"[A-Za-z][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
NEGATED = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
NESTED = ("@media", "@supports", "@layer", "@container")


def used() -> set[str]:
    """Collect every word that could be a class."""
    return {word for path in READERS for word in WORD.findall(path.read_text())}


def cut(css: str, words: set[str]) -> str:
    """Leave out the rules whose classes nobody uses."""
    kept = []
    for head, body in _rules(css):
        if head.startswith(NESTED):
            inner = cut(body, words)
            kept.append(f"{head}{{{inner}}}" if inner else "")
        elif head.startswith("@") or not body:
            kept.append(f"{head}{{{body}}}" if body else f"{head};")
        else:
            selectors = [each for each in _selectors(head) if _is_used(each, words)]
            kept.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    return "".join(kept)


def _is_used(selector: str, words: set[str]) -> bool:
    names = CLASS.findall(NEGATED.sub("", selector))
    return all(name.replace("\\", "") in words for name in names)


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Give what stands before each outer pair of braces, and in it."""
    begin = at = 0
    while at < len(css):
        if css[at] == ";":
            yield css[begin:at], ""
            begin = at = at + 1
        elif css[at] == "{":
            end = _closing(css, at)
            yield css[begin:at], css[at + 1 : end]
            begin = at = end + 1
        else:
            at += 1


def _closing(css: str, at: int) -> int:
    depth = 0
    for end in range(at, len(css)):
        depth += (css[end] == "{") - (css[end] == "}")
        if depth == 0:
            return end
    raise ValueError("a brace is not closed")


def _selectors(head: str) -> list[str]:
    """Split at the commas that do not stand in parentheses."""
    parts, depth = [""], 0
    for letter in head:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def made() -> dict[str, str]:
    """Cut both stylesheets: left to right, and right to left."""
    words = used()
    css = {name: (FOLDER / whole).read_text() for name, whole in WHOLE.items()}
    return {
        name: cut(re.sub(r"/\*.*?\*/", "", each, flags=re.DOTALL), words)
        for name, each in css.items()
    }


if __name__ == "__main__":
    for name, text in made().items():
        (ROOT / "static" / name).write_text(text)
