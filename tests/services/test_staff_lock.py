"""What members of the staff cannot do beyond their roles, whatever SQL runs with their secret."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Work
from models.billing import PaymentMethod
from models.organizations import STAFF
from services import access, bookings, choices, instalments, payments, refunds
from tests import make


@dataclass
class Desk:
    """Rows of an organization by name, and the secret of a member with one role."""

    key: str
    role: str
    names: dict[str, UUID]


@pytest.fixture(params=STAFF)
def desk(request: pytest.FixtureRequest, work: Work) -> Desk:
    door = db.door()
    estate = make.project(work)
    package = make.package(work, estate, price=Decimal(1000))
    extra = make.addon(work, make.category(work, estate))
    flats = [make.apartment(work, estate, packages=[package], addons=[extra]).id for _ in range(4)]
    party = make.party(work).id
    held, confirmed, paid = (bookings.hold(work, flat, party).id for flat in flats[:3])
    for each in (held, confirmed, paid):
        choices.choose_package(work, each, package.id)
        choices.choose_addons(work, each, {extra.id: 1})
    invoices = []
    for each in (confirmed, paid):
        bookings.confirm(work, each)
        invoices.append(instalments.links(work, each)[0].invoice_id)
    asked = payments.begin(work, [payments.Part(invoices[0])], PaymentMethod.card).id
    done = payments.record(work, [payments.Part(invoices[1])], PaymentMethod.cash).id
    bookings.submit(work, paid)
    back = refunds.request(work, done, Decimal(1000), "once", "too much").id
    names = {"home": work.scope.home(), "party": party, "held": held, "confirmed": confirmed}
    names |= {"free": flats[3], "package": package.id, "addon": extra.id, "project": estate.id}
    names |= {"invoice": invoices[0], "asked": asked, "done": done, "refund": back}
    profile = make.user(door)
    member = make.member(work, profile, request.param)
    names |= {"profile": profile, "member": member.id}
    return Desk(make.key(door, profile), request.param, names)


NOBODY = ("", "")
ATTEMPTS: dict[str, tuple[tuple[str, str], str]] = {
    "record cash": (
        ("payment_intent", "record"),
        (
            "INSERT INTO payment_intent (id, organization_id, number, party_id, method, provider,"
            " status, flow_version, amount, currency, created_at, custom) VALUES"
            " (gen_random_uuid(),"
            " :home, 'X', :party, 'cash', 'cash', 'pending', 1, 1, 'KES', now(), '{}')"
        ),
    ),
    "say that it was paid": (
        ("payment_intent", "record"),
        "UPDATE payment_intent SET status = 'succeeded', succeeded_at = now() WHERE id = :asked",
    ),
    "ask for less": (
        ("payment_intent", "record"),
        "UPDATE payment_intent SET amount = 1 WHERE id = :asked",
    ),
    "pay another invoice": (
        ("payment_intent", "record"),
        "UPDATE payment_allocation SET amount = 1 WHERE intent_id = :asked",
    ),
    "paid without money": (
        ("payment_intent", "record"),
        "UPDATE invoice SET paid_amount = 1, status = 'partly_paid' WHERE id = :invoice",
    ),
    "ask for a refund": (
        ("refund", "settle"),
        (
            "INSERT INTO refund (id, organization_id, intent_id, party_id, key, status, amount,"
            " currency, created_at, custom) VALUES (gen_random_uuid(), :home, :done, :party, 'x',"
            " 'requested', 1, 'KES', now(), '{}')"
        ),
    ),
    "a larger refund": (
        ("refund", "settle"),
        "UPDATE refund SET amount = amount + 1 WHERE id = :refund",
    ),
    "a refund that was paid": (
        ("refund", "settle"),
        "UPDATE refund SET status = 'succeeded', succeeded_at = now() WHERE id = :refund",
    ),
    "an entry": (
        ("refund", "settle"),
        (
            "SELECT ledger_post(gen_random_uuid(), :home,"
            " (SELECT id FROM book WHERE name = 'main'), 'x', 'x',"
            " 'invoice',"
            " :invoice, current_date, now(), NULL, 'KES', ARRAY['1200', '1000'],"
            " ARRAY['asset', 'asset'], ARRAY[:party, NULL]::uuid[], ARRAY[-1, 1]::numeric[],"
            " gen_random_uuid(), 'x', gen_random_uuid())"
        ),
    ),
    "all that was paid back": (
        ("booking", "reject"),
        (
            "INSERT INTO saga (id, organization_id, kind, subject_id, status, step, attempts,"
            " due_at,"
            " data, created_at, custom) VALUES (gen_random_uuid(), :home, 'cancel_booking',"
            " :confirmed,"
            " 'running', 0, 0, now(), '{\"percent\": \"100\"}', now(), '{}')"
        ),
    ),
    "approved by nobody": (
        NOBODY,
        "UPDATE booking SET status = 'approved' WHERE id = :confirmed",
    ),
    "an approval": (
        ("booking", "approve"),
        (
            "INSERT INTO approval_decision (id, organization_id, approval_id, actor, roles,"
            " decided_at) VALUES (gen_random_uuid(), :home, (SELECT id FROM approval), 'user:1',"
            " '{Admin}', now())"
        ),
    ),
    "another rule": (
        ("approval_rule", "write"),
        "UPDATE approval_rule SET until_version = 2",
    ),
    "a price of a booking": (
        ("package", "write"),
        "UPDATE booking SET base_price = 1 WHERE id = :held",
    ),
    "a package for less": (
        ("package", "write"),
        "UPDATE booking SET package_price = 1 WHERE id = :held",
    ),
    "an add-on for less": (
        ("package", "write"),
        "UPDATE booking_addon SET price_per_unit = 1 WHERE booking_id = :held",
    ),
    "a price of an apartment": (
        ("apartment", "write"),
        "UPDATE apartment SET base_price = 1 WHERE id = :free",
    ),
    "a price of a package": (
        ("package", "write"),
        "UPDATE package SET price = 1 WHERE id = :package",
    ),
    "a price of an add-on": (
        ("addon", "write"),
        "UPDATE addon SET price_per_unit = 1 WHERE id = :addon",
    ),
    "another rule for refunds": (
        ("project", "write"),
        "UPDATE project SET refund_percent = 100 WHERE id = :project",
    ),
    "an owner": (
        ("apartment_owner", "write"),
        (
            "INSERT INTO apartment_owner (id, organization_id, apartment_id, owner_id, share,"
            " created_at, custom) VALUES (gen_random_uuid(), :home, :free, :party, 100, now(),"
            " '{}')"
        ),
    ),
    "another name": (("party", "write"), "UPDATE party SET name = 'x' WHERE id = :party"),
    "a party set aside": (
        ("party", "set_aside"),
        "UPDATE party SET status = 'inactive' WHERE id = :party",
    ),
    "another package": (
        ("booking", "configure"),
        "UPDATE booking SET payment_method = 'cash' WHERE id = :held",
    ),
    "a payment given up": (
        ("booking", "cancel"),
        "UPDATE payment_intent SET status = 'cancelled' WHERE id = :asked",
    ),
    "more roles": (
        ("membership", "write"),
        "UPDATE membership SET roles = '{Admin}' WHERE id = :member",
    ),
    "a setting": (
        ("setting", "write"),
        (
            "INSERT INTO setting (id, organization_id, key, value) VALUES (gen_random_uuid(),"
            " :home,"
            " 'bank.details', '\"mine\"')"
        ),
    ),
    "a fact in another's name": (
        NOBODY,
        (
            "INSERT INTO event (id, organization_id, type, version, subject_table, subject_id,"
            " sequence, data, actor, correlation_id, happened_at, source) VALUES"
            " (gen_random_uuid(),"
            " :home, 'booking.approved', '1.0', 'booking', :held, 0, '{}', 'user:1',"
            " gen_random_uuid(), now(), 'x')"
        ),
    ),
    "a posting": (NOBODY, "UPDATE posting SET amount = 1"),
    "the trail": (NOBODY, "DELETE FROM audit_entry"),
}
"""An attempt, and the table and verb whose holders may succeed."""
BESIDES = {"a payment given up": {"Accountant"}}
"""Roles that may do it by a right of another name: an accountant gives up payments themselves."""


@pytest.mark.req("S5.04", "S5.39", "S2.71")
def test_the_database_knows_the_roles(desk: Desk, app: Flask) -> None:
    wrong = {}
    for attempt, (right, statement) in ATTEMPTS.items():
        allowed = right != NOBODY and access.allows([desk.role], *right)
        allowed |= desk.role in BESIDES.get(attempt, ())
        said = _try(app, desk, statement)
        if (said == "done") != allowed or said not in ("done", "no"):
            wrong[attempt] = said

    assert wrong == {}


def _try(app: Flask, desk: Desk, statement: str) -> str:
    """Run it as the web would; gives `done`, `no`, or what else happened. Nothing of it stays."""
    told = Scope(desk.names["home"], key=desk.key, everywhere=True)
    with Session(app.extensions["engines"]["web"]) as session, seeing(session, told):
        try:
            count = session.execute(text(statement), desk.names).rowcount  # type: ignore[attr-defined]
        except DBAPIError as error:
            return "no" if getattr(error.orig, "sqlstate", "") == "42501" else str(error.orig)
        finally:
            with suppress(DBAPIError):
                session.rollback()
    return "done" if count else "no"
