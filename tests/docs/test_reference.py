"""The reference tells what is there: pages from the code are current, and links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

import config
from tests.docs import generate

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
BY_HAND = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", ["events.md", "flows.md", "refusals.md", "roles.md"])
def test_a_page_from_the_code_is_current(name: str) -> None:
    kept = (generate.FOLDER / name).read_text(encoding="utf-8")

    assert kept == generate.pages()[name], "run `make docs`"


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))

    assert [each for each in links if not (page.parent / each).exists()] == []


def test_every_variable_of_the_environment_is_in_the_settings() -> None:
    source = Path(config.__file__).read_text(encoding="utf-8")
    told = (generate.FOLDER / "settings.md").read_text(encoding="utf-8")
    read = set(re.findall(r'_(?:text|flag|number|as_role)\((?:"\w+", )?"([A-Z_]+)"', source))

    assert read
    assert {each for each in read if f"`{each}`" not in told} == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table = (ROOT / "docs" / "decisions" / "0011-dependencies.md").read_text(encoding="utf-8")
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^\w-]", each)[0] for each in named}

    assert {each for each in names if f"| {each} |" not in table} == set()
