from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adapters import exports, sheets
from core import db
from models.builder import Import, ImportStatus
from models.sales import Apartment, Project
from tests.views.conftest import Office
from workers import imports as jobs

DATA = Path(__file__).parents[1] / "data"
pytestmark = pytest.mark.req("S3.29", "S3.30")


def send(client: FlaskClient, name: str, content: bytes) -> str:
    answer = client.post(
        "/imports/new",
        data={"file": (BytesIO(content), name)},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def test_a_price_list_is_sent_seen_run_and_taken_back(app: Flask, office: Office) -> None:
    manager = office.browser("Manager")
    place = send(manager, "price-list.xlsx", (DATA / "price-list.xlsx").read_bytes())
    page = manager.get(place).get_data(as_text=True)
    assert "363" in page or "390" in page
    assert "Take in" in page

    manager.post(f"{place}/run", data={"mode": "valid"})
    with app.app_context():
        db.use(app, "jobs")
        jobs.run(office.home, place.rsplit("/", 1)[1])
        db.use(app, "web")

    assert "Undo this import" in manager.get(place).get_data(as_text=True)
    with office.work() as work:
        assert len(work.session.scalars(select(Apartment.id)).all()) == 363
    manager.post(f"{place}/undo")
    with office.work() as work:
        assert work.session.scalars(select(Apartment.id)).all() == []
        assert work.session.scalars(select(Project.id)).all() == []
        assert work.session.scalars(select(Import.status)).one() is ImportStatus.undone


def test_the_rejected_rows_come_back_as_a_file_with_reasons(office: Office) -> None:
    manager = office.browser("Manager")
    place = send(manager, "as-sent.csv", (DATA / "apartments-as-sent.csv").read_bytes())

    answer = manager.get(f"{place}/rejected")
    page = manager.get(place).get_data(as_text=True)

    assert "No row can be taken in yet." in page
    assert f"{place}/run" not in page, "nothing is offered that would do nothing"
    lines = answer.get_data(as_text=True).splitlines()
    assert len(lines) == 121  # the project is not there: each row says so
    assert "There is no project" in lines[1]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_rejected_rows_of_several_sheets_come_as_a_workbook_of_them(office: Office) -> None:
    sheet = exports.Column
    book = BytesIO()
    exports.write_xlsx(
        book,
        [
            exports.Table(
                "Projects",
                [sheet("Project"), sheet("Location"), sheet("Currency")],
                [["Acacia Heights", "Nairobi", "KSH"]],
            ),
            exports.Table(
                "Apartments",
                [sheet("Project"), sheet("Apartment"), sheet("Type"), sheet("Space (m2)")],
                [["Acacia Heights", "A1", "Part of a project", "50"]],
            ),
        ],
    )
    manager = office.browser("Manager")
    place = send(manager, "list.xlsx", book.getvalue())

    answer = manager.get(f"{place}/rejected")

    read = {each.name: each for each in sheets.read("rejected.xlsx", answer.get_data())}
    assert set(read) == {"Projects", "Apartments"}
    assert read["Projects"].rows[0][:2] == ["2", "Acacia Heights"]
    assert "no currency" in read["Projects"].rows[0][-1]
    assert "There is no project" in read["Apartments"].rows[0][-1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n0000"),
        ("broken.xlsx", b"PK\x03\x04 and no more"),
        ("other.csv", b"Eggs,Flour\n1,2\n"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_in_words(
    office: Office, name: str, content: bytes
) -> None:
    manager = office.browser("Manager")
    answer = manager.post(
        "/imports/new",
        data={"file": (BytesIO(content), name)},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 422
    assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["Sales", "Buyer", "Executive"])
def test_who_may_not_import_is_told_so(office: Office, role: str) -> None:
    assert office.browser(role).get("/imports/new").status_code == 403
