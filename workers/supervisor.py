"""`make run`: starts all parts of Makao, keeps them running, and ends them in order.

First the database and Redis, then `flask prepare` (schema, permissions) and the demo's data, then
jobs and web. Ctrl-C or SIGTERM ends web first and the database last.
"""

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import config
from core import embedded, log
from core.startup import CannotStart, reach_redis
from workers import leftovers
from workers.processes import Keeper, Process, Server, Watched, say

MOMENT_SECONDS = 0.2
SLOW_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What to start, in this order; it is ended in the order of `ending` (names).

    The folder `emptied` begins as an empty one each time.
    """

    folder: Path
    emptied: Path
    ports: Sequence[tuple[str, int]]
    servers: Sequence[Watched]
    first: Sequence[Process]
    processes: Sequence[Watched]
    ending: Sequence[str]
    ready: Callable[[], bool]
    greeting: str


@dataclass
class Supervisor:
    """Runs one plan until it is told to stop."""

    plan: Plan
    told_to_stop: Event = field(default_factory=Event)
    _started: list[Watched] = field(default_factory=list)
    _keepers: list[Keeper] = field(default_factory=list)

    def run(self) -> None:
        """Start everything, keep it running, and end it in order when told to stop.

        Raises:
            CannotStart: something has to change first; whatever had started is ended again.

        """
        with leftovers.alone(self.plan.folder):
            leftovers.end_leftovers(self.plan.folder)
            for host, port in self.plan.ports:
                claim(host, port)
            try:
                shutil.rmtree(self.plan.emptied, ignore_errors=True)
                self.plan.emptied.mkdir(parents=True)
                self._start()
                self._keep()
            finally:
                self._stop()

    def _start(self) -> None:
        for server in self.plan.servers:
            self._keep_running(server)
        for process in self.plan.first:
            self._run_through(process)
        for each in self.plan.processes:
            self._keep_running(each)

    def _keep_running(self, watched: Watched) -> None:
        if self.told_to_stop.is_set():
            return
        keeper = Keeper(watched, clock=time.monotonic)
        self._started.append(watched)
        keeper.start()
        self._keepers.append(keeper)
        self._remember()

    def _run_through(self, process: Process) -> None:
        if self.told_to_stop.is_set():
            return
        self._started.append(process)
        process.start()
        self._remember()
        while process.running() and not self.told_to_stop.wait(MOMENT_SECONDS / 4):
            pass
        if process.status:
            raise CannotStart(
                f"{process.name} failed with status {process.status}; the reason stands above."
            )

    def _keep(self) -> None:
        began, greeted = time.monotonic(), False
        slow_at = began + SLOW_SECONDS
        while not self.told_to_stop.wait(MOMENT_SECONDS):
            for keeper in self._keepers:
                keeper.look()
            self._remember()
            if not greeted and self.plan.ready():
                greeted = True
                say("makao", f"ready after {time.monotonic() - began:.1f} s")
                with suppress(OSError):
                    sys.stdout.write(self.plan.greeting)
                    sys.stdout.flush()
            elif not greeted and time.monotonic() > slow_at:
                slow_at += SLOW_SECONDS
                say("makao", "web does not answer yet; the lines above may say why")

    def _remember(self) -> None:
        found = [each for each in self._started if isinstance(each, Process) and each.running()]
        leftovers.remember(self.plan.folder, {each.name: each.pid for each in found})

    def _stop(self) -> None:
        order = {name: place for place, name in enumerate(self.plan.ending)}
        for each in sorted(self._started, key=lambda each: order.get(each.name, -1)):
            ran = each.running()
            each.stop()
            if ran:
                say(each.name, "ended")
        leftovers.forget(self.plan.folder)


def claim(host: str, port: int) -> None:
    """Make sure that a server could listen there.

    Raises:
        CannotStart: somebody else does, or the address is not of this machine.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} on {host} is not free ({error.strerror}): stop what uses it, or set"
                f" PORT to another (`PORT=9080 make run`)."
            ) from error


def makao() -> Plan:
    """Describe what `make run` runs, from the settings."""
    return Plan(
        folder=config.DATA,
        emptied=Path(config.METRICS),
        ports=_ports(),
        servers=_servers(),
        first=[
            _flask("prepare"),
            *([_flask("demo", "load", "--if-empty")] if config.DEMO else []),
        ],
        processes=[*_doubles(), *_own()],
        ending=[
            "web",
            "scheduler",
            "relay",
            "worker",
            "card",
            "providers",
            "mail",
            "redis",
            "postgres",
        ],
        ready=web_is_ready,
        greeting=_greeting(),
    )


def web_is_ready() -> bool:
    """Whether the application answers, and can reach what it needs."""
    try:
        line = http.client.HTTPConnection(_here(config.HOST), config.PORT, timeout=2)
        line.request("GET", "/readyz")
        return line.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def main() -> None:
    """Run until Ctrl-C or SIGTERM; exit status 0 then, and 1 with one sentence on a refusal."""
    log.configure(as_json=config.LOG_JSON, level=config.LOG_LEVEL)
    supervisor = Supervisor(makao())
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: supervisor.told_to_stop.set())
    try:
        config.doctor()
        if not config.REDIS_EMBEDDED:
            reach_redis(config.REDIS_URL)
        supervisor.run()
    except CannotStart as refusal:
        sys.exit(f"makao: {refusal}")
    finally:
        with suppress(OSError):
            sys.stdout.flush()


def _here(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _ports() -> list[tuple[str, int]]:
    card, smtp, mailbox, providers, kyc, oidc, sms = (config.PORT + at for at in range(1, 8))
    doubles = [card] * config.CARD_DOUBLE + [smtp, mailbox] * config.MAIL_DOUBLE
    doubles += [providers] * config.PROVIDERS_DOUBLE + [kyc] * config.KYC_DOUBLE
    doubles += [oidc] * config.OIDC_DOUBLE + [sms] * config.SMS_DOUBLE
    return [(config.HOST, config.PORT), *(("127.0.0.1", port) for port in doubles)]


def _servers() -> list[Watched]:
    postgres = Server(
        "postgres",
        config.DATA,
        start=embedded.start_postgres,
        stop=embedded.stop_postgres,
        pid=embedded.postgres_pid,
    )
    redis = Server(
        "redis",
        config.DATA,
        start=embedded.start_redis,
        stop=embedded.stop_redis,
        pid=embedded.redis_pid,
    )
    given = {"postgres": not config.EMBEDDED, "redis": not config.REDIS_EMBEDDED}
    return [each for each in (postgres, redis) if not given[each.name]]


def _own() -> list[Process]:
    serve = ["-m", "gunicorn", "-c", "python:workers.web", "app:create_app()"]
    return [
        _flask("worker", patience_seconds=60.0),
        _flask("relay"),
        _flask("scheduler"),
        _python("web", serve),
    ]


def _doubles() -> list[Process]:
    """Play the outside world. Doubles import nothing of ours: these are all that they know."""
    card = _python(
        "card",
        ["-m", "doubles.card"],
        CARD_PORT=str(config.PORT + 1),
        CARD_DATA=str(config.DATA / "card"),
        CARD_KEY=config.CARD_PROVIDER_KEY,
        CARD_SECRET=config.CARD_WEBHOOK_SECRET,
    )
    providers = _python(
        "providers",
        ["-m", "doubles.providers"],
        PROVIDERS_PORT=str(config.PORT + 4),
        PROVIDERS_DATA=str(config.DATA / "providers"),
        PROVIDERS_KEY=config.PROVIDERS_KEY,
        PROVIDERS_SECRET=config.PROVIDERS_SECRET,
        PROVIDERS_PUBLIC=config.PUBLIC_URL,
    )
    mail = _python(
        "mail",
        ["-m", "doubles.mail"],
        MAIL_PORT=str(config.PORT + 2),
        MAIL_HTTP_PORT=str(config.PORT + 3),
        MAIL_DATA=str(config.DATA / "mail"),
    )
    kyc = _python(
        "kyc",
        ["-m", "doubles.kyc"],
        KYC_PORT=str(config.PORT + 5),
        KYC_KEY=config.KYC_KEY,
        KYC_SECRET=config.KYC_WEBHOOK_SECRET,
    )
    doubles = [card] * config.CARD_DOUBLE + [mail] * config.MAIL_DOUBLE
    doubles += [kyc] * config.KYC_DOUBLE
    doubles += [_identities()] * config.OIDC_DOUBLE + [_texts()] * config.SMS_DOUBLE
    return doubles + [providers] * config.PROVIDERS_DOUBLE


def _identities() -> Process:
    return _python(
        "identities",
        ["-m", "doubles.oidc"],
        OIDC_PORT=str(config.PORT + 6),
        OIDC_CLIENT=config.OIDC_CLIENT_ID,
        OIDC_SECRET=config.OIDC_CLIENT_SECRET,
    )


def _texts() -> Process:
    return _python(
        "texts",
        ["-m", "doubles.sms"],
        SMS_PORT=str(config.PORT + 7),
        SMS_DATA=str(config.DATA / "texts"),
        SMS_USER=config.SMS_USER,
        SMS_KEY=config.SMS_KEY,
    )


def _flask(*arguments: str, patience_seconds: float = 30.0) -> Process:
    command = ["-m", "flask", "--app", "app", *arguments]
    return _python(arguments[0], command, patience_seconds=patience_seconds)


def _python(
    name: str, arguments: list[str], *, patience_seconds: float = 30.0, **variables: str
) -> Process:
    return Process(
        name,
        [sys.executable, "-u", *arguments],
        environment=config.environment(
            MAKAO_DATA=str(config.DATA),
            MAKAO_DEMO="1" if config.DEMO else "0",
            PROMETHEUS_MULTIPROC_DIR=config.METRICS,
            **variables,
        ),
        folder=config.ROOT,
        patience_seconds=patience_seconds,
    )


def _greeting() -> str:
    lines = ["", f"  Makao is ready at {config.PUBLIC_URL}", ""]
    if config.DEMO:
        lines += [
            f"  Sign in with the password {config.DEMO_PASSWORD} as one of",
            f"    {', '.join(config.DEMO_SIGN_INS[:7])},",
            f"    {', '.join(config.DEMO_SIGN_INS[7:])};",
            f"    {config.PLATFORM_SIGN_IN} runs the platform;",
            "  with a 2 behind the name (admin2, manager2 ...) in the second organization;",
            *[f"  or with {config.OIDC_LABEL}, by any of their addresses."] * config.OIDC_DOUBLE,
            "",
        ]
    else:
        lines += [
            "  An organization, and the link for its first administrator, is made by",
            "    .venv/bin/flask --app app organization found NAME --email ADDRESS",
            "",
        ]
    return "\n".join([*lines, "  Ctrl-C stops everything.", "", ""])


if __name__ == "__main__":
    os.umask(0o077)
    main()
