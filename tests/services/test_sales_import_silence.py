"""A list that says less than the last one: what it does not tell stays as it is."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from adapters import sheets
from core.text import NOT_CALCULATED
from core.work import Work
from models.builder import Import
from models.sales import Apartment, ApartmentStatus, ApartmentType, Project
from services import imports, sales_import_run
from services.sheets import Table

assert sales_import_run.__name__, "importing it is what makes the kind known"
DATA = Path(__file__).parents[1] / "data"
NAME = "A0104"


def taken(work: Work, given: Sequence[Table]) -> Import:
    run = imports.begin(work, "sales", "file", given)
    imports.start(work, run.id)
    return imports.run_whole(work, run.id)


def sent(**cells: str) -> list[Table]:
    """A list of one apartment that has these columns alone, and the space."""
    row = {"Project": "Acacia Heights", "Apartment": NAME, "Space (m2)": "124"} | cells
    return [Table("Apartments", list(row), [list(row.values())], [2])]


def told(work: Work, name: str = NAME) -> list[object]:
    work.session.expire_all()
    offered = (selectinload(Apartment.packages), selectinload(Apartment.addons))
    query = select(Apartment).filter_by(name=name).options(*offered)
    one = work.session.scalars(query.execution_options(populate_existing=True)).one()
    lists = [sorted(each.name for each in kind) for kind in (one.packages, one.addons)]
    figures = (one.type, one.status, one.block, one.floor, one.layout, one.view, one.base_price)
    return [*figures, *lists]


@pytest.fixture
def before(work: Work) -> list[object]:
    read = sheets.read("price-list.xlsx", (DATA / "price-list.xlsx").read_bytes())
    taken(work, [Table(each.name, each.header, each.rows, each.row_numbers) for each in read])
    return told(work)


@pytest.mark.req("S3.02", "S3.06", "S3.08")
def test_columns_that_are_not_there_change_nothing(work: Work, before: list[object]) -> None:
    run = taken(work, sent())
    assert (run.counts["updated"], run.counts["unchanged"]) == (0, 1)
    assert told(work) == before


def test_one_column_changes_one_thing(work: Work, before: list[object]) -> None:
    run = taken(work, sent(**{"Base price": "17,000,000"}))
    after = told(work)
    assert (after[6], [*after[:6], *after[7:]]) == (Decimal(17000000), [*before[:6], *before[7:]])
    assert imports.undo(work, run.id) == (1, 0)
    assert told(work) == before


@pytest.mark.req("S3.04", "S3.08")
def test_empty_cells_make_nothing_free_or_for_sale_again(work: Work, before: list[object]) -> None:
    taken(work, sent(Status="Withdrawn"))
    taken(work, sent(**{"Base price": "", "Status": "", "Type": "", "View": ""}))
    after = told(work)
    assert after[1:2] + after[5:7] == [ApartmentStatus.withdrawn, "", before[6]]


def test_packages_are_taken_away_only_by_a_list_of_packages(
    work: Work, before: list[object]
) -> None:
    taken(work, sent(Packages="Golden", **{"Add-ons": ""}))
    assert told(work)[-2:] == [["Golden"], []]


def test_a_new_apartment_has_what_new_ones_have(work: Work, before: list[object]) -> None:
    taken(work, sent(Apartment="Z1", Packages="Silver"))
    figures: tuple[object, ...] = (
        ApartmentType.project,
        ApartmentStatus.for_sale,
        "",
        None,
        "",
        "",
        Decimal(0),
        ["Silver"],
        [],
    )
    assert told(work, "Z1") == list(figures)


def test_a_pattern_stays_a_pattern(work: Work, before: list[object]) -> None:
    taken(work, sent(Apartment="T1", Type="Template"))
    taken(work, sent(Apartment="T1", Layout="Studio"))
    assert told(work, "T1")[:2] == [ApartmentType.template, ApartmentStatus.template]


@pytest.mark.req("S3.01")
def test_a_project_keeps_what_its_sheet_leaves_out(work: Work, before: list[object]) -> None:
    project = work.session.scalars(select(Project).filter_by(name="Acacia Heights")).one()
    held = (project.latitude, project.longitude, list(project.amenities))
    line = ["Acacia Heights", "Lenana Road", "KES"]
    taken(work, [Table("Projects", ["Project", "Location", "Currency"], [line], [2])])
    work.session.expire_all()
    assert project.location == "Lenana Road"
    assert (project.latitude, project.longitude, list(project.amenities)) == held


@pytest.mark.parametrize("shown", [NOT_CALCULATED, "#REF!", "#N/A"])
@pytest.mark.parametrize("column", ["Base price", "View"])
@pytest.mark.req("S3.08")
def test_a_cell_without_a_value_is_told_and_costs_nothing(
    work: Work, before: list[object], column: str, shown: str
) -> None:
    run = taken(work, sent(**{column: shown}))
    (row,) = imports.rejected(work, run.id)
    (problem,) = row.problems
    assert problem["column"] == column
    assert "spreadsheet" in problem["message"]
    assert told(work) == before
