from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.flow import IllegalMove
from core.work import Work
from models.events import Event, Saga, SagaStatus
from services import sagas
from services.sagas import Done, Outcome, Park, Step, TurnBack, Wait
from tests.stories import unit

pytestmark = pytest.mark.req("S2.04")
made: list[str] = []


def does(name: str, outcome: Outcome | None = None) -> Step:
    def do(work: Work, saga: Saga) -> Outcome:
        made.append(name)
        return outcome or Done({name: True})

    def undo(work: Work, saga: Saga) -> None:
        made.append(f"undo {name}")

    return Step(name, do, undo)


def breaks(work: Work, saga: Saga) -> Outcome:
    work.session.add(
        Saga(organization_id=work.scope.home(), kind="left behind", subject_id=uuid4())
    )
    raise RuntimeError("broken")


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    made.clear()
    monkeypatch.setitem(sagas.KINDS, "good", (does("one"), does("two"), does("three")))
    monkeypatch.setitem(
        sagas.KINDS, "turns", (does("one"), does("two"), does("three", TurnBack("no")))
    )
    monkeypatch.setitem(sagas.KINDS, "parks", (does("one"), does("two", Park("you decide"))))
    monkeypatch.setitem(sagas.KINDS, "breaks", (does("one"), Step("two", breaks)))


def begun(work: Work, kind: str) -> UUID:
    return sagas.begin(work, kind, uuid4(), {})


def read(work: Work, saga_id: UUID) -> Saga:
    work.session.flush()
    return work.session.get_one(Saga, saga_id, populate_existing=True)


def through(work: Work, saga_id: UUID) -> None:
    while sagas.claim(work, saga_id) and sagas.advance(work, saga_id):
        pass


def test_each_step_is_made_once_and_what_it_learns_is_kept(work: Work) -> None:
    saga_id = begun(work, "good")

    through(work, saga_id)

    saga = read(work, saga_id)
    assert made == ["one", "two", "three"]
    assert (saga.status, saga.data) == (SagaStatus.done, {"one": True, "two": True, "three": True})
    assert saga.finished_at == work.now
    assert sagas.due(work) == []


def test_beginning_twice_begins_once(work: Work) -> None:
    about = uuid4()
    assert sagas.begin(work, "good", about, {}) == sagas.begin(work, "good", about, {"x": 1})


def test_one_step_is_made_in_each_unit_of_work(session: Session, home: UUID) -> None:
    with unit(session, home) as work:
        saga_id = begun(work, "good")
    for count in (1, 2, 3):
        with unit(session, home) as work:
            assert sagas.claim(work, saga_id)
            assert sagas.advance(work, saga_id) is (count < 3)
            assert len(made) == count


def test_what_dies_before_the_commit_is_made_again_and_only_that(
    session: Session, home: UUID
) -> None:
    with unit(session, home) as work:
        saga_id = begun(work, "good")
    with unit(session, home) as work:
        sagas.advance(work, saga_id)
    with pytest.raises(ZeroDivisionError), unit(session, home) as work:
        sagas.advance(work, saga_id)
        raise ZeroDivisionError
    with unit(session, home) as work:
        through(work, saga_id)

    assert made == ["one", "two", "two", "three"]


def test_turning_back_undoes_what_was_done_the_last_first(work: Work) -> None:
    saga_id = begun(work, "turns")
    through(work, saga_id)

    assert made == ["one", "two", "three", "undo two", "undo one"]
    assert read(work, saga_id).status is SagaStatus.undone


def test_a_step_that_waits_is_not_made_before_its_time_unless_woken(work: Work) -> None:
    until = work.now + timedelta(hours=1)
    sagas.KINDS["waits"] = (does("look", Wait(until)),)
    about = uuid4()
    saga_id = sagas.begin(work, "waits", about, {})
    through(work, saga_id)
    assert not sagas.claim(work, saga_id)
    sagas.wake(work, "waits", about)
    through(work, saga_id)
    del sagas.KINDS["waits"]

    assert made == ["look", "look"]
    assert read(work, saga_id).due_at == until


def test_a_parked_saga_waits_for_a_person_and_says_so(work: Work) -> None:
    saga_id = begun(work, "parks")
    through(work, saga_id)

    assert read(work, saga_id).status is SagaStatus.parked
    assert sagas.due(work) == []
    told = work.session.scalars(
        select(Event.data).where(Event.type == "saga.status_changed").order_by(Event.sequence)
    ).all()
    assert [(each["new"], each["reason"]) for each in told] == [
        ("running", ""),
        ("parked", "you decide"),
    ]

    sagas.resume(work, saga_id)
    assert read(work, saga_id).status is SagaStatus.running
    with pytest.raises(IllegalMove):
        sagas.resume(work, saga_id)


def test_a_step_that_keeps_failing_is_tried_again_later_and_then_parked(work: Work) -> None:
    saga_id = begun(work, "breaks")
    now = work
    waits = []
    for _ in range(10):
        if not sagas.claim(now, saga_id):
            break
        try:
            with work.session.begin_nested():
                sagas.advance(now, saga_id)
        except RuntimeError as error:
            sagas.failed(now, saga_id, str(error))
        saga = read(work, saga_id)
        waits.append(saga.due_at - now.now)
        now = now.at(max(saga.due_at, now.now))

    assert waits[1:5] == list(sagas.AGAIN)
    assert read(work, saga_id).status is SagaStatus.parked
    assert read(work, saga_id).last_error == "broken"
    left = select(Saga.id).where(Saga.kind == "left behind")
    assert work.session.scalars(left).all() == []


def test_a_step_that_kills_its_process_is_parked_in_the_end(work: Work) -> None:
    saga_id = begun(work, "good")
    now = work
    while sagas.claim(now, saga_id):
        now = now.at(now.now + sagas.PATIENCE)

    assert made == []
    assert read(work, saga_id).status is SagaStatus.parked
