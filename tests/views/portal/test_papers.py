import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError

from adapters.storage import FolderStorage
from models.billing import PaymentMethod
from models.files import Document, DocumentUse
from services import bookings, files, payments
from services.files import Kept
from services.payments import Part
from tests.adapters.papers import logo
from tests.adapters.test_documents import _text as printed
from tests.views.portal.conftest import SLUG, Browser, Town, text
from tests.views.portal.test_payments import due
from tests.views.test_told import machines
from views import papers as pages
from workers import relay

Confirmed = Callable[..., tuple[Browser, str]]


def give_logo(town: Town) -> None:
    stored = FolderStorage(Path(town.app.config["UPLOAD_FOLDER"])).put(logo())
    kept = Kept("logo.webp", "image/webp", stored.key, stored.sha256, stored.size)
    with town.jobs() as work:
        files.attach(work, "organization", work.scope.home(), kept, DocumentUse.logo)


def fetched(buyer: Browser, address: str) -> bytes:
    answer = buyer.get(address)
    assert answer.status_code == 302, text(answer)
    return buyer.get(answer.location).get_data()


def papers(town: Town) -> list[str]:
    with town.jobs() as work:
        return [each.value for each in work.session.scalars(select(Document.use))]


@pytest.mark.req("S3.18", "S3.38")
def test_an_invoice_is_made_once_and_its_bytes_never_change(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, _ = confirmed()
    address = f"/portal/invoices/{due(buyer)[0]}/invoice.pdf"

    first, second = fetched(buyer, address), fetched(buyer, address)

    assert first.startswith(b"%PDF")
    assert first == second
    assert papers(town) == ["invoice"]
    with town.jobs() as work:
        kept = work.session.scalars(select(Document)).one()
        assert kept.sha256 == hashlib.sha256(first).hexdigest()
        assert kept.title == "Invoice INV-000001.pdf"


def test_a_receipt_and_a_contract_are_there_when_the_record_has_gone_so_far(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, booking = confirmed(plan=town.plan)
    with town.jobs() as work:
        invoice = UUID(due(buyer)[0])
        intent = payments.begin(work, [Part(invoice)], PaymentMethod.bank_transfer)
        intent_id = intent.id
    receipt = f"/portal/payments/{intent_id}/receipt.pdf"
    contract = f"{booking}contract.pdf"
    early = [buyer.get(each).status_code for each in (receipt, contract)]
    with town.jobs() as work:
        payments.confirm_transfer(work, intent_id)
        booking_id = UUID(booking.split("/")[-2])
        bookings.submit(work, booking_id)
        bookings.approve(work, booking_id)

    assert early == [409, 409]
    assert fetched(buyer, receipt).startswith(b"%PDF")
    assert fetched(buyer, contract).startswith(b"%PDF")
    assert sorted(papers(town)) == ["contract", "receipt"]
    assert "contract.pdf" in text(buyer.get(booking))


@pytest.mark.req("S5.47")
def test_nobody_else_fetches_my_papers(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    address = f"/portal/invoices/{due(buyer)[0]}/invoice.pdf"
    file = buyer.get(address).location
    other = town.buyer()

    assert other.get(address).status_code == 404
    assert other.get(file).status_code == 404
    assert town.browser().get(file).status_code == 404


def test_papers_are_made_when_there_is_something_to_write_in_the_customers_language(
    town: Town, confirmed: Confirmed, superuser: Engine
) -> None:
    buyer, booking = confirmed()
    with superuser.connect() as door:
        door.execute(sql("UPDATE profile SET locale = 'fr'"))
    booking_id = UUID(booking.split("/")[-2])
    invoice = UUID(due(buyer)[0])
    give_logo(town)
    with town.jobs() as work:
        payments.record(work, [Part(invoice)], PaymentMethod.cash)
        bookings.submit(work, booking_id)
        bookings.approve(work, booking_id)
    with machines(town.app):
        while relay.turn():
            pass
        town.app.test_cli_runner().invoke(args=["worker", "--burst"])

    assert sorted(papers(town)) == ["contract", "invoice", "logo", "receipt"]
    with superuser.connect() as door:
        mails = "SELECT count(*) FROM dispatch WHERE document_id IS NOT NULL"
        assert door.execute(sql(mails)).scalar() == 1
        for change in ("UPDATE document SET sha256 = 'x'", "DELETE FROM document"):
            with pytest.raises(IntegrityError, match="papers stay"):
                door.execute(sql(f"{change} WHERE use = 'invoice'"))
    with town.jobs() as work:
        query = select(Document).where(Document.use == DocumentUse.contract)
        contract = work.session.scalars(query).one()
        assert contract.title.startswith("Contrat de vente")
        file = FolderStorage(Path(town.app.config["UPLOAD_FOLDER"])).open(contract.storage_key)
    with file:
        pdf = file.read()
    assert fetched(buyer, f"{booking}contract.pdf") == pdf
    assert "Contrat de vente" in printed(pdf)
    assert re.search(rb"/Subtype\s*/Image", pdf), "the logo stands in the letterhead"


def test_a_price_list_is_for_everybody(town: Town) -> None:
    answer = town.browser().get(f"/portal/{SLUG}/projects/{town.project}/price-list.pdf")

    assert answer.content_type == "application/pdf"
    assert answer.get_data().startswith(b"%PDF")
    hidden = town.browser().get(f"/portal/nobody/projects/{town.project}/price-list.pdf")
    assert hidden.status_code == 404


def test_the_code_on_a_paper_proves_it_and_no_other(town: Town) -> None:

    said = {"title": "Invoice INV-000001", "dated": "12 Mar 2026", "amount": "KES 1", "by": "Us"}
    with town.app.test_request_context():
        code = pages.press().proof(said)
    query = "&".join(f"{name}={quote(value)}" for name, value in said.items())

    true = town.browser().get(f"/portal/genuine?{query}&code={code}")
    forged = town.browser().get(
        f"/portal/genuine?{query.replace('KES%201', 'KES%202')}&code={code}"
    )

    assert (true.status_code, forged.status_code) == (200, 404)
    assert "Scan the picture" in text(town.browser().get("/portal/genuine"))
    assert "Us made this document." in text(true)
    assert "We did not make this document" in text(forged)
    assert re.fullmatch(r"([0-9A-F]{4}-){3}[0-9A-F]{4}", code)
