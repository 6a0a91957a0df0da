"""From an entry, a question, a fact or a change to the record that it is about, and back."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.approvals import Approval
from models.events import AuditEntry, Event
from models.ledger import Entry
from tests import stories
from tests.views.conftest import Office


def page(client: FlaskClient, address: str) -> str:
    return unescape(client.get(address).get_data(as_text=True))


@pytest.mark.req("S1.05")
def test_an_entry_leads_to_its_document_and_back(office: Office) -> None:
    stories.confirmed(office.session, office.home).pay()
    with office.work() as work:
        entries = work.session.scalars(select(Entry.id).order_by(Entry.id)).all()
    client = office.browser("Accountant")

    for entry_id, kind in zip(entries, ("invoice", "payment_intent"), strict=True):
        shown = page(client, f"/admin/journal_entry/{entry_id}")
        document = re.search(rf'href="(/admin/{kind}/[0-9a-f-]+)">\w+ [A-Z]+-\d+', shown)
        assert document
        assert f"/admin/journal_entry/{entry_id}" in page(client, document[1])


def test_questions_facts_and_changes_lead_to_their_records(office: Office) -> None:
    story = stories.confirmed(office.session, office.home)
    story.pay()
    story.approve()
    with office.work() as work:
        ids = {
            "event": work.session.scalars(
                select(Event.id).where(Event.subject_id == story.booking_id).limit(1)
            ).one(),
            "audit_entry": work.session.scalars(
                select(AuditEntry.id).where(AuditEntry.row_id == story.booking_id).limit(1)
            ).one(),
            "approval": work.session.scalars(
                select(Approval.id).where(Approval.subject_id == story.booking_id).limit(1)
            ).one(),
        }

    client = office.browser("Admin")

    for table, row_id in ids.items():
        assert f'href="/admin/booking/{story.booking_id}"' in page(
            client, f"/admin/{table}/{row_id}"
        )


def test_what_somebody_may_not_read_is_named_without_a_link(office: Office) -> None:
    stories.confirmed(office.session, office.home)
    with office.work() as work:
        row_id = work.session.scalars(
            select(AuditEntry.id).where(AuditEntry.table_name == "project").limit(1)
        ).one()

    shown = page(office.browser("Admin"), f"/admin/audit_entry/{row_id}")
    assert "/admin/project/" in shown
    assert office.browser("Sales").get(f"/admin/audit_entry/{row_id}").status_code == 403
