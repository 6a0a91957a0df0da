"""Settings: read in a process of their own, as they are read once, at import."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CONFIG, REFERENCE = ROOT / "config.py", ROOT / "docs" / "reference" / "settings.md"
SERVER = "postgres://owner:p@db.example.org:5432/makao"
GOOD = "mJ7vQ2xW9bT4kR6nL1pZ8cY3hG5dF0sA"


def read(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import config with just these variables; what it holds comes out as JSON."""
    code = (
        "import config, json; print(json.dumps({k: v for k, v in vars(config).items()"
        " if k.isupper() and isinstance(v, str | int | bool)}))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "MAKAO_DATA": str(folder), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def settings(folder: Path, **variables: str) -> dict[str, Any]:
    done = read(folder, **variables)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_without_any_variable_it_is_a_demo_on_the_embedded_servers(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["DEMO"]
    assert found["EMBEDDED"]
    assert found["SQLALCHEMY_DATABASE_URI"].startswith("postgresql+psycopg://makao_app@/makao?")
    assert found["OWNER_ADDRESS"].startswith("postgresql://postgres@/makao?host=")
    assert found["REDIS_URL"].startswith("unix://")
    assert found["PUBLIC_URL"] == "http://127.0.0.1:8080"


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["DEMO_PASSWORD"] == second["DEMO_PASSWORD"]
    for name in ("secret-key", "demo-password"):
        assert tmp_path.joinpath(name).stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", "import config; print(config.SECRET_KEY)"],
            env={"PATH": os.environ["PATH"], "MAKAO_DATA": str(tmp_path)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert len({each.communicate()[0] for each in started}) == 1


def test_each_role_has_a_password_of_its_own_on_a_server(tmp_path: Path) -> None:
    found = settings(tmp_path, DATABASE_URL=SERVER, SECRET_KEY=GOOD)
    names = ("SQLALCHEMY_DATABASE_URI", "WORKER_DATABASE_URI", "AUTH_DATABASE_URI")
    roles = [found[name].split("//")[1].split("@")[0].split(":") for name in names]
    assert [role for role, _ in roles] == ["makao_app", "makao_worker", "makao_auth"]
    assert len({password for _, password in roles}) == 3
    assert found["OWNER_ADDRESS"] == "postgresql://owner:p@db.example.org:5432/makao"


def test_a_given_address_of_a_role_is_taken_as_it_is(tmp_path: Path) -> None:
    given = "postgresql://web:w@other/makao"
    found = settings(tmp_path, DATABASE_URL=SERVER, DATABASE_APP_URL=given)
    assert found["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://web:w@other/makao"


@pytest.mark.req("S5.48")
@pytest.mark.parametrize(
    "key",
    [
        "short",
        "x" * 40,
        "this-is-an-example-key-0123456789-abc",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET_42",
    ],
)
def test_a_weak_secret_stops_the_start_in_earnest_and_not_the_demo(
    tmp_path: Path, key: str
) -> None:
    refused = read(tmp_path, DATABASE_URL=SERVER, SECRET_KEY=key)
    assert refused.returncode == 1
    assert refused.stderr.startswith("makao: SECRET_KEY is too short")
    assert len(refused.stderr.splitlines()) == 1
    assert read(tmp_path, SECRET_KEY=key).returncode == 0
    assert read(tmp_path, DATABASE_URL=SERVER, SECRET_KEY=GOOD).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "a whole number from 1 to 65528"),
        ("PORT", "70000", "a whole number from 1 to 65528"),
        ("MAKAO_DEMO", "maybe", "it takes 1 or 0"),
        ("MAKAO_DEMO", "0", "The embedded database is for the demo"),
        ("DATABASE_URL", "mysql://a@b/c", "must be a PostgreSQL address"),
        ("DATABASE_URL", "nonsense", "is no address"),
        ("MAKAO_DATA", "/proc/makao", "set MAKAO_DATA to a folder of your own"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    refused = read(tmp_path, **{name: value})
    assert refused.returncode == 1
    assert says in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_doubles_play_the_outside_world_in_the_demo_only(tmp_path: Path) -> None:
    demo, earnest = settings(tmp_path, PORT="9000"), settings(tmp_path, DATABASE_URL=SERVER)
    assert demo["SMS_URL"] == demo["SMS_BOX_URL"] == "http://127.0.0.1:9007"
    assert (demo["CARD_PROVIDER_URL"], demo["SMTP_URL"], demo["MAILBOX_URL"]) == (
        "http://127.0.0.1:9001",
        "smtp://127.0.0.1:9002",
        "http://127.0.0.1:9003",
    )
    for name in ("CARD_PROVIDER_URL", "CARD_PROVIDER_KEY", "SMTP_URL", "SMS_KEY", "DEMO_PASSWORD"):
        assert earnest[name] == ""


def test_the_cookie_is_for_https_alone_where_the_address_is(tmp_path: Path) -> None:
    assert not settings(tmp_path)["SESSION_COOKIE_SECURE"]
    assert settings(tmp_path, PUBLIC_URL="https://makao.example/")["SESSION_COOKIE_SECURE"]


def test_the_owners_address_is_printed_alone_and_starts_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--silent", "db-url"],  # noqa: S607
        env={**os.environ, "DATABASE_URL": "", "MAKAO_DATA": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == settings(tmp_path)["OWNER_ADDRESS"] + "\n"
    assert not tmp_path.joinpath("postgres").exists()


def test_every_setting_stands_in_the_reference() -> None:
    read_here = set(re.findall(r"_(?:text|flag|number)\(\s*\"([A-Z_]+)\"", CONFIG.read_text()))
    read_here |= set(re.findall(r"_as_role\(\"\w+\", \"([A-Z_]+)\"\)", CONFIG.read_text()))
    told = set(re.findall(r"`([A-Z_]+)`", REFERENCE.read_text()))
    assert len(read_here) > 20
    assert read_here - told - {"PROMETHEUS_MULTIPROC_DIR"} == set()
