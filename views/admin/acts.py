"""Acts on the web: a service function as a button and as an endpoint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext as _

from core import db
from core.errors import Forbidden
from core.text import N_
from core.work import Work, unit_of_work
from services import access, approvals
from views.admin.inputs import Input, read
from views.web.person import actor, person
from views.web.refusals import sentence

REASON = "reason"
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Act:
    """A button: one service function `do(work, row_id, **inputs)`, with a right of its own name.

    `move` is the move of the screen's flow that it makes: elsewhere it is not offered. `money`
    says that it moves money, so that programs must send an Idempotency-Key. `done` is said
    afterwards, with the next step. `right` is the table and verb that its doer needs, where that is
    not the screen's table and the act's name. `governs` says that rules name further roles for it,
    row by row. `outcome` makes of what it gave what is said instead of `done`.
    """

    do: Callable[..., object]
    label: str
    move: str = ""
    icon: str = "check"
    tone: str = ""
    confirm: str = ""
    done: str = N_("Done.")
    inputs: Sequence[Input] = ()
    money: bool = False
    verb: str = ""
    right: tuple[str, str] | None = None
    bulk: bool = True
    unless: Callable[[Any], str] | None = None
    preview: Callable[..., str] | None = None
    governs: str = ""
    outcome: Callable[[Any], str] | None = None

    @property
    def name(self) -> str:
        """The verb: address, right and audit entry are all this one word."""
        return self.verb or self.do.__name__

    def needs(self, table: str) -> tuple[str, str]:
        """Name the table and verb that its doer must hold."""
        return self.right or (table, self.name)

    @property
    def asks(self) -> bool:
        """Whether it needs a page of its own to be filled in."""
        return any(each.name != REASON for each in self.inputs)

    @property
    def wants_reason(self) -> bool:
        """Whether all it asks is why."""
        return bool(self.inputs) and not self.asks


def may(act: Act, table: str) -> bool:
    """Whether the person at hand holds the right to the act."""
    at_hand = person()
    where, verb = act.needs(table)
    if at_hand is None:
        return False
    if at_hand.may(verb, where):
        return True
    named = _named(act.governs) if act.governs and at_hand.reaches(verb, where) else frozenset()
    return not named.isdisjoint(at_hand.roles)


def _named(governs: str) -> frozenset[str]:
    """List the roles that rules name for a move, looked up once a request."""
    known: dict[str, frozenset[str]] = g.setdefault("named", {})
    if governs not in known:
        known[governs] = approvals.named(Work(db.session(), actor()), governs)
    return known[governs]


def why_not(act: Act, table: str, flow: Any, status: Any, row: Any = None) -> str:
    """Say why the person at hand cannot do it now; nothing if they can."""
    if not may(act, table):
        where, verb = act.needs(table)
        roles = [_(access.ROLE_LABELS[role]) for role in access.holders(where, verb)]
        return str(_("For these roles: %(roles)s.", roles=", ".join(roles)))
    if act.move and not flow.allows(status, act.move):
        return str(_("It is %(status)s.", status=_(flow.labels[status])))
    said = act.unless(row) if act.unless and row is not None else ""
    if said:
        return str(_(said))
    return _not_theirs(act, row) if act.governs and row is not None else ""


def _not_theirs(act: Act, row: Any) -> str:
    """Say why the person at hand is not one of those who are asked to approve this row now."""
    at_hand, work = person(), Work(db.session(), actor())
    question = approvals.question_of(work, act.governs, row.id)
    if at_hand is None or question is None:
        return ""
    refusal = approvals.why_not(work, question, at_hand.profile_id, at_hand.roles)
    return sentence(refusal) if refusal else ""


def require(act: Act, table: str) -> None:
    """Refuse whoever does not hold the right.

    Raises:
        Forbidden: with the roles that do.

    """
    if not may(act, table):
        where, verb = act.needs(table)
        raise forbidden(where, verb)


def forbidden(table: str, verb: str) -> Forbidden:
    """Say which roles could do what somebody may not."""
    roles = [str(_(access.ROLE_LABELS[role])) for role in access.holders(table, verb)]
    return Forbidden(
        N_("Your roles do not allow that. These do: %(roles)s. An administrator can grant them."),
        roles=", ".join(roles) or "\u2013",
    )


def values(work: Work, act: Act, given: Any, currency: str = "") -> dict[str, Any]:
    """Read what the act asks for.

    Raises:
        BadInput: something is missing or cannot be read.

    """
    return {
        each.name: read(work.session, each, given.get(each.name), currency) for each in act.inputs
    }


def preset(field: Input, row: Any) -> Any:
    """Give what stands in a field before anybody has typed."""
    return field.start(row) if field.start else field.value or None


def do(act: Act, row_id: UUID, given: Any, currency: str = "") -> Any:
    """Do the act on one row, in a unit of work of its own."""
    with unit_of_work(db.session(), actor()) as work:
        return act.do(work, row_id, **values(work, act, given, currency))


def foresee(act: Act, row_id: UUID, given: Any, currency: str = "") -> str:
    """Say what the act would do, and leave nothing behind."""
    assert act.preview
    work = Work(db.session(), actor())
    try:
        return act.preview(work, row_id, **values(work, act, given, currency))
    finally:
        work.session.rollback()
