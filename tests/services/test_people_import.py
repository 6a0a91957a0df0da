"""A register of people: read, judged row by row, taken in once, and taken back."""

import pytest
from sqlalchemy import func, select

from core.work import Work
from models.builder import Import
from models.people import Party, PartyKind
from services import imports, people, people_import
from services.sheets import Table
from tests import make

assert people_import.__name__, "importing it is what makes the kind known"
pytestmark = pytest.mark.req("S1.08", "S3.29")
HEADINGS = ("Full name", "Type", "Email", "Mobile", "Role", "Next of kin", "Next of kin's phone")
ANN = ("Ann Otieno", "", "Ann@x.example", "0722 555 010", "Owner; resident", "Ben", "0722555011")
FIRM = ("Safi Cleaners Ltd", "Company", "", "+254 20 222 5566", "Supplier", "", "")


def register(*rows: tuple[str, ...]) -> list[Table]:
    return [Table("People", HEADINGS, [list(row) for row in rows], range(2, len(rows) + 2))]


def taken(work: Work, *rows: tuple[str, ...]) -> Import:
    run = imports.begin(work, "people", "people.csv", register(*rows))
    imports.start(work, run.id)
    return imports.run_whole(work, run.id)


def problems(work: Work, *rows: tuple[str, ...]) -> list[tuple[int, str]]:
    run = imports.begin(work, "people", "people.csv", register(*rows))
    return [
        (row.line, each["column"])
        for row in imports.rejected(work, run.id)
        for each in row.problems
    ]


def count(work: Work) -> int:
    return work.session.scalar(select(func.count()).select_from(Party)) or 0


def test_a_register_makes_each_person_once(work: Work) -> None:
    run, again = taken(work, ANN, FIRM), taken(work, ANN, FIRM)
    ann = work.session.scalars(select(Party).where(Party.email == "ann@x.example")).one()
    firm = work.session.scalars(select(Party).where(Party.kind == PartyKind.company)).one()

    assert (run.counts["created"], again.counts["unchanged"]) == (2, 2)
    assert (ann.name, ann.phone, ann.roles) == (
        "Ann Otieno",
        "+254722555010",
        ["owner", "resident"],
    )
    assert ann.emergency_contacts == [{"name": "Ben", "phone": "+254722555011"}]
    assert (firm.phone, firm.roles) == ("+254202225566", ["vendor"])
    assert imports.undo(work, run.id) == (2, 0)
    assert count(work) == 0


def test_who_is_known_already_is_updated_and_given_back_as_before(work: Work) -> None:
    known = people.add(work, "A. Otieno", email="ann@x.example", phone="0700", roles=("customer",))
    run = taken(work, ANN)

    assert run.counts["updated"] == 1
    assert (known.name, known.phone) == ("A. Otieno", "+254722555010")
    assert known.roles == ["customer", "owner", "resident"]
    assert imports.undo(work, run.id) == (1, 0)
    assert (known.phone, known.roles, known.emergency_contacts) == ("0700", ["customer"], [])


def test_a_phone_is_the_same_however_it_was_typed(work: Work) -> None:
    known = people.add(work, "Ann", phone="0722 555 010")
    taken(work, ("Ann Otieno", "", "", "+254 722 555 010", "", "", ""))

    assert count(work) == 1
    assert known.phone == "+254722555010"


def test_who_has_booked_meanwhile_stays(work: Work) -> None:
    run = taken(work, ANN)
    party = work.session.scalars(select(Party)).one()
    make.unit(work)
    make.lease(work, party_id=party.id)

    assert imports.undo(work, run.id) == (0, 1)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("", "", "", "", "", "", ""), "Full name"),
        (("Ann", "robot", "", "", "", "", ""), "Type"),
        (("Ann", "", "ann at home", "", "", "", ""), "Email"),
        (("Ann", "", "", "12", "", "", ""), "Mobile"),
        (("Ann", "", "", "", "owner, king", "", ""), "Role"),
        (("Ann", "", "", "", "", "Ben", ""), "Next of kin's phone"),
        (("Ann", "", "", "", "", "", "0722555011"), "Next of kin"),
        (("Ann", "", "#REF!", "", "", "", ""), "Email"),
    ],
)
def test_what_cannot_be_is_said_at_its_cell(work: Work, row: tuple[str, ...], column: str) -> None:
    assert problems(work, row) == [(2, column)]


def test_the_same_person_stands_in_one_line(work: Work) -> None:
    assert problems(work, ANN, ("Ann", "", "ANN@x.example", "", "", "", "")) == [(3, "Full name")]
