"""Lists of rooms: what inspections of units look at, where there was none before."""

from collections.abc import Sequence

from sqlalchemy import select

from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.estate import UnitType
from models.inspections import InspectionTemplate

MOST, LONGEST = 300, 120
"""Things in one inspection, and letters in the name of one."""
USUAL: Sequence[tuple[str, Sequence[str]]] = (
    (N_("Entrance"), (N_("Door and locks"), N_("Walls and ceiling"), N_("Keys"))),
    (
        N_("Living room"),
        (N_("Walls and ceiling"), N_("Floor"), N_("Windows"), N_("Sockets and lights")),
    ),
    (
        N_("Kitchen"),
        (N_("Walls and ceiling"), N_("Floor"), N_("Cupboards"), N_("Sink and taps"), N_("Stove")),
    ),
    (
        N_("Bedroom"),
        (N_("Walls and ceiling"), N_("Floor"), N_("Windows"), N_("Wardrobe")),
    ),
    (
        N_("Bathroom"),
        (N_("Tiles"), N_("Shower or bath"), N_("Washbasin"), N_("Toilet")),
    ),
)
"""What is looked at where an organization has no list of its own."""


def listed(work: Work, kind: UnitType) -> list[tuple[str, str]]:
    """List what is looked at in units of a type: (room, thing)."""
    query = (
        select(InspectionTemplate)
        .where(InspectionTemplate.unit_type.is_(None) | (InspectionTemplate.unit_type == kind))
        .order_by(InspectionTemplate.unit_type.nulls_last())
    )
    row = work.session.scalars(query.limit(1)).one_or_none()
    return read(row.rooms if row else usual())


def usual() -> str:
    """Give the list that comes with the program, as it is written into the form."""
    return "\n\n".join("\n".join((f"# {room}", *things)) for room, things in USUAL)


def read(rooms: str) -> list[tuple[str, str]]:
    """Read a list of rooms: a line with `#` begins one, each further line is a thing in it."""
    made: dict[tuple[str, str], None] = {}
    room = ""
    for line in (each.strip() for each in rooms.splitlines()):
        if line.startswith("#"):
            room = line.lstrip("# ").strip()
        elif line:
            made[room, line] = None
    return list(made)


def check(_work: Work, row: InspectionTemplate) -> None:
    """Make sure that a list has rooms with things in them.

    Raises:
        BadInput: a thing stands in no room, there is none, or they are too many or too long.

    """
    row.name = (row.name or "").strip()
    row.rooms = (row.rooms or "").replace("\r\n", "\n").strip()
    things = read(row.rooms)
    if not things or any(not room for room, _thing in things):
        raise BadInput(
            N_("Begin with a room, like # Kitchen, and write a thing in it on each line."),
            field="rooms",
        )
    if len(things) > MOST:
        raise BadInput(N_("An inspection has at most %(most)s things."), field="rooms", most=MOST)
    longest = max(len(part) for each in things for part in each)
    if longest > LONGEST:
        raise BadInput(N_("A line is at most 120 letters long."), field="rooms")
