"""Letting one's wallet pay by itself, in the portal: with the PIN; stopped without."""

import pytest
from sqlalchemy import select

from models.autopay import Autopay
from tests.views.conftest import Office
from tests.views.portal.test_wallet import PIN, Holder

PAGE = "/autopay/"


@pytest.mark.req("S2.19", "S1.57")
def test_a_payer_agrees_with_the_pin_and_stops_at_once(office: Office) -> None:
    holder = Holder(office, "Resident")
    holder.ready()
    terms = {"most": "1,500", "days_before": "3"}
    assert holder.send(PAGE, pin="0000", **terms)[0] == 422
    with office.work() as work:
        assert work.session.scalars(select(Autopay)).all() == []

    assert holder.send(PAGE, pin=PIN, **terms)[0] == 302

    assert "In force" in holder.get(PAGE)
    with office.work() as work:
        row = work.session.scalars(select(Autopay)).one()
        assert (row.active, str(row.most), row.days_before) == (True, "1500.0000", 3)
    for strange in ({"most": "-1"}, {"most": "1e3"}, {"days_before": "29"}, {"days_before": "x"}):
        given = {"pin": PIN, "most": "5", "days_before": "0"} | strange
        assert holder.send(PAGE, **given)[0] == 422, strange
    assert holder.send(PAGE, pin=PIN, most="", days_before="0")[0] == 302
    assert holder.client.post("/portal/wallet/autopay/stop").status_code == 302
    assert "In force" not in holder.get(PAGE)
