"""The hosted pages: self-contained, phone first, without a line of script."""

import base64
import hashlib
import html
import sqlite3
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

CSS = Path(__file__).with_name("pay.css").read_text()
CSS_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
BANK_CODE = "123456"
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

TEST_CARDS = """<footer>This is a test provider: no money moves. Any future date and any code.
<table>
<tr><td>4242 4242 4242 4242</td><td>succeeds</td></tr>
<tr><td>4000 0000 0000 3220</td><td>asks your bank first</td></tr>
<tr><td>4000 0000 0000 0077</td><td>succeeds a little later</td></tr>
<tr><td>4000 0000 0000 0002</td><td>is declined</td></tr>
<tr><td>4000 0000 0000 9995</td><td>has too little money</td></tr>
<tr><td>4000 0000 0000 0069</td><td>is out of date</td></tr>
</table></footer>"""


def policy(row: sqlite3.Row | None) -> str:
    """Give the page's Content-Security-Policy: our style sheet, our form, the way back."""
    back = urlsplit(row["return_url"]) if row else None
    origin = f" {back.scheme}://{back.netloc}" if back else ""
    return (
        f"default-src 'none'; style-src 'sha256-{CSS_HASH}'; form-action 'self'{origin};"
        " base-uri 'none'; frame-ancestors 'none'"
    )


def card_form(row: sqlite3.Row, fields: dict[str, str] | None = None, error: str = "") -> str:
    """Ask for the card. What was typed is kept, but for the code on the back."""
    typed = {name: html.escape(value) for name, value in (fields or {}).items()}
    mark = ' aria-invalid="true"' if error else ""
    return _page(
        row,
        f"""{_alert(error)}<form method="post" action="/pay/{row["reference"]}">
<label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" required
 maxlength="23" placeholder="4242 4242 4242 4242" value="{typed.get("number", "")}"{mark}></label>
<div class="two"><label>Expires<input name="expires" inputmode="numeric" autocomplete="cc-exp"
 required maxlength="7" placeholder="MM / YY" value="{typed.get("expires", "")}"></label>
<label>Security code<input name="code" inputmode="numeric" autocomplete="cc-csc" required
 maxlength="4" placeholder="123"></label></div>
<button class="pay">Pay {_sum(row)}</button>
<button class="cancel" name="cancel" value="1" formnovalidate>Cancel and go back</button>
</form>""",
        TEST_CARDS,
    )


def bank_form(row: sqlite3.Row) -> str:
    """Ask for the bank's code, as 3-D Secure does."""
    return _page(
        row,
        f"""<form method="post" action="/pay/{row["reference"]}">
<p class="note">Your bank wants to be sure that it is you, and has sent you a code.</p>
<label>Code from your bank<input name="bank_code" inputmode="numeric" required maxlength="6"
 autocomplete="one-time-code"></label>
<button class="pay">Confirm payment</button>
<button class="cancel" name="cancel" value="1" formnovalidate>Cancel and go back</button>
</form>""",
        f"<footer>This is a test bank: the code is {BANK_CODE}, any other fails.</footer>",
    )


def ended(row: sqlite3.Row, sentence: str) -> str:
    """Say that there is nothing to do here, and show the way back."""
    back = html.escape(row["return_url"])
    return _page(row, f'<p>{sentence}</p><a class="back" href="{back}">Go back</a>', "")


def lost() -> str:
    """Say that there is no such checkout."""
    return _document(
        "Payment page not found",
        "<main><p>There is no payment at this address. Go back to where you came from and open"
        " the payment again.</p></main>",
    )


def _alert(error: str) -> str:
    return f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""


def _page(row: sqlite3.Row, body: str, foot: str) -> str:
    head = f"""<header><h1>{html.escape(row["description"])}</h1>
<p class="sum">{_sum(row)}</p></header>"""
    return _document(f"Pay {_sum(row)}", f"<main>{head}{body}</main>{foot}")


def _document(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots"
 content="noindex"><title>{title}</title><style>{CSS}</style></head><body>{body}</body></html>"""


def _sum(row: sqlite3.Row) -> str:
    currency = row["currency"]
    decimals = 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return f"{currency} {Decimal(row['amount']).scaleb(-decimals):,.{decimals}f}"
