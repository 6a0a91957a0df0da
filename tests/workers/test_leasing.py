"""Leases and their signatures: what is signed, declined or not signed in time decides of both."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from models.estate import Unit, UnitStatus
from models.events import Event, SagaStatus
from models.files import Document, DocumentUse
from models.lease_papers import LeaseDocument
from models.leasing import Lease, LeaseStatus, LesseeRole
from models.notices import Notification
from models.signing import SignatureRequest
from services import (
    lease_signing,
    leasing,
    organizations,
    signing,
    signing_acts,
    signing_progress,
)
from services.files import Kept
from services.lease_signing import NoDocument
from services.leasing import NotSent
from services.signing import Asked, OutAlready
from tests import make
from tests.services.test_activations import through
from tests.services.test_signing import Person, Town
from workers.subscriptions import SUBSCRIPTIONS


class Let(Town):
    """A lease of two that was sent for signature, with its document out for both."""

    def send(self) -> tuple[UUID, UUID, tuple[Person, Person]]:
        first, second = self.person(), self.person()
        with self.jobs() as work:
            others = [(second.party_id, LesseeRole.lessee)]
            lease = make.lease(work, party_id=first.party_id, others=others)
            leasing.send_for_signature(work, lease.id)
            until = work.now + timedelta(days=9)
            who = [Asked(each.party_id, role="Tenant") for each in (first, second)]
            subject = ("lease", lease.id)
            request = signing.ask(work, subject, self.document(work), "Lease", who, until)
            return lease.id, request.id, (first, second)

    def hear(self, *kinds: str) -> None:
        """Tell all who listen of what happened, as the relay does."""
        for kind in kinds:
            with self.jobs() as work:
                happened = list(work.session.scalars(select(Event.id).where(Event.type == kind)))
            assert happened, kind
            for event_id in happened:
                for handler in SUBSCRIPTIONS[kind]:
                    with self.jobs() as work:
                        handler(work, work.session.get_one(Event, event_id))

    def seal(self, request: UUID) -> None:
        with self.jobs() as work:
            kept = Kept("Lease.pdf", "application/pdf", "b" * 64, "b" * 64, 9)
            signing_progress.complete(work, request, kept)

    def stands(self, lease_id: UUID) -> tuple[LeaseStatus, str, bool, UnitStatus]:
        with self.jobs() as work:
            lease = work.session.get_one(Lease, lease_id)
            unit = work.session.get_one(Unit, lease.unit_id)
            return lease.status, lease.reason or "", lease.signed_on is not None, unit.status


@pytest.mark.req("S2.13")
def test_the_newest_pdf_of_a_lease_is_sent_to_all_who_stand_in_it(town: Let) -> None:
    first, second = town.person(), town.person()
    with town.jobs() as work:
        others = [(second.party_id, LesseeRole.lessee)]
        lease = make.lease(work, party_id=first.party_id, others=others)
        until = work.now.date() + timedelta(days=3)
        with pytest.raises(NotSent):
            lease_signing.ask(work, lease.id, until)
        leasing.send_for_signature(work, lease.id)
        with pytest.raises(NoDocument):
            lease_signing.ask(work, lease.id, until)
        for digest in ("0" * 64, "1" * 64):
            document = work.session.get_one(Document, town.document(work, digest))
            document.subject_table, document.subject_id = "lease", lease.id
        work.session.flush()
        request = lease_signing.ask(work, lease.id, until, ordered=True)
        asked = [(each.party_id, each.status.value) for each in signing.of(work, request.id)]
        with pytest.raises(OutAlready):
            lease_signing.ask(work, lease.id, until)

        assert request.sha256 == "1" * 64
        assert asked == [(first.party_id, "asked"), (second.party_id, "waiting")]
        ends = datetime.combine(until + timedelta(days=1), time(), ZoneInfo("Africa/Nairobi"))
        assert request.expires_at == ends


@pytest.fixture
def town(app: Flask, session: Session, home: UUID) -> Let:
    return Let(app, session, home)


@pytest.mark.req("S2.13", "S2.14")
def test_a_lease_that_all_signed_electronically_becomes_active_once(town: Let) -> None:
    lease, request, people = town.send()
    town.sign(request, people[0])
    half = town.stands(lease)
    town.sign(request, people[1])
    town.seal(request)
    town.hear("signature.completed", "signature.completed", "lease.signed")
    with town.jobs() as work:
        signed = select(Event.data).where(Event.type == "lease.signed")
        facts = list(work.session.scalars(signed))

    assert through(town.session, town.home, lease) is SagaStatus.done
    assert (half[0], half[2]) == (LeaseStatus.pending_signature, False)
    status, _reason, has_day, home = town.stands(lease)
    assert (status, has_day, home) == (LeaseStatus.active, True, UnitStatus.occupied)
    assert [each["how"] for each in facts] == ["electronic"]


@pytest.mark.req("S2.12", "S2.13")
def test_a_lease_that_is_sent_is_written_and_out_for_signature_by_itself(town: Let) -> None:
    db.use(town.app, "jobs")
    tenant, manager = town.person(), town.staff("Manager")
    with town.jobs() as work:
        lease = make.lease(work, party_id=tenant.party_id).id
    with town.web(manager) as work:
        leasing.send_for_signature(work, lease)
    town.hear("lease.sent_for_signature", "lease.sent_for_signature")
    with town.jobs() as work:
        request = signing.live(work, lease)
        assert request
        signers = [(each.party_id, each.profile_id) for each in signing.of(work, request.id)]
        document = work.session.get_one(Document, request.document_id)
        kept = (document.use, document.title, document.id)
        made = work.session.scalars(select(LeaseDocument.document_id)).all()

    assert signers == [(tenant.party_id, None), (None, manager.profile_id)]
    assert kept == (DocumentUse.lease, "Lease LSE-000001.pdf", made[0])
    assert len(made) == 1


def test_a_lease_whose_tenant_cannot_be_asked_waits_and_the_staff_is_told(town: Let) -> None:
    db.use(town.app, "jobs")
    manager = town.staff("Manager")
    with town.jobs() as work:
        lease = make.lease(work).id
        leasing.send_for_signature(work, lease)
    town.hear("lease.sent_for_signature")
    with town.jobs() as work:
        told = select(Notification.message).where(Notification.profile_id == manager.profile_id)
        messages = work.session.scalars(told).all()
        assert signing.live(work, lease) is None

    assert [each for each in messages if "no e-mail address or no sign-in" in each]
    assert town.stands(lease)[0] is LeaseStatus.pending_signature


def test_where_the_organization_asks_by_hand_nothing_is_written(town: Let) -> None:
    db.use(town.app, "jobs")
    with town.jobs() as work:
        organizations.change_setting(work, "lease.ask_signatures", value=False)
        lease = make.lease(work, party_id=town.person().party_id).id
        leasing.send_for_signature(work, lease)
    town.hear("lease.sent_for_signature")
    with town.jobs() as work:
        assert work.session.scalars(select(LeaseDocument)).all() == []


@pytest.mark.req("S2.16")
def test_a_lease_that_one_declines_is_cancelled_and_frees_the_unit(town: Let) -> None:
    lease, request, (first, _second) = town.send()
    with town.web(first) as work:
        signing_acts.decline(work, town.place(request, first), "too dear")
    town.advance(request)
    town.hear("signature.declined", "lease.cancelled")
    status, reason, signed, unit = town.stands(lease)

    assert (status, signed, unit) == (LeaseStatus.cancelled, False, UnitStatus.vacant)
    assert reason.endswith(": too dear")
    assert town.states(request)[0] == "declined"


@pytest.mark.req("S2.16")
def test_a_lease_whose_signatures_run_out_is_cancelled(town: Let) -> None:
    lease, request, people = town.send()
    town.sign(request, people[0])
    with town.jobs() as work:
        over = work.session.get_one(SignatureRequest, request).expires_at
    with town.jobs(now=over) as work:
        assert signing_progress.expire(work, request)
    town.hear("signature.expired", "lease.cancelled")

    assert town.stands(lease)[:2] == (LeaseStatus.cancelled, "not signed in time")
    assert town.states(request)[0] == "expired"


@pytest.mark.req("S2.13", "S2.16")
def test_nobody_is_asked_any_more_to_sign_what_was_cancelled_or_signed_on_paper(
    town: Let,
) -> None:
    given_up, first, _people = town.send()
    by_hand, second, _others = town.send()
    with town.jobs() as work:
        leasing.cancel(work, given_up, "they moved away")
        leasing.signed(work, by_hand, work.now.date(), "paper")
    town.hear("lease.cancelled")
    town.hear("lease.signed")

    assert [town.states(each)[0] for each in (first, second)] == ["withdrawn", "withdrawn"]
    assert town.stands(given_up)[0] is LeaseStatus.cancelled


@pytest.mark.req("S2.13")
def test_what_is_signed_of_another_record_moves_no_lease(town: Let) -> None:
    lease, _request, _people = town.send()
    person = town.person()
    other = town.ask(person)
    town.sign(other, person)
    town.seal(other)
    town.hear("signature.completed")

    assert town.stands(lease)[0] is LeaseStatus.pending_signature
    assert not town.stands(lease)[2]
