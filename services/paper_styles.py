"""Styles of papers: an organization's own texts and colour, with names of facts in braces."""

import re
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.paper_styles import PaperKind, PaperStyle

FACTS = ("number", "total", "due", "customer", "organization")
"""What a text may name in braces."""
NAMED = re.compile(r"\{([^{}]*)\}")
TEXTS = ("heading", "opening", "closing", "foot")


def check(_work: Work, row: PaperStyle) -> None:
    """Make sure that a text names only what there is.

    Raises:
        BadInput: it names something else in braces, or has a brace of its own.

    """
    row.accent = (row.accent or "").strip().lower() or "#0f766e"
    for name in TEXTS:
        text = getattr(row, name) or ""
        plain = NAMED.sub("", text)
        strange = [each for each in NAMED.findall(text) if each not in FACTS]
        if strange or "{" in plain or "}" in plain:
            raise BadInput(
                N_("In braces stand these names alone: %(names)s."),
                field=name,
                names=", ".join(FACTS),
            )


def of(work: Work, kind: PaperKind) -> PaperStyle:
    """Give the organization's style of a paper, or the plain one."""
    row = work.session.scalar(select(PaperStyle).where(PaperStyle.kind == kind))
    return row or PaperStyle(
        kind=kind,
        heading="",
        accent="#0f766e",
        opening="",
        closing="",
        foot="",
        show_bank=True,
        show_logo=True,
    )


def kind_of(work: Work, style_id: UUID) -> PaperKind | None:
    """Say which paper a style is for."""
    return work.session.scalar(select(PaperStyle.kind).where(PaperStyle.id == style_id))


def filled(text: str, facts: Mapping[str, str]) -> str:
    """Put the facts where a text names them. Whatever a fact says stays text."""
    return NAMED.sub(lambda found: facts.get(found[1], ""), text)
