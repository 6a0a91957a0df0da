"""The text of a lease: what it may name, how it is read, and the one that comes with Makao."""

import re
from collections.abc import Sequence

from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.lease_papers import LeaseTemplate
from services.paper_styles import NAMED
from services.papers import Pen

NAMES: dict[str, str] = {
    "landlord": N_("the organization"),
    "tenant": N_("who answers for the lease"),
    "tenants": N_("all tenants"),
    "guarantors": N_("who guarantees"),
    "owner": N_("who owns the unit"),
    "unit": N_("the unit's number"),
    "estate": N_("the estate"),
    "begins": N_("the first day"),
    "ends": N_("the last day"),
    "rent": N_("the rent of a month"),
    "deposit": N_("the deposit"),
    "due_day": N_("the day of the month"),
    "due_days": N_("the days to pay"),
    "notice_days": N_("the days of notice"),
    "increase": N_("how the rent grows"),
    "extras": N_("what is paid with the rent"),
    "number": N_("the number of the lease"),
}
"""What a text may name in braces, and what stands for it."""
CLAUSES: Sequence[tuple[str, str]] = (
    (
        N_("What is let"),
        N_(
            "{landlord} lets unit {unit} of {estate} to {tenants}. The unit may be used to live in,"
            " by the tenants and their household, and for nothing else without the landlord's"
            " consent in writing."
        ),
    ),
    (
        N_("Term"),
        N_(
            "The lease begins on {begins}. It ends on {ends}. Either side may end it with"
            " {notice_days} days of notice in writing."
        ),
    ),
    (
        N_("Rent"),
        N_(
            "The rent is {rent} a month. It is asked for on day {due_day} of each month, the last"
            " day of shorter ones, and is paid within {due_days} days. Parts of a month are"
            " reckoned by the day. The rent grows like this: {increase}. With the rent are paid:"
            " {extras}."
        ),
    ),
    (
        N_("Deposit"),
        N_(
            "The tenant pays a deposit of {deposit} before moving in. The landlord holds it apart"
            " from their own money, and pays it back after the lease has ended, less what is owed"
            " then and what it costs to mend what the tenant has damaged. The tenant gets an"
            " account of each sum that is kept."
        ),
    ),
    (
        N_("Late payment"),
        N_(
            "What is not paid in time is reminded of, and may cost the late fee that the landlord"
            " has made known. There is no fee on a fee."
        ),
    ),
    (
        N_("Care and repairs"),
        N_(
            "The tenant keeps the unit clean and reports damage at once. The landlord mends what"
            " wears out by ordinary use; the tenant pays for what they, their household or their"
            " guests have broken. The unit is inspected, with both sides present, when the tenant"
            " moves in and when they move out."
        ),
    ),
    (
        N_("Access"),
        N_(
            "The landlord enters the unit after telling the tenant a day before, and without that"
            " where people or property are in danger."
        ),
    ),
    (
        N_("The end of the lease"),
        N_(
            "On the last day the tenant gives the unit back empty and clean, with all keys. Rights"
            " to the gate and to the estate end with the lease."
        ),
    ),
)
"""The text that comes with the program, for who has written none of their own."""


def check(_work: Work, row: LeaseTemplate) -> None:
    """Make sure that a text names only what a lease says.

    Raises:
        BadInput: there is no text, or it names something else in braces, or has one brace alone.

    """
    row.name = (row.name or "").strip()
    wording = (row.wording or "").replace("\r\n", "\n").strip()
    row.wording = wording
    plain = NAMED.sub("", wording)
    strange = [each for each in NAMED.findall(wording) if each not in NAMES]
    if strange:
        raise BadInput(
            N_("A lease says no {%(name)s}. In braces stand these names alone: %(names)s."),
            field="wording",
            name=strange[0][:40],
            names=", ".join(NAMES),
        )
    if "{" in plain or "}" in plain:
        raise BadInput(N_("A brace has no other one. Names stand between two."), field="wording")


def default_wording(pen: Pen | None = None) -> str:
    """Give the text that comes with the program, as it is written into the form."""
    say = pen.say if pen else str
    return "\n\n".join(f"# {say(title)}\n{say(text)}" for title, text in CLAUSES)


def sections(wording: str) -> list[tuple[str, list[str]]]:
    """Read a text: `# Heading` begins a section, an empty line a paragraph."""
    made: list[tuple[str, list[str]]] = []
    for block in re.split(r"\n\s*\n", wording.strip()):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        text: list[str] = []
        for line in lines:
            if line.startswith("# "):
                _add(made, text)
                made.append((line[2:].strip(), []))
                text = []
            else:
                text.append(line)
        _add(made, text)
    return made


def _add(made: list[tuple[str, list[str]]], lines: list[str]) -> None:
    if lines:
        if not made:
            made.append(("", []))
        made[-1][1].append(" ".join(lines))
