"""Saved cards in the portal: listed, let pay by themselves, stopped, removed."""

from uuid import UUID

import pytest
from sqlalchemy import select

from models.autopay import Autopay
from models.payments import PaymentIntent
from models.saved_ways import SavedWay
from tests import make
from tests.saved import owed, save
from tests.views.conftest import Office
from tests.views.portal.test_wallet import SET_UP


class Payer:
    """A browser of somebody who pays by card."""

    def __init__(self, office: Office, role: str = "Resident") -> None:
        self.office = office
        with office.work() as work:
            self.party_id = make.party(work, name="Kevin Mutua").id
        self.profile_id = office.person(role, party_id=self.party_id)
        self.client = office.browser_of(self.profile_id)

    def saved(self) -> UUID:
        with self.office.work() as work:
            return save(work, self.party_id, self.profile_id).id

    def get(self, path: str = "/portal/cards/") -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)

    def post(self, path: str, **given: str) -> int:
        return self.client.post(f"/portal/cards/{path}", data=given).status_code


@pytest.mark.req("S2.19", "S1.57")
def test_a_saved_card_is_let_pay_stopped_and_removed(office: Office) -> None:
    payer = Payer(office)
    assert "No card is saved" in payer.get()
    way_id = payer.saved()
    assert "Visa ending in 4242" in payer.get()
    assert "In force" not in payer.get()
    terms = f"{way_id}/autopay"
    assert "I agree that my invoices are charged" in payer.get(f"/portal/cards/{terms}")

    for strange in ({"most": "-1"}, {"most": "1e3"}, {"days_before": "29"}, {"days_before": "x"}):
        assert payer.post(terms, **({"most": "5", "days_before": "0"} | strange)) == 422, strange
    assert payer.post(terms, most="1,500", days_before="3") == 302

    assert "In force" in payer.get()
    with office.work() as work:
        row = work.session.scalars(select(Autopay)).one()
        assert (row.active, str(row.most), row.saved_way_id) == (True, "1500.0000", way_id)
    assert payer.post(f"{terms}/stop") == 302
    assert "In force" not in payer.get()
    assert payer.post(terms, most="", days_before="0") == 302
    assert payer.post(f"{way_id}/remove") == 302
    assert payer.post(f"{way_id}/remove") == 302
    assert "No card is saved" in payer.get()
    with office.work() as work:
        way, row = (
            work.session.scalars(select(SavedWay)).one(),
            work.session.scalars(select(Autopay)).one(),
        )
        assert (way.revoked_at is not None, way.forget_at is not None, row.active) == (
            *(True, True),
            False,
        )
    for gone in (terms, f"{terms}/stop"):
        assert payer.post(gone, most="", days_before="0") == 404


@pytest.mark.req("S5.48")
def test_anothers_card_is_not_seen_and_a_housemates_is_not_let_pay(office: Office) -> None:
    payer, stranger = Payer(office), Payer(office)
    way_id = payer.saved()
    assert "4242" not in stranger.get()
    for path in (f"{way_id}/remove", f"{way_id}/autopay", f"{way_id}/autopay/stop"):
        assert stranger.post(path, most="", days_before="0") == 404

    housemate = office.browser("Resident", party_id=payer.party_id)
    page = housemate.get("/portal/cards/").get_data(as_text=True)
    assert "Somebody else of your household has saved it" in page
    path = f"/portal/cards/{way_id}/autopay"
    assert "This is not for you to say" in housemate.get(path).get_data(as_text=True)
    refused = housemate.post(path, data={"most": "", "days_before": "0"})
    assert refused.status_code == 403


@pytest.mark.req("S2.22")
def test_a_payer_ticks_that_the_card_is_saved(office: Office) -> None:
    config = office.app.config
    kept = {name: config[name] for name in SET_UP}
    payer = Payer(office)
    with office.work() as work:
        invoice_id = owed(work, payer.party_id, "100").id
    try:
        config.update(dict.fromkeys(SET_UP, ""))
        assert "Save this card" not in payer.get("/portal/payments")
        config.update(dict.fromkeys(SET_UP, "x"))
        assert "Save this card" in payer.get("/portal/payments")
        form = {"invoice": str(invoice_id), "method": "stripe", "saves": "1"}
        assert payer.client.post("/portal/payments", data=form).status_code == 302
    finally:
        config.update(kept)
    with office.work() as work:
        intent = work.session.scalars(select(PaymentIntent)).one()
        assert (intent.saves, intent.recorded_by_id) == (True, payer.profile_id)
