"""What a payer does on the page of a provider that asks for nothing but a decision."""

import sqlite3

from doubles.base import pages
from doubles.base.books import OPEN, No
from doubles.base.counter import Counter, Request, way_back

OVER = {
    "expired": "This payment page has expired, and nothing was taken. Start again.",
    "failed": "This payment did not go through, and nothing was taken.",
    "processing": "Your bank is still working on this payment.",
}
MOVES = {
    "pay": "succeeded",
    "ask": "requires_action",
    "later": "processing",
    "confirm": "succeeded",
}
MISHAPS = {"decline": "card_declined", "refuse": "authentication_failed"}
FIRST, ASKED = ("pay", "ask", "later", "decline"), ("confirm", "refuse")


def visit(
    counter: Counter, request: Request, reference: str, house: str, back: dict[str, str]
) -> tuple[int, str, sqlite3.Row | None]:
    """Answer a payer. Each step locks the books: a second click finds what the first one did.

    A try that fails may be followed by another; who cancels only goes away, and may come back.
    """
    counter.books.settle()
    here = f"{counter.address}{request.path}"
    try:
        with counter.books.transaction() as db:
            row = counter.books.find(db, reference)
            act = request.form().get("act", "") if request.method == "POST" else ""
            allowed = FIRST if row["state"] == "pending" else ASKED
            if row["state"] in OPEN and act in allowed:
                _do(counter, db, row, act)
            now = counter.books.find(db, reference)
    except No:
        return 404, pages.lost(), None
    if row["state"] in OPEN and now["state"] == "succeeded":
        counter.faults.die_if("capture")
    if act == "cancel" or (request.method == "POST" and now["state"] not in OPEN):
        return 303, way_back(now, **back), now
    return 200, _page(now, here, house), now


def _do(counter: Counter, db: sqlite3.Connection, row: sqlite3.Row, act: str) -> None:
    if act in MISHAPS:
        counter.books.mishap(db, row, MISHAPS[act])
    else:
        counter.books.move(db, row, MOVES[act])


def _page(row: sqlite3.Row, here: str, house: str) -> str:
    if row["state"] == "pending":
        return pages.choices(row, here, house)
    if row["state"] == "requires_action":
        return pages.asked(row, here)
    return pages.ended(row, OVER.get(row["state"], "This payment is done. Thank you."))
