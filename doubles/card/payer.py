"""What the payer does on the page."""

import re
import sqlite3
from urllib.parse import parse_qs

from doubles.base.books import OPEN, Books, No
from doubles.base.counter import way_back
from doubles.base.faults import Faults
from doubles.base.pages import ended, lost
from doubles.base.payer import OVER
from doubles.card import pages

DECLINES = {
    "4000000000000002": "card_declined",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
}
ASKS_BANK = "4000000000003220"
SETTLES_LATER = "4000000000000077"


def visit(
    books: Books, faults: Faults, reference: str, posted: bytes | None
) -> tuple[int, str, sqlite3.Row | None]:
    """Answer a payer: a status, a page (or the address to go to, with 303), and the checkout.

    Each step locks the books, so that a second click finds what the first one did.
    """
    books.settle()
    try:
        with books.transaction() as db:
            row = books.find(db, reference)
            if row["state"] not in OPEN:
                # Pressed twice, or came back: the shop knows more than this page.
                gone = posted is None
                answer = (200, _over(row)) if gone else (303, _way_back(row))
            elif posted is None:
                form = pages.card_form if row["state"] == "pending" else pages.bank_form
                answer = 200, form(row)
            else:
                answer = _act(books, db, row, _fields(posted))
            now = books.find(db, reference)
    except No:
        return 404, lost(), None
    if row["state"] in OPEN and now["state"] == "succeeded":
        faults.die_if("capture")
    return *answer, now


def _act(
    books: Books, db: sqlite3.Connection, row: sqlite3.Row, fields: dict[str, str]
) -> tuple[int, str]:
    """Do what the payer pressed."""
    if fields.get("cancel"):
        books.move(db, row, "failed", "cancelled")
        return 303, _way_back(row)
    if row["state"] == "requires_action":
        right = fields.get("bank_code") == pages.BANK_CODE
        books.move(db, row, *(("succeeded",) if right else ("failed", "authentication_failed")))
        return 303, _way_back(row)
    number = re.sub(r"[\s-]", "", fields.get("number", ""))
    if error := _mistake(number, fields):
        return 422, pages.card_form(row, fields, error)
    if number == ASKS_BANK:
        books.move(db, row, "requires_action")
        return 303, f"/pay/{row['reference']}"
    if number in DECLINES:
        books.move(db, row, "failed", DECLINES[number])
    else:
        books.move(db, row, "processing" if number == SETTLES_LATER else "succeeded")
    return 303, _way_back(row)


def _mistake(number: str, fields: dict[str, str]) -> str:
    """Say what is wrong with what was typed, and how to mend it."""
    if not re.fullmatch(r"[0-9]{12,19}", number) or not _luhn(number):
        return "This card number is not complete. Check it against your card."
    if not re.fullmatch(r"\s*(0[1-9]|1[0-2])\s*/?\s*(20)?[0-9]{2}\s*", fields.get("expires", "")):
        return "Type the date on your card as month and year, for example 04 / 29."
    if not re.fullmatch(r"[0-9]{3,4}", fields.get("code", "").strip()):
        return "The security code has three or four digits. It stands on the back of the card."
    return ""


def _luhn(number: str) -> bool:
    """Check the last digit, which guards against a mistyped one."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _fields(posted: bytes) -> dict[str, str]:
    pairs = parse_qs(posted.decode(errors="replace"), max_num_fields=20)
    return {name: values[0][:100] for name, values in pairs.items()}


def _way_back(row: sqlite3.Row) -> str:
    return way_back(row, checkout=row["reference"])


def _over(row: sqlite3.Row) -> str:
    return ended(row, OVER.get(row["state"], "This payment is done. Thank you."))
