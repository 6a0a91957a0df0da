"""Going through rooms on the staff's pages, and what tenants, owners and others see of it."""

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from models.files import Document, DocumentUse
from models.inspections import Inspection, InspectionItem, InspectionKind, InspectionTemplate
from services import inspections
from tests.adapters.files import picture
from tests.views.conftest import Office
from tests.views.portal.test_leases import Tenant
from tests.views.portal.test_wallet import Holder

pytestmark = pytest.mark.req("S2.14", "S2.17")


def begun(office: Office, lease_id: UUID, kind: InspectionKind) -> tuple[UUID, list[UUID]]:
    with office.work() as work:
        known = work.session.scalar(select(InspectionTemplate.id))
        if known is None:
            rooms = InspectionTemplate(organization_id=work.scope.home(), name="x")
            rooms.rooms = "# Kitchen\nSink\nStove"
            work.session.add(rooms)
            work.session.flush()
        row = Inspection(lease_id=lease_id, kind=kind, inspector="Joy Wanjiru")
        row.inspected_on = work.now.date() - timedelta(days=1)
        inspections.begin(work, row)
        return row.id, [each.id for each in inspections.items(work, row.id)]


def shown(page: str) -> dict[str, list[str]]:
    """What the form says that it showed."""
    told: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(was-[^"]+)" value="([^"]*)"', page):
        told.setdefault(name, []).append(value)
    return told


def test_staff_go_through_the_rooms_with_pictures_and_sign_off(office: Office) -> None:
    tenant, manager = Tenant(office), office.browser("Manager")
    pk, (sink, stove) = begun(office, tenant.lease, InspectionKind.move_in)
    page = manager.get(f"/inspections/{pk}/fill").get_data(as_text=True)
    assert "Sink" in page

    given = shown(page) | {
        f"condition-{sink}": "good",
        f"condition-{stove}": "damaged",
        f"note-{stove}": "One plate is cracked",
        f"cost-{stove}": "4,500",
        f"photo-{stove}": (io.BytesIO(picture("JPEG")), "stove.jpg"),
        "room": "Hall",
        "thing": "Mirror",
    }
    kept = manager.post(f"/inspections/{pk}/fill", data=given, follow_redirects=True)
    assert "It is kept" in kept.get_data(as_text=True)
    refused = manager.post(f"/admin/inspection/{pk}/sign_off", follow_redirects=True)
    assert "1 are left" in refused.get_data(as_text=True)
    with office.work() as work:
        mirror = inspections.items(work, pk)[2].id
    given = shown(page) | {f"condition-{mirror}": "worn"}
    assert manager.post(f"/inspections/{pk}/fill", data=given).status_code == 302
    manager.post(f"/admin/inspection/{pk}/sign_off")

    page = manager.get(f"/inspections/{pk}").get_data(as_text=True)
    for words in ("One plate is cracked", "KES 4,500.00", "Signed off", "Worn by use"):
        assert words in page.replace("\N{NO-BREAK SPACE}", " ")
    assert manager.get(f"/inspections/{pk}/fill").status_code == 302
    late = manager.post(f"/inspections/{pk}/fill", data={f"condition-{sink}": "missing"})
    assert late.status_code == 409
    with office.work() as work:
        assert work.session.get_one(InspectionItem, sink).grade == "good"
        assert work.session.scalars(select(Document.use)).all() == [DocumentUse.attachment]


def test_what_another_wrote_meanwhile_stays_and_mistakes_stand_beside_the_thing(
    office: Office,
) -> None:
    tenant, manager = Tenant(office), office.browser("Manager")
    pk, (sink, stove) = begun(office, tenant.lease, InspectionKind.move_in)
    page = manager.get(f"/inspections/{pk}/fill").get_data(as_text=True)
    untouched = {f"condition-{sink}": "", f"note-{sink}": "", f"cost-{sink}": ""}
    manager.post(f"/inspections/{pk}/fill", data=shown(page) | {f"condition-{sink}": "dirty"})

    given = shown(page) | untouched | {f"condition-{stove}": "good", f"cost-{stove}": "much"}
    answer = manager.post(f"/inspections/{pk}/fill", data=given)
    assert answer.status_code == 422
    assert 'value="much"' in answer.get_data(as_text=True)
    given |= {f"cost-{stove}": ""}
    assert manager.post(f"/inspections/{pk}/fill", data=given).status_code == 302
    for wrong in ({f"condition-{sink}": "superb"}, {f"cost-{sink}": "-5", f"condition-{sink}": ""}):
        assert manager.post(f"/inspections/{pk}/fill", data=wrong).status_code == 422

    with office.work() as work:
        assert [each.grade for each in inspections.items(work, pk)] == ["dirty", "good"]


def test_a_tenant_and_the_owner_see_what_was_signed_off_with_its_pictures(office: Office) -> None:
    tenant, manager = Tenant(office), office.browser("Manager")
    owner = office.browser("Owner", party_id=tenant.owner)
    other = Holder(office, "Resident").client
    for kind in (InspectionKind.move_in, InspectionKind.move_out):
        pk, things = begun(office, tenant.lease, kind)
        given = {f"condition-{each}": "good" for each in things} | {
            f"photo-{things[0]}": (io.BytesIO(picture("JPEG")), "sink.jpg")
        }
        assert manager.post(f"/inspections/{pk}/fill", data=given).status_code == 302
        page = f"/portal/leases/inspections/{pk}"
        with office.work() as work:
            shot = work.session.scalars(select(Document.id).order_by(Document.id.desc())).first()
        for nobody in (tenant.client, owner, other):
            assert nobody.get(page).status_code == 404
            assert nobody.get(f"/files/{shot}").status_code == 404
        manager.post(f"/admin/inspection/{pk}/sign_off")

        for person in (tenant.client, owner):
            said = person.get(page)
            assert said.status_code == 200
            assert f"/files/{shot}" in said.get_data(as_text=True)
            with person.get(f"/files/{shot}") as file:
                assert file.status_code == 200
        assert other.get(page).status_code == 404
        assert other.get(f"/files/{shot}").status_code == 404
    assert "When you moved in" in tenant.read(page)
    assert "Moving out" in tenant.read(tenant.page)


def test_who_only_reads_leases_writes_no_inspection(office: Office) -> None:
    tenant = Tenant(office)
    pk, (sink, _stove) = begun(office, tenant.lease, InspectionKind.move_in)
    reader = office.browser("Executive")

    assert reader.get(f"/inspections/{pk}").status_code == 200
    assert reader.get(f"/inspections/{pk}/fill").status_code == 403
    answer = reader.post(f"/inspections/{pk}/fill", data={f"condition-{sink}": "good"})
    assert answer.status_code == 403
