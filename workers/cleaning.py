"""What is swept: sign-ins that are over, answers that nobody asks for again, old runs, counts."""

from datetime import timedelta

from sqlalchemy import delete, or_, text
from sqlalchemy.orm import Session

from core import db
from core.work import clock
from models.events import IdempotencyKey, ScheduledRun
from models.organizations import Credential
from services import passwords
from workers.jobs import Desk, homes

SIGN_INS_KEPT = timedelta(days=30)
KEYS_KEPT = timedelta(days=30)
RUNS_KEPT = timedelta(days=2)


def clean() -> None:
    """Delete sign-ins and links that ended long ago, and idempotency keys after 30 days."""
    before = clock() - SIGN_INS_KEPT
    over = delete(Credential).where(
        or_(Credential.expires_at < before, Credential.ended_at < before)
    )
    with Session(db.door.get_bind()) as door, door.begin():
        door.execute(over)
        passwords.clean(door, clock())
    for home in homes():
        with Desk(home, "cleaning").work() as work:
            old = IdempotencyKey.created_at < work.now - KEYS_KEPT
            work.session.execute(delete(IdempotencyKey).where(old))


def fold_counts() -> None:
    """Put the many small changes of how many rows there are together."""
    with Desk(None, "cleaning").work() as work:
        work.session.execute(text("SELECT fold_row_counts()"))


def forget_runs() -> None:
    """Delete the rows of runs that are past: two days after those of a day's schedule."""
    with Desk(None, "cleaning").work() as work:
        old = delete(ScheduledRun).where(ScheduledRun.due_at < work.now - RUNS_KEPT)
        work.session.execute(old)
