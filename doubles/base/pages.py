"""Pages for payers: self-contained, phone first, without a line of script."""

import base64
import hashlib
import html
import sqlite3
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

CSS = Path(__file__).with_name("pay.css").read_text()
CSS_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
WITHOUT_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def policy(row: sqlite3.Row | None) -> str:
    """Give the page's Content-Security-Policy: our style sheet, our form, the way back."""
    back = urlsplit(row["return_url"]) if row and "return_url" in row.keys() else None  # noqa: SIM118
    origin = f" {back.scheme}://{back.netloc}" if back and back.netloc else ""
    return (
        f"default-src 'none'; style-src 'sha256-{CSS_HASH}'; form-action 'self'{origin};"
        " base-uri 'none'; frame-ancestors 'none'"
    )


def choices(row: sqlite3.Row, action: str, house: str) -> str:
    """Let the payer decide how the payment goes, as test providers do."""
    error = (
        "That try failed, and nothing was taken. Try another way." if row["failure_code"] else ""
    )
    return about(
        row,
        f"""{alert(error)}<form method="post" action="{html.escape(action)}">
<button class="pay" name="act" value="pay">Pay {money(row)}</button>
<button class="cancel" name="act" value="ask">Pay, and let my bank ask first</button>
<button class="cancel" name="act" value="later">Pay, and let it take a while</button>
<button class="cancel" name="act" value="decline">Let my bank decline it</button>
<button class="cancel" name="act" value="cancel">Cancel and go back</button>
</form>""",
        f"<footer>This plays the page of {house}: no money moves.</footer>",
    )


def asked(row: sqlite3.Row, action: str) -> str:
    """Let the payer's bank ask, as 3-D Secure does."""
    return about(
        row,
        f"""<form method="post" action="{html.escape(action)}">
<p class="note">Your bank wants to be sure that it is you.</p>
<button class="pay" name="act" value="confirm">Yes, it is me</button>
<button class="cancel" name="act" value="refuse">No</button>
</form>""",
        "<footer>This plays a bank.</footer>",
    )


def ended(row: sqlite3.Row, sentence: str) -> str:
    """Say that there is nothing to do here, and show the way back."""
    back = html.escape(row["return_url"])
    link = f'<a class="back" href="{back}">Go back</a>' if back else ""
    return about(row, f"<p>{sentence}</p>{link}", "")


def lost() -> str:
    """Say that there is no such checkout."""
    return document(
        "Payment page not found",
        "<main><p>There is no payment at this address. Go back to where you came from and open"
        " the payment again.</p></main>",
    )


def alert(error: str) -> str:
    """Say what is wrong with what was typed."""
    return f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""


def about(row: sqlite3.Row, body: str, foot: str) -> str:
    """Put what is paid for and how much above the rest."""
    head = f"""<header><h1>{html.escape(row["description"])}</h1>
<p class="sum">{money(row)}</p></header>"""
    return document(f"Pay {money(row)}", f"<main>{head}{body}</main>{foot}")


def document(title: str, body: str, *, again_seconds: int = 0) -> str:
    """Make a page; one that waits for something looks again by itself."""
    again = f'<meta http-equiv="refresh" content="{again_seconds}">' if again_seconds else ""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">{again}
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots"
 content="noindex"><title>{title}</title><style>{CSS}</style></head><body>{body}</body></html>"""


def money(row: sqlite3.Row) -> str:
    """Write the amount of a row with its currency."""
    places = decimals(row["currency"])
    return f"{row['currency']} {Decimal(row['amount']).scaleb(-places):,.{places}f}"


def decimals(currency: str) -> int:
    """Tell how many decimals a currency has."""
    return 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2
