"""A simulation: people with roles live in an organization by the services, and all of it fits."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import Actor, Work
from models.bookings import Booking
from models.events import AuditEntry
from models.organizations import Credential
from services import organizations
from tests import make

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["simulate", *words])


def town(session: Session, name: str, *, demo: bool = True) -> None:
    """An organization with something to sell."""
    home = make.organization(session, name)
    with seeing(session, Scope(home, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        organizations.home(work).custom = {"demo": "whole"} if demo else {}
        estate = make.project(work, name="Court")
        packages = [make.package(work, estate, name=each) for each in ("Plain", "Golden")]
        extra = make.addon(work, make.category(work, estate), name="Cooling")
        for number in range(30):
            flat = {"name": f"A{number:02}", "base_price": Decimal(1_000_000 + number)}
            make.apartment(work, estate, packages=packages, addons=[extra], **flat)
        session.commit()


def test_a_seed_plays_the_same_and_everything_fits(
    run: Run, session: Session, superuser: Engine
) -> None:
    for name in ("One", "Two"):
        town(session, name)

    first, second = (
        run("--organization", name, "--days", "12", "--people", "3", "--seed", "5")
        for name in ("One", "Two")
    )

    assert first.exit_code == 0, first.output
    assert first.output.replace("One", "") == second.output.replace("Two", "")
    line = re.compile(r"^(\w.*?)  +(?:Buyer|Sales|Manager|Accountant) +(\d+)", re.MULTILINE)
    done = dict(line.findall(first.output))
    for what in ("Held an apartment", "Paid an invoice by transfer", "Approved a booking"):
        assert int(done[what]) > 0, first.output
    assert "card" not in first.output, "no provider runs here"
    assert first.output.endswith("The ledger, the audit trail and all wallets are whole.\n")
    with superuser.connect() as connection:
        open_still = select(func.count()).where(Credential.ended_at.is_(None))
        assert connection.scalar(open_still.select_from(Credential)) == 0
        actors = select(AuditEntry.actor).where(AuditEntry.table_name == "booking")
        by = {each.split(":")[0] for each in connection.scalars(actors.distinct())}
        assert "user" in by, "people did it, not a machine in their stead"
        assert connection.scalar(select(func.count()).select_from(Booking)) == 2 * int(
            done["Held an apartment"]
        )


def test_what_is_amiss_afterwards_is_told_by_the_exit(
    run: Run, session: Session, superuser: Engine
) -> None:
    town(session, "One")
    with superuser.connect() as door:
        door.execute(text("SET session_replication_role = replica"))
        door.execute(text("UPDATE audit_entry SET action = 'x'"))
        door.execute(text("SET session_replication_role = origin"))

    result = run("--days", "1", "--people", "1")

    assert result.exit_code == 1
    assert "Error: audit:" in result.output


def test_real_books_are_left_alone_unless_that_is_meant(run: Run, session: Session) -> None:
    town(session, "Real", demo=False)

    refused = run("--days", "1")

    assert refused.exit_code == 1
    assert "Error: Real is no demo" in refused.output
    assert run("--days", "1", "--people", "1", "--anyway").exit_code == 0
