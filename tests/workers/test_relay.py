import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from core import db
from core.work import Work
from models.events import Delivery, Event, Outbox
from models.notices import Notification
from models.people import PartyKind
from services.events import NotParked, emit, envelope, replay, skip
from services.people import PartyAdded
from tests import make
from tests.stories import unit
from workers import relay, subscriptions

pytestmark = pytest.mark.req("S2.02", "S2.04")
ROOT = Path(__file__).parents[2]
Hear = Callable[[Work, Event], None]


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> list[Hear]:
    """What is put here hears of new parties."""
    handlers: list[Hear] = []

    def hear(work: Work, event: Event) -> None:
        for each in handlers:
            each(work, event)

    monkeypatch.setitem(subscriptions.SUBSCRIBERS, "party.created", ["test.hear"])
    monkeypatch.setitem(subscriptions.HANDLERS, "test.hear", hear)
    return handlers


def state(session: Session, home: UUID, count: int, about: UUID | None = None) -> list[UUID]:
    """State so many facts; about one subject, if one is given."""
    with unit(session, home) as work:
        for _ in range(count):
            emit(work, PartyAdded(about or uuid4(), PartyKind.person, ()))
        query = select(Event.id).where(Event.type == "party.created").order_by(Event.id)
        return list(work.session.scalars(query))


def streamed(redis: Redis, home: UUID) -> list[str]:
    entries: Any = redis.xrange(f"makao:events:{home}")
    told = [json.loads(fields[b"event"]) for _, fields in entries]
    return [each["id"] for each in told if each["type"] == "party.created"]


def unsent(session: Session, home: UUID) -> int:
    with unit(session, home) as work:
        waiting = select(func.count()).select_from(Outbox)
        return work.session.scalar(waiting) or 0


def deliver_all(home: UUID) -> None:
    while relay.deliver(home):
        pass


def deliveries(session: Session, home: UUID) -> list[Delivery]:
    with unit(session, home) as work:
        rows = work.session.scalars(select(Delivery).order_by(Delivery.event_id)).all()
        work.session.expunge_all()
        return list(rows)


def test_every_fact_reaches_the_stream_and_each_subscriber_once(
    session: Session, home: UUID, redis: Redis, hearing: list[Hear]
) -> None:
    heard: list[UUID] = []
    hearing.append(lambda _, event: heard.append(event.id))
    facts = state(session, home, 3)

    assert relay.publish(home) == 3
    assert relay.publish(home) == 0
    deliver_all(home)
    deliver_all(home)

    assert heard == facts
    assert streamed(redis, home) == [f"evt_{each}" for each in facts]
    assert all(each.done_at for each in deliveries(session, home))


@pytest.mark.req("S2.52", "S2.71")
def test_the_stream_carries_the_whole_envelope(session: Session, home: UUID, redis: Redis) -> None:
    state(session, home, 1)
    relay.publish(home)
    entries: Any = redis.xrange(f"makao:events:{home}")
    _, fields = entries[0]
    told = json.loads(fields[b"event"])

    with unit(session, home) as work:
        event = work.session.scalars(select(Event)).one()
        assert told == json.loads(json.dumps(envelope(event)))
        whole = work.at(work.now.replace(microsecond=0))
        emit(replace(whole, causation_id=event.id), PartyAdded(uuid4(), PartyKind.person, ("é",)))
        for each in work.session.execute(select(Event, relay.ENVELOPE)):
            assert json.loads(each.envelope) == envelope(each.Event)
    assert told["tenantId"] == str(home)
    assert set(told) >= {
        *("id", "type", "version", "timestamp", "tenantId", "correlationId", "causationId"),
        *("actor", "data", "metadata"),
    }


def test_what_a_handler_does_names_the_fact_that_caused_it(
    session: Session, home: UUID, hearing: list[Hear]
) -> None:
    hearing.append(lambda work, _: emit_more(work))
    cause = state(session, home, 1)[0]
    relay.publish(home)
    deliver_all(home)

    with unit(session, home) as work:
        effect = work.session.scalars(select(Event).where(Event.type == "project.created")).one()
        assert effect.causation_id == cause


def emit_more(work: Work) -> None:
    from services.sales import ProjectCreated  # noqa: PLC0415

    emit(work, ProjectCreated(uuid4(), "x", "KES"))


def test_where_redis_is_away_handlers_go_on_and_the_stream_catches_up_in_order(  # noqa: PLR0913, PLR0917
    app: Flask,
    session: Session,
    home: UUID,
    redis: Redis,
    hearing: list[Hear],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[UUID] = []
    hearing.append(lambda _, event: heard.append(event.id))
    away = Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    monkeypatch.setitem(app.extensions, "bell", away)
    state(session, home, 2)
    relay.publish(home)
    deliver_all(home)
    assert (len(heard), relay.catch_up(home)) == (2, 0)
    monkeypatch.setitem(app.extensions, "bell", redis)
    facts = state(session, home, 2)
    relay.publish(home)
    deliver_all(home)

    assert heard == facts
    assert relay.catch_up(home) == 4
    assert relay.catch_up(home) == 0
    assert streamed(redis, home) == [f"evt_{each}" for each in facts]
    assert all(each.done_at for each in deliveries(session, home))


@pytest.mark.req("S2.04")
def test_facts_of_one_subject_wait_for_each_other_and_hold_up_nobody_else(
    session: Session, home: UUID, hearing: list[Hear]
) -> None:
    heard: list[UUID] = []
    about = uuid4()
    first, second = state(session, home, 2, about)
    other = state(session, home, 1)[-1]
    broken = True

    def hear(work: Work, event: Event) -> None:
        if event.id == first and broken:
            raise RuntimeError("not now")
        heard.append(event.id)

    hearing.append(hear)
    relay.publish(home)
    deliver_all(home)
    assert heard == [other]

    broken = False
    with unit(session, home) as work:
        work.session.execute(text("UPDATE delivery SET due_at = now() WHERE done_at IS NULL"))
    deliver_all(home)
    assert heard == [other, first, second]


@pytest.mark.req("S2.04")
def test_what_fails_again_and_again_is_parked_with_an_alarm_and_can_be_replayed(
    session: Session, home: UUID, hearing: list[Hear]
) -> None:
    with unit(session, home) as work:
        admin = make.user(db.door())
        make.member(work, admin, "Admin")
    heard: list[UUID] = []
    broken = True

    def hear(work: Work, event: Event) -> None:
        make.project(work, name="left behind")
        if broken:
            raise RuntimeError("it is poison")
        heard.append(event.id)

    hearing.append(hear)
    fact = state(session, home, 1)[0]
    relay.publish(home)
    for _ in range(len(relay.AGAIN) + 3):
        deliver_all(home)
        with unit(session, home) as work:
            work.session.execute(text("UPDATE delivery SET due_at = now()"))

    parked = deliveries(session, home)[0]
    assert parked.parked_at
    assert "it is poison" in parked.last_error
    with unit(session, home) as work:
        assert work.session.scalars(select(Notification.profile_id)).all() == [admin]
        assert work.session.scalar(text("SELECT count(*) FROM project")) == 0
        broken = False
        replay(work, parked.id)
    deliver_all(home)
    assert heard == [fact]


def given_up(session: Session, home: UUID) -> Delivery:
    """Let a delivery fail until it is parked."""
    for _ in range(len(relay.AGAIN) + 3):
        deliver_all(home)
        with unit(session, home) as work:
            work.session.execute(text("UPDATE delivery SET due_at = now()"))
    return deliveries(session, home)[0]


@pytest.mark.req("S2.04")
@pytest.mark.parametrize("verb", [replay, skip])
def test_what_comes_after_a_fact_that_was_given_up_waits_for_somebody(
    session: Session, home: UUID, hearing: list[Hear], verb: Callable[[Work, UUID], Delivery]
) -> None:
    heard: list[UUID] = []
    about = uuid4()
    first, second = state(session, home, 2, about)
    other = state(session, home, 1)[-1]
    broken = True

    def hear(work: Work, event: Event) -> None:
        if event.id == first and broken:
            raise RuntimeError("it is poison")
        heard.append(event.id)

    hearing.append(hear)
    relay.publish(home)
    parked = given_up(session, home)
    assert (parked.event_id, heard) == (first, [other])
    broken = False
    with unit(session, home) as work:
        verb(work, parked.id)
    deliver_all(home)

    assert heard == ([other, first, second] if verb is replay else [other, second])
    with unit(session, home) as work, pytest.raises(NotParked):
        skip(work, parked.id)


def test_two_relays_at_once_publish_nothing_twice(
    session: Session, home: UUID, redis: Redis
) -> None:
    facts = state(session, home, 5)
    with unit(session, home) as work:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended('relay:' || :home, 0))")
        work.session.execute(lock, {"home": str(home)})
        assert relay.publish(home) == 0
    assert relay.publish(home) == 5
    assert len(streamed(redis, home)) == len(facts)


def test_a_batch_is_no_larger_than_it_says(
    session: Session, home: UUID, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 100)
    facts = state(session, home, 250)
    assert [relay.publish(home) for _ in range(4)] == [100, 100, 50, 0]
    assert streamed(redis, home) == [f"evt_{each}" for each in facts]


def test_what_was_claimed_by_a_process_that_died_falls_due_again(
    session: Session, home: UUID, hearing: list[Hear], superuser: Engine
) -> None:
    heard: list[UUID] = []
    hearing.append(lambda _, event: heard.append(event.id))
    state(session, home, 1)
    relay.publish(home)
    with unit(session, home) as work:
        assert relay._claim(work)
    assert not relay.deliver(home)
    with superuser.connect() as door:
        door.execute(text("UPDATE delivery SET due_at = now() - interval '1 second'"))
    assert relay.deliver(home)
    assert len(heard) == 1


@pytest.mark.faults
@pytest.mark.req("S2.02")
def test_a_relay_killed_again_and_again_loses_nothing(
    session: Session, home: UUID, redis: Redis, addresses: dict[str, str], redis_url: str
) -> None:
    """Real processes, `kill -9` in the middle; readers of the stream know a fact by its id."""
    facts = state(session, home, 6_000)
    program = (
        "import sys, json; from app import create_app; from core import db;"
        "from workers import relay; import threading;"
        "app = create_app(**json.loads(sys.argv[1]));"
        "db.use(app, 'jobs'); relay.BATCH = 200;"
        "app.app_context().push(); print('on', flush=True); relay.run(threading.Event())"
    )
    settings = json.dumps({**addresses, "REDIS_URL": redis_url})
    kills = 0
    while unsent(session, home) and kills < 10:
        with subprocess.Popen(
            [sys.executable, "-c", program, settings],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ,
        ) as process:
            assert process.stdout
            process.stdout.readline()
            before = unsent(session, home)
            # Killed as soon as something was sent; from the third on, when all was.
            while (left := unsent(session, home)) == before or (kills > 1 and left):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        kills += 1

    assert kills > 1
    assert set(streamed(redis, home)) == {f"evt_{each}" for each in facts}


def test_a_redis_that_was_emptied_is_filled_with_what_comes_next(
    session: Session, home: UUID, redis: Redis, hearing: list[Hear]
) -> None:
    heard: list[UUID] = []
    hearing.append(lambda _, event: heard.append(event.id))
    state(session, home, 2)
    relay.publish(home)
    redis.flushdb()
    facts = state(session, home, 1)
    relay.publish(home)
    deliver_all(home)

    assert heard == facts
    assert streamed(redis, home) == [f"evt_{facts[-1]}"]


def test_every_subscriber_has_a_fact_and_a_name_of_its_own() -> None:
    names = [name for them in subscriptions.SUBSCRIBERS.values() for name in them]
    assert set(names) <= set(subscriptions.HANDLERS)
    for kind, them in subscriptions.SUBSCRIBERS.items():
        assert len(them) == len(set(them)), kind
