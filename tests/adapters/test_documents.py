"""Documents: equal bytes for equal data, whole under strain, and nothing typed is run."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from adapters.documents import WORDS, DocumentFailed, render
from tests.adapters import papers

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
ALL = list(papers.ALL.items())


def _read(pdf: bytes, program: str, *options: str) -> str:
    """What poppler makes of the document, as a check from outside."""
    found = shutil.which(program)
    assert found, "install poppler-utils"
    command = [found, *options, "-", *(["-"] if program == "pdftotext" else [])]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def _text(pdf: bytes) -> str:
    return " ".join(_read(pdf, "pdftotext").split())


@pytest.mark.parametrize(("template", "make"), ALL)
def test_a_document_shows_what_it_is_given(
    template: str, make: Callable[..., dict[str, Any]]
) -> None:
    data = make()
    pdf = render(template, data, NOW)
    text = _text(pdf)
    for shown in (data["title"], data["number"], "Acacia Developments Ltd", "Page 1 of"):
        assert shown in text
    assert "7KQ2-M9XA" in text
    assert "https://acacia.example/verify" in text
    assert "PIN P051234567X" in text
    facts = _read(pdf, "pdfinfo")
    assert "Tagged:          yes" in facts
    assert f"Title:           {data['title']} {data['number']}" in facts
    fonts = _read(pdf, "pdffonts").splitlines()[2:]
    assert all("Inter" in line and " yes yes yes " in line for line in fonts)


@pytest.mark.parametrize(("template", "make"), ALL)
def test_equal_data_gives_equal_bytes(template: str, make: Callable[..., dict[str, Any]]) -> None:
    first = render(template, make(), NOW)
    nairobi = NOW.astimezone(timezone(timedelta(hours=3)))
    assert render(template, make(), nairobi) == first
    assert render(template, make(), NOW + timedelta(seconds=1)) != first
    assert render(template, make(number="OTHER-1"), NOW) != first


@pytest.mark.parametrize(
    ("template", "word"), [(name, word) for name, words in WORDS.items() for word in words]
)
def test_every_word_is_needed_and_can_be_translated(template: str, word: str) -> None:
    data = papers.ALL[template]()
    changed = "{page}/{pages} Xyzzy" if word == "page" else "Xyzzy"
    translated = render(template, data | {"words": data["words"] | {word: changed}}, NOW)
    assert "Xyzzy" in _text(translated)
    missing = {name: text for name, text in data["words"].items() if name != word}
    with pytest.raises(DocumentFailed):
        render(template, data | {"words": missing}, NOW)


@pytest.mark.parametrize(
    "typed",
    [
        '#panic("x")',
        '#include "/etc/passwd"',
        '#read("letterhead.typ")',
        "$x^2$ *bold* _it_ `code` <label> @ref \\ // no",
        '"); #panic() //',
        "= Heading",
    ],
)
def test_what_was_typed_stays_text(typed: str) -> None:
    customer = {"name": typed, "lines": [typed]}
    text = _text(render("invoice", papers.invoice(customer=customer), NOW))
    assert text.count(typed) == 2


def test_long_names_and_large_sums_stay_whole() -> None:
    name, sum_ = "Wolfeschlegelsteinhausenbergerdorff" * 5, "9,999,999,999,999.99"
    line = {"description": name, "quantity": "1,000,000", "unit_price": sum_, "amount": sum_}
    data = papers.invoice(
        customer={"name": name, "lines": [name]},
        lines=[line] * 3,
        totals=[{"label": name, "amount": f"KES {sum_}", "strong": True}],
    )
    pdf = render("invoice", data, NOW)
    assert _text(pdf).count(sum_) == 7
    boxes = _read(pdf, "pdftotext", "-bbox").split('xMax="')[1:]
    assert max(float(box.split('"')[0]) for box in boxes) < 595.28 - 45


def test_a_long_list_has_its_head_and_number_on_each_page() -> None:
    pdf = render("price_list", papers.price_list(400), NOW)
    pages = _read(pdf, "pdftotext", "-layout").split("\f")[:-1]
    assert len(pages) > 8
    assert all("Space (m²)" in page for page in pages[:-1])
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
    assert sum(page.count("2 bedroom + study") for page in pages) == 400


def test_arabic_runs_from_right_to_left_and_figures_do_not() -> None:
    data = papers.invoice(language="ar", title="فاتورة", customer={"name": "أمينة", "lines": []})
    pdf = render("invoice", data, NOW)
    assert "NotoSansArabic" in _read(pdf, "pdffonts")
    text = _text(pdf)
    for whole in ("12 Mar 2026", "+254 20 555 0100", "0123 4567 8901", "KES 10,073,000.00"):
        assert whole in text


def test_a_script_without_letters_of_ours_still_gives_a_document() -> None:
    pdf = render("receipt", papers.receipt(customer={"name": "Ann 🏠 東京", "lines": []}), NOW)
    assert "Receipt RC-2026-000099" in _text(pdf)


@pytest.mark.parametrize("gone", ["lines", "organization", "title", "customer"])
def test_missing_data_is_told(gone: str) -> None:
    data = papers.invoice()
    del data[gone]
    with pytest.raises(DocumentFailed, match="invoice"):
        render("invoice", data, NOW)


def test_what_is_optional_may_be_left_out() -> None:
    data = papers.invoice()
    for name in ("verification", "payment", "notes", "subject", "state", "reference"):
        del data[name]
    data["organization"] = {"name": "Acacia"}
    assert "Acacia" in _text(render("invoice", data, NOW))
