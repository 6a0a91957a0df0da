"""Inspections: begun from what was looked at last, signed off once, and then left as they are."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import broken_constraint
from core.errors import BadInput, Mistakes
from core.flow import IllegalMove
from core.work import Work
from models.estate import UnitType
from models.events import Event
from models.files import Document
from models.inspections import (
    Condition,
    Inspection,
    InspectionItem,
    InspectionKind,
    InspectionStatus,
    InspectionTemplate,
)
from models.leasing import Lease
from services import files, inspection_lists, inspections, lease_ends
from services.files import Kept
from services.inspections import Found, NotWhole, OneOfAKind, SignedOff
from tests import make, stories
from tests.services.test_races import AT_ONCE, race
from tests.services.test_rent_runs import active

pytestmark = pytest.mark.req("S2.14", "S2.17")
SHOT = Kept("wall.jpg", "image/jpeg", "wall", "a" * 64, 9)


@pytest.fixture
def lease(work: Work) -> Lease:
    return active(work, make.estate(work), since=work.now.date().replace(day=1))


def begun(work: Work, lease: Lease, kind: InspectionKind = InspectionKind.move_in) -> Inspection:
    row = Inspection(lease_id=lease.id, kind=kind, inspector="Joy")
    row.inspected_on = work.now.date() - timedelta(days=1)
    return inspections.begin(work, row)


def found(work: Work, row: Inspection, **worse: Condition) -> None:
    """All is good, but for the things named."""
    inspections.fill(
        work,
        row.id,
        {
            each.id: Found(
                worse.get(each.thing, Condition.good),
                "",
                Decimal(900) if each.thing in worse else None,
            )
            for each in inspections.items(work, row.id)
        },
    )


def rooms(work: Work, wording: str, unit_type: UnitType | None = None) -> InspectionTemplate:
    row = InspectionTemplate(organization_id=work.scope.home(), name="Ours", rooms=wording)
    row.unit_type = unit_type
    inspection_lists.check(work, row)
    work.session.add(row)
    work.session.flush()
    return row


def things(work: Work, row: Inspection) -> list[tuple[str, str]]:
    return [(each.room, each.thing) for each in inspections.items(work, row.id)]


def test_it_begins_with_the_list_for_the_type_of_unit_and_then_with_the_last_one(
    work: Work, lease: Lease
) -> None:
    assert ("Kitchen", "Stove") in things(work, begun(work, lease, InspectionKind.periodic))

    rooms(work, "# Anywhere\nDoor")
    assert things(work, begun(work, lease, InspectionKind.periodic)) == [("Anywhere", "Door")]

    rooms(work, "# Kitchen\nSink\nStove", UnitType.apartment)
    first = begun(work, lease)
    assert things(work, first) == [("Kitchen", "Sink"), ("Kitchen", "Stove")]
    inspections.add_item(
        work, InspectionItem(inspection_id=first.id, room="Hall", thing="Mirror", position=0)
    )
    found(work, first)
    inspections.sign_off(work, first.id)

    later = begun(work, lease, InspectionKind.move_out)
    assert things(work, later) == [*things(work, first)]
    assert {each.grade for each in inspections.items(work, later.id)} == {None}
    assert later.number > first.number


def test_a_list_has_rooms_with_things_in_them(work: Work) -> None:
    for wrong in (
        "",
        "Door",
        "# Kitchen",
        f"# K\n{'x' * 121}",
        "# K\n" + "\n".join(map(str, range(301))),
    ):
        with pytest.raises(BadInput):
            rooms(work, wrong)


def test_it_is_signed_off_when_all_has_been_looked_at_and_once(work: Work, lease: Lease) -> None:
    rooms(work, "# Kitchen\nSink\nStove")
    row = begun(work, lease)
    sink, stove = inspections.items(work, row.id)
    inspections.fill(work, row.id, {sink.id: Found(Condition.good, "", None)})
    with pytest.raises(NotWhole) as refused:
        inspections.sign_off(work, row.id)
    assert refused.value.values == {"left": 1}

    inspections.fill(work, row.id, {stove.id: Found(Condition.damaged, "cracked", Decimal(4500))})
    inspections.sign_off(work, row.id)
    with pytest.raises(IllegalMove):
        inspections.sign_off(work, row.id)

    told = work.session.scalars(select(Event).where(Event.type == "inspection.signed_off")).one()
    assert (told.data["cost"], told.data["currency"]) == ("4500", "KES")
    assert row.signed_off_at == work.now


def test_a_lease_has_one_for_moving_in_and_as_many_in_between_as_one_likes(
    work: Work, lease: Lease
) -> None:
    begun(work, lease)
    with pytest.raises(OneOfAKind):
        begun(work, lease)
    for _ in range(2):
        begun(work, lease, InspectionKind.periodic)


def test_only_what_is_let_is_inspected_and_not_tomorrow(work: Work, lease: Lease) -> None:
    with pytest.raises(Mistakes) as refused:
        begun(work, make.lease(work))
    assert set(refused.value.found) == {"lease"}
    row = Inspection(lease_id=lease.id, kind=InspectionKind.move_in, inspector=" ")
    row.inspected_on = work.now.date() + timedelta(days=2)
    with pytest.raises(Mistakes) as refused:
        inspections.begin(work, row)
    assert set(refused.value.found) == {"inspected_on", "inspector"}


def test_nothing_of_it_changes_once_it_is_signed_off(work: Work, lease: Lease) -> None:
    rooms(work, "# Kitchen\nSink")
    row = begun(work, lease)
    (sink,) = inspections.items(work, row.id)
    shot = files.attach(work, "inspection_item", sink.id, SHOT)
    found(work, row)
    inspections.sign_off(work, row.id)

    with pytest.raises(SignedOff):
        inspections.fill(work, row.id, {sink.id: Found(Condition.good, "x", None)})
    with pytest.raises(SignedOff):
        inspections.remove_item(work, sink.id)
    with pytest.raises(SignedOff):
        inspections.discard(work, row.id)
    with pytest.raises(SignedOff):
        inspections.revise(work, row)
    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        files.attach(work, "inspection_item", sink.id, SHOT)
    assert broken_constraint(broken.value) == "inspection_stays"
    with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
        files.remove(work, "inspection_item", sink.id, shot.id)
    assert broken_constraint(broken.value) == "inspection_stays"
    assert row.status is InspectionStatus.signed_off


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inspection SET note = 'x'",
        "UPDATE inspection SET status = 'draft', signed_off_at = NULL",
        "DELETE FROM inspection_item",
        "UPDATE inspection_item SET cost = 1",
        "INSERT INTO inspection_item SELECT gen_random_uuid(), organization_id, inspection_id, 9,"  # noqa: ISC004
        " 'x', 'y', grade, note, cost, currency FROM inspection_item",
        "UPDATE document SET storage_key = 'another'",
        "DELETE FROM document",
    ],
)
def test_the_database_itself_leaves_it_as_it_is(
    work: Work, lease: Lease, superuser: Engine, statement: str
) -> None:
    rooms(work, "# Kitchen\nSink")
    row = begun(work, lease)
    (sink,) = inspections.items(work, row.id)
    files.attach(work, "inspection_item", sink.id, SHOT)
    found(work, row)
    inspections.sign_off(work, row.id)
    work.session.commit()

    with pytest.raises(IntegrityError) as broken, superuser.connect() as door:
        door.execute(text(statement))
    assert broken_constraint(broken.value) == "inspection_stays"


def test_what_is_given_up_is_gone_with_its_pictures(work: Work, lease: Lease) -> None:
    row = begun(work, lease)
    files.attach(work, "inspection_item", inspections.items(work, row.id)[0].id, SHOT)
    inspections.discard(work, row.id)

    assert work.session.scalars(select(InspectionItem.id)).all() == []
    assert work.session.scalars(select(Document.id)).all() == []
    begun(work, lease)


def test_what_was_found_stands_beside_what_was_there_before(work: Work, lease: Lease) -> None:
    rooms(work, "# Kitchen\nSink\nStove")
    first = begun(work, lease)
    found(work, first, Sink=Condition.worn)
    inspections.sign_off(work, first.id)
    last = begun(work, lease, InspectionKind.move_out)
    inspections.remove_item(work, inspections.items(work, last.id)[0].id)
    inspections.add_item(
        work, InspectionItem(inspection_id=last.id, room="Kitchen", thing="Tap", position=0)
    )
    found(work, last, Stove=Condition.damaged, Tap=Condition.worn)

    pairs = {each.thing: each for each in inspections.compared(work, last)}
    assert {name: pair.worse for name, pair in pairs.items()} == {
        "Sink": False,
        "Stove": True,
        "Tap": False,
    }
    assert (pairs["Sink"].after, pairs["Tap"].before) == (None, None)
    assert inspections.before(work, first) is None


def test_a_renewed_lease_is_compared_with_the_moving_in_of_the_first(work: Work) -> None:
    since = work.now.date().replace(day=1)
    old = active(work, make.estate(work), since=since, until=since + timedelta(days=364))
    first = begun(work, old)
    found(work, first)
    inspections.sign_off(work, first.id)
    renewal = lease_ends.renew(work, old.id, None, old.rent)
    row = Inspection(lease_id=renewal.id, kind=InspectionKind.move_out)

    assert inspections.before(work, row) is first


def test_of_many_who_begin_the_same_inspection_at_once_one_does(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        lease = active(work, make.estate(work), since=work.now.date())
        lease_id = lease.id

    def begin(work: Work) -> None:
        row = Inspection(lease_id=lease_id, kind=InspectionKind.move_in, inspector="Joy")
        row.inspected_on = work.now.date() - timedelta(days=1)
        inspections.begin(work, row)

    said = race(app, home, begin)
    assert sorted(said) == ["", *["inspection_there"] * (AT_ONCE - 1)]


def test_of_many_who_sign_off_or_write_at_once_what_is_signed_off_stays(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        lease = active(work, make.estate(work), since=work.now.date())
        row = begun(work, lease)
        found(work, row)
        inspection_id = row.id

    def write_and_sign(work: Work) -> None:
        things = inspections.items(work, inspection_id)
        inspections.fill(
            work, inspection_id, {each.id: Found(Condition.worn, "", None) for each in things}
        )
        inspections.sign_off(work, inspection_id)

    said = race(app, home, write_and_sign)
    assert sorted(said) == ["", *["inspection_signed_off"] * (AT_ONCE - 1)]
    with stories.unit(session, home) as work:
        told = select(Event.id).where(Event.type == "inspection.signed_off")
        assert len(work.session.scalars(told).all()) == 1
