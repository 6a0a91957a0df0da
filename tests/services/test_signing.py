"""Signatures: who is asked when, what it takes to sign, and what the database refuses anyone."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core import db
from core.db import uuid7
from core.errors import BadInput, NotFound, Refused
from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from models.events import Event
from models.files import Document, DocumentUse
from models.notices import Dispatch
from models.signing import (
    RequestStatus,
    SignatureRequest,
    SignatureStep,
    Signer,
    SignerStatus,
    StepKind,
)
from services import signing, signing_acts, signing_progress
from services.files import Kept
from services.signing import (
    Asked,
    OutAlready,
    ReasonMissing,
    SignerCannotSignIn,
    SignerUnreachable,
)
from services.signing_acts import (
    CodeOver,
    ConsentNeeded,
    DocumentChanged,
    Given,
    NotAsked,
    TooManyCodes,
    WrongCode,
)
from tests import make
from tests.stories import unit

SHA = "a" * 64


@dataclass
class Person:
    """Somebody who signs in to the portal."""

    profile_id: UUID
    party_id: UUID
    scope: Scope


class Town:
    """An organization, people, and a document that hangs on a party."""

    def __init__(self, app: Flask, session: Session, home: UUID) -> None:
        self.app, self.session, self.home = app, session, home
        with self.jobs() as work:
            self.subject = make.party(work).id

    @contextmanager
    def jobs(self, **given: Any) -> Iterator[Work]:
        with unit(self.session, self.home, **given) as work:
            yield work

    def person(self, **given: Any) -> Person:
        door = db.door()
        with self.jobs() as work:
            party_id = make.party(work, **given).id
            profile_id = make.user(door)
            make.member(work, profile_id, "Resident", party_id=party_id)
        key = make.key(door, profile_id, self.home)
        scope = Scope(
            self.home, profile_id, frozenset({"Resident"}), frozenset({party_id}), key,
            f"user:{profile_id}", client="10.1.2.3 a phone",
        )  # fmt: skip
        return Person(profile_id, party_id, scope)

    def staff(self, role: str) -> Person:
        door = db.door()
        with self.jobs() as work:
            profile_id, nobody = make.user(door), make.party(work).id
            make.member(work, profile_id, role)
        key = make.key(door, profile_id, self.home)
        scope = Scope(self.home, profile_id, frozenset({role}), key=key, actor=f"user:{profile_id}")
        return Person(profile_id, nobody, scope)

    def document(self, work: Work, sha256: str = SHA, kind: str = "application/pdf") -> UUID:
        row = Document(
            id=uuid7(), organization_id=self.home, subject_table="party", subject_id=self.subject,
            use=DocumentUse.attachment, title="Lease.pdf", content_type=kind, storage_key=sha256,
            sha256=sha256, size=9,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        return row.id

    def ask(self, *people: Person, **given: Any) -> UUID:
        with self.jobs() as work:
            signers = [
                Asked(each.party_id, role="Tenant", position=place)
                for place, each in enumerate(people, 1)
            ]
            until = work.now + timedelta(days=9)
            document = self.document(work)
            subject = ("party", self.subject)
            return signing.ask(work, subject, document, "Lease", signers, until, **given).id

    def place(self, request_id: UUID, person: Person) -> UUID:
        with self.jobs() as work:
            query = select(Signer.id).where(
                Signer.request_id == request_id, Signer.party_id == person.party_id
            )
            return work.session.scalars(query).one()

    def states(self, request_id: UUID) -> list[str]:
        with self.jobs() as work:
            request = work.session.get_one(SignatureRequest, request_id)
            return [request.status, *(each.status for each in signing.of(work, request_id))]

    def advance(self, request_id: UUID) -> None:
        with self.jobs() as work:
            signing_progress.advance(work, request_id)

    def code(self, signer_id: UUID, person: Person) -> str:
        """Have a code sent, and take it out of the mail."""
        with self.jobs() as work:
            assert signing_acts.send_code(work, signer_id, person.profile_id)
            mail = work.session.scalars(select(Dispatch).order_by(Dispatch.id.desc())).first()
            assert mail
            return signing_acts.code_in(mail)

    def sign(self, request_id: UUID, person: Person) -> None:
        signer_id = self.place(request_id, person)
        code = self.code(signer_id, person)
        with self.web(person) as work:
            signing_acts.sign(work, signer_id, given(code))
        self.advance(request_id)

    @contextmanager
    def web(self, person: Person) -> Iterator[Work]:
        """Work as the portal does for somebody; a refused code is committed all the same."""
        with (
            Session(self.app.extensions["engines"]["web"]) as session,
            seeing(session, person.scope),
        ):
            kept: Refused | None = None
            with unit_of_work(session, Actor("user", str(person.profile_id))) as work:
                try:
                    yield work
                except (WrongCode, CodeOver) as refusal:
                    kept = refusal
            if kept:
                raise kept


def given(code: str, **other: Any) -> Given:
    values: dict[str, Any] = {"name": "Wanjiku Kamau", "sha256": SHA, "consents": True}
    return Given(code=code, **(values | other))


@pytest.fixture
def town(app: Flask, session: Session, home: UUID) -> Town:
    return Town(app, session, home)


@pytest.mark.req("S2.13")
def test_all_are_asked_at_once_and_when_all_have_signed_the_document_is_made(town: Town) -> None:
    tenant, owner = town.person(), town.person()
    request = town.ask(tenant, owner)
    asked = town.states(request)
    town.sign(request, owner)
    half = town.states(request)
    town.sign(request, tenant)
    with town.jobs() as work:
        facts = list(work.session.scalars(select(Event.type).order_by(Event.id)))
        signer = work.session.get_one(Signer, town.place(request, tenant))
        said = (signer.signed_name, signer.client, signer.sha256, signer.signed_by_id)

    assert asked == ["open", "asked", "asked"]
    assert sorted(half) == ["asked", "open", "signed"]
    assert town.states(request) == ["sealing", "signed", "signed"]
    assert said == ("Wanjiku Kamau", "10.1.2.3 a phone", SHA, tenant.profile_id)
    assert facts.count("signature.signed") == 2
    assert facts[-1] == "signature.gathered"


@pytest.mark.req("S2.13")
def test_in_order_the_next_is_asked_when_the_one_before_has_signed(town: Town) -> None:
    first, second = town.person(), town.person()
    request = town.ask(first, second, ordered=True)
    early = town.place(request, second)

    assert town.states(request) == ["open", "asked", "waiting"]
    with pytest.raises(NotAsked), town.web(second) as work:
        signing_acts.ask_code(work, early)
    with town.jobs() as work:
        assert not signing_acts.send_code(work, early, second.profile_id)
    town.sign(request, first)
    assert town.states(request) == ["open", "signed", "asked"]
    town.sign(request, second)
    assert town.states(request)[0] == "sealing"


@pytest.mark.req("S2.16")
def test_one_who_declines_ends_it_for_all_and_says_why(town: Town) -> None:
    tenant, owner = town.person(), town.person()
    request = town.ask(tenant, owner)
    mine = town.place(request, tenant)
    with pytest.raises(ReasonMissing), town.web(tenant) as work:
        signing_acts.decline(work, mine, "  ")
    with town.web(tenant) as work:
        signing_acts.decline(work, mine, "The rent is another one")
    town.advance(request)
    town.advance(request)

    assert sorted(town.states(request)) == ["declined", "declined", "released"]
    with town.jobs() as work:
        told = work.session.scalars(select(Event).where(Event.type == "signature.declined")).one()
        assert told.data["reason"] == "The rent is another one"
        assert work.session.get_one(SignatureRequest, request).reason == told.data["reason"]


@pytest.mark.req("S2.16")
def test_what_is_not_signed_in_time_expires_and_nobody_signs_it_any_more(town: Town) -> None:
    tenant = town.person()
    request = town.ask(tenant)
    mine = town.place(request, tenant)
    code = town.code(mine, tenant)
    with town.jobs() as work:
        assert not signing_progress.expire(work, request)
        later = work.at(work.now + timedelta(days=9, seconds=1))
        assert signing_progress.over(later) == [request]
        assert signing_progress.expire(later, request)
        assert not signing_progress.expire(later, request)
    with pytest.raises(NotAsked), town.web(tenant) as work:
        signing_acts.sign(work, mine, given(code))

    assert town.states(request) == ["expired", "released"]


def test_a_request_is_withdrawn_with_a_reason_and_only_once(town: Town) -> None:
    request = town.ask(town.person())
    with pytest.raises(ReasonMissing), town.jobs() as work:
        signing.withdraw(work, request, "")
    with town.jobs() as work:
        signing.withdraw(work, request, "Wrong rent")

    assert town.states(request) == ["withdrawn", "released"]
    again = town.ask(town.person())
    assert town.states(again)[0] == "open"


@pytest.mark.req("S2.13")
def test_who_cannot_be_reached_or_cannot_open_it_is_not_asked(town: Town) -> None:
    with town.jobs() as work:
        document, picture = town.document(work), town.document(work, kind="image/png")
        until, subject = work.now + timedelta(days=1), ("party", town.subject)
        stranger = Asked(make.party(work, name="No Sign-in").id)
        with pytest.raises(SignerCannotSignIn) as refusal:
            signing.ask(work, subject, document, "x", [stranger], until)
        assert "No Sign-in" in str(refusal.value)
        for wrong in (
            (document, [], until),
            (document, [stranger] * 21, until),
            (picture, [stranger], until),
            (document, [stranger], work.now),
        ):
            with pytest.raises(BadInput):
                signing.ask(work, subject, wrong[0], "x", wrong[1], wrong[2])
        work.session.rollback()
    mute = town.person(email="")
    with town.jobs() as work:
        work.session.execute(
            text("UPDATE membership SET active = false WHERE party_id = :party"),
            {"party": mute.party_id},
        )
    with pytest.raises((SignerUnreachable, SignerCannotSignIn)):
        town.ask(mute)


def test_a_record_has_one_document_out_at_a_time(town: Town) -> None:
    town.ask(town.person())

    with pytest.raises(OutAlready):
        town.ask(town.person())


@pytest.mark.req("S2.13")
def test_it_takes_the_newest_code_consent_and_a_name_to_sign(town: Town) -> None:
    tenant = town.person()
    mine = town.place(town.ask(tenant), tenant)
    old, new = town.code(mine, tenant), town.code(mine, tenant)
    wrong = "000000" if new != "000000" else "111111"
    for refused, values in (
        (ConsentNeeded, given(new, consents=False)),
        (BadInput, given(new, name=" ")),
        (DocumentChanged, given(new, sha256="b" * 64)),
        (WrongCode, given(wrong)),
    ):
        with pytest.raises(refused), town.web(tenant) as work:
            signing_acts.sign(work, mine, values)
    if old != new:
        with pytest.raises(WrongCode), town.web(tenant) as work:
            signing_acts.sign(work, mine, given(old))
    with town.web(tenant) as work:
        signing_acts.sign(work, mine, given(f" {new} "))
    with pytest.raises(NotAsked), town.web(tenant) as work:
        signing_acts.sign(work, mine, given(new))

    assert re.fullmatch(r"\d{6}", new)


def test_five_wrong_tries_use_a_code_up_also_many_at_once(town: Town) -> None:
    tenant = town.person()
    mine = town.place(town.ask(tenant), tenant)
    right = town.code(mine, tenant)
    engine = create_engine(town.app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(8)

    def guess(number: int) -> str:
        with Session(engine) as session, seeing(session, tenant.scope):
            together.wait()
            call = text("SELECT try_signature_code(:mine, :code)")
            code = f"{(int(right) + 1 + number) % 10**6:06}"
            said: str = session.execute(call, {"mine": mine, "code": code}).scalar_one()
            session.commit()
            return said

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(guess, range(8)))

    assert said == ["over"] * 4 + ["wrong"] * 4
    with pytest.raises(CodeOver), town.web(tenant) as work:
        signing_acts.sign(work, mine, given(right))
    with town.jobs() as work:
        wrong = select(SignatureStep).where(SignatureStep.kind == StepKind.code_wrong)
        assert len(work.session.scalars(wrong).all()) == 1


def test_a_code_is_over_after_ten_minutes_and_five_an_hour_are_enough(
    town: Town, superuser: Engine
) -> None:
    tenant = town.person()
    mine = town.place(town.ask(tenant), tenant)
    code = town.code(mine, tenant)
    with superuser.begin() as connection:
        connection.execute(text("UPDATE signature_code SET expires_at = now()"))
    with pytest.raises(CodeOver), town.web(tenant) as work:
        signing_acts.sign(work, mine, given(code))
    for _ in range(5):
        with town.web(tenant) as work:
            signing_acts.ask_code(work, mine)
    with pytest.raises(TooManyCodes), town.web(tenant) as work:
        signing_acts.ask_code(work, mine)
    with town.jobs() as work:
        made = [signing_acts.send_code(work, mine, tenant.profile_id) for _ in range(5)]

    assert made == [True] * 4 + [False]


def test_nobody_signs_for_another(town: Town) -> None:
    tenant, neighbour = town.person(), town.person()
    mine = town.place(town.ask(tenant), tenant)

    with pytest.raises(NotFound), town.web(neighbour) as work:
        signing_acts.ask_code(work, mine)
    with town.jobs() as work:
        assert not signing_acts.send_code(work, mine, neighbour.profile_id)


SIGNED = (
    "UPDATE signer SET status = 'signed', signed_at = now(), signed_name = 'x', consent = 'x',"
    " sha256 = repeat('a', 64) WHERE id = :mine"
)
FORGED = (
    "INSERT INTO signature_step (id, organization_id, signer_id, kind, at)"
    " SELECT gen_random_uuid(), organization_id, id, 'code_sent', now() FROM signer"
)


@pytest.mark.parametrize(
    "statement",
    [
        SIGNED,
        "UPDATE signer SET email = 'x@example.org' WHERE id = :mine",
        "UPDATE signer SET viewed_at = now(), name = 'x' WHERE id = :mine",
        "UPDATE signature_request SET expires_at = now() + interval '1 year'",
        "UPDATE signature_request SET status = 'sealing'",
        "DELETE FROM signer WHERE id = :mine",
        "UPDATE signature_step SET at = now()",
        "SELECT digest FROM signature_code",
        "SELECT new_signature_code(:mine, :who, gen_random_uuid(), '', sha256('1'))",
        FORGED,
    ],
)
def test_by_hand_a_signer_cannot_do_more_than_the_portal_lets_them(
    town: Town, statement: str
) -> None:
    tenant = town.person()
    mine = town.place(town.ask(tenant), tenant)
    town.code(mine, tenant)

    with pytest.raises(DBAPIError), town.web(tenant) as work:
        work.session.execute(text(statement), {"mine": mine, "who": tenant.profile_id})


BY_HAND = (
    "INSERT INTO signature_request (id, organization_id, title, subject_table, subject_id,"
    " document_id, sha256, expires_at, created_at, custom, status, signed_document_id)"
    " SELECT gen_random_uuid(), organization_id, title, subject_table, gen_random_uuid(),"
    " document_id, sha256, expires_at, created_at, '{}', %s FROM signature_request"
)


@pytest.mark.parametrize("role", ["Admin", "Manager"])
@pytest.mark.parametrize(
    "statement",
    [
        BY_HAND % "'completed', document_id",
        BY_HAND % "'sealing', NULL",
        "UPDATE signature_request SET status = 'completed', signed_document_id = document_id",
        "UPDATE signature_request SET expires_at = now() + interval '1 year'",
        "UPDATE signature_request SET status = 'withdrawn', remind_days = 0",
        SIGNED,
    ],
)
def test_by_hand_staff_cannot_have_a_document_signed_by_nobody(
    town: Town, role: str, statement: str
) -> None:
    tenant = town.person()
    mine = town.place(town.ask(tenant), tenant)
    manager = town.staff(role)

    with pytest.raises(DBAPIError), town.web(manager) as work:
        work.session.execute(text(statement), {"mine": mine} if ":mine" in statement else {})


def test_staff_withdraw_what_is_out_for_signature(town: Town) -> None:
    request = town.ask(town.person())
    with town.web(town.staff("Manager")) as work:
        signing.withdraw(work, request, "the rent was wrong")
    assert town.states(request) == ["withdrawn", "released"]


def test_not_even_a_job_signs_for_somebody_or_changes_what_was_said(town: Town) -> None:
    tenant = town.person()
    request = town.ask(tenant)
    mine = town.place(request, tenant)
    with pytest.raises(DBAPIError, match="sign"), town.jobs() as work:
        work.session.execute(text(SIGNED), {"mine": mine})
    town.sign(request, tenant)

    with pytest.raises(DBAPIError, match="stays"), town.jobs() as work:
        work.session.execute(
            text("UPDATE signer SET signed_name = 'Somebody else' WHERE id = :mine"), {"mine": mine}
        )
    with pytest.raises(DBAPIError, match="stays"), town.jobs() as work:
        work.session.execute(
            text("UPDATE signature_request SET sha256 = 'b' WHERE id = :id"), {"id": request}
        )


def test_the_final_document_is_kept_once(town: Town) -> None:
    tenant = town.person()
    request = town.ask(tenant)
    town.sign(request, tenant)
    kept = Kept("Lease.pdf", "application/pdf", "k", "c" * 64, 9)
    with town.jobs() as work:
        signing_progress.failed(work, request, "no storage")
        signing_progress.failed(work, request, "no storage")
        assert signing_progress.waiting(work) == [request]
        first = signing_progress.complete(work, request, kept).signed_document_id
    with town.jobs() as work:
        assert signing_progress.complete(work, request, kept).signed_document_id == first
        assert signing_progress.waiting(work) == []
        told = select(Event).where(Event.type == "signature.failed")
        assert len(work.session.scalars(told).all()) == 1
        assert work.session.get_one(SignatureRequest, request).status is RequestStatus.completed


def test_who_has_not_signed_is_reminded_every_few_days(town: Town) -> None:
    tenant, owner = town.person(), town.person()
    request = town.ask(tenant, owner)
    town.sign(request, owner)
    with town.jobs() as work:
        soon, later = (work.at(work.now + timedelta(days=days)) for days in (2, 4))
        told = [
            signing_progress.remind_due(soon),
            signing_progress.remind_due(later),
            signing_progress.remind_due(later),
        ]
        statuses = [each.status for each in signing.of(work, request)]

    assert told == [0, 1, 0]
    assert set(statuses) == {SignerStatus.signed, SignerStatus.asked}
