"""Checks by a provider: slow, refusing, broken, answering twice, late or never; and its notices."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters.kyc import HttpChecks, NoticeRefused
from adapters.payments import ProviderUnavailable
from adapters.wire import Limits
from core import db
from models.events import Saga
from models.onboarding import Application, ApplicationCheck, ApplicationStatus, CheckStatus
from services import onboarding_cases, organizations
from tests import stories
from tests.doubles.running import listening, running
from tests.onboarding import handed_in
from workers import onboarding, sagas

pytestmark = [pytest.mark.req("S2.06", "S2.04", "S5.55", "S5.56"), pytest.mark.faults]
KEY, SECRET = "a-key", "a-secret"


@pytest.fixture
def provider(app: Flask, tmp_path: Path) -> Iterator[str]:
    """The double, as the application knows it; gives its address."""
    options = ("--port", "0", "--key", KEY, "--secret", SECRET, "--settle-seconds", "0")
    kept = {name: app.config[name] for name in ("KYC_URL", "KYC_KEY", "KYC_WEBHOOK_SECRET")}
    with running("doubles.kyc", tmp_path, *options) as (addresses, _):
        app.config |= {"KYC_URL": addresses[0], "KYC_KEY": KEY, "KYC_WEBHOOK_SECRET": SECRET}
        db.use(app, "jobs")
        with app.app_context():
            yield addresses[0]
        db.use(app, "web")
    app.config |= kept


def turn() -> None:
    onboarding.look_after()
    sagas.advance_due()


def checks(session: Session, home: UUID) -> list[ApplicationCheck]:
    session.expire_all()
    with stories.unit(session, home) as work:
        rows = work.session.scalars(select(ApplicationCheck).order_by(ApplicationCheck.kind)).all()
        work.session.expunge_all()
        return list(rows)


def again(session: Session, home: UUID) -> None:
    """Let the next try be due now."""
    with stories.unit(session, home) as work:
        for each in work.session.scalars(
            select(ApplicationCheck).where(ApplicationCheck.next_at.is_not(None))
        ):
            each.next_at = work.now
        for saga in work.session.scalars(select(Saga)):
            saga.due_at = work.now


def applied(session: Session, home: UUID, **other: Any) -> UUID:
    with stories.unit(session, home) as work:
        return handed_in(work, **other)


def status(session: Session, home: UUID) -> ApplicationStatus:
    session.expire_all()
    with stories.unit(session, home) as work:
        return work.session.scalars(select(Application)).one().status


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Achieng Were", CheckStatus.passed),
        ("Refused Were", CheckStatus.failed),
        ("Unclear Were", CheckStatus.unclear),
    ],
)
def test_what_the_provider_finds_joins_in_the_case(
    provider: str, session: Session, home: UUID, name: str, found: CheckStatus
) -> None:
    applied(session, home, name=name)

    turn()  # begins
    turn()  # asks
    again(session, home)
    turn()

    assert {each.status for each in checks(session, home)} == {found}
    assert {each.provider for each in checks(session, home)} == {"kyc"}
    assert status(session, home) is ApplicationStatus.ready


def test_a_provider_that_breaks_is_asked_again_and_the_case_is_asked_once(
    provider: str, session: Session, home: UUID
) -> None:
    httpx.post(f"{provider}/faults", json={"status": 503, "calls": 2})
    applied(session, home)
    turn()
    turn()
    assert {each.status for each in checks(session, home)} == {CheckStatus.requested}
    assert all("503" in each.last_error for each in checks(session, home))

    again(session, home)
    turn()
    again(session, home)
    turn()

    assert {each.status for each in checks(session, home)} == {CheckStatus.passed}
    assert len({each.reference for each in checks(session, home)}) == 2


def test_one_that_never_answers_is_given_up_and_the_staff_decides(
    provider: str, session: Session, home: UUID
) -> None:
    applied(session, home, name="Never Answered")
    turn()
    turn()
    with stories.unit(session, home) as work:
        for each in work.session.scalars(select(ApplicationCheck)):
            each.due_at = work.now - timedelta(seconds=1)
    again(session, home)

    turn()

    assert {each.status for each in checks(session, home)} == {CheckStatus.timed_out}
    assert status(session, home) is ApplicationStatus.ready


def test_where_the_organization_wants_no_provider_the_staff_checks(
    provider: str, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        organizations.change_setting(work, "kyc.by_provider", value=False)
    applied(session, home)
    turn()
    turn()

    assert {each.provider for each in checks(session, home)} == {"manual"}
    assert {each.status for each in checks(session, home)} == {CheckStatus.asked}


@pytest.mark.parametrize("died_after", ["begun", "taken in", "claimed"])
def test_a_worker_that_dies_in_between_loses_nothing_and_asks_once(
    provider: str, session: Session, home: UUID, died_after: str
) -> None:
    """What a killed worker leaves behind is what its last commit left: each is gone on from."""
    applied(session, home)
    with stories.unit(session, home) as work:
        onboarding_cases.begin_due(work)
    saga_id = _saga(session, home)
    if died_after != "begun":
        sagas.advance(home, saga_id)
    if died_after == "claimed":
        with stories.unit(session, home) as work:
            for each in onboarding_cases.due(work):
                assert onboarding_cases.claim(work, each)
    for _ in range(3):
        again(session, home)
        turn()

    assert len(checks(session, home)) == 2
    assert {each.status for each in checks(session, home)} == {CheckStatus.passed}
    assert status(session, home) is ApplicationStatus.ready
    assert _saga(session, home) == saga_id


def _saga(session: Session, home: UUID) -> UUID:
    with stories.unit(session, home) as work:
        return work.session.scalars(select(Saga.id)).one()


def test_a_notice_rings_once_it_is_proved_and_does_no_harm_twice(
    app: Flask, provider: str, session: Session, home: UUID
) -> None:
    with listening() as listener:
        app.config["PUBLIC_URL"], kept = listener.url, app.config["PUBLIC_URL"]
        httpx.post(f"{provider}/faults", json={"notice_copies": 2})
        applied(session, home)
        turn()
        turn()
        got = listener.wait_for(4)
        app.config["PUBLIC_URL"] = kept
    db.use(app, "web")
    visitor = app.test_client()
    for body, headers in got:
        proof = {"Kyc-Signature": headers["Kyc-Signature"]}
        assert visitor.post("/checks/kyc", data=body, headers=proof).status_code == 204
        assert visitor.post("/checks/kyc", data=body + b" ", headers=proof).status_code == 400
        assert visitor.post("/checks/kyc", data=body).status_code == 400
    db.use(app, "jobs")
    turn()
    turn()
    assert {each.status for each in checks(session, home)} == {CheckStatus.passed}


def test_a_slow_provider_and_an_old_notice_are_not_waited_for(provider: str) -> None:
    httpx.post(f"{provider}/faults", json={"slow_seconds": 2})
    client = HttpChecks(provider, KEY, [SECRET], Limits(total_seconds=0.2), clock=time.time)
    with pytest.raises(ProviderUnavailable):
        client.status("chk_1")
    with pytest.raises(NoticeRefused):
        client.parse_notice(b"{}", {"kyc-signature": f"t={int(time.time()) - 900},v1=00"})
    with pytest.raises(NoticeRefused):
        client.parse_notice(b"x" * 70_000, {})
