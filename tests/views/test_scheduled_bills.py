"""Residents' own bills, as the staff sees them: to read, and masked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from models.bills import Every
from models.scheduled_bills import DueStatus, Mode, ScheduledPayment
from models.wallet_orders import Channel
from services import ledger, scheduled_bills, wallets
from services.scheduled_bills import Wish
from tests import make
from tests.views.conftest import Office


@pytest.mark.req("S1.44", "S1.62")
def test_the_staff_reads_residents_bills_and_changes_nothing(office: Office) -> None:
    with office.work() as work:
        wallet = wallets.open_for(work, make.party(work, name="Kevin Mutua").id)
        today = ledger.business_date(work)
        wish = Wish(
            title="Electricity",
            amount=Decimal(2500),
            biller="Power Company",
            customer_number="METER-4471",
            channel=Channel.mobile_money,
            bank_name="",
            number="+254700555123",
            every=Every.week,
            first_on=today,
            mode=Mode.ask,
            remind_days=[1],
        )
        bill = scheduled_bills.add(work, wallet.id, wish).id
        scheduled_bills.write_down(work)
        first = work.session.scalars(
            select(ScheduledPayment).order_by(ScheduledPayment.due_on).limit(1)
        ).one()
        scheduled_bills.skip(work, first.id)
        due_next = today + timedelta(days=7)
    for role, sees in (("Accountant", True), ("Auditor", True), ("Sales", False)):
        client = office.browser(role)
        listed = client.get("/admin/scheduled_bill/")
        assert (listed.status_code == 200) is sees, role
        if not sees:
            continue
        for path in ("/admin/scheduled_bill/", f"/admin/scheduled_bill/{bill}"):
            page = client.get(path).get_data(as_text=True)
            assert "Electricity" in page
            assert "Left out" in page, "how it ended the last time"
            assert str(due_next.day) in page
            assert "700555123" not in page
            assert "/edit" not in page
    call = office.program("Accountant")
    shown = call("GET", f"/api/v1/scheduled_bill/{bill}")
    assert shown.status_code == 200
    assert "700555123" not in shown.get_data(as_text=True)
    assert "locked" not in shown.get_data(as_text=True)
    assert call("PUT", f"/api/v1/scheduled_bill/{bill}", json={"amount": "1"}).status_code >= 400
    with office.work() as work:
        states = work.session.scalars(select(ScheduledPayment.status)).all()
        assert set(states) == {DueStatus.skipped, DueStatus.waiting}
