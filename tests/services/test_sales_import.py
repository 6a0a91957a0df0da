from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters import sheets
from core.work import Work
from models.bookings import Booking
from models.builder import Import, ImportRow, ImportStatus
from models.events import Event
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentStatus,
    Package,
    Project,
)
from services import bookings, imports, sales_import_run
from services.sheets import Table
from tests import make

assert sales_import_run.__name__, "importing it is what makes the kind known"
DATA = Path(__file__).parents[1] / "data"


def tables(name: str) -> list[Table]:
    read = sheets.read(name, (DATA / name).read_bytes())
    return [Table(each.name, each.header, each.rows, each.row_numbers) for each in read]


def taken(work: Work, given: Sequence[Table]) -> Import:
    run = imports.begin(work, "sales", "file", given)
    imports.start(work, run.id)
    return imports.run_whole(work, run.id)


def count(work: Work, kind: type) -> int:
    return work.session.scalar(select(func.count()).select_from(kind)) or 0


def apartments(*rows: dict[str, str]) -> list[Table]:
    """A sheet of apartments of the project Acacia Heights; a row names only what matters."""
    common = {
        "Project": "Acacia Heights",
        "Apartment": "A1",
        "Type": "Part of a project",
        "Space": "50",
        "Base price": "100",
        "Currency": "KES",
        "Packages": "Silver",
        "Add-ons": "",
        "Status": "For Sale",
        "Floor": "1",
    }
    lines = [list((common | row).values()) for row in rows]
    return [Table("Apartments", list(common), lines, range(2, len(lines) + 2))]


@pytest.fixture
def price_list(work: Work) -> Import:
    return taken(work, tables("price-list.xlsx"))


@pytest.mark.req("S3.01", "S3.02", "S3.09", "S3.10", "S3.22", "S3.24")
def test_a_price_list_is_taken_in_whole(work: Work, price_list: Import) -> None:
    assert price_list.counts["rejected"] == 0
    assert price_list.status is ImportStatus.done
    kinds = (Project, Package, Addon, AddonCategory, Apartment)
    assert [count(work, kind) for kind in kinds] == [2, 6, 11, 8, 363]
    project = work.session.scalars(select(Project).filter_by(name="Acacia Heights")).one()
    one = work.session.scalars(select(Apartment).filter_by(name="A0202")).one()
    assert (one.project_id, one.area, one.base_price) == (
        project.id,
        Decimal(78),
        Decimal("10478000.00"),
    )
    offered = select(func.count()).where(ApartmentPackage.apartment_id == one.id)
    assert work.session.scalar(offered) == 3
    created = select(func.count()).where(Event.type == "apartment.created")
    assert work.session.scalar(created) == 363


def test_the_same_list_again_changes_nothing(work: Work, price_list: Import) -> None:
    again = taken(work, tables("price-list.xlsx"))

    assert (again.counts["created"], again.counts["updated"]) == (0, 0)
    assert again.counts["unchanged"] == again.counts["rows"]
    assert count(work, Apartment) == 363


def test_a_list_as_people_send_it_is_read_and_each_bad_row_is_told(
    work: Work, price_list: Import
) -> None:
    run = imports.begin(work, "sales", "as sent", tables("apartments-as-sent.csv"))

    rows = {row.line: row.problems for row in imports.rejected(work, run.id)}
    columns = {line: [each["column"] for each in said] for line, said in rows.items()}
    assert columns == {
        9: ["List price"],
        21: ["Area sqm"],
        35: ["project name"],
        50: ["Unit no."],
        63: ["status"],
        79: ["Curr."],
        92: ["Extras"],
    }
    assert "Acacia Heights" in rows[35][0]["values"]["near"]
    imports.start(work, run.id)
    done = imports.run_whole(work, run.id)
    assert done.counts["unchanged"] + done.counts["updated"] == 113
    empty = work.session.scalars(select(Apartment).filter_by(name="A1102")).one()
    with pytest.raises(bookings.NoPackages):
        bookings.hold(work, empty.id, make.party(work).id)


def test_all_or_nothing_takes_none_of_a_list_with_a_bad_row(work: Work, price_list: Import) -> None:
    before = count(work, Apartment)
    sent = apartments({"Apartment": "Z1"}, {"Apartment": "Z2", "Base price": "on request"})
    run = imports.begin(work, "sales", "file", sent, all_or_nothing=True)

    with pytest.raises(imports.RowsRejected):
        imports.start(work, run.id)

    assert count(work, Apartment) == before


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *[("Base price", cell) for cell in ("1e3", "NaN", "-1", "1.234,56", "1.005", "1" * 17)],
        *[("Space", cell) for cell in ("", "0", "-52", "Infinity", "1e3")],
        *[("Floor", cell) for cell in ("1.5", "ground", "1e1", "999")],
        ("Apartment", ""),
        ("Apartment", "A" * 61),
        ("Currency", "KSH"),
        ("Currency", "USD"),
        ("Project", "Acacia Hights"),
        ("Packages", "Silver; Diamond"),
        ("Add-ons", "Jacuzzi"),
        ("Status", "Sold out?"),
        ("Status", "Booked"),
        ("Type", "Castle"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    work: Work, price_list: Import, column: str, cell: str
) -> None:
    run = imports.begin(work, "sales", "file", apartments({"Apartment": "Z1", column: cell}))

    (row,) = imports.rejected(work, run.id)
    assert column in {each["column"] for each in row.problems}


def test_what_changed_is_updated_and_undo_puts_it_back(work: Work, price_list: Import) -> None:
    name = "A0202"
    sent = apartments(
        {"Apartment": name, "Space": "80", "Base price": "11,000,000.00", "Floor": "2"},
        {"Apartment": "A9999"},
    )
    run = taken(work, sent)
    one = work.session.scalars(select(Apartment).filter_by(name=name)).one()
    assert (one.area, one.base_price) == (Decimal(80), Decimal(11000000))
    assert (run.counts["created"], run.counts["updated"]) == (1, 1)

    assert imports.undo(work, run.id) == (2, 0)

    work.session.expire_all()
    assert (one.area, one.base_price) == (Decimal(78), Decimal("10478000.00"))
    lists = [
        work.session.scalar(select(func.count()).where(kind.apartment_id == one.id))
        for kind in (ApartmentPackage, ApartmentAddon)
    ]
    assert lists == [3, 6]
    assert work.session.scalar(select(Apartment).filter_by(name="A9999")) is None


def test_an_apartment_somebody_has_taken_keeps_its_state_and_its_buyer_the_new_price(
    work: Work, price_list: Import
) -> None:
    one = work.session.scalars(select(Apartment).filter_by(name="A0202", source_id=None)).one()
    booking = bookings.hold(work, one.id, make.party(work).id)

    run = taken(work, apartments({"Apartment": "A0202", "Base price": "11000000", "Space": "78"}))

    work.session.expire_all()
    assert one.status is ApartmentStatus.in_progress
    assert booking.base_price == one.base_price == Decimal(11000000)
    assert imports.undo(work, run.id) == (0, 1)
    assert count(work, Booking) == 1


@pytest.mark.req("S3.14")
def test_a_list_that_was_exported_may_say_what_is_booked(work: Work, price_list: Import) -> None:
    one = work.session.scalars(select(Apartment).filter_by(name="A0202", source_id=None)).one()
    bookings.hold(work, one.id, make.party(work).id)

    run = taken(
        work,
        apartments(
            {"Apartment": "A0202", "Status": "In Progress", "Space": "80"},
            {"Apartment": "A0203", "Status": "Booked"},
        ),
    )

    work.session.expire_all()
    assert one.status is ApartmentStatus.in_progress
    assert one.area == Decimal(80)
    assert (run.counts["updated"], run.counts["rejected"]) == (1, 1)


def test_a_run_that_is_cut_off_goes_on_where_it_stood(
    work: Work, price_list: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales_import_run, "CHUNK", 2)
    sent = apartments(*({"Apartment": f"Z{number}"} for number in range(5)))
    run = imports.begin(work, "sales", "file", sent)
    imports.start(work, run.id)

    assert imports.advance(work, run.id)
    work.session.commit()
    assert run.counts["created"] == 2
    cut_off = work.session.begin_nested()
    imports.advance(work, run.id)
    cut_off.rollback()
    while imports.advance(work, run.id):
        pass

    assert run.counts["created"] == 5
    assert work.session.scalar(select(func.count()).where(Apartment.name.like("Z%"))) == 5


def test_a_cancelled_run_stops_and_can_be_undone(
    work: Work, price_list: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales_import_run, "CHUNK", 2)
    sent = apartments(*({"Apartment": f"Z{number}"} for number in range(5)))
    run = imports.begin(work, "sales", "file", sent)
    imports.start(work, run.id)
    imports.advance(work, run.id)

    imports.cancel(work, run.id)
    assert not imports.advance(work, run.id)

    assert run.status is ImportStatus.cancelled
    assert imports.undo(work, run.id) == (2, 0)


def test_a_file_without_our_columns_is_refused(work: Work) -> None:
    with pytest.raises(imports.NothingToImport):
        imports.begin(work, "sales", "file", [Table("Cooking", ["Eggs"], [["2"]], [2])])
    assert work.session.scalars(select(ImportRow)).all() == []
