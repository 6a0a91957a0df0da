"""Undoing a match that has filled a wallet: asked for on the web, done by a job."""

from uuid import UUID

import pytest
from flask import Flask

from models.bank_statements import BankLine, BankLineStatus
from tests import stories
from tests.services.test_bank_undoing import mistaken
from tests.views.conftest import Office
from tests.views.test_told import heard

pytestmark = pytest.mark.req("S2.26", "S1.48")


def test_on_the_web_it_is_asked_for_and_a_job_does_it(app: Flask, office: Office) -> None:
    with stories.unit(office.session, office.home) as work:
        line, _intent = mistaken(work)
        line_id: UUID = line.id
    browser = office.browser("Accountant")
    page = browser.post(
        f"/admin/bank_line/{line_id}/undo", data={"reason": "Another's"}, follow_redirects=True
    )

    assert "taken out of the wallet" in page.get_data(as_text=True)
    heard(app)
    with office.work() as work:
        again = work.session.get_one(BankLine, line_id, populate_existing=True)
        assert again.status is BankLineStatus.unmatched
