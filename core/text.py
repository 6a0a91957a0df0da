"""Words that people read: marked here for translation, translated at the edges."""

from collections.abc import Sequence

NOT_CALCULATED = "#FORMULA!"
"""Stands in a table, like a spreadsheet's own errors, for a formula without a value."""


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a message for the catalogues without translating it."""
    return message


def distinct(names: Sequence[str]) -> list[str]:
    """Give every column of a table a name of its own: "Column 3" without one, "Price (2)"."""
    taken: set[str] = set()
    chosen = []
    for position, name in enumerate(names, 1):
        wanted = " ".join(name.split()) or f"Column {position}"
        free, copy = wanted, 1
        while free.casefold() in taken:
            copy += 1
            free = f"{wanted} ({copy})"
        taken.add(free.casefold())
        chosen.append(free)
    return chosen
