"""Files: kept by content, sent only to who may see their record, and never run."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from models.files import Document
from tests import make, stories
from tests.views.conftest import Office


def picture() -> BytesIO:
    stream = BytesIO()
    Image.new("RGB", (4, 4), "teal").save(stream, "PNG")
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


def test_a_file_cannot_be_put_to_a_record_of_others(
    office: Office, elsewhere_office: Office, admin: FlaskClient
) -> None:
    with elsewhere_office.work() as work:
        party_id = make.party(work).id

    answer = admin.post(f"/admin/party/{party_id}/files", data={"file": (picture(), "a.png")})

    assert answer.status_code == 404
