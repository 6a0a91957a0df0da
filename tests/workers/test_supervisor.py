"""The supervisor, with real processes and tiny programs instead of ours."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from core.server_process import alive, wait_until_gone
from workers.processes import Keeper, Process

Found = TypeVar("Found")
ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from core.startup import CannotStart
from workers.processes import Process
from workers.supervisor import Plan, Supervisor

folder, port, first, *programs = sys.argv[1:]
named = [program.split("=", 1) for program in programs]
plan = Plan(
    folder=Path(folder), emptied=Path(folder, "metrics"), ports=[("127.0.0.1", int(port))],
    servers=[], first=[Process("first", [sys.executable, "-c", first])],
    processes=[
        Process(name, [sys.executable, "-uc", code], patience_seconds=1) for name, code in named
    ],
    ending=[name for name, _ in reversed(named)], ready=lambda: True, greeting="WELCOME\\n",
)
supervisor = Supervisor(plan)
for sign in (SIGINT, SIGTERM):
    signal(sign, lambda *_: supervisor.told_to_stop.set())
try:
    supervisor.run()
except CannotStart as refusal:
    sys.exit(f"makao: {refusal}")
"""
IDLE = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
PARENT = "import os, time; os.fork() or os.setpgid(0, 0); time.sleep(600)"


class Running:
    """A supervisor in a process of its own, and what it said so far."""

    def __init__(self, folder: Path, *programs: str, port: int, first: str = "") -> None:
        self.folder, self.said = folder, folder / "said.txt"
        folder.mkdir(exist_ok=True)
        with self.said.open("a") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", RUN, str(folder), str(port), first, *programs],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def until(self, pattern: str, times: int = 1) -> list[str]:
        """Wait until it has said this, so many times; returns the groups of the pattern."""

        def look() -> list[str]:
            found = re.findall(pattern, self.said.read_text())
            return found if len(found) >= times else []

        return eventually(look)

    def pid_of(self, name: str, time_: int = 1) -> int:
        return int(self.until(rf"(?m)^{name} *\| started, process (\d+)", time_)[time_ - 1])

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.popen.send_signal(sign)
        return self.popen.wait(20)


def eventually(look: Callable[[], Found], seconds: float = 60) -> Found:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def run(*programs: str, first: str = "") -> Running:
        started.append(Running(tmp_path / "data", *programs, port=port, first=first))
        return started[-1]

    yield run
    for each in started:
        if each.popen.poll() is None:
            each.popen.terminate()
            each.popen.wait(20)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_in_order_greets_once_and_ends_in_order(
    start: Callable[..., Running], sign: signal.Signals
) -> None:
    makao = start(f"worker={IDLE}", f"web={IDLE}", first="print('first of all')")
    makao.until("WELCOME")
    numbers = [makao.pid_of(name) for name in ("worker", "web")]
    assert makao.stop(sign) == 0
    assert not any(alive(number) for number in numbers)
    said = makao.said.read_text()
    order = ["first of all", "worker    | started", "web       | started", "WELCOME"]
    order += ["web       | ended", "worker    | ended"]
    assert [said.count(each) for each in order] == [1] * len(order)
    assert sorted(order, key=said.index) == order


def test_lines_carry_the_name_of_their_process(start: Callable[..., Running]) -> None:
    start("web=print('one'); print('two')").until(r"(?m)^web       \| one\nweb       \| two$")


def test_one_that_ends_is_started_again_after_a_pause_that_doubles(
    start: Callable[..., Running],
) -> None:
    makao = start(f"web={IDLE}", "relay=raise SystemExit(3)")
    pauses = makao.until(r"relay     \| ended with status 3; again in ([\d.]+) s", 3)
    assert pauses[:3] == ["0.5", "1", "2"]
    first = makao.pid_of("web")
    os.kill(first, signal.SIGKILL)
    makao.until("web       \\| ended by SIGKILL; again in 0.5 s")
    assert makao.pid_of("web", 2) != first


def test_the_pause_is_bounded_and_short_again_for_one_that_ran_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    keeper = Keeper(Process("web", [sys.executable, "-c", ""]), clock=lambda: now[0])
    keeper.start()
    for lived in [0.0] * 8 + [100.0]:
        eventually(lambda: not keeper.watched.running())
        now[0] += lived
        keeper.look()
        now[0] += 31
        keeper.look()
    keeper.watched.stop()
    pauses = [float(each) for each in re.findall(r"again in ([\d.]+)", capsys.readouterr().out)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 0.5]


def test_one_that_will_not_end_is_made_to(start: Callable[..., Running]) -> None:
    makao = start(f"web={DEAF}")
    makao.until("WELCOME")
    assert makao.stop() == 0
    assert "web       | did not end in 1 s and is made to" in makao.said.read_text()


def test_children_of_a_process_end_with_it(start: Callable[..., Running]) -> None:
    makao = start(f"worker={PARENT}")
    parent = makao.pid_of("worker")
    child = eventually(lambda: children(parent))[0]
    assert makao.stop() == 0
    assert wait_until_gone(child, 5)


def children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(each) for each in listed.split()]


def test_a_port_in_use_is_said_before_anything_starts(
    start: Callable[..., Running], port: int
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        makao = start(f"web={IDLE}")
        assert makao.popen.wait(20) == 1
    said = makao.said.read_text()
    assert said.startswith(f"makao: Port {port} on 127.0.0.1 is not free")
    assert len(said.splitlines()) == 1


def test_a_second_one_on_the_same_folder_is_refused(start: Callable[..., Running]) -> None:
    first = start(f"web={IDLE}")
    first.until("WELCOME")
    second = start(f"web={IDLE}")
    assert second.popen.wait(20) == 1
    assert "makao: Makao already runs on" in second.said.read_text()
    assert alive(first.pid_of("web"))


def test_what_a_killed_one_left_is_ended_by_the_next(start: Callable[..., Running]) -> None:
    killed = start(f"worker={PARENT}", f"web={IDLE}")
    killed.until("WELCOME")
    left = [killed.pid_of("worker"), killed.pid_of("web"), *children(killed.pid_of("worker"))]
    killed.popen.kill()
    killed.popen.wait()
    assert all(alive(each) for each in left)
    following = start(f"web={IDLE}")
    following.until("WELCOME", 2)
    assert [each for each in left if not wait_until_gone(each, 5)] == []
    assert following.stop() == 0


def test_a_number_that_went_to_somebody_else_is_left_alone(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", IDLE], start_new_session=True) as stranger:
        remembered = {"web": [stranger.pid, "another start"]}
        tmp_path.joinpath("data").mkdir()
        tmp_path.joinpath("data", "processes.json").write_text(json.dumps(remembered))
        start(f"web={IDLE}").until("WELCOME")
        assert alive(stranger.pid)
        stranger.kill()


def test_a_first_step_that_fails_ends_all_with_one_sentence(start: Callable[..., Running]) -> None:
    makao = start(f"web={IDLE}", first="raise SystemExit('no such table')")
    assert makao.popen.wait(20) == 1
    said = makao.said.read_text()
    assert "first     | no such table" in said
    assert said.splitlines()[-1] == "makao: first failed with status 1; the reason stands above."
    assert "web " not in said


def test_it_can_be_told_to_stop_in_its_first_step(start: Callable[..., Running]) -> None:
    makao = start(f"web={IDLE}", first=IDLE)
    number = makao.pid_of("first")
    assert makao.stop() == 0
    assert not alive(number)
    assert "web " not in makao.said.read_text()


def test_it_goes_on_and_ends_everything_where_nobody_reads_what_it_says(
    tmp_path: Path, port: int
) -> None:
    mark = tmp_path / "pid"
    # It leaves its mark after a while, in which the supervisor would have fallen over its words.
    program = (
        "import os, time; print('x', flush=True); time.sleep(1);"
        f" open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    reader, writer = os.pipe()
    os.close(reader)  # as a terminal that was closed, or `make run | head`
    command = [sys.executable, "-c", RUN, str(tmp_path / "data"), str(port), "", f"web={program}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=writer, start_new_session=True) as popen:
        os.close(writer)
        number = int(eventually(lambda: mark.exists() and mark.read_text()) or 0)
        popen.terminate()
        popen.wait(20)
    assert not alive(number)
