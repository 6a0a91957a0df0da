"""Switches that make the provider fail. They live in memory: a new process has none."""

import dataclasses
import os
import signal
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Faults:
    """What is broken now. Answers are spoilt after their work is done: the worst moment."""

    slow_seconds: float = 0.0
    """Wait so long before each answer."""
    drip_seconds: float = 0.0
    """Wait so long before each byte of each answer, head included."""
    error_rate: float = 0.0
    """This share of answers (0 to 1) is replaced by `error_status`."""
    error_status: int = 503
    garbage: bool = False
    """Answer 200 with what is no JSON."""
    huge: bool = False
    """Answer 200 with 4 MB."""
    cut: bool = False
    """Close the connection in the middle of the answer."""
    redirect: str = ""
    """Answer 307 to this address."""
    error_in_200: bool = False
    """Answer 200 with an error inside."""
    calls: int = 0
    """Spoil so many answers, then none; 0 spoils all."""
    notice_copies: int = 1
    """Send each notice so many times; 0 sends none."""
    notice_late_seconds: float = 0.0
    """Send notices so long after their event."""
    notice_reversed: bool = False
    """Send the newest first; with `notice_late_seconds` they gather before."""
    notice_forged: bool = False
    """Sign with a secret nobody has."""
    notice_age_seconds: int = 0
    """Sign with a time so far in the past."""
    die_after: str = ""
    """Kill the process after committing a `checkout`, `charge`, `capture` or `refund`, before
    answering."""
    charge: str = ""
    """Charges of saved cards end so: `decline`, `authenticate` or `later`; paid without."""

    def set(self, wanted: dict[str, Any]) -> None:
        """Take on what is wanted and mend all else.

        Raises:
            ValueError: an unknown switch, or a value of another kind.

        """
        kinds = {field.name: type(field.default) for field in dataclasses.fields(self)}
        for name, value in wanted.items():
            kind = kinds.get(name)
            fits = isinstance(value, (int, float) if kind is float else kind or ())
            if not fits or (isinstance(value, bool) and kind is not bool):
                raise ValueError(name)
        for field in dataclasses.fields(self):
            setattr(self, field.name, wanted.get(field.name, field.default))

    def now(self) -> dict[str, Any]:
        """Show all switches."""
        return dataclasses.asdict(self)

    def spoils(self) -> bool:
        """Tell whether this answer is to be spoilt, counting down `calls`."""
        if self.calls < 0:
            return False
        if self.calls > 0:
            self.calls = self.calls - 1 or -1
        return True

    def die_if(self, moment: str) -> None:
        """End like kill -9 when this is the moment."""
        if self.die_after == moment:
            os.kill(os.getpid(), signal.SIGKILL)
