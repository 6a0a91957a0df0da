"""A register of an estate: read, judged row by row, taken in once, and taken back."""

from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from core.work import Work
from models.builder import Import, ImportStatus
from models.estate import Block, Estate, Occupancy, Ownership, Unit, UnitStatus, UnitType
from models.people import Party
from services import estate_import_run, imports
from services.estate_import import read_share
from services.sheets import Table
from tests import make

assert estate_import_run.__name__, "importing it is what makes the kind known"
pytestmark = pytest.mark.req("S1.05", "S3.29")
HEADINGS = (
    *("Property", "Block", "House number", "Unit type", "Area", "Owner", "Owner email"),
    *("Share", "Tenant", "Tenant phone", "Moved in"),
)


def register(*rows: tuple[str, ...]) -> list[Table]:
    return [Table("Register", HEADINGS, [list(row) for row in rows], range(2, len(rows) + 2))]


def taken(work: Work, given: list[Table]) -> Import:
    run = imports.begin(work, "estate", "register.csv", given)
    imports.start(work, run.id)
    return imports.run_whole(work, run.id)


def counted(work: Work) -> dict[str, int]:
    kinds = (Estate, Block, Unit, Ownership, Occupancy, Party)
    return {
        kind.__tablename__: work.session.scalar(select(func.count()).select_from(kind)) or 0
        for kind in kinds
    }


ROWS = (
    (
        "Baobab",
        "A",
        "A1",
        "Flat",
        "78 m²",
        "Ann",
        "ann@x.example",
        "1/3",
        "Tom",
        "0711",
        "1/3/2026",
    ),
    ("Baobab", "A", "A1", "", "", "Ben", "ben@x.example", "66.6666 %", "", "", ""),
    ("Baobab", "B", "B1", "Shop", "20", "Ann", "ann@x.example", "", "", "", ""),
)


def test_a_register_makes_units_owners_and_occupants_once(work: Work) -> None:
    before = counted(work)
    run = taken(work, register(*ROWS))
    again = taken(work, register(*ROWS))

    assert (run.counts["created"], run.counts["updated"]) == (2, 1)
    assert again.counts["unchanged"] == 3
    assert counted(work) == {
        "estate": 1, "block": 2, "unit": 2, "ownership": 3, "occupancy": 1, "party": 3,
    }  # fmt: skip
    unit = work.session.scalars(select(Unit).where(Unit.number == "A1")).one()
    assert (unit.type, unit.area, unit.status) == (
        UnitType.apartment,
        Decimal(78),
        UnitStatus.occupied,
    )
    assert imports.undo(work, again.id) == (0, 0)
    assert imports.undo(work, run.id) == (3, 0)
    assert counted(work) == before
    assert run.status is ImportStatus.undone


def test_what_is_changed_is_as_before_after_the_way_back(work: Work) -> None:
    place = make.estate(work, name="Baobab")
    unit = make.unit(work, place, number="A1", area=Decimal(50))
    run = taken(work, register(ROWS[0]))
    changed = unit.area
    imports.undo(work, run.id)

    assert (changed, unit.area, unit.status) == (Decimal(78), Decimal(50), UnitStatus.vacant)
    assert unit.block_id is None


@pytest.mark.parametrize(
    ("change", "column", "says"),
    [
        ({0: ""}, "Property", "needed"),
        ({2: ""}, "House number", "needed"),
        ({3: "Castle"}, "Unit type", "none of"),
        ({4: "-5"}, "Area", "no number"),
        ({6: "nobody"}, "Owner email", "no e-mail"),
        ({7: "5/3"}, "Share", "no share"),
        ({7: "1/0"}, "Share", "no share"),
        ({7: "0.9.1"}, "Share", "no share"),
        ({5: "", 6: "x@x.example"}, "Owner", "needed"),
        ({10: "soon"}, "Moved in", "no day"),
        ({10: "31/02/2026"}, "Moved in", "no day"),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_column(
    work: Work, change: dict[int, str], column: str, says: str
) -> None:
    row = tuple(change.get(place, cell) for place, cell in enumerate(ROWS[0]))
    run = imports.begin(work, "estate", "register.csv", register(row))
    (wrong,) = imports.rejected(work, run.id)

    assert [(each["column"], says in each["message"]) for each in wrong.problems] == [
        (column, True)
    ]


def test_shares_and_occupants_of_several_lines_are_held_against_each_other(work: Work) -> None:
    more = ("Baobab", "A", "A1", "", "", "Cyd", "", "50 %", "Tim", "0712", "")
    run = imports.begin(work, "estate", "register.csv", register(*ROWS[:2], more))
    (wrong,) = imports.rejected(work, run.id)

    assert wrong.line == 4
    assert [each["column"] for each in wrong.problems] == ["Share"]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("1/3", Fraction(1, 3)),
        ("1 of 3", Fraction(1, 3)),
        ("50 %", Fraction(1, 2)),
        ("12.5", Fraction(1, 8)),
        ("100", Fraction(1)),
        ("0", None),
        ("101", None),
        ("1e2", None),
        ("", None),
        ("1/1000001", None),
    ],
)
def test_a_share_is_read_without_guessing(text: str, share: Fraction | None) -> None:
    assert read_share(text) == share
