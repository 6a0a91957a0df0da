"""Chromium in front of the whole thing. It is started once; each person has a browser of theirs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.programs import chromium
from tests.whole import Whole

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WAIT_MILLISECONDS = 60_000
expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass
class Watching:
    """A browser of one person, and all that its console complained of."""

    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def _hear(self, said: Any) -> None:
        # A page that answers 404 on purpose is no mistake of a script's or of a policy's.
        if said.type == "error" and "status of 404" not in said.text:
            self.complaints.append(f"{said.location.get('url')}: {said.text}")


Enter = Callable[..., Watching]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(makao: Whole, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Sign in once as each person who is asked for; gives the file of their cookies."""
    folder: Path = tmp_path_factory.mktemp("cookies")

    def cookies(name: str) -> Path:
        path = folder / f"{name}.json"
        if not path.exists():
            context = browser.new_context(base_url=makao.address)
            page = context.new_page()
            page.goto("/login/")
            page.get_by_label("User name or e-mail").fill(name)
            page.get_by_label("Password", exact=True).fill(makao.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/login/" not in url)
            context.storage_state(path=path)
            context.close()
        return path

    return cookies


@pytest.fixture
def enter(makao: Whole, browser: Browser, signed_in: Any) -> Iterator[Enter]:
    """Open a browser, signed in as somebody of the demo ('' for a visitor)."""
    opened: list[BrowserContext] = []

    def browsing(name: str = "", **options: Any) -> Watching:
        if name:
            options["storage_state"] = signed_in(name)
        context = browser.new_context(base_url=makao.address, **options)
        context.set_default_timeout(WAIT_MILLISECONDS)
        opened.append(context)
        return Watching(context, makao.address)

    yield browsing
    for each in opened:
        each.close()
