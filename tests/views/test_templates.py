"""What pages are made of: nothing inline, vendored files as reviewed, colours that can be read."""

import hashlib
import re
from pathlib import Path

import pytest

from dashboards.theme import PALETTES
from tests import tabler

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = sorted(ROOT.glob("templates/**/*.html"))
# Mail programs read neither our stylesheet nor its variables.
MAILS = [path for path in TEMPLATES if "mail" in path.parts]
PAGES = [path for path in TEMPLATES if path not in MAILS]
OWN = [STATIC / name for name in ("makao.css", "pages.css", "portal.css")]
SCRIPTS = [
    STATIC / name for name in ("theme.js", "makao.js", "fields.js", "menus.js", "dashboards.js")
]
# Ratios of WCAG 2.2: text, and borders that show where a field is.
TEXT, SHAPE = 4.5, 3.0

MEANINGS = ["waiting", "good", "needs", "stopped", "over"]
PAIRS = [
    *[(f"--mk-{meaning}", f"--mk-{meaning}-soft", TEXT) for meaning in MEANINGS],
    *[("--tblr-body-color", f"--mk-{meaning}-soft", TEXT) for meaning in MEANINGS],
    *[
        (f"--tblr-{text}", ground, TEXT)
        for text in ("body-color", "heading-color", "secondary", "link-color", "danger")
        for ground in ("--tblr-body-bg", "--tblr-bg-surface")
    ],
    ("--tblr-primary-fg", "--tblr-primary", TEXT),
    ("--tblr-primary-fg", "--tblr-primary-darken", TEXT),
    ("--tblr-danger-fg", "--tblr-danger", TEXT),
    ("--mk-accent-fg", "--mk-accent", TEXT),
    ("--tblr-link-color", "--mk-primary-soft", TEXT),
    ("--tblr-body-color", "--mk-primary-soft", TEXT),
    ("--tblr-secondary", "--mk-primary-soft", TEXT),
    ("--mk-field-border", "--tblr-bg-surface", SHAPE),
    *[(f"--mk-chart-{n}", "--tblr-bg-surface", SHAPE) for n in range(1, 7)],
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme: the dark one changes some of the light one's."""
    css = OWN[0].read_text()
    light = css[css.index(":root {") : css.index('[data-bs-theme="dark"] {')]
    dark = css[css.index('[data-bs-theme="dark"] {') : css.index("/* Every page */")]
    found = re.compile(r"(--[\w-]+):\s*(#[0-9a-f]{6})\b")
    return dict(found.findall(light)) | (dict(found.findall(dark)) if theme == "dark" else {})


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(c * weight for c, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_script_or_style_stands_in_a_template(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b|\sstyle=", text)
    assert not re.search(r"<[^>]*\son[a-z]+=", text)
    assert "javascript:" not in text
    assert "nonce" not in text


@pytest.mark.parametrize("path", MAILS, ids=named)
def test_mails_use_the_colours_of_the_look_and_no_script(path: Path) -> None:
    text = path.read_text()
    known = {*tokens("light").values(), *tokens("dark").values()}

    assert set(re.findall(r"#[0-9a-f]{6}\b", text)) <= known
    assert "<script" not in text


@pytest.mark.parametrize("path", [*OWN[1:], *PAGES], ids=named)
def test_colours_stand_in_one_stylesheet_alone(path: Path) -> None:
    assert not re.search(r":\s*#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_colours_can_be_read(theme: str, text: str, ground: str, least: float) -> None:
    colours = tokens(theme)

    assert contrast(colours[text], colours[ground]) >= least


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_have_the_colours_of_the_look(theme: str) -> None:
    colours, palette = tokens(theme), PALETTES[f"makao_{theme}"]

    assert list(palette.series) == [colours[f"--mk-chart-{n}"] for n in range(1, 7)]
    assert palette.ground == colours["--tblr-bg-surface"]
    assert palette.text == colours["--tblr-body-color"]
    assert palette.quiet == colours["--tblr-secondary"]
    assert palette.line == colours["--tblr-border-color"]
    assert [palette.good, palette.needs, palette.stopped] == [
        colours[f"--mk-{meaning}"] for meaning in ("good", "needs", "stopped")
    ]


def test_vendored_files_are_those_that_were_reviewed() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in {"SHA256SUMS", "README.md"}
    }

    assert found == sums


def test_every_vendored_folder_has_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]

    assert folders
    assert [path.name for path in folders if not (path / "LICENSE").is_file()] == []


def test_icons_named_in_templates_are_in_the_font() -> None:
    icons = set((VENDOR / "icons" / "names.txt").read_text().split())
    named_icons = {
        name
        for path in TEMPLATES
        for name in re.findall(r"\bicon(?:_name)?\('([a-z0-9-]+)'\)", path.read_text())
        + re.findall(r"'icon': '([a-z0-9-]+)'", path.read_text())
    }

    assert named_icons - icons == set()


@pytest.mark.parametrize("path", [*OWN, *SCRIPTS], ids=named)
def test_stylesheets_and_scripts_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 400


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_need_no_eval_and_write_no_markup_from_data(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text)


def test_pages_get_all_of_tabler_that_they_use() -> None:
    """Run `python -m tests.tabler` when this fails: a page uses a class that was cut away."""
    for name, wanted in tabler.made().items():
        there = set(STATIC.joinpath(name).read_text().split("}"))
        missing = [rule for rule in wanted.split("}") if rule not in there]
        assert missing == [], name
