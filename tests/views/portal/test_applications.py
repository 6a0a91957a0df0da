"""What is kept of oneself, in the portal: whom to call in an emergency is one's own to say."""

import pytest
from sqlalchemy import select

from models.people import Party
from tests.views.conftest import Office
from tests.views.portal.test_wallet import Holder

PAGE = "/portal/data"


@pytest.mark.req("S1.08")
def test_one_says_whom_to_call_in_an_emergency(office: Office) -> None:
    holder = Holder(office, "Resident")
    typed = "Wanjiru Kamau, 0722 555 010\n\nDr. Otieno, +254 733 000 111\n"

    assert holder.client.post(PAGE, data={"contacts": typed}).status_code == 302

    page = holder.client.get(PAGE).get_data(as_text=True)
    assert "Wanjiru Kamau, +254722555010" in page
    with office.work() as work:
        party = work.session.scalars(select(Party).where(Party.id == holder.party_id)).one()
        assert [each["name"] for each in party.emergency_contacts] == [
            "Wanjiru Kamau",
            "Dr. Otieno",
        ]
    for wrong in ("Wanjiru", "Wanjiru, 12", "\n".join(["A, 0722555010"] * 6)):
        answer = holder.client.post(PAGE, data={"contacts": wrong})
        assert answer.status_code == 422
        assert wrong.splitlines()[0] in answer.get_data(as_text=True)
    assert "Wanjiru Kamau, +254722555010" in holder.client.get(PAGE).get_data(as_text=True)
