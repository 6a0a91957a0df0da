"""What a member of the portal cannot do to their own rows, whatever SQL runs with their secret."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.billing import PaymentMethod
from services import bookings, choices, instalments, payments
from tests import make


@dataclass
class Buyer:
    """Somebody with a hold, and with a confirmed booking whose invoice they mean to pay."""

    key: str
    names: dict[str, UUID] = field(default_factory=dict)


@pytest.fixture
def buyer(session: Session) -> Iterator[Buyer]:
    door = db.door()
    home = make.organization(session)
    with seeing(session, Scope(home, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        project = make.project(work)
        package = make.package(work, project, price=Decimal(1000))
        flats = [make.apartment(work, project, packages=[package]).id for _ in range(3)]
        party, other = make.party(work).id, make.party(work).id
        session.commit()
        held, confirmed = (bookings.hold(work, flat, party).id for flat in flats[:2])
        for each in (held, confirmed):
            choices.choose_package(work, each, package.id)
        bookings.confirm(work, confirmed)
        invoice = instalments.links(work, confirmed)[0].invoice_id
        intent = payments.begin(work, [payments.Part(invoice)], PaymentMethod.card).id
        profile = make.user(door)
        make.member(work, profile, "Buyer", party_id=party)
        session.commit()
        yield Buyer(
            make.key(door, profile),
            {
                "home": home,
                "party": party,
                "other": other,
                "profile": profile,
                "held": held,
                "confirmed": confirmed,
                "free": flats[2],
                "package": package.id,
                "invoice": invoice,
                "intent": intent,
            },
        )


ATTEMPTS = {
    "a price of one's own": "UPDATE booking SET base_price = 1 WHERE id = :held",
    "a package for nothing": "UPDATE booking SET package_price = 0 WHERE id = :held",
    "a longer hold": "UPDATE booking SET hold_until = now() + interval '9 days' WHERE id = :held",
    "approval": "UPDATE booking SET status = 'approved' WHERE id = :confirmed",
    "review": "UPDATE booking SET status = 'under_review' WHERE id = :confirmed",
    "a cheaper package later": "UPDATE booking SET package_price = 1 WHERE id = :confirmed",
    "an assignee": "UPDATE booking SET assigned_to_id = :profile WHERE id = :confirmed",
    "somebody else's name": "UPDATE booking SET customer_id = :other WHERE id = :confirmed",
    "no more invoice": "DELETE FROM booking_invoice WHERE booking_id = :confirmed",
    "an add-on for nothing": "UPDATE booking_addon SET price_per_unit = 0",
    "a booking below its price": "INSERT INTO booking (id, organization_id, number, customer_id,"
    " original_id, status, flow_version, status_at, currency, base_price, created_at, custom)"
    " SELECT gen_random_uuid(), :home, 'X', :party, id, 'pending', 1, now(), currency, 1, now(),"
    " '{}' FROM apartment WHERE id = :free",
    "paid without money": "UPDATE invoice SET paid_amount = total, status = 'paid'"
    " WHERE id = :invoice",
    "paid in part": "UPDATE invoice SET paid_amount = 1 WHERE id = :invoice",
    "no more debt": "UPDATE invoice SET status = 'void' WHERE id = :invoice",
    "a payment that was made": "UPDATE payment_intent SET status = 'succeeded' WHERE id = :intent",
    "a smaller payment": "UPDATE payment_intent SET amount = 1 WHERE id = :intent",
    "cash that nobody saw": "INSERT INTO payment_intent (id, organization_id, number, party_id,"
    " method, provider, status, flow_version, amount, currency, created_at, custom)"
    " VALUES (gen_random_uuid(), :home, 'X', :party, 'cash', 'cash', 'pending', 1, 1, 'KES', now(),"
    " '{}')",
    "another share": "UPDATE payment_allocation SET amount = 1 WHERE intent_id = :intent",
    "a refund": "INSERT INTO refund (id, organization_id, intent_id, party_id, key, status, amount,"
    " currency, created_at, custom) VALUES (gen_random_uuid(), :home, :intent, :party, 'x',"
    " 'requested', 1, 'KES', now(), '{}')",
    "the flat itself": "INSERT INTO apartment_owner (id, organization_id, apartment_id, owner_id,"
    " share, created_at, custom)"
    " VALUES (gen_random_uuid(), :home, :free, :party, 100, now(), '{}')",
    "a flat off the market": "UPDATE apartment SET status = 'withdrawn' WHERE id = :free",
    "a flat at a price": "UPDATE apartment SET base_price = 1 WHERE id = :free",
    "another name": "UPDATE party SET name = 'x' WHERE id = :party",
    "numbers": "UPDATE counter SET last = 0",
    "settings": "DELETE FROM setting",
    "the book": "UPDATE book SET name = 'x'",
    "a fact that did not happen": "INSERT INTO event (id, organization_id, type, version,"
    " subject_table, subject_id, sequence, data, actor, correlation_id, happened_at, source)"
    " VALUES (gen_random_uuid(), :home, 'invoice.paid', 1, 'invoice', :invoice, 0, '{}',"
    " acting_name(), gen_random_uuid(), now(), 'x')",
    "a fact under another name": "INSERT INTO event (id, organization_id, type, version,"
    " subject_table, subject_id, sequence, data, actor, correlation_id, happened_at, source)"
    " VALUES (gen_random_uuid(), :home, 'booking.cancelled', 1, 'booking', :held, 0, '{}',"
    " 'user:1', gen_random_uuid(), now(), 'x')",
    "a saga": "INSERT INTO saga (id, organization_id, kind, subject_id, status, step, attempts,"
    " due_at, data, created_at, custom) VALUES (gen_random_uuid(), :home, 'cancel_booking',"
    " :confirmed, 'running', 0, 0, now(), '{\"percent\": \"100\"}', now(), '{}')",
    "a notice to others": "INSERT INTO notification (id, organization_id, profile_id) VALUES"
    " (gen_random_uuid(), :home, :profile)",
    "mail": "INSERT INTO dispatch (id, organization_id) VALUES (gen_random_uuid(), :home)",
    "an entry": "SELECT ledger_post(gen_random_uuid(), :home, (SELECT id FROM book"
    " WHERE name = 'main'), 'x', 'x',"
    " 'invoice', :invoice, current_date, now(), NULL, 'KES', ARRAY['1200', '1000'],"
    " ARRAY['asset', 'asset'], ARRAY[:party, NULL]::uuid[], ARRAY[-1, 1]::numeric[],"
    " gen_random_uuid(), 'x', gen_random_uuid())",
    "many entries": "SELECT ledger_post_many(:home, (SELECT id FROM book"
    " WHERE name = 'main'), 'x', current_date,"
    " now(), 'x', gen_random_uuid(), 'KES', '1000', 'asset', '1200', 'asset', false,"
    " ARRAY[:invoice]::uuid[], ARRAY['x'], ARRAY['x'], ARRAY[:party]::uuid[], ARRAY[1]::numeric[])",
}
"""The last word of Postgres is either "no" or no row at all."""


@pytest.mark.req("S5.47", "S2.71")
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_database_says_no(buyer: Buyer, app: Flask, superuser: Engine, attempt: str) -> None:
    names = {"key": buyer.key} | buyer.names
    told = Scope(buyer.names["home"], key=buyer.key, everywhere=True)
    before = _all(superuser)
    with Session(app.extensions["engines"]["web"]) as session, seeing(session, told):
        says_no = False
        try:
            count = session.execute(text(ATTEMPTS[attempt]), names).rowcount  # type: ignore[attr-defined]
            session.commit()
        except DBAPIError as error:
            says_no = getattr(error.orig, "sqlstate", "") == "42501"
            count = None if says_no else str(error)
    assert says_no or count == 0, count
    assert _all(superuser) == before


@pytest.mark.req("S5.47")
def test_nobody_founds_an_organization_without_signing_in(app: Flask) -> None:
    found = text(
        "SELECT found_organization(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x',"
        " 'x', NULL)"
    )
    with (
        Session(app.extensions["engines"]["web"]) as session,
        seeing(session, Scope(None, everywhere=True)),
        pytest.raises(DBAPIError, match="nobody is signed in"),
    ):
        session.execute(found)


def _all(superuser: Engine) -> list[tuple[object, ...]]:
    tables = ("booking", "invoice", "payment_intent", "apartment", "event", "saga", "refund")
    with superuser.connect() as connection:
        return [
            tuple(connection.execute(text(f"SELECT to_jsonb(t) FROM {table} AS t ORDER BY id")))  # noqa: S608
            for table in tables
        ]
