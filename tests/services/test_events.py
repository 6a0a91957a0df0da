from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import jsonschema
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work import Work
from models.events import Event
from models.people import PartyKind
from services import booking_ends, events
from services.people import PartyAdded
from tests import stories
from tests.stories import unit
from workers import relay, sagas, subscriptions

assert subscriptions.HANDLERS

pytestmark = pytest.mark.req("S2.52")


def stated(work: Work) -> Event:
    events.emit(work, PartyAdded(uuid4(), PartyKind.person, ("customer",)))
    return work.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


@pytest.mark.req("S2.71")
def test_the_envelope_has_these_fields_and_no_others(work: Work) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    event = stated(work.at(at))
    assert events.envelope(event) == {
        "id": f"evt_{event.id}",
        "type": "party.created",
        "version": "1.0",
        "timestamp": "2026-03-01T12:00:00.250000Z",
        "tenantId": str(work.scope.home()),
        "correlationId": str(work.correlation_id),
        "causationId": None,
        "actor": {"type": "test", "id": "1"},
        "data": {"party_id": str(event.subject_id), "kind": "person", "roles": ["customer"]},
        "metadata": {
            "source": "makao",
            "clientApp": "web",
            "subject": {"type": "party", "id": str(event.subject_id)},
            "sequence": 1,
        },
    }


@pytest.mark.req("S2.02")
def test_what_is_rolled_back_was_never_stated(session: Session, home: object) -> None:
    with pytest.raises(ZeroDivisionError), unit(session, home) as work:  # type: ignore[arg-type]
        stated(work)
        raise ZeroDivisionError
    with unit(session, home) as work:  # type: ignore[arg-type]
        assert work.session.scalars(select(Event)).all() == []


@pytest.mark.parametrize("kind", sorted(events.CATALOGUE))
def test_every_fact_in_the_catalogue_has_a_schema_and_a_dotted_name(kind: str) -> None:
    fact = events.CATALOGUE[kind]
    Draft202012Validator.check_schema(events.schema(fact))
    assert kind.replace(".", "").replace("_", "").isalpha()
    assert "." in kind
    assert kind == kind.lower()
    assert (fact.__doc__ or "").strip()


@pytest.mark.req("S3.40")
def test_what_a_sale_states_fits_the_schemas(session: Session, home: object) -> None:
    story = stories.confirmed(session, home)  # type: ignore[arg-type]
    story.pay(Decimal(1000))
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    sagas.advance_all(story.home)
    sold = stories.confirmed(session, story.home)
    sold.pay()
    sold.approve()
    while relay.turn():
        pass

    with story.work() as work:
        told = work.session.scalars(select(Event)).all()
        for event in told:
            jsonschema.validate(event.data, events.schema(events.CATALOGUE[event.type]))
        assert {each.type for each in told} >= {
            *("booking.created", "booking.package_assigned", "booking.confirmed"),
            *("booking.status_changed", "booking.approved", "booking.cancelled"),
            *("invoice.issued", "invoice.paid", "payment.initiated", "payment.succeeded"),
            *("refund.requested", "ledger.entry.created", "apartment.status_changed"),
            *("booking.settled", "saga.status_changed"),
        }
