"""Guards of pages: only who holds the right comes in, and who has not signed in is asked to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from views.admin import acts
from views.web.person import signed_in

Handler = Callable[..., Any]


def needs(verb: str) -> Callable[[Handler], Handler]:
    """Open a page of a screen only to who holds the verb on its table."""

    def guard(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(self: Any, *args: Any, **values: Any) -> Any:
            require(self.screen.name, verb)
            return handler(self, *args, **values)

        return guarded

    return guard


def require(table: str, verb: str) -> None:
    """Refuse whoever does not hold the verb; who has not signed in is asked to.

    Raises:
        Forbidden: with the roles that hold it.

    """
    if not signed_in().may(verb, table):
        raise acts.forbidden(table, verb)
