"""PDF documents from templates: equal data and instant give equal bytes."""

import json
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

from core.text import N_

FOLDER = Path(__file__).with_name("typst")
ARCHIVAL = ["a-2a", "ua-1"]
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
UNSPOKEN = frozenset({"language", "words", "title", "number", "verification", "logo", "accent"})

SHARED = {
    "page": N_("Page {page} of {pages}"),
    "verify": N_("Check that this document is genuine"),
    "code": N_("Code"),
}
SUM = {
    "description": N_("Description"),
    "amount": N_("Amount"),
}
QUANTITY = {"quantity": N_("Quantity")}
WORDS: dict[str, dict[str, str]] = {
    "invoice": SHARED
    | SUM
    | QUANTITY
    | {
        "issued": N_("Issued"),
        "due": N_("Due"),
        "reference": N_("Reference"),
        "billed_to": N_("Billed to"),
        "concerning": N_("Concerning"),
        "unit_price": N_("Unit price"),
        "discount": N_("Discount"),
        "how_to_pay": N_("How to pay"),
    },
    "receipt": SHARED
    | SUM
    | {
        "paid_on": N_("Paid on"),
        "method": N_("Method"),
        "reference": N_("Reference"),
        "received": N_("Received with thanks"),
        "received_from": N_("Received from"),
        "concerning": N_("Concerning"),
    },
    "price_list": SHARED
    | {
        "as_of": N_("As of"),
        "place": N_("Place"),
        "currency": N_("Currency"),
        "apartment": N_("Apartment"),
        "floor": N_("Floor"),
        "layout": N_("Layout"),
        "space": N_("Space (m²)"),
        "view": N_("View"),
        "state": N_("Status"),
        "price": N_("Price"),
        "packages": N_("Packages"),
        "package": N_("Package"),
        "addons": N_("Add-ons"),
        "addon": N_("Add-on"),
        "category": N_("Category"),
        "most": N_("Most"),
        "unit_price": N_("Price per unit"),
    },
    "lease": SHARED
    | {
        "dated": N_("Dated"),
        "parties": N_("Parties"),
        "terms": N_("Terms"),
        "signatures": N_("Signatures"),
        "place_and_date": N_("place and date"),
    },
    "report": SHARED,
    "signatures": SHARED
    | {
        "document": N_("Document"),
        "sent": N_("Sent"),
        "completed": N_("Completed"),
        "fingerprint": N_("SHA-256 of the document as all have read it"),
        "role": N_("Signs as"),
        "wrote": N_("Name as written"),
        "signed": N_("Signed on"),
        "address": N_("E-mail address that the code went to"),
        "client": N_("Network address and program"),
        "steps": N_("What happened"),
        "when": N_("When"),
        "who": N_("Who"),
        "what": N_("What"),
    },
    "sales_contract": SHARED
    | SUM
    | QUANTITY
    | {
        "dated": N_("Dated"),
        "reference": N_("Reference"),
        "parties": N_("Parties"),
        "property": N_("Property"),
        "price": N_("Price"),
        "instalments": N_("Payment plan"),
        "instalment": N_("Instalment"),
        "due": N_("Due"),
        "signatures": N_("Signatures"),
        "place_and_date": N_("place and date"),
    },
}
"""The message ids of all words that each template shows: translate, and pass as `words`."""


class DocumentFailed(Exception):
    """The template could not be filled with this data: a word or a field is missing."""


def render(template: str, data: dict[str, Any], timestamp: datetime) -> bytes:
    """Fill a template (a key of WORDS) and give the PDF, as PDF/A-2a and PDF/UA-1.

    `data` is shown as it comes: sums, dates and states are texts already in the reader's
    language (`language`, such as "ar"), so that the template need not know any. An organization's
    `logo` is the bytes of a picture. With `verification` (`url`, `code`) a QR code is drawn: of
    the `url`, or of a longer `link` that is too long to be read.
    Text in a script that our fonts lack shows as boxes, and the PDF is then a plain one.

    Raises:
        DocumentFailed: `data` lacks what the template shows.

    """
    assert template in WORDS, template
    proof = data.get("verification")
    whole = (
        data | {"verification": proof | {"qr": _qr(proof.get("link", proof["url"]))}}
        if proof
        else data
    )
    if data.get("language") in RIGHT_TO_LEFT:
        whole = _isolated(whole)
    inputs = {"data": json.dumps(whole, default=list)}  # bytes become a list of numbers
    try:
        try:
            return _compiled(template, inputs, timestamp, ARCHIVAL)
        except typst.TypstError as error:
            # An archive wants each letter drawn; a reader would rather have the document.
            if "could not be displayed" not in str(error):
                raise
            return _compiled(template, inputs, timestamp, [])
    except typst.TypstError as error:
        raise DocumentFailed(f"{template}: {error}") from error


def _compiled(
    template: str, inputs: dict[str, str], timestamp: datetime, standards: list[Any]
) -> bytes:
    pdf = typst.compile(
        FOLDER / f"{template}.typ",
        root=FOLDER,
        font_paths=_fonts(),
        sys_inputs=inputs,
        pdf_standards=standards,
        timestamp=timestamp.astimezone(UTC).replace(microsecond=0),
    )
    assert isinstance(pdf, bytes)
    return pdf


def _isolated(value: Any) -> Any:
    """Keep each text in its own direction: the groups of `0123 4567` must not change places."""
    if isinstance(value, dict):
        return {name: part if name in UNSPOKEN else _isolated(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_isolated(part) for part in value]
    if isinstance(value, str) and value:
        return f"\N{FIRST STRONG ISOLATE}{value}\N{POP DIRECTIONAL ISOLATE}"
    return value


@cache
def _fonts() -> typst.Fonts:
    """Take our own fonts only: the same document on every machine."""
    folder = FOLDER / "fonts"
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


def _qr(url: str) -> str:
    out = BytesIO()
    segno.make(url, error="m").save(out, kind="svg", border=0, dark="#1c2430")
    return out.getvalue().decode()
