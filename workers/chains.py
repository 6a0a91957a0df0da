"""The chains in the background: sealed every few seconds, anchored outside the database daily."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

from flask import current_app

from core import db
from core.text import N_
from core.work import clock
from services import chains, notices
from services.chains import Anchor, Flaw
from services.notices import Notice
from workers.jobs import Desk, homes

log = logging.getLogger(__name__)


def seal() -> None:
    """Seal all chains."""
    with Desk(None, "chains").work() as work:
        chains.seal_platform(work)
    for home in homes(suspended=True):
        try:
            with Desk(home, "chains").work() as work:
                chains.seal(work)
        except Exception:
            log.exception("sealing in %s", home)


def cast_anchors() -> list[Anchor]:
    """Seal, write the end of each chain to the folder of anchors, and mail it to administrators."""
    seal()
    with db.session.session_factory() as session:
        ends = chains.anchors(session)
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    at = clock()
    for end in ends:
        with (folder / f"{end.chain.replace(':', '-')}.jsonl").open("a") as file:
            file.write(json.dumps({**asdict(end), "at": at}, default=str) + "\n")
    for home in homes():
        with Desk(home, "chains").work() as work:
            mine = [each for each in ends if each.organization_id == home]
            if mine:
                words = "; ".join(f"{e.chain} {e.last_position} {e.digest}" for e in mine)
                notice = Notice(
                    N_("Keep this: the ends of your audit trail and ledger today: %(ends)s"),
                    once=f"anchors:{at:%Y-%m-%d}",
                    values={"ends": words},
                )
                notices.notify_roles(work, ["Admin"], notice)
    return ends


def verify(kind: str) -> list[Flaw]:
    """Seal first, then prove the chains of a kind, rows, seals and anchors."""
    seal()
    with db.session.session_factory() as session:
        return chains.verify(session, kind, list(_anchors()))


def _anchors() -> Iterator[Anchor]:
    """Read every anchor ever cast, of whichever chain: all of them must still hold."""
    for path in sorted(_folder().glob("*.jsonl")):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            home = told["organization_id"]
            yield Anchor(
                UUID(home) if home else None,
                told["chain"],
                told["number"],
                told["last_position"],
                told["digest"],
            )


def _folder() -> Path:
    return Path(current_app.config["DATA"]) / "anchors"
