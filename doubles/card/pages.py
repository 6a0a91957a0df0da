"""The hosted pages of the card provider: the card, and the code from the bank."""

import html
import sqlite3

from doubles.base.pages import about, alert, money

BANK_CODE = "123456"
TEST_CARDS = """<footer>This is a test provider: no money moves. Any future date and any code.
<table>
<tr><td>4242 4242 4242 4242</td><td>succeeds</td></tr>
<tr><td>4000 0000 0000 3220</td><td>asks your bank first</td></tr>
<tr><td>4000 0000 0000 0077</td><td>succeeds a little later</td></tr>
<tr><td>4000 0000 0000 0002</td><td>is declined</td></tr>
<tr><td>4000 0000 0000 9995</td><td>has too little money</td></tr>
<tr><td>4000 0000 0000 0069</td><td>is out of date</td></tr>
</table></footer>"""


def card_form(row: sqlite3.Row, fields: dict[str, str] | None = None, error: str = "") -> str:
    """Ask for the card. What was typed is kept, but for the code on the back."""
    typed = {name: html.escape(value) for name, value in (fields or {}).items()}
    mark = ' aria-invalid="true"' if error else ""
    return about(
        row,
        f"""{alert(error)}<form method="post" action="/pay/{row["reference"]}">
<label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" required
 maxlength="23" placeholder="4242 4242 4242 4242" value="{typed.get("number", "")}"{mark}></label>
<div class="two"><label>Expires<input name="expires" inputmode="numeric" autocomplete="cc-exp"
 required maxlength="7" placeholder="MM / YY" value="{typed.get("expires", "")}"></label>
<label>Security code<input name="code" inputmode="numeric" autocomplete="cc-csc" required
 maxlength="4" placeholder="123"></label></div>
<button class="pay">Pay {money(row)}</button>
<button class="cancel" name="cancel" value="1" formnovalidate>Cancel and go back</button>
</form>""",
        TEST_CARDS,
    )


def bank_form(row: sqlite3.Row) -> str:
    """Ask for the bank's code, as 3-D Secure does."""
    return about(
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
