"""What accountants do with invoices and payments, as they do it: by their own rights alone."""

from decimal import Decimal
from uuid import UUID

import pytest

from models.payments import IntentStatus
from services import instalments, payments, prices
from services.payments import Outcome
from services.prices import Item
from tests import stories
from tests.stories import PRICE, Story
from tests.views.conftest import Office


@pytest.fixture
def story(office: Office) -> Story:
    return stories.confirmed(office.session, office.home)


def invoice_of(story: Story) -> UUID:
    with story.work() as work:
        return instalments.links(work, story.booking_id)[-1].invoice_id


@pytest.mark.req("S3.19", "S3.45")
@pytest.mark.parametrize("verb", ["reject", "void"])
def test_a_rejected_invoice_is_asked_for_again_and_paid(
    office: Office, story: Story, verb: str
) -> None:
    accountant, old = office.program("Accountant"), invoice_of(story)
    path = f"/api/v1/invoice/{old}"
    early = accountant("POST", f"{path}/ask_again", key="early", json={})
    assert (early.status_code, early.json["code"]) == (409, "not_asked_again")

    ended = accountant("POST", f"{path}/{verb}", key="end", json={"reason": "a wrong name"})
    asked = accountant("POST", f"{path}/ask_again", key="again", json={})

    assert (ended.status_code, asked.status_code) == (200, 200), asked.json
    new = invoice_of(story)
    assert new != old
    paid = accountant(
        "POST",
        f"/api/v1/invoice/{new}/record_payment",
        key="pay",
        json={"amount": str(PRICE), "method": "cash"},
    )
    assert (paid.status_code, paid.json["result"]["status"]) == (200, "paid")
    # Nobody else may, and the page says the same.
    assert office.program("Sales")("POST", f"{path}/ask_again", key="x", json={}).status_code == 403
    assert b"Ask again" in office.browser("Accountant").get(f"/admin/invoice/{old}").data


@pytest.mark.req("S3.41")
def test_what_is_left_over_of_a_payment_is_paid_back(office: Office, story: Story) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        prices.change(work, Item.apartment, story.apartment_id, PRICE - 500)
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("succeeded", PRICE, "KES"))
    path = f"/api/v1/payment_intent/{intent_id}/return_credit"

    assert office.program("Sales")("POST", path, key="s", json={}).status_code == 403
    accountant = office.program("Accountant")
    done, again = (accountant("POST", path, key=key, json={}) for key in ("one", "two"))

    assert (done.status_code, done.json["made"]["type"]) == (200, "refund"), done.json
    assert (again.status_code, again.json["code"]) == (409, "no_credit")
    assert story.intent(intent_id).status is IntentStatus.succeeded
    refund = accountant("GET", f"/api/v1/refund/{done.json['made']['id']}").json["result"]
    assert Decimal(refund["amount"]) == 500


@pytest.mark.req("S3.38", "S3.39")
def test_a_draft_of_who_is_choosing_is_left_alone(office: Office) -> None:
    held = stories.held(office.session, office.home)
    accountant, draft = office.program("Accountant"), invoice_of(held)
    for verb, given in (("issue", {}), ("void", {"reason": "x"}), ("reject", {"reason": "x"})):
        answer = accountant("POST", f"/api/v1/invoice/{draft}/{verb}", key=verb, json=given)
        assert (answer.status_code, answer.json["code"]) == (409, "still_choosing")
