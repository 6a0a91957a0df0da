"""Price lists in the shapes that people send: titles, languages, a sheet for each block."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters import sheets
from core.work import Work
from models.billing import Invoice
from models.bookings import Booking
from models.builder import Import, ImportRow, ImportStatus
from models.events import Event
from models.sales import Addon, AddonCategory, Apartment, Package, Project
from services import bookings, choices, imports, sales_import_run
from services.sheets import Table
from tests import make

assert sales_import_run.__name__, "importing it is what makes the kind known"
DATA = Path(__file__).parents[1] / "data"
FRENCH = {
    "Project": "Projet",
    "Block": "Bâtiment",
    "Floor": "Étage",
    "Apartment": "Appartement",
    "Layout": "Disposition",
    "Space (m2)": "Surface (m²)",
    "View": "Vue",
    "Base price": "Prix de base",
    "Currency": "Devise",
    "Packages": "Finitions",
    "Add-ons": "Options",
    "Status": "Statut",
}
ARABIC = {"Project": "المشروع", "Apartment": "الشقة", "Space (m2)": "المساحة (م2)"}


@pytest.fixture
def workbook() -> list[Table]:
    read = sheets.read("price-list.xlsx", (DATA / "price-list.xlsx").read_bytes())
    return [Table(each.name, each.header, each.rows, each.row_numbers) for each in read]


def judged(work: Work, given: Sequence[Table]) -> Import:
    return imports.begin(work, "sales", "price list", given)


def taken(work: Work, given: Sequence[Table]) -> Import:
    run = judged(work, given)
    imports.start(work, run.id)
    return imports.run_whole(work, run.id)


def problems(work: Work, run: Import) -> list[str]:
    return [
        f"{row.sheet} {row.line} {each['column']}: {each['message'] % each['values']}"
        for row in imports.rejected(work, run.id)
        for each in row.problems
    ]


def below(table: Table, *above: Sequence[str]) -> Table:
    """Put lines above a table, as an adapter reads it then."""
    width = len(table.header)
    lines = [[*line, *[""] * (width - len(line))] for line in above]
    rest = [list(table.header), *table.rows]
    return Table(
        table.name,
        [each or f"Column {number}" for number, each in enumerate(lines[0], 1)],
        [*lines[1:], *rest],
        range(2, len(lines) + len(rest) + 1),
    )


@pytest.mark.req("S3.01", "S3.02")
def test_titles_above_the_headings_are_passed_over(work: Work, workbook: list[Table]) -> None:
    titled = [
        below(each, ["ACACIA DEVELOPERS LTD"], ["Prices from 1 March 2026"]) for each in workbook
    ]

    run = judged(work, titled)

    assert run.counts == run.counts | {"rows": 390, "rejected": 0}
    notes = [note["values"]["line"] for said in run.mapping.values() for note in said["notes"]]
    assert notes == [3] * 5


def test_names_of_groups_above_the_headings_are_passed_over(
    work: Work, workbook: list[Table]
) -> None:
    apartments, *others = workbook
    # "Project" is merged over both lines and stands in the upper one.
    groups = ["Project", "Place", "", "Unit", "", "", "", "", "Commercial", "", "", "", ""]
    lower = replace(apartments, header=["", *apartments.header[1:]])

    run = judged(work, [below(lower, groups), *others])

    assert run.counts == run.counts | {"rows": 390, "rejected": 0}


@pytest.mark.parametrize("words", [FRENCH, ARABIC])
def test_headings_in_our_languages_are_known(
    work: Work, workbook: list[Table], words: dict[str, str]
) -> None:
    apartments, *others = workbook
    header = [words.get(each, each) for each in apartments.header]

    run = judged(work, [replace(apartments, header=header), *others])

    assert run.counts == run.counts | {"rows": 390, "rejected": 0}


def test_a_sheet_for_each_block_is_taken_in_whole(work: Work, workbook: list[Table]) -> None:
    apartments, *others = workbook
    parts = [
        replace(apartments, name=name, rows=apartments.rows[part], lines=range(2, 2 + count))
        for name, part, count in (
            ("Block A", slice(0, 100), 100),
            ("Block B", slice(100, 363), 263),
        )
    ]

    run = taken(work, [parts[0], *others, parts[1]])

    assert run.counts == run.counts | {"rows": 390, "rejected": 0}
    assert set(run.mapping) >= {"apartments", "apartments:2"}
    assert work.session.scalar(select(func.count()).select_from(Apartment)) == 363
    assert imports.undo(work, run.id)[1] == 0
    assert work.session.scalar(select(func.count()).select_from(Apartment)) == 0


def test_an_apartment_of_two_sheets_is_told(work: Work, workbook: list[Table]) -> None:
    apartments, *others = workbook
    again = replace(apartments, name="Block B", rows=apartments.rows[:1], lines=[2])

    run = judged(work, [apartments, *others, again])

    (said,) = problems(work, run)
    assert said == ("apartments:2 2 Apartment: “A0101” stands in another sheet already, in line 2.")


def test_a_sheet_that_lacks_a_column_is_not_left_out_in_silence(
    work: Work, workbook: list[Table]
) -> None:
    apartments, *others = workbook
    header = [{"Space (m2)": "Habitable"}.get(each, each) for each in apartments.header]

    run = judged(work, [replace(apartments, header=header), *others])

    assert run.counts == run.counts | {"rows": 390, "rejected": 363}
    (note,) = run.mapping["apartments"]["notes"]
    assert note["values"] == {"name": "Apartments", "column": "Space (m2)"}
    assert problems(work, run)[0] == "apartments 2 Space (m2): This is needed and empty."
    # Whoever says which column it is has what they sent.
    mapping = run.mapping["apartments"]["columns"] | {"Habitable": "area"}
    again = imports.judge_again(
        work, run.id, [replace(apartments, header=header), *others], {"Apartments": mapping}
    )
    assert again.counts["rejected"] == 0


def test_a_sheet_that_nobody_knows_is_named(work: Work, workbook: list[Table]) -> None:
    run = judged(work, [*workbook, Table("Recipes", ["Eggs", "Flour"], [["1", "2"]], [2])])

    said = [note for each in run.mapping.values() for note in each["notes"]]
    assert [note["values"] for note in said] == [{"name": "Recipes"}]
    assert run.counts["rows"] == 390


def test_a_sheet_whose_columns_are_all_left_out_is_left_out(
    work: Work, workbook: list[Table]
) -> None:
    run = judged(work, workbook)
    imports.judge_again(work, run.id, workbook, {"Limits": {}})

    assert "limits" not in run.mapping
    assert run.counts["rows"] == 382


@pytest.mark.parametrize(
    ("column", "cell", "field", "value"),
    [
        ("Base price", "KES 6,900,000.00", "base_price", "6900000.00"),
        ("Base price", "Ksh. 6,900,000", "base_price", "6900000"),
        ("Base price", "6'900'000", "base_price", "6900000"),
        ("Base price", "6,900,000/=", "base_price", "6900000"),
        ("Space (m2)", "1,078.5 m²", "area", "1078.5"),
        ("Packages", "Silver\nGolden", "packages", ["Silver", "Golden"]),
        ("Packages", "Silver, Golden", "packages", ["Silver", "Golden"]),
        ("Type", "Partie d'un projet", "type", "project"),
        ("Status", "À vendre", "status", "for_sale"),
    ],
)
def test_cells_are_read_as_people_write_them(  # noqa: PLR0913, PLR0917  # one row of the table
    work: Work, workbook: list[Table], column: str, cell: str, field: str, value: object
) -> None:
    first, *others = workbook
    place = first.header.index(column)
    row = [cell if at == place else each for at, each in enumerate(first.rows[0])]

    run = judged(work, [replace(first, rows=[row], lines=[2]), *others])

    assert run.counts["rejected"] == 0
    (read,) = [each for each in imports_rows(work, run) if each.sheet == "apartments"]
    assert read.values[field] == value


def imports_rows(work: Work, run: Import) -> list[ImportRow]:
    query = select(ImportRow).where(ImportRow.import_id == run.id)
    return list(work.session.scalars(query))


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Space (m2)", "78,5", "“78,5” is no number from 0.01 to 1000000."),
        ("Base price", "USD 6,900,000", "Write the amount in digits, like 10,400,000.00."),
        ("Packages", "silver", "The project has no package “silver”. Did you mean “Silver”?"),
        ("Project", "", "This is needed and empty."),
        ("Apartment", "", "This is needed and empty."),
    ],
)
def test_a_cell_that_would_have_to_be_guessed_has_one_reason(
    work: Work, workbook: list[Table], column: str, cell: str, said: str
) -> None:
    first, *others = workbook
    place = first.header.index(column)
    row = [cell if at == place else each for at, each in enumerate(first.rows[0])]

    run = judged(work, [replace(first, rows=[row, row], lines=[2, 3]), *others])

    told = [each for each in problems(work, run) if each.startswith("apartments 2")]
    assert told == [f"apartments 2 {column}: {said}"]


@pytest.mark.parametrize("sheet", ["Packages", "Add-ons"])
def test_what_is_sold_has_a_price(work: Work, workbook: list[Table], sheet: str) -> None:
    (table,) = [each for each in workbook if each.name == sheet]
    place = next(at for at, each in enumerate(table.header) if each.startswith("Price"))
    rows = [list(each) for each in table.rows]
    rows[0][place] = ""

    run = judged(work, [replace(table, rows=rows) if each is table else each for each in workbook])

    key = {"Packages": "packages", "Add-ons": "addons"}[sheet]
    assert f"{key} 2 {table.header[place]}: This is needed and empty." in problems(work, run)


@pytest.mark.req("S3.32")
def test_undo_gives_back_what_the_small_sheets_had_changed(
    work: Work, workbook: list[Table]
) -> None:
    taken(work, workbook)
    one = work.session.scalars(select(Apartment).filter_by(name="A0202", source_id=None)).one()
    golden = work.session.scalars(
        select(Package).filter_by(name="Golden", project_id=one.project_id)
    ).one()
    booking = bookings.hold(work, one.id, make.party(work).id)
    choices.choose_package(work, booking.id, golden.id)
    before = figures(work)
    changed = [changing(each) for each in workbook]

    run = taken(work, changed)

    assert run.counts["rejected"] == 0
    assert figures(work) != before
    assert booking.package_price == golden.price == Decimal(1)
    assert imports.undo(work, run.id) == (run.counts["updated"], 0)
    assert figures(work) == before
    work.session.refresh(booking)
    assert booking.package_price == Decimal(1250000)
    (draft,) = work.session.scalars(select(Invoice)).all()
    assert draft.total == booking.total


def changing(table: Table) -> Table:
    """Change what a small sheet says of each row."""
    cells = {"Price": "1", "Price per unit": "2", "Max units": "7", "Max add-ons": "9"}
    cells |= {"Location": "Elsewhere", "Latitude": "1"}
    if table.name == "Apartments":
        return replace(table, rows=table.rows[:1], lines=table.lines[:1])
    rows = [
        [cells.get(head, cell) for head, cell in zip(table.header, row, strict=True)]
        for row in table.rows
    ]
    return replace(table, rows=rows)


def figures(work: Work) -> list[object]:
    work.session.expire_all()
    columns = (
        (Project, ("location", "latitude", "amenities")),
        (Package, ("price", "level_id")),
        (Addon, ("price_per_unit", "max_units", "category_id")),
        (AddonCategory, ("max_units",)),
    )
    return [
        [getattr(row, name) for name in names]
        for kind, names in columns
        for row in work.session.scalars(select(kind).order_by(kind.id))
    ]


def test_undo_tells_of_the_prices_it_gives_back(work: Work, workbook: list[Table]) -> None:
    taken(work, workbook)
    first, *_others = workbook
    place = first.header.index("Base price")
    row = ["7000000" if at == place else each for at, each in enumerate(first.rows[0])]
    run = taken(work, [replace(first, rows=[row], lines=[2])])

    imports.undo(work, run.id)

    query = select(Event.data).where(Event.type == "apartment.price_changed").order_by(Event.id)
    assert [
        (Decimal(each["old"]), Decimal(each["new"])) for each in work.session.scalars(query)
    ] == [(Decimal(6900000), Decimal(7000000)), (Decimal(7000000), Decimal(6900000))]


def test_what_a_failed_import_brought_can_be_taken_back(work: Work, workbook: list[Table]) -> None:
    run = judged(work, workbook)
    imports.start(work, run.id)
    imports.advance(work, run.id)
    run.status = ImportStatus.running
    imports.fail(work, run.id, "the disk was full")

    assert imports.undo(work, run.id)[1] == 0
    assert work.session.scalar(select(func.count()).select_from(Apartment)) == 0
    assert work.session.scalar(select(func.count()).select_from(Booking)) == 0
