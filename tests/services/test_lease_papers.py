"""Leases as documents: the organization's text, what stands for its names, and what is outdated."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from adapters.storage import FolderStorage
from core.errors import BadInput
from core.work import Work
from models.estate import Unit
from models.files import Document
from models.lease_papers import LeaseDocument, LeaseTemplate
from models.leasing import Increase, Lease, LesseeRole
from models.rents import LeaseExtra
from services import lease_papers, lease_signing, lease_wording, leasing
from services.files import Kept
from services.lease_signing import DocumentOutdated
from services.papers import Pen
from tests import make
from tests.adapters.test_documents import _text
from workers import leasing as jobs

pytestmark = pytest.mark.req("S2.12")
ENGLISH = Pen("en", str)


def template(work: Work, wording: str, **given: object) -> LeaseTemplate:
    row = LeaseTemplate(organization_id=work.scope.home(), name="Ours", wording=wording, **given)
    lease_wording.check(work, row)
    work.session.add(row)
    work.session.flush()
    return row


def said(work: Work, lease: Lease) -> str:
    """All that the clauses of a lease say, headings included."""
    data = lease_papers.write(work, lease.id, ENGLISH).data
    return "\n".join(
        line for each in data["clauses"] for line in (each["title"], *each["paragraphs"])
    )


def kept(work: Work, lease: Lease) -> LeaseDocument:
    return lease_papers.keep(work, lease.id, Kept("l.pdf", "application/pdf", "k", "a" * 64, 9))


def test_the_text_that_comes_with_the_program_says_what_the_lease_says(work: Work) -> None:
    guarantor = make.party(work, name="Uncle Ben").id
    lease = make.lease(
        work,
        since=date(2026, 3, 1),
        until=date(2027, 2, 28),
        rent=Decimal(25_000),
        increase=Increase.percent,
        increase_percent=Decimal("7.5"),
        others=[(guarantor, LesseeRole.guarantor)],
    )
    page = said(work, lease)

    for words in ("KES\u00a025,000.00", "1 Mar 2026", "28 Feb 2027", "7.5 percent every 12 months"):
        assert words in page
    assert "{" not in page
    data = lease_papers.write(work, lease.id, ENGLISH).data
    assert [each["name"] for each in data["parties"]][-1] == "Uncle Ben"


def test_the_text_of_the_estate_goes_before_that_of_the_organization(work: Work) -> None:
    lease = make.lease(work)
    template(work, "# All\nFor everybody.")
    assert said(work, lease) == "All\nFor everybody."

    place = work.session.get_one(Unit, lease.unit_id).estate_id
    template(work, "Rent {rent}\nto {landlord}.\n\n# Here\nIn {estate}.\n\nTwice.", estate_id=place)
    assert said(work, lease).splitlines()[2:4] == ["Here", f"In {estate_name(work, lease)}."]


def estate_name(work: Work, lease: Lease) -> str:
    query = "SELECT e.name FROM estate e JOIN unit u ON u.estate_id = e.id WHERE u.id = :id"
    return str(work.session.scalar(text(query), {"id": lease.unit_id}))


@pytest.mark.parametrize("wording", ["{salary}", "{rent", "rent}", "{}", "{ rent }"])
def test_a_text_names_only_what_a_lease_says(work: Work, wording: str) -> None:
    with pytest.raises(BadInput) as refusal:
        template(work, wording)
    assert refusal.value.field == "wording"


def test_each_text_has_a_number_and_a_document_says_by_which_it_was_made(work: Work) -> None:
    row = template(work, "One.")
    lease = make.lease(work)
    first = kept(work, lease)
    row.wording = "Two."
    work.session.flush()
    work.session.refresh(row)

    assert (first.template_version, row.version) == (1, 2)
    assert kept(work, lease).template_version == 2
    with pytest.raises(DBAPIError), work.session.begin_nested():
        work.session.execute(text("UPDATE lease_document SET template_version = 9"))


@pytest.mark.parametrize("change", ["rent", "somebody", "extra"])
def test_what_says_something_else_than_the_lease_is_not_signed(work: Work, change: str) -> None:
    lease = make.lease(work)
    document = work.session.get_one(Document, kept(work, lease).document_id)
    assert lease_papers.is_current(work, document)
    if change == "rent":
        lease.rent += 1
    elif change == "somebody":
        add = (
            "INSERT INTO lease_party (id, organization_id, lease_id, party_id, role)"
            " VALUES (gen_random_uuid(), :home, :lease, :party, 'lessee')"
        )
        who = {"home": work.scope.home(), "lease": lease.id, "party": make.party(work).id}
        work.session.execute(text(add), who)
    else:
        beside = LeaseExtra(lease_id=lease.id, title="Parking", amount=Decimal(5))
        beside.organization_id, beside.since = work.scope.home(), lease.since
        work.session.add(beside)
    work.session.flush()

    leasing.send_for_signature(work, lease.id)
    with pytest.raises(DocumentOutdated):
        lease_signing.ask(work, lease.id, work.now.date() + timedelta(days=3))
    sign = (
        "INSERT INTO signature_request (id, organization_id, title, subject_table, subject_id,"
        " document_id, sha256, expires_at) SELECT gen_random_uuid(), organization_id, 'x', 'lease',"
        " :lease, id, sha256, now() + interval '9 days' FROM document WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="something else"), work.session.begin_nested():
        work.session.execute(text(sign), {"lease": lease.id, "id": document.id})


@pytest.mark.parametrize(
    "hostile", ['#panic("x")', "$x$ #include", "*(bold)* _it_ <a> @b", "= no heading"]
)
def test_what_people_write_is_shown_and_never_run(app: Flask, work: Work, hostile: str) -> None:
    row = template(work, f"# Heading\n{hostile} and {{tenant}}")
    party = make.party(work, name=f"Ann {hostile}")
    lease = make.lease(work, party_id=party.id)
    with app.test_request_context():
        jobs.make_document(work, lease.id)

    document = lease_papers.newest(work, lease.id)
    assert document
    with storage(app).open(document.storage_key) as file:
        page = _text(file.read())
    assert f"{hostile} and Ann {hostile}".replace(" ", "") in page.replace(" ", "")
    assert row.version == 1


def storage(app: Flask) -> FolderStorage:
    return FolderStorage(Path(app.config["UPLOAD_FOLDER"]))


def test_a_made_document_stands_among_the_files_of_its_lease(work: Work) -> None:
    lease = make.lease(work)
    kept(work, lease)
    rows = work.session.scalars(select(Document).where(Document.subject_id == lease.id)).all()
    assert [(each.use.value, each.title) for each in rows] == [("lease", "l.pdf")]
