"""Milliseconds (p95) of list, search and deep page of 1,000,000 apartments, one client."""

from collections.abc import Callable

from sqlalchemy import Engine, event

from benchmarks.ground import say
from benchmarks.site import p95_ms, site

APARTMENTS, LIMIT_MILLISECONDS = 1_000_000, 100.0
PAGES = {
    "list": "/admin/apartment/",
    "search": "/admin/apartment/?q=A0777777",
    "deep": "/admin/apartment/?page=9000&size=100",
}


def main() -> None:
    """Measure, and print one line; the value is the slowest of the three."""
    with site(APARTMENTS) as (_here, office):
        client = office.browser("Admin")

        def opening(path: str) -> Callable[[], None]:
            def act() -> None:
                answer = client.get(path)
                assert answer.status_code == 200, answer.status

            return act

        found = {name: p95_ms(opening(path)) for name, path in PAGES.items()}
        statements: list[str] = []
        event.listen(Engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        opening(PAGES["list"])()
    figures = {name: round(value, 1) for name, value in found.items()}
    slowest = max(found.values())
    say(
        "big_list", slowest, "ms", LIMIT_MILLISECONDS, APARTMENTS,
        statements=len(statements), **figures,
    )  # fmt: skip


if __name__ == "__main__":
    main()
