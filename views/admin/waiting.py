"""What waits for people: each screen says what of its rows does, and for whoever may do what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, null, select


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of a screen that wait for whoever holds the verb.

    `title` says with `%(name)s` what is to be done. `find` makes, for the person at hand, a query
    of `facts`, the oldest first.
    """

    verb: str
    title: str
    icon: str
    find: Callable[[Any], Any]
    meaning: str = "needs"


def facts(  # noqa: PLR0913  # what a line of the first page says
    row_id: Any,
    name: Any,
    at: Any,
    *,
    who: Any = None,
    about: Any = None,
    amount: Any = None,
    currency: Any = None,
    **further: Any,
) -> Any:
    """Begin the query of what waits: which row, since when, whose, about what, how much."""
    empty = literal("")
    return select(
        row_id.label("id"),
        name.label("name"),
        at.label("at"),
        (empty if who is None else who).label("who"),
        (empty if about is None else about).label("about"),
        (null() if amount is None else amount).label("amount"),
        (empty if currency is None else currency).label("currency"),
        *(each.label(key) for key, each in further.items()),
    )
