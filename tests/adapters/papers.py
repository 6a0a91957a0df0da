"""Data of documents, as services would put it together, plain and extreme."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from adapters.documents import WORDS


def logo() -> bytes:
    image = Image.new("RGBA", (160, 160))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, 159, 159), 36, fill="#0f766e")
    draw.polygon([(80, 30), (130, 125), (30, 125)], fill="white")
    out = BytesIO()
    image.save(out, "WEBP")
    return out.getvalue()


def paper(template: str, **more: Any) -> dict[str, Any]:
    return {
        "language": "en",
        "words": WORDS[template],
        "organization": {
            "name": "Acacia Developments Ltd",
            "lines": ["Ngong Road 112, Kilimani", "P.O. Box 4711-00100 Nairobi, Kenya"],
            "contact": ["+254 20 555 0100", "sales@acacia.example"],
            "registration": "Registered in Nairobi, CPR/2014/123456 · PIN P051234567X",
            "logo": logo(),
        },
        "verification": {
            "url": "https://acacia.example/verify/INV-2026-000123",
            "code": "7KQ2-M9XA",
        },
        **more,
    }


CUSTOMER = {
    "name": "Wanjikũ Kamau",
    "lines": ["House 14, Riverside Drive", "00200 Nairobi", "wanjiku@example.org"],
}
SUBJECT = {
    "name": "Apartment A0703, Acacia Heights",
    "lines": ["Block A, floor 7", "2 bedroom, 78 m²"],
}
LINES = [
    ("2 bedroom apartment A0703, base price", "1", "10,400,000.00", "10,400,000.00"),
    ("Package Golden", "1", "1,250,000.00", "1,250,000.00"),
    ("Air Conditioning 1.5 HP", "3", "98,500.00", "295,500.00"),
    ("Smart Lighting", "10", "12,750.00", "127,500.00"),
]


def _lines() -> list[dict[str, str]]:
    names = ("description", "quantity", "unit_price", "amount")
    first, *others = [dict(zip(names, line, strict=True)) for line in LINES]
    return [first | {"discount": "1,000.00"}, *others]


def invoice(**changes: Any) -> dict[str, Any]:
    fields = paper(
        "invoice",
        title="Invoice",
        number="INV-2026-000123",
        state="Issued",
        issued="12 Mar 2026",
        due="11 Apr 2026",
        reference="Booking BK-000042",
        customer=CUSTOMER,
        subject=SUBJECT,
        lines=_lines(),
        totals=[
            {"label": "Subtotal", "amount": "12,073,000.00"},
            {"label": "Paid so far", "amount": "\N{MINUS SIGN}2,000,000.00"},
            {"label": "To pay", "amount": "KES 10,073,000.00", "strong": True},
        ],
        payment=[
            {"label": "Bank", "value": "Equity Bank, Kilimani"},
            {"label": "Account", "value": "0123 4567 8901"},
            {"label": "Reference", "value": "INV-2026-000123"},
        ],
        notes=["Please give the number of the invoice with your payment."],
    )
    return fields | changes


def receipt(**changes: Any) -> dict[str, Any]:
    fields = paper(
        "receipt",
        title="Receipt",
        number="RC-2026-000099",
        state="Paid",
        paid="14 Mar 2026",
        method="Card",
        reference="chk_7f3a90",
        amount="KES 2,000,000.00",
        amount_in_words="Two million Kenya shillings",
        customer=CUSTOMER,
        subject=SUBJECT,
        lines=[{"description": "Invoice INV-2026-000123, deposit", "amount": "2,000,000.00"}],
        totals=[
            {"label": "Received", "amount": "KES 2,000,000.00", "strong": True},
            {"label": "Remaining on the booking", "amount": "10,073,000.00"},
        ],
        notes=["Thank you."],
    )
    return fields | changes


def price_list(rows: int = 24, **changes: Any) -> dict[str, Any]:
    apartments = [
        {
            "name": f"A{floor:02}{door:02}",
            "floor": str(floor),
            "layout": "2 bedroom + study",
            "space": "91",
            "view": "City",
            "state": "For sale",
            "price": f"{10_400_000 + floor * 50_000:,}.00",
        }
        for floor in range(1, rows // 4 + 1)
        for door in range(1, 5)
    ]
    fields = paper(
        "price_list",
        title="Price list",
        number="Acacia Heights",
        as_of="12 Mar 2026",
        place="Ngong Road, Kilimani, Nairobi",
        currency="KES",
        groups=[{"title": "Block A", "rows": apartments}],
        packages=[{"name": "Silver", "price": "0.00"}, {"name": "Golden", "price": "1,250,000.00"}],
        addons=[
            {
                "name": "Air Conditioning 1.5 HP",
                "category": "Air Conditioning",
                "most": "3",
                "price": "98,500.00",
            }
        ],
        notes=["Prices may change until a booking is confirmed."],
    )
    return fields | changes


def lease(**changes: Any) -> dict[str, Any]:
    clause = (
        "The landlord lets unit A-101 to the tenant, who may live in it with their household, and"
        " use it for nothing else without consent in writing."
    )
    fields = paper(
        "lease",
        title="Lease",
        number="LSE-000042",
        dated="12 Mar 2026",
        parties=[
            {"role": "Landlord", "name": "Acacia Developments Ltd", "lines": ["Nairobi"]},
            {"role": "Tenant", **CUSTOMER},
        ],
        terms=[
            {"label": "Unit", "value": "A-101, Acacia Court"},
            {"label": "Rent for a month", "value": "KES 25,000.00"},
        ],
        clauses=[
            {"title": title, "paragraphs": [clause, clause]}
            for title in ("What is let", "Term", "", "Deposit")
        ],
    )
    return fields | changes


def sales_contract(**changes: Any) -> dict[str, Any]:
    clause = (
        "The seller sells and the buyer buys the property described above, with the package and"
        " the add-ons listed, at the price stated, and both have read and understood this."
    )
    fields = paper(
        "sales_contract",
        title="Sales contract",
        number="SC-2026-000042",
        dated="12 Mar 2026",
        reference="Booking BK-000042",
        parties=[
            {"role": "Seller", "name": "Acacia Developments Ltd", "lines": ["Nairobi"]},
            {"role": "Buyer", **CUSTOMER},
        ],
        property=[
            {"label": "Apartment", "value": "A0703, Acacia Heights"},
            {"label": "Place", "value": "Ngong Road, Kilimani, Nairobi"},
            {"label": "Space", "value": "78 m²"},
        ],
        lines=_lines(),
        totals=[{"label": "Total price", "amount": "KES 12,073,000.00", "strong": True}],
        instalments=[
            {"name": f"Instalment {n}", "due": f"1 {month} 2026", "amount": "3,018,250.00"}
            for n, month in enumerate(("Apr", "Jul", "Oct", "Dec"), 1)
        ],
        clauses=[
            {"title": title, "paragraphs": [clause, clause]}
            for title in ("Sale", "Payment", "Handover", "Defects", "Law and courts")
        ],
    )
    return fields | changes


def report(**changes: Any) -> dict[str, Any]:
    """A balance sheet beside that of another day: headings, lines and sums."""
    rows = [
        ("Assets", "", "", 0, "head"),
        ("10 Cash and bank", "14,073,000.00", "\N{MINUS SIGN}2,000,000.00", 1, ""),
        ("1010 Bank", "14,073,000.00", "\N{MINUS SIGN}2,000,000.00", 2, ""),
        ("Total assets", "14,073,000.00", "\N{MINUS SIGN}2,000,000.00", 0, "total"),
    ]
    fields = paper(
        "report",
        title="Balance sheet",
        number="12 Mar 2026",
        facts=[{"label": "Book", "value": "main"}, {"label": "As of", "value": "12 Mar 2026"}],
        heads=[
            {"label": "Account", "kind": "text"},
            {"label": "12 Mar 2026", "kind": "money"},
            {"label": "31 Dec 2025", "kind": "money"},
        ],
        rows=[
            {"cells": [name, *sums], "depth": depth, "look": look}
            for name, *sums, depth, look in rows
        ],
    )
    return fields | changes


def signatures(**changes: Any) -> dict[str, Any]:
    """The page behind a signed document."""
    signer = {"name": "Wanjiku Kamau", "role": "Tenant", "wrote": "W. Kamau", "client": "10.1.2.3"}
    fields = paper(
        "signatures",
        title="Signatures",
        number="01a21e15",
        document="Lease A0703",
        sent="12 Mar 2026 09:30:00",
        completed="13 Mar 2026 10:00:00",
        sha256="0f" * 32,
        signers=[signer | {"signed": "13 Mar 2026 10:00:00", "email": "wanjiku@example.org"}],
        steps=[{"at": "12 Mar 2026 09:30:00", "who": "Wanjiku Kamau", "what": "Asked to sign"}],
        consent="I have read the document.",
    )
    return fields | changes


ALL = {
    "signatures": signatures,
    "invoice": invoice,
    "receipt": receipt,
    "price_list": price_list,
    "sales_contract": sales_contract,
    "lease": lease,
    "report": report,
}
