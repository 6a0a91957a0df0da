"""State machines as data: a table of named moves, and the one way to make one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from core.errors import Refused
from core.text import N_

S = TypeVar("S", bound=StrEnum)


class IllegalMove(Refused):
    """The row is not in a state this move starts from."""

    code = "illegal_move"
    says = N_("That cannot be done now: it is %(status)s.")


class HasStatus(Protocol[S]):
    """Any row with a status column."""

    status: S


@dataclass(frozen=True, slots=True)
class Flow(Generic[S]):
    """Named moves between states: `{"end": ({active}, ended)}`.

    Before a move of `governed` somebody has to approve; who, and how many of them, administrators
    say in rules with versions (services/approvals.py). An instance keeps in `flow_version` the
    version that it began with. `labels` are message ids, `meanings` the colour of a badge: waiting,
    good, needs, stopped or over.
    """

    start: S
    moves: Mapping[str, tuple[frozenset[S] | set[S], S]]
    labels: Mapping[S, str]
    meanings: Mapping[S, str]
    governed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse, at import, a table with a state nothing leads to, or without words."""
        reached = {self.start} | {to for _, to in self.moves.values()}
        states = set(type(self.start))
        assert not states - reached, f"unreachable states: {sorted(states - reached)}"
        assert states == set(self.labels) == set(self.meanings), "a state without words"
        assert self.governed <= set(self.moves), "what is governed is a move"

    def allows(self, status: S, name: str) -> bool:
        """Whether the move `name` starts from `status`."""
        return status in self.moves[name][0]

    def check(self, row: HasStatus[S], name: str) -> None:
        """Raise IllegalMove if the move `name` does not start from where the row is."""
        if not self.allows(row.status, name):
            raise IllegalMove(status=self.labels[row.status])

    def move(self, row: HasStatus[S], name: str) -> None:
        """Change `row.status`, or raise IllegalMove and leave it alone."""
        self.check(row, name)
        row.status = self.moves[name][1]
