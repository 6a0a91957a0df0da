"""Applicants for tests: an application as its holder writes it, and what the machines then do."""

import io
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import select

from core.work import Work
from models.onboarding import ApplicantRole, Application
from services import onboarding, onboarding_cases, organizations, sagas

DETAILS = {
    "name": "Achieng Were",
    "email": "achieng@mail.example",
    "phone": "0712 345 678",
    "address": "12 Palm Road",
    "kind": "person",
    "identity_kind": "national_id",
    "identity": "2345 6789",
}


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(held, "PNG")
    return held.getvalue()


def begun(work: Work, role: ApplicantRole = ApplicantRole.customer, **given: Any) -> str:
    """An application that is being written; gives the secret of its link."""
    row = Application(role=role, name="", email="", **given)
    return onboarding.invite(work, row)


def written(work: Work, code: str, **other: str) -> None:
    given = DETAILS | other
    read = onboarding.details(given, "KE", has_identity=False)
    onboarding.save(work, code, read, given["identity"])
    contacts = onboarding.contacts(["Otieno"], ["0722 000 000"], "KE")
    onboarding.save(work, code, {"contacts": contacts})
    onboarding.keep_paper(work, code, "card.png", "image/png", ("k", "0" * 64, 9))


def handed_in(work: Work, role: ApplicantRole = ApplicantRole.customer, **other: Any) -> UUID:
    """An application that was handed in; gives its id."""
    given = {name: other.pop(name) for name in ("unit_id", "owner_id") if name in other}
    code = begun(work, role, **given)
    written(work, code, **other)
    onboarding.submit(work, code, "127.0.0.1 test")
    work.session.expire_all()
    return UUID(onboarding.read(work, code)["id"])


def go_on(work: Work, application_id: UUID) -> Application:
    """Let the saga make its steps, as far as it can."""
    onboarding_cases.begin_due(work)
    saga_id = sagas.begin(work, onboarding_cases.KIND, application_id, {})
    sagas.wake(work, onboarding_cases.KIND, application_id)
    while sagas.advance(work, saga_id):
        pass
    return work.session.scalars(select(Application).where(Application.id == application_id)).one()


def checked(work: Work, application_id: UUID, identity: str, background: str) -> Application:
    """Let both checks have a result of the provider."""
    go_on(work, application_id)
    results = {"identity": identity, "background": background}
    for each in onboarding_cases.checks_of(work, application_id):
        found = results[each.kind]
        onboarding_cases.answered(work, each.id, "kyc", f"chk_{each.id.hex}", found, "Seen.", {})
    return go_on(work, application_id)


def open_to_all(work: Work) -> str:
    """Open the form of the organization; gives its address."""
    organizations.change_setting(work, "onboarding.open_form", value=True)
    return organizations.home(work).slug
