"""Financial reports on paper: any table of figures, under the organization's letterhead."""

from collections.abc import Sequence
from typing import Any

from core.work import Work
from services import ledger, organizations
from services.papers import Paper, Pen, letterhead


def report(  # noqa: PLR0913  # what a table consists of
    work: Work,
    pen: Pen,
    *,
    title: str,
    facts: Sequence[tuple[str, str]],
    heads: Sequence[tuple[str, str]],
    rows: Sequence[dict[str, Any]],
) -> Paper:
    """Put a table of figures, already in words, under the letterhead."""
    home = organizations.home(work)
    made = pen.day(ledger.business_date(work))
    data = letterhead(work, home, pen) | {
        "title": title,
        "number": made,
        "facts": [{"label": label, "value": value} for label, value in facts],
        "heads": [{"label": label, "kind": kind} for label, kind in heads],
        "rows": list(rows),
    }
    return Paper("report", title, made, "", made, data)
