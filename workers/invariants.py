"""The standing check of what is always true."""

import logging

from core import db
from services import invariants

log = logging.getLogger(__name__)


def check() -> dict[str, list[str]]:
    """Shout about every broken invariant. It mends nothing: a person decides that."""
    with db.session.session_factory() as session:
        found = invariants.broken(session)
    for says, ids in found.items():
        log.error("invariant broken: %s", says, extra={"ids": ids})
    return found
