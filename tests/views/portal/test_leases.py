"""Leases in the portal: what was agreed and charged, what is open, and giving notice."""

import json
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import Work
from models.estate import Estate, Ownership, Unit
from models.events import Event
from models.leasing import Lease, LeaseStatus
from services import activations, estate, leasing, sagas
from tests import make
from tests.views.conftest import Office
from tests.views.portal.test_wallet import Holder
from workers import leasing as jobs

pytestmark = pytest.mark.req("S2.14", "S2.15")


class Tenant(Holder):
    """Somebody with an active lease since the tenth of a month, and the owner of its unit."""

    def __init__(self, office: Office) -> None:
        super().__init__(office, "Resident")
        with office.work() as work:
            place = make.estate(work, name="Baobab Court")
            unit = make.unit(work, place, number="B-7")
            self.owner = make.party(work, name="Owner of it").id
            owns = Ownership(unit_id=unit.id, party_id=self.owner, since=date(2020, 1, 1))
            owns.share_parts, owns.share_of = 1, 1
            estate.own(work, owns)
            lease = make.lease(
                work, unit.id, party_id=self.party_id, since=begins(work), deposit=Decimal(50_000)
            )
            self.lease = lease.id
            leasing.send_for_signature(work, lease.id)
            leasing.record_signed_on_paper(work, lease.id, estate.today(work, place))
            saga_id = activations.begin(work, lease.id)
            while sagas.advance(work, saga_id):
                pass

    @property
    def page(self) -> str:
        return f"/portal/leases/{self.lease}"

    def read(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def first(self) -> date:
        """The first day that notice can be given for."""
        with self.office.work() as work:
            lease = work.session.get_one(Lease, self.lease)
            place = work.session.get_one(Unit, lease.unit_id).estate_id
            today = estate.today(work, work.session.get_one(Estate, place))
            return today + timedelta(days=lease.notice_days)

    def hear(self) -> None:
        with self.office.work() as work:
            asked = select(Event).where(Event.type == "lease.notice_asked").order_by(Event.id)
            for event in work.session.scalars(asked).all():
                jobs.notice_asked(work, event)


def begins(work: Work) -> date:
    return (work.now.date().replace(day=1) - timedelta(days=1)).replace(day=10)


def test_a_tenant_sees_what_was_agreed_and_how_each_charge_came_about(office: Office) -> None:
    tenant = Tenant(office)

    assert "My leases" in tenant.read("/portal/homes")
    assert "Baobab Court" in tenant.read("/portal/leases/")
    page = tenant.read(tenant.page)
    for words in ("25,000.00", "Held for you until the lease is over.", "days", "Together"):
        assert words in page
    assert "Give notice" in page


def test_the_owner_sees_that_it_is_let_and_nothing_of_the_tenant(office: Office) -> None:
    tenant = Tenant(office)
    owner = office.browser("Owner", party_id=tenant.owner)

    page = owner.get(tenant.page).get_data(as_text=True)
    assert "B-7, Baobab Court" in page
    assert "Kevin Mutua" not in page
    assert "Give notice" not in page
    assert "What is open" not in page
    assert owner.get(f"{tenant.page}/notice").status_code == 404


def test_others_find_no_such_lease(office: Office) -> None:
    tenant, other = Tenant(office), Holder(office, "Resident")

    for path in (tenant.page, f"{tenant.page}/notice", f"/portal/leases/{uuid4()}"):
        assert other.client.get(path).status_code == 404
    assert "No lease yet" in other.client.get("/portal/leases/").get_data(as_text=True)


def test_a_tenant_gives_notice_and_the_lease_ends_on_that_day(office: Office) -> None:
    tenant = Tenant(office)
    first = tenant.first()
    tomorrow = (first - timedelta(days=1)).isoformat()
    for wrong in (tomorrow, "soon", (first + timedelta(days=900)).isoformat()):
        answer = tenant.client.post(f"{tenant.page}/notice", data={"until": wrong, "reason": "x"})
        assert answer.status_code == 422, wrong
    given = {"until": first.isoformat(), "reason": "A larger home"}

    assert tenant.client.post(f"{tenant.page}/notice", data=given).status_code == 302
    assert tenant.client.post(f"{tenant.page}/notice", data=given).status_code == 302
    tenant.hear()

    with office.work() as work:
        lease = work.session.get_one(Lease, tenant.lease)
        assert (lease.status, lease.until, lease.reason) == (
            LeaseStatus.notice,
            first,
            "A larger home",
        )
    assert "Under notice" in tenant.read(tenant.page)
    assert tenant.client.post(f"{tenant.page}/notice", data=given).status_code == 404


def tells(tenant: Tenant, as_party: UUID, **says: str) -> None:
    """Write by hand, with the secret of a member, that notice is asked for."""
    office = tenant.office
    with Session(office.app.extensions["engines"]["door"]) as door:
        profile_id = make.user(door)
        door.commit()
    with office.work() as work:
        make.member(work, profile_id, "Resident", party_id=as_party)
    with Session(office.app.extensions["engines"]["door"]) as door:
        key = make.key(door, profile_id, office.home)
        door.commit()
    who = f"user:{profile_id}"
    scope = Scope(office.home, profile_id, frozenset({"Resident"}), key=key, actor=who)
    tell = (
        "INSERT INTO event (id, organization_id, type, version, subject_table, subject_id,"
        " sequence, data, actor, correlation_id, happened_at, source) VALUES (gen_random_uuid(),"
        " :home, 'lease.notice_asked', '1.0', 'lease', :lease, 0, CAST(:data AS json), :who,"
        " gen_random_uuid(), now(), 'x')"
    )
    values = {"home": office.home, "lease": tenant.lease, "who": who, "data": json.dumps(says)}
    with Session(office.app.extensions["engines"]["web"]) as session, seeing(session, scope):
        session.execute(text(tell), values)
        session.rollback()


@pytest.mark.parametrize("whose", ["theirs", "nobody's"])
def test_by_hand_nobody_gives_notice_for_another(office: Office, whose: str) -> None:
    tenant, other = Tenant(office), Holder(office, "Resident")
    day = tenant.first().isoformat()
    tells(tenant, tenant.party_id, party_id=str(tenant.party_id), until=day)  # their own

    party = tenant.party_id if whose == "theirs" else other.party_id
    with pytest.raises(DBAPIError, match="not for whoever asks"):
        tells(tenant, other.party_id, party_id=str(party), until=day)


@pytest.mark.parametrize("day", ["", "soon", "2027-02-31", "0001-01-01", "9999-12-31"])
def test_by_hand_notice_is_for_a_day_that_there_is(office: Office, day: str) -> None:
    tenant = Tenant(office)

    with pytest.raises(DBAPIError, match=r"not for whoever asks|out of range"):
        tells(tenant, tenant.party_id, party_id=str(tenant.party_id), until=day)
