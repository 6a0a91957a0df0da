"""The embedded servers, with real processes."""

import os
import pwd
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from core import embedded, server_process
from core.startup import CannotStart, reach_redis, refuse_trust
from core.system_user import SystemUser

QUICK = {"fsync": "off"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that any user can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="makao-test-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path / "data"
        embedded.stop_redis(path / "data")
        embedded.stop_postgres(path / "data")


def asked(address: str, question: str) -> object:
    with psycopg.connect(address) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None


def test_postgres_is_made_started_found_again_and_stopped(folder: Path) -> None:
    address = embedded.start_postgres(folder, QUICK)
    assert asked(address, "SELECT current_database() || current_user") == "makaopostgres"
    before = embedded.postgres_pid(folder)
    assert embedded.start_postgres(folder, QUICK) == address
    assert embedded.postgres_pid(folder) == before
    embedded.stop_postgres(folder)
    assert embedded.postgres_pid(folder) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("max_connections", "100"),
        ("listen_addresses", ""),
        ("fsync", "on"),
    ],
)
def test_postgres_is_set_up_for_us(running: str, name: str, value: str) -> None:
    assert asked(running, f"SHOW {name}") == value


def test_postgres_sorts_by_code_point_whatever_the_machine(running: str) -> None:
    found = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'makao'"
    assert asked(running, found) == "bC.UTF-8"
    assert asked(running, "SELECT upper('é')") == "É"


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="makao-test-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield embedded.start_postgres(path)
        embedded.stop_postgres(path)


def test_what_was_committed_survives_a_killed_server(folder: Path) -> None:
    address = embedded.start_postgres(folder)
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    pid = embedded.postgres_pid(folder)
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert server_process.wait_until_gone(pid, 10)
    assert asked(embedded.start_postgres(folder), "SELECT number FROM kept") == 7


def test_the_mark_of_a_dead_server_whose_number_another_program_has_is_no_obstacle(
    folder: Path,
) -> None:
    embedded.start_postgres(folder, QUICK)
    mark = folder / "postgres" / "postmaster.pid"
    lines = mark.read_text().splitlines()
    embedded.stop_postgres(folder)
    mark.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    assert embedded.postgres_pid(folder) is None
    embedded.start_postgres(folder, QUICK)
    assert embedded.postgres_pid(folder)


def test_making_that_was_interrupted_begins_anew(folder: Path) -> None:
    unfinished = folder / "postgres.new"
    unfinished.mkdir(parents=True)
    unfinished.joinpath("half").write_text("")
    assert embedded.start_postgres(folder, QUICK)


def test_a_folder_of_another_version_is_refused_in_one_sentence(folder: Path) -> None:
    folder.joinpath("postgres").mkdir(parents=True)
    folder.joinpath("postgres", "PG_VERSION").write_text("9.6\n")
    with pytest.raises(CannotStart, match=r"made by PostgreSQL 9\.6 and this is 18"):
        embedded.start_postgres(folder)


def test_a_folder_of_something_else_is_refused_in_one_sentence(folder: Path) -> None:
    folder.joinpath("postgres").mkdir(parents=True)
    folder.joinpath("postgres", "photo.jpg").write_text("")
    with pytest.raises(CannotStart, match="holds no PostgreSQL database"):
        embedded.start_postgres(folder)


def test_damaged_data_are_refused_with_the_servers_own_reason(folder: Path) -> None:
    embedded.start_postgres(folder, QUICK)
    embedded.stop_postgres(folder)
    folder.joinpath("postgres", "global", "pg_control").write_bytes(b"")
    with pytest.raises(CannotStart, match=r"does not start on .*pg_control"):
        embedded.start_postgres(folder, QUICK)


def test_redis_keeps_its_data_over_a_stop_and_over_a_kill(folder: Path) -> None:
    address = embedded.start_redis(folder)
    assert embedded.start_redis(folder) == address
    with Redis.from_url(address) as redis:
        redis.set("kept", "yes")
        redis.config_set("appendfsync", "always")
        redis.set("too", "yes")
    pid = embedded.redis_pid(folder)
    assert pid
    os.kill(pid, signal.SIGKILL)
    server_process.wait_until_gone(pid, 10)
    for _ in ("after the kill", "after a stop"):
        embedded.start_redis(folder)
        with Redis.from_url(address) as redis:
            assert redis.mget("kept", "too") == [b"yes", b"yes"]
        embedded.stop_redis(folder)


def test_redis_says_why_it_does_not_start(folder: Path) -> None:
    embedded.start_redis(folder)
    embedded.stop_redis(folder)
    folder.joinpath("redis", "appendonly.aof").write_text("no such thing\r\n")
    with pytest.raises(CannotStart, match=r"Redis does not start .*append only file"):
        embedded.start_redis(folder)


def test_a_long_path_gets_sockets_in_a_short_one(folder: Path) -> None:
    deep = folder / ("a" * 60) / ("b" * 60)
    try:
        assert asked(embedded.start_postgres(deep, QUICK), "SELECT 1") == 1
        assert embedded.sockets(deep).parent == Path(tempfile.gettempdir())
        assert embedded.sockets(deep) != embedded.sockets(folder / "other")
    finally:
        embedded.stop_postgres(deep)


def test_nobody_else_may_enter_the_folder_of_the_sockets(folder: Path) -> None:
    embedded.start_redis(folder)
    assert embedded.sockets(folder).stat().st_mode & 0o077 == 0


def test_a_folder_that_somebody_else_made_is_refused(folder: Path) -> None:
    folder.mkdir()
    stranger = SystemUser(os.geteuid() + 54_321, os.getegid(), changes=False)
    with pytest.raises(CannotStart, match="belongs to somebody else"):
        stranger.make_folder(folder)


def test_root_runs_the_servers_as_a_user_of_their_own_and_others_as_themselves(
    folder: Path,
) -> None:
    embedded.start_postgres(folder, QUICK)
    owner = folder.joinpath("postgres").stat().st_uid
    expected = pwd.getpwnam("makao").pw_uid if os.geteuid() == 0 else os.geteuid()
    assert owner == expected


def test_an_ordinary_user_needs_nobody_else(folder: Path) -> None:
    if os.geteuid() != 0:
        assert embedded.start_postgres(folder, QUICK)
        return
    folder.mkdir()
    os.chown(folder, 65_534, 65_534)

    def act() -> None:
        address = embedded.start_postgres(folder, QUICK)
        assert asked(address, "SELECT 1") == 1
        embedded.start_redis(folder)
        embedded.stop_redis(folder)
        embedded.stop_postgres(folder)

    assert in_a_process_of(65_534, act) == 0


def in_a_process_of(user: int, act: Callable[[], None]) -> int:
    """Act as another user, in a child; returns its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.req("S5.48")
def test_a_database_that_trusts_whoever_asks_is_refused(running: str) -> None:
    with pytest.raises(CannotStart, match="without a password"):
        refuse_trust(running)


@pytest.mark.req("S5.48")
def test_a_database_that_asks_for_a_password_is_taken(folder: Path) -> None:
    address = embedded.start_postgres(folder, QUICK)
    rules = folder / "postgres" / "pg_hba.conf"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres PASSWORD 'right'")
        rules.write_text("local all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            refuse_trust(address)
        except CannotStart:
            time.sleep(0.05)
        else:
            return
    pytest.fail("still refused")


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "127.0.0.1", "redis://no.invalid/0"])
def test_a_redis_that_was_given_and_does_not_answer_is_one_sentence(address: str) -> None:
    with pytest.raises(CannotStart) as refused:
        reach_redis(address)
    assert str(refused.value).startswith("Cannot reach the Redis that REDIS_URL names: ")
    assert len(str(refused.value).splitlines()) == 1
