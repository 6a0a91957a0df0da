"""Applications of the demo: one in each state, the open form, and proofs that have run out."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from flask import current_app
from PIL import Image, ImageDraw
from sqlalchemy import select

from adapters.storage import FolderStorage
from core.db import uuid7
from core.work import Work, clock
from models.aml import AmlLimit
from models.onboarding import ApplicantRole, Application, PartyKyc
from models.people import Party
from services import aml, kyc, onboarding, onboarding_cases, organizations, sagas

At = Callable[[datetime], AbstractContextManager[Work]]
CAST = (
    ("Brian Mutua", ApplicantRole.customer, "draft"),
    ("Neverland Traders", ApplicantRole.vendor, "checking"),
    ("Grace Njeri", ApplicantRole.customer, "more_asked"),
    ("Ali Hassan", ApplicantRole.resident, "ready"),
    ("Unclear Copies Ltd", ApplicantRole.vendor, "ready"),
    ("Mercy Chebet", ApplicantRole.customer, "approved"),
    ("Refused Papers Ltd", ApplicantRole.vendor, "rejected"),
    ("Joyce Atieno", ApplicantRole.owner, "withdrawn"),
    ("Kevin Kiprop", ApplicantRole.customer, "expired"),
)
"""Who applies, as what, and how far. The provider's double knows some of them by their names."""
FOUND = {"Unclear": "unclear", "Refused": "failed"}


def play(at: At, currency: str) -> None:
    """Let people apply over some weeks, and let the proofs of two customers run out."""
    now = clock()
    with at(now - timedelta(days=40)) as work:
        organizations.change_setting(work, "onboarding.open_form", value=True)
    for number, (name, role, end) in enumerate(CAST):
        begun = now - timedelta(days=33 if end == "expired" else 12 - number)
        _apply(at, begun, name, role, end)
    _prove(at, now)
    _flag(at, now, currency)


def _apply(at: At, begun: datetime, name: str, role: ApplicantRole, end: str) -> None:
    with at(begun) as work:
        email = f"{name.split(maxsplit=1)[0].lower()}@mail.example"
        code = onboarding.invite(work, Application(role=role, name=name, email=email))
        if end == "expired":
            onboarding_cases.expire_due(work.at(begun + timedelta(days=31)))
            return
        _write(work, code, name, email)
        application_id = UUID(onboarding.read(work, code)["id"])
        if end == "draft":
            return
        onboarding.submit(work, code, "127.0.0.1 demo")
        work.session.expire_all()
        onboarding_cases.begin_due(work)
        _advance(work, application_id)
        if end == "checking":
            return
        found = FOUND.get(name.split(maxsplit=1)[0], "passed")
        for each in onboarding_cases.checks_of(work, application_id):
            said = "passed" if each.kind == "background" else found
            reference = f"chk_{each.id.hex[-12:]}"
            onboarding_cases.answered(work, each.id, "kyc", reference, said, SAYS[said], {})
        _advance(work, application_id)
    with at(begun + timedelta(hours=20)) as work:
        if end == "approved":
            onboarding.approve(work, application_id)
        elif end == "rejected":
            onboarding.reject(work, application_id, "The papers belong to somebody else")
        elif end == "more_asked":
            onboarding.ask_more(work, application_id, "A picture of the back of your card")
        elif end == "withdrawn":
            onboarding.withdraw(work, code)
            work.session.expire_all()
        _advance(work, application_id)


SAYS = {
    "passed": "Nothing speaks against this person.",
    "failed": "The papers belong to somebody else.",
    "unclear": "The picture cannot be read.",
}


def _advance(work: Work, application_id: UUID) -> None:
    saga_id = sagas.begin(work, onboarding_cases.KIND, application_id, {})
    sagas.wake(work, onboarding_cases.KIND, application_id)
    while sagas.advance(work, saga_id):
        pass


def _write(work: Work, code: str, name: str, email: str) -> None:
    number = sum(map(ord, name))
    given = {
        "name": name,
        "email": email,
        "phone": f"+254 712 555 {number % 1000:03d}",
        "address": "14 Palm Road, Nairobi",
        "kind": "company" if name.endswith(("Ltd", "Traders")) else "person",
        "identity_kind": "tax_number" if name.endswith(("Ltd", "Traders")) else "national_id",
        "identity": f"2{number:07d}",
    }
    onboarding.save(
        work, code, onboarding.details(given, "KE", has_identity=False), given["identity"]
    )
    called = onboarding.contacts(["Wanjiru Kamau"], ["+254 722 555 010"], "KE")
    onboarding.save(work, code, {"contacts": called})
    stored = FolderStorage(Path(current_app.config["UPLOAD_FOLDER"])).put(_card(name))
    kept = (stored.key, stored.sha256, stored.size)
    onboarding.keep_paper(work, code, "identity-card.png", "image/png", kept)


def _card(name: str) -> bytes:
    """Draw a card that is nobody's."""
    card = Image.new("RGB", (480, 300), "#d8e6e3")
    draw = ImageDraw.Draw(card)
    draw.rectangle((24, 60, 150, 230), fill="#8aa6a3")
    draw.text((24, 20), "IDENTITY CARD (DEMO)", fill="#0f766e")
    draw.text((180, 80), name, fill="#12312e")
    held = io.BytesIO()
    card.save(held, "PNG")
    return held.getvalue()


def _flag(at: At, now: datetime, currency: str) -> None:
    """Set a limit, and let sums move that pass it together, and one that passes it alone."""
    with at(now - timedelta(days=3)) as work:
        limit = AmlLimit(currency=currency, single=Decimal(1_000_000), daily_count=8)
        limit.organization_id = work.scope.home()
        work.session.add(limit)
        work.session.flush()
        who = work.session.scalars(select(Party.id).order_by(Party.id).limit(2)).all()
        for hours in (0, 20, 40):
            instant = work.now + timedelta(hours=hours)
            aml.moved(work, who[0], uuid7(), Decimal(400_000), currency, instant)
        (case,) = aml.moved(work, who[1], uuid7(), Decimal(2_500_000), currency, work.now)
        aml.clear(work, case.id, "The sale of a car, with its papers.")


def _prove(at: At, now: datetime) -> None:
    """Let two of the proofs be old: one has run out, one is about to."""
    with at(now - timedelta(days=1)) as work:
        proofs = work.session.scalars(select(PartyKyc).order_by(PartyKyc.id)).all()
        holders = work.session.scalars(
            select(Application.party_id)
            .where(Application.party_id.is_not(None), Application.status == "ready")
            .order_by(Application.id)
        ).all()
        known = {each.party_id for each in proofs}
        for days, party_id in zip((-3, 20), [x for x in holders if x not in known], strict=False):
            assert party_id
            row = kyc.verify(work, party_id)
            row.verified_on = kyc.today(work) - timedelta(days=700)
            row.expires_on = kyc.today(work) + timedelta(days=days)
        work.session.flush()
        kyc.expire_due(work)
