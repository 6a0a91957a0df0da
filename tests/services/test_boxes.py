"""What is kept locked is locked anew with another key, set by set, and again from anywhere."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from core import box
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.onboarding import Identifier, IdentifierKind
from services import boxes, identifiers
from services.boxes import BOXES, Box
from tests import make

NUMBERS = BOXES[0]


@pytest.mark.req("S5.58")
def test_a_key_is_changed_set_by_set_and_again_from_anywhere(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "_keys", dict(box._keys))
    ids = [make.party(work).id for _ in range(3)]
    for number, party_id in enumerate(ids):
        identifiers.keep(work, party_id, IdentifierKind.national_id, f"1000{number}")
    box.use_keys("the next key, quite long", "tests-only")
    before = dict(box._keys)
    with pytest.raises(ValueError, match="not known"):
        boxes.relock(work, NUMBERS, UUID(int=0))
    monkeypatch.undo()
    monkeypatch.setattr(box, "_keys", before | box._keys)

    last = boxes.relock(work, NUMBERS, UUID(int=0), most=2)
    assert last
    assert boxes.relock(work, NUMBERS, last, most=2)
    assert boxes.relock(work, NUMBERS, UUID(int=0), most=9)

    rows = work.session.scalars(select(Identifier)).all()
    assert all(box.current(each.locked) for each in rows)
    assert list(identifiers.same(work, IdentifierKind.national_id, "10001")) == [ids[1]]


@pytest.mark.parametrize("which", BOXES, ids=lambda each: each.place)
def test_jobs_may_lock_every_box_anew(
    filled: Engine, which: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "_keys", dict(box._keys))
    table = which.kind.__tablename__
    with Session(filled) as session:
        home = session.scalar(text(f"SELECT organization_id FROM {table} LIMIT 1"))  # noqa: S608
        assert home, "fill the table in tests/filled.py"
        with seeing(session, Scope(home, actor="test:1")):
            row = session.scalars(select(which.kind).order_by(which.kind.id)).all()[0]
            place = f"{which.place}:{row.id}"
            setattr(row, which.column, box.lock("12345", place))
            session.flush()
            keys = dict(box._keys)
            box.use_keys("the next key, quite long")
            monkeypatch.setattr(box, "_keys", dict(box._keys) | keys)
            session.execute(text("SET LOCAL ROLE makao_worker"))
            boxes.relock(Work(session, Actor("test", "1")), which, UUID(int=row.id.int - 1), 1)
            session.execute(text("RESET ROLE"))
            session.refresh(row)
        held = getattr(row, which.column)
        assert box.current(held)
        assert box.unlock(held, place) == "12345"
        session.rollback()
