"""Files: kept by content, sent only to who may see their record, and never run."""

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from models.files import Document, DocumentUse
from services import files, organizations
from services.files import Kept
from tests import make, stories
from tests.views.conftest import Office


def picture(colour: str = "teal") -> BytesIO:
    stream = BytesIO()
    Image.new("RGB", (4, 4), colour).save(stream, "PNG")
    stream.seek(0)
    return stream


def upload(client: FlaskClient, path: str, name: str, content: BytesIO) -> str:
    data = {"file": (content, name)}
    answer = client.post(path, data=data, content_type="multipart/form-data", follow_redirects=True)
    return answer.get_data(as_text=True)


def kept(office: Office) -> list[Document]:
    with office.work() as work:
        found = list(work.session.scalars(select(Document)))
        work.session.expunge_all()
        return found


def test_a_file_is_kept_and_sent_to_who_may_see_its_record(
    office: Office, admin: FlaskClient
) -> None:
    story = stories.held(office.session, office.home)

    page = upload(admin, f"/admin/booking/{story.booking_id}/files", "../plan.png", picture())
    (document,) = kept(office)
    mine = admin.get(f"/files/{document.id}")

    assert "plan.png" in page
    assert mine.status_code == 200
    assert mine.headers["X-Content-Type-Options"] == "nosniff"
    assert mine.headers["Content-Type"] == "image/png"
    mine.close()


@pytest.mark.req("S5.05")
def test_nobody_else_gets_it(office: Office, elsewhere_office: Office, admin: FlaskClient) -> None:
    story = stories.held(office.session, office.home)
    upload(admin, f"/admin/booking/{story.booking_id}/files", "plan.png", picture())
    (document,) = kept(office)
    with office.work() as work:
        stranger = make.party(work).id

    others = [
        elsewhere_office.browser("Admin"),
        office.browser("Guard"),
        office.browser("Buyer", party_id=stranger),
        office.app.test_client(),
    ]
    owner = office.browser("Buyer", party_id=story.customer_id)

    assert [each.get(f"/files/{document.id}").status_code for each in others] == [404] * 4
    mine = owner.get(f"/files/{document.id}")
    assert mine.status_code == 200
    mine.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pdf", b""),
        ("page.html", b"<html><script>alert(1)</script></html>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("cut.png", b"\x89PNG\r\n\x1a\n"),
        ("run.exe", b"MZ\x90\x00"),
    ],
)
def test_what_could_do_harm_is_not_kept(
    office: Office, admin: FlaskClient, name: str, content: bytes
) -> None:
    with office.work() as work:
        party_id = make.party(work).id

    upload(admin, f"/admin/party/{party_id}/files", name, BytesIO(content))

    assert kept(office) == []


def give_picture(client: FlaskClient, record: str, use: str, *sent: BytesIO) -> str:
    data = {"use": use, "file": [(each, f"{use}.png") for each in sent]}
    path = f"/admin/{record}/files"
    answer = client.post(path, data=data, content_type="multipart/form-data", follow_redirects=True)
    return answer.get_data(as_text=True)


def pictures_in(page: str) -> list[str]:
    return re.findall(r'src="(/portal/[^"]+/pictures/[^"]+)"', page)


@pytest.mark.req("S3.01", "S3.02")
def test_the_logo_and_the_photos_of_a_project_are_seen_by_every_visitor(office: Office) -> None:
    with office.work() as work:
        home = make.project(work)
        row = make.apartment(work, home, packages=[make.package(work, home)])
        slug, project, apartment = organizations.home(work).slug, home.id, row.id
    manager, visitor = office.browser("Manager"), office.app.test_client()

    page = give_picture(manager, f"project/{project}", "logo", picture())
    give_picture(manager, f"project/{project}", "logo", picture("navy"))
    give_picture(manager, f"project/{project}", "photo", picture("red"), picture("blue"))
    give_picture(manager, f"apartment/{apartment}", "photo", picture("green"))

    assert "Take away" in page
    assert sorted(each.use.value for each in kept(office)) == ["logo", *["photo"] * 3]
    shown = visitor.get(f"/portal/{slug}/projects/{project}").get_data(as_text=True)
    own = visitor.get(f"/portal/{slug}/apartments/{apartment}").get_data(as_text=True)
    cards = visitor.get(f"/portal/{slug}/apartments").get_data(as_text=True)
    assert (len(pictures_in(shown)), len(pictures_in(own)), len(pictures_in(cards))) == (3, 1, 1)
    colours = set()
    for each in [*pictures_in(shown), *pictures_in(own), *pictures_in(cards)]:
        answer = visitor.get(each)
        assert (answer.status_code, answer.content_type) == (200, "image/png")
        colours.add(Image.open(BytesIO(answer.get_data())).convert("RGB").getpixel((0, 0)))
        answer.close()
    assert len(colours) == 4, "the first logo gave way to the second"


@pytest.mark.req("S3.02")
def test_a_picture_is_taken_away_and_a_paper_is_not(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        project = make.project(work).id
        paper = Kept("contract.pdf", "application/pdf", "0" * 64, "0" * 64, 1)
        contract = files.attach(work, "project", project, paper, DocumentUse.contract).id
    give_picture(admin, f"project/{project}", "photo", picture())
    (photo,) = [each.id for each in kept(office) if each.use is DocumentUse.photo]

    for each in (photo, contract):
        admin.post(f"/admin/project/{project}/files/{each}/remove")

    assert [each.id for each in kept(office)] == [contract]


@pytest.mark.parametrize("use", ["contract", "receipt", "nonsense"])
def test_what_a_file_is_to_a_record_is_not_for_whoever_sends_it_to_say(
    office: Office, admin: FlaskClient, use: str
) -> None:
    with office.work() as work:
        project = make.project(work).id

    give_picture(admin, f"project/{project}", use, picture())

    assert kept(office) == []


def test_pictures_are_for_who_may_change_the_record(office: Office) -> None:
    with office.work() as work:
        project = make.project(work).id
    sales = office.browser("Sales")  # reads projects, and may put files to them

    data = {"use": "photo", "file": (picture(), "a.png")}
    answer = sales.post(f"/admin/project/{project}/files", data=data)

    assert answer.status_code == 403
    assert kept(office) == []


def test_a_visitor_gets_no_other_file_than_pictures(office: Office, admin: FlaskClient) -> None:
    with office.work() as work:
        project = make.project(work).id
        slug = organizations.home(work).slug
    upload(admin, f"/admin/project/{project}/files", "plan.png", picture())
    (document,) = kept(office)

    answer = office.app.test_client().get(f"/portal/{slug}/pictures/{document.id}")

    assert answer.status_code == 404


def test_a_file_cannot_be_put_to_a_record_of_others(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    with elsewhere_office.work() as work:
        party_id = make.party(work).id

    answer = admin.post(f"/admin/party/{party_id}/files", data={"file": (picture(), "a.png")})

    assert answer.status_code == 404
