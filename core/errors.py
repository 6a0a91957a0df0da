"""Refusals a caller can act on. Anything else is a bug and must crash."""

from collections.abc import Mapping
from typing import Any, ClassVar

from core.text import N_


class Refused(Exception):
    """The business said no.

    `code` is stable and documented; `says` is a message id, translated at the edge together with
    its `values`. `status` is the HTTP answer an edge gives; nothing else reads it. `field` names
    the input that has to be mended, where there is one.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    says: str = ""

    def __init__(self, says: str = "", *, field: str = "", **values: Any) -> None:
        """Keep the message id and its values apart; nothing is formatted before it is shown."""
        self.says = says or type(self).says
        self.values = values
        self.field = field
        super().__init__(self.says)

    def __str__(self) -> str:
        """Say it in English, for logs and programs."""
        said = {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in self.values.items()}
        return self.says % said if said else self.says


class NotFound(Refused):
    """There is no such row, or the actor may not see it. Deliberately the same answer."""

    code = "not_found"
    status = 404
    says = N_("There is no such record here, or you may not see it.")


class Forbidden(Refused):
    """The actor's roles do not hold the verb."""

    code = "forbidden"
    status = 403
    says = N_("Your roles do not allow that. An administrator of the organization can grant it.")


class BadInput(Refused):
    """What was typed cannot be read or is outside what is allowed; `field` says where."""

    code = "bad_input"
    status = 422


class Mistakes(BadInput):
    """Several fields cannot be taken as they are; `found` is {field: refusal}."""

    says = N_("Something has to be mended.")

    def __init__(self, found: Mapping[str, Refused]) -> None:
        """Keep all of them, so that nobody mends a form one field at a time."""
        super().__init__()
        self.found = found
