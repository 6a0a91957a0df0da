"""Signing in the portal: what waits, the document, the code from the mail, and who may not."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from adapters.storage import FolderStorage
from core.db import uuid7
from models.files import Document, DocumentUse
from models.notices import Dispatch
from models.signing import Signer, SignerStatus
from services import signing, signing_acts
from services.signing import Asked
from tests.views.portal.conftest import Browser, Town, text

PDF = b"%PDF-1.7 a lease"


def ask(town: Town, *signers: Asked) -> list[UUID]:
    """Send a document out; gives the places of its signers."""
    stored = FolderStorage(Path(town.app.config["UPLOAD_FOLDER"])).put(PDF)
    with town.jobs() as work:
        document = Document(
            id=uuid7(), organization_id=town.home, subject_table="apartment",
            subject_id=town.apartment, use=DocumentUse.attachment, title="Lease.pdf",
            content_type="application/pdf", storage_key=stored.key, sha256=stored.sha256, size=9,
        )  # fmt: skip
        work.session.add(document)
        work.session.flush()
        until = work.now + timedelta(days=9)
        subject = ("apartment", town.apartment)
        request = signing.ask(work, subject, document.id, "Lease A0101", signers, until)
        return [each.id for each in signing.of(work, request.id)]


def code(town: Town, place: UUID, browser: Browser) -> str:
    assert browser.profile_id
    with town.jobs() as work:
        signing_acts.send_code(work, place, browser.profile_id)
        mail = work.session.scalars(select(Dispatch).order_by(Dispatch.id.desc())).first()
        assert mail
        return signing_acts.code_in(mail)


def state(town: Town, place: UUID) -> SignerStatus:
    with town.jobs() as work:
        return work.session.get_one(Signer, place).status


@pytest.mark.req("S2.13")
def test_a_tenant_reads_has_a_code_sent_and_signs(town: Town) -> None:
    tenant = town.member("Resident")
    assert "Nothing to sign" in text(tenant.get("/portal/sign/"))
    (place,) = ask(town, Asked(tenant.party_id, role="Tenant"))
    page = f"/portal/sign/{place}"
    home = text(tenant.get("/portal/"))
    shown = text(tenant.get(page))
    pdf = tenant.get(f"{page}/document.pdf")
    asked = tenant.post(f"{page}/code")
    sha = shown.split('name="sha256" value="')[1].split('"')[0]
    given = {"sha256": sha, "name": "Amina", "consent": "1"}
    guessed = tenant.post(page, **given, code="12")
    half = tenant.post(page, sha256=sha, name="Amina", code=code(town, place, tenant))
    signed = tenant.post(page, **given, code=code(town, place, tenant))

    assert "Sign “Lease A0101”" in home
    assert "Lease A0101" in shown
    assert "@example.org" in shown
    assert (pdf.status_code, pdf.data) == (200, PDF)
    assert [each.status_code for each in (asked, guessed, half, signed)] == [302, 422, 422, 302]
    assert 'value="Amina"' in text(guessed)
    assert "Tick that you have read" in text(half)
    assert state(town, place) is SignerStatus.signed
    assert "You have signed." in text(tenant.get(page))


@pytest.mark.req("S2.16")
def test_who_does_not_want_to_sign_says_why(town: Town) -> None:
    tenant = town.member("Resident")
    (place,) = ask(town, Asked(tenant.party_id))
    silent = tenant.post(f"/portal/sign/{place}/decline", reason=" ")
    said = tenant.post(f"/portal/sign/{place}/decline", reason="Too dear")
    late = tenant.post(f"/portal/sign/{place}/code")

    assert [each.status_code for each in (silent, said, late)] == [422, 302, 409]
    assert "Say why you do not sign." in text(silent)
    assert state(town, place) is SignerStatus.declined


def test_a_member_of_the_staff_signs_here_too(town: Town) -> None:
    manager = town.member("Executive", party=False)
    (place,) = ask(town, Asked(profile_id=manager.profile_id, role="Landlord's agent"))
    page = f"/portal/sign/{place}"
    sha = text(manager.get(page)).split('name="sha256" value="')[1].split('"')[0]
    given = {"sha256": sha, "name": "Grace", "consent": "1"}
    signed = manager.post(page, **given, code=code(town, place, manager))

    assert signed.status_code == 302
    assert state(town, place) is SignerStatus.signed


@pytest.mark.parametrize("address", ["", "/document.pdf", "/code", "/decline"])
def test_nobody_else_opens_it(town: Town, address: str) -> None:
    tenant, neighbour = town.member("Resident"), town.member("Resident")
    manager, visitor = town.member("Executive", party=False), town.browser()
    (place,) = ask(town, Asked(tenant.party_id))
    page = f"/portal/sign/{place}{address}"
    reads = address in {"", "/document.pdf"}
    tries = [each.get(page) if reads else each.post(page) for each in (neighbour, manager, visitor)]

    assert [each.status_code for each in tries] == [404, 404, 302]
    assert state(town, place) is SignerStatus.asked
